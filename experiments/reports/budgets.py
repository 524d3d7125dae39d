"""Who is ahead at equal epochs, gradient evaluations, seconds: small tables of validation scores."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.reports.blocks import Block
from experiments.reports.evidence import scores
from experiments.reports.layout import table
from experiments.reports.text import count, markdown, seconds
from experiments.statistics.budgets import ENDED, NOT_YET

AXES = {"epochs": "epochs", "gradients": "gradient evaluations (updates)", "seconds": "seconds of training"}

NOUNS = {"epochs": "epoch", "gradients": "update"}


def score_curves(block: Block, train: int | None = None, timed: bool = False) -> pd.DataFrame:
    """Curves as ``comparison_at`` takes them: the best validation metric so far, by run and epoch.

    Args:
        block: the comparison.
        train: examples in the training part, for ``gradients`` (updates an epoch); without it there are none.
        timed: whether to add ``seconds``, an epoch's time: the middle one of the cell's seeds, since single
            readings of short epochs are noise.
    """
    runs = block.runs[block.runs["value"].notna()].drop_duplicates(["row", "column", "seed"])
    own = ["key", "row", "column", "seed", "status", "chance", "batch_size"]
    curves = runs[own].merge(block.curves[["key", "epoch", "validation_metric"]], on="key")
    first = runs[~runs["key"].isin(curves["key"])]  # diverged within the first epoch: chance from there on
    curves = pd.concat([curves, first[own].assign(epoch=1, validation_metric=np.nan)], ignore_index=True)
    curves["activation"], curves["optimizer"] = curves["row"].astype(object), curves["column"].astype(object)
    frame = scores(block).head(1)
    curves = curves.assign(dataset=frame["dataset"].iloc[0], model=frame["model"].iloc[0])
    curves = curves.astype({"seed": "int64", "epoch": "int64", "status": object})
    curves = curves.sort_values(["key", "epoch"], kind="stable", ignore_index=True)
    curves["score"] = curves.groupby("key")["validation_metric"].cummax()
    no_number = curves["score"].isna() & curves["status"].eq("done")
    curves["score"] = curves["score"].where(~no_number, curves["chance"])
    if train:
        size = curves["batch_size"].astype(float)
        curves["gradients"] = np.where(size > 0, train // np.minimum(size.where(size > 0, train), train), 1.0)
    if timed:
        each = block.timings.drop_duplicates("key").set_index("key")["seconds_per_epoch"]
        own_time = curves["key"].map(each).astype(float)
        cell = [curves["row"], curves["column"]]
        curves["seconds"] = own_time.groupby(cell).transform("median").fillna(0.0)
    return curves


def budgets_of(curves: pd.DataFrame, axis: str) -> list[float]:
    """Budgets worth a look.

    Epochs: one, half, all. Updates: the least and the most that runs spend, and those of one epoch.
    Seconds: when the slowest cell ends an epoch, and when the quickest run ends.
    """
    if axis == "epochs":
        last = int(curves["epoch"].max())
        return [float(each) for each in sorted({1, -(-last // 2), last})]
    alive = curves[curves["status"] == "done"]
    spent = alive.groupby("key")[axis].sum()
    if axis == "seconds":
        return sorted({float(alive["seconds"].max()), float(spent.min())})
    return sorted({float(spent.min()), float(alive[axis].max()), float(spent.max())})


def budget_table(block: Block, axis: str, train: int | None = None) -> str:
    """Mean validation score of each optimizer at equal budgets; empty without curves."""
    if block.runs["value"].notna().sum() == 0 or (axis == "gradients" and not train):
        return ""
    curves = score_curves(block, train, axis == "seconds")
    alive = curves[curves["status"] == "done"]
    if alive.empty or (axis == "seconds" and not (alive["seconds"] > 0).all()):
        return ""
    budgets = budgets_of(curves, axis)
    found = statistics.comparison_at(curves, axis, budgets)
    rows = []
    for name in dict.fromkeys(block.columns):
        mine = found[found["optimizer"] == name]
        if len(mine):
            rows.append([markdown(name), *(_tell(block, mine[mine["budget"] == budget]) for budget in budgets)])
    show = seconds if axis == "seconds" else lambda budget: count(int(budget), NOUNS[axis])
    unit = f" ({block.metric.unit.strip()})" if block.metric.unit else ""
    head = [f"optimizer: validation{unit} after", *map(show, budgets)]
    return table(head, rows, "l" + "r" * len(budgets))


def _tell(block: Block, rows: pd.DataFrame) -> str:
    """The mean, or why there is none: it is no comparison where some of an optimizer's runs lack a score."""
    states: Sequence[str] = list(rows["state"])
    for state, words in ((NOT_YET, "no epoch ended"), (ENDED, "ended before")):
        if state in states:
            lacking = states.count(state)
            return words if lacking == len(states) else f"{words} in {lacking} of {len(states)} runs"
    return block.metric.number(float(rows["score"].mean()))
