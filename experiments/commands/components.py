"""``components``: every activation, loss and optimizer with its formula."""

import argparse
import os
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from experiments import checks, names
from experiments.commands.parser import OK, Verbs, suggest

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
    )
    suggest(components.add_argument("names", nargs="*", metavar="NAME", help="only these, in full"), lambda: KNOWN)


def run(given: argparse.Namespace) -> int:
    for name in given.names:
        checks.one_of(name, "component", KNOWN)
    # Formulas need no training backend: this is quicker, and without TensorFlow's lines at its start.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    from custom import catalog

    everything = {**catalog.ACTIVATIONS, **catalog.LOSSES, **catalog.OPTIMIZERS}
    print("\n\n".join(_full(everything[name]) for name in given.names) if given.names else _list(everything))
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
