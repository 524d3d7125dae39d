"""``components``: every activation, loss and optimizer with its formula."""

import argparse
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import checks, names
from experiments.commands.parser import FAILED_RUNS, OK, OUT, Verbs, recorded, suggest
from experiments.errors import PlanError

if TYPE_CHECKING:
    from custom.spec import Spec

KNOWN = (*names.ACTIVATIONS, *names.LOSSES, *(name for name in names.OPTIMIZERS if name != "batch_gd"))


def add(verbs: Verbs) -> None:
    components = verbs.add(
        "components",
        run,
        "list every component with its formula, and how far it is from Keras's own",
        "components",
        "components adam",
        "components relu elu hinge",
        "components --report --out results/latest",
        "components --docs docs/components",
    )
    suggest(components.add_argument("names", nargs="*", metavar="NAME", help="only these, in full"), lambda: KNOWN)
    components.add_argument("--report", action="store_true",
                            help="measure them against float64, Keras, PyTorch, optax: write a page")  # fmt: skip
    components.add_argument("--docs", type=Path, metavar="DIR", help="write a page on each component into a folder")
    components.add_argument("--out", type=Path, default=Path(OUT), metavar="DIR", help=f"folder of the page ({OUT})")


def run(given: argparse.Namespace) -> int:
    if given.docs and (given.names or given.report):
        raise PlanError("--docs writes the pages of all components: give it alone, without names and without --report")
    for name in given.names:
        checks.one_of(name, "component", KNOWN)
    # Formulas need no training backend: this is quicker, and without TensorFlow's lines at its start.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    from custom import catalog

    everything = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
    if given.docs:
        return _docs(list(everything.values()), given.docs)
    if given.report:
        return _report([everything[name] for name in given.names or everything], given.out)
    print("\n\n".join(_full(everything[name]) for name in given.names) if given.names else _list(everything))
    return OK


def _report(specs: Sequence["Spec"], out: Path) -> int:
    """The conformance page; what is unexplained is told, and fails the command."""
    from experiments.conformance import page, report
    from experiments.conformance.rows import UNEXPLAINED

    rows = report.write(specs, out, recorded(), lambda name: print(f"measured {name}", file=sys.stderr, flush=True))
    for row in rows:
        if row.verdict == UNEXPLAINED:
            told = f"{row.gap.values:.2g} apart" if row.gap else row.because
            print(f"{UNEXPLAINED}: {row.component} against {row.name}, over {row.over}: {told}")
    print(page.summary(rows))
    print(f"page: {out / 'conformance.html'}")
    return FAILED_RUNS if any(row.verdict == UNEXPLAINED for row in rows) else OK


def _docs(specs: Sequence["Spec"], folder: Path) -> int:
    from experiments.component_docs.pages import INDEX, write

    written = write(specs, folder)
    print(f"{len(written)} pages: {folder / INDEX}")
    return OK


def _list(specs: Mapping[str, "Spec"]) -> str:
    """One line a component, or more where its formula is long; families apart."""
    width = max(map(len, specs))
    families: dict[str, list[str]] = {}
    for name, spec in specs.items():
        families.setdefault(spec.kind, []).append(_entry(f"  {name:{width}}", spec.formula))
    return "\n\n".join(
        "\n".join([f"{kind}s" if kind != "loss" else "losses", *rows]) for kind, rows in families.items()
    )


def _full(spec: "Spec") -> str:
    from experiments.conformance import measured

    arguments = ", ".join(f"{name} {value}" for name, value in spec.defaults.items()) or "none"
    rows = {
        "formula": spec.formula,
        "derivative": spec.derivative,
        "arguments": arguments,
        "in Keras": spec.keras,
        "gap to it": spec.deviations,
        "measured": measured(spec),
        "source": spec.source,
    }
    return "\n".join(
        [f"{spec.name} ({spec.kind})", *(_entry(f"  {name:10}", text) for name, text in rows.items() if text)]
    )


def _entry(head: str, text: str) -> str:
    """The text beside its head, folded at 80 columns below itself."""
    return textwrap.fill(f"{head}  {text}", 80, subsequent_indent=" " * (len(head) + 2), break_on_hyphens=False)
