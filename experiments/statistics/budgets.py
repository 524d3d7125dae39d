"""Scores at equal epochs, equal seconds, equal gradient evaluations."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.statistics.scores import BLOCK, FACTORS

AXES = {"epochs": "epoch", "seconds": "seconds", "gradients": "gradients"}
"""Axis -> column of the curves."""

REACHED, NOT_YET, ENDED = "reached", "not yet", "ended before"


def comparison_at(curves: pd.DataFrame, axis: str = "epochs", budgets: Sequence[float] | None = None) -> pd.DataFrame:
    """The score that each run had reached when a budget was spent.

    That is the score of the last epoch that ended within the budget. Batch gradient
    descent evaluates one gradient an epoch, and the whole data set for it: it looks
    cheap in gradient evaluations and hopeless in epochs and seconds, so say which.

    Args:
        curves: one row a run and epoch, with ``dataset, model, activation, optimizer, seed,
            epoch`` (from 1), ``score`` and the axis's column: ``seconds`` and ``gradients``
            (gradient evaluations, one an update) are of that epoch alone and are summed
            here. For diverged runs, ``status`` and ``chance``: their score is chance from
            the epoch on whose score is not finite or missing.
        axis: ``"epochs"``, ``"seconds"`` or ``"gradients"``.
        budgets: what each run may spend; if None, for each (dataset, model) the most that
            every run has spent (diverged ones aside).

    Returns:
        One row a run and budget: ``dataset, model, activation, optimizer, seed, axis,
        budget, spent`` (by the end of the epoch that counts), ``score, status, state``.
        ``state`` is ``reached``; ``not yet`` where no epoch had ended; or ``ended before``
        where the run stopped earlier and nobody knows. The last two have no score.
        The rows of one budget that are ``reached`` are a score frame.

    Raises:
        ValueError: a column is missing, the axis or a budget is not as described, an epoch
            stands twice, or a run that did not diverge has a score that is not finite.

    Deviations: none; nothing is interpolated.
    """
    run = [*BLOCK, *FACTORS, "seed"]
    rows = _check_curves(curves, axis, run)
    rows["spent"] = rows["epoch"] if axis == "epochs" else rows.groupby(run)[AXES[axis]].cumsum()
    diverged = rows["status"] == "diverged"
    total = rows.groupby(run)["spent"].max()
    parts = []
    for names, block in rows.groupby(BLOCK, sort=True):
        alive = block[~diverged.loc[block.index]]
        if budgets is None:
            ends = total.loc[names] if len(alive) == 0 else alive.groupby(run)["spent"].max()
            allowed = [float(ends.min())]
        else:
            allowed = [float(budget) for budget in budgets]
        parts += [_at(block, total, run, budget) for budget in allowed]
    table = pd.concat(parts, ignore_index=True)
    table.insert(len(run), "axis", axis)
    return table


def _at(block: pd.DataFrame, total: pd.Series, run: list[str], budget: float) -> pd.DataFrame:
    within = block[block["spent"] <= budget * (1 + 1e-12)]
    last = within.groupby(run)[["spent", "score", "finite"]].last()
    first = block.groupby(run)[["status", "chance"]].first()
    table = first.join(last)
    diverged = table["status"] == "diverged"
    ended = (total.loc[table.index] < budget * (1 - 1e-12)) & ~diverged
    table["state"] = np.where(ended, ENDED, np.where(table["spent"].isna() & ~diverged, NOT_YET, REACHED))
    lost = diverged & (table["finite"].ne(True) | (total.loc[table.index] < budget * (1 - 1e-12)))
    table["score"] = table["score"].mask(lost, table["chance"]).where(table["state"] == REACHED)
    table["budget"] = budget
    return table.reset_index()[[*run, "budget", "spent", "score", "status", "state"]]


def _check_curves(curves: pd.DataFrame, axis: str, run: list[str]) -> pd.DataFrame:
    if axis not in AXES:
        raise ValueError(f"axis={axis!r} is not one of {list(AXES)}; give one of those.")
    needed = list(dict.fromkeys([*run, "epoch", "score", AXES[axis]]))
    missing = [name for name in needed if name not in curves.columns]
    if missing:
        raise ValueError(
            f"the curves lack the columns {missing}; they have {list(curves.columns)}. "
            f"To compare at equal {axis}, give one row a run and epoch with the columns {needed}."
        )
    if curves.duplicated([*run, "epoch"]).any():
        first = curves[curves.duplicated([*run, "epoch"])].iloc[0]
        raise ValueError(
            f"epoch {first['epoch']} of {', '.join(str(first[name]) for name in run)} stands twice. "
            "Keep one row a run and epoch: select one loss and rate first."
        )
    rows = curves.sort_values([*run, "epoch"]).reset_index(drop=True)
    if "status" not in rows:
        rows["status"] = "done"
    if "chance" not in rows:
        rows["chance"] = np.nan
    rows["finite"] = np.isfinite(rows["score"].to_numpy(float))
    diverged = rows["status"] == "diverged"
    if not (rows["finite"] | diverged).all() or rows.loc[diverged, "chance"].isna().any():
        raise ValueError(
            "a score is not finite though its run did not diverge, or a diverged run has no chance level. "
            "Give the columns status and chance, with diverged runs marked."
        )
    return rows
