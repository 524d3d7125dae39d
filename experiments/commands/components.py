"""``components``: every activation, loss and optimizer with its formula."""

import argparse
import os

from experiments import checks, names
from experiments.commands.parser import OK, Verbs, suggest

KNOWN = (*names.ACTIVATIONS, *names.LOSSES, *(name for name in names.OPTIMIZERS if name != "batch_gd"))


def add(verbs: Verbs) -> None:
    components = verbs.add(
        "components",
        run,
        "list every component with its formula",
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
    for spec in everything.values():
        if not given.names:
            print(f"{spec.kind:10s}  {spec.name:32s}  {spec.formula}")
        elif spec.name in given.names:
            print(f"{spec.name} ({spec.kind})\n  formula     {spec.formula}\n  derivative  {spec.derivative}\n"
                  f"  arguments   {dict(spec.defaults)}\n  Keras       {spec.keras}\n  deviations  {spec.deviations}\n"
                  f"  source      {spec.source}")  # fmt: skip
    return OK
