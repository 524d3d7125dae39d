"""Made-up ledgers of several losses, and of several variants of a model."""

from dataclasses import replace

import pandas as pd

from tests.experiments.reports.made_up import Ledger, make

SMALL = {"activations": ("sigmoid", "relu"), "optimizers": ("sgd", "adam"), "tuned": True}


def together(*ledgers: Ledger) -> Ledger:
    """All in one: what each says of its runs stays, and no two runs are the same."""
    parts = [_marked(ledger, number) for number, ledger in enumerate(ledgers)]
    tables = [pd.concat(each, ignore_index=True) for each in zip(*parts, strict=True)]
    runs, curves, timings, insights, choices = tables
    return replace(ledgers[0], runs=runs, curves=curves, timings=timings, diagnostics=insights, choices=choices)


def _marked(ledger: Ledger, number: int) -> list[pd.DataFrame]:
    tables = [ledger.runs, ledger.curves, ledger.timings, ledger.diagnostics]
    marked = [each.assign(key=f"{number}-" + each["key"].astype(str)) for each in tables]
    scored = [[f"{number}-{key}" for key in keys] for keys in ledger.choices["scored"]]
    return [*marked, ledger.choices.assign(scored=scored)]


def of_losses(tops: dict[str, float], **given) -> Ledger:
    """A loss each, ``hinge on tanh`` and so on, with the metric that its cells come near to."""
    made = []
    for output, top in tops.items():
        loss, _, head = output.partition(" on ")
        ledger = make(**SMALL | {"top": top} | given)
        made.append(replace(ledger, runs=ledger.runs.assign(loss=loss, head=head)))
    return together(*made)


def of_models(gaps: dict[str, float], **given) -> Ledger:
    """A model each, and how much worse sigmoid is in it."""
    made = []
    for model, gap in gaps.items():
        ledger = make(**SMALL | {"models": (model,)} | given)
        worse = ledger.runs["activation"].eq("sigmoid").map({True: gap, False: 0.0})
        values = {name: ledger.runs[name] - worse for name in ("test_metric", "validation_metric")}
        made.append(replace(ledger, runs=ledger.runs.assign(**values)))
    return together(*made)
