"""How many more seeds the undecided comparisons need: what ``sweep --more`` adds."""

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.reports import frames
from experiments.reports.blocks import blocks
from experiments.reports.evidence import ALPHA, FACTORS, MARGIN, scores
from experiments.reports.losses import compared


def seeds_wanted(runs: pd.DataFrame, max_more: int, *, margin: float = MARGIN) -> dict[tuple[str, str], int]:
    """Seeds to add to each (data set, model), so that what is undecided can be decided.

    Asked are all pairs of activations, of optimizers and of losses, at tuned rates where they were
    tuned (``paired_comparisons``). A pair that needs more than 100 seeds asks for nothing: it is out
    of reach. What others need is cut at ``max_more``: a step on the way, after which to ask again,
    since the spread is better known then.

    Args:
        runs: the ledger's runs, ``frames.RUNS``.
        max_more: the most seeds to add at once, 0 or more.
        margin: the smallest difference of interest, in units of the stored metric.

    Returns:
        (data set, model) -> number of seeds, 0 where all that can be decided is.

    Raises:
        ValueError: ``max_more`` is negative, or a column is missing.
    """
    if max_more < 0:
        raise ValueError(f"max_more={max_more!r} is negative; give the most seeds to add at once, 0 or more.")
    wanted: dict[tuple[str, str], int] = {}
    empty = pd.DataFrame()
    found = frames.sorted_runs(runs)
    tables = frames.sorted_curves(empty, found), frames.sorted_timings(empty, found)
    cut = blocks(found, *tables, {})
    for block in cut:
        frame, cell = scores(block), (block.dataset, block.model)
        wanted.setdefault(cell, 0)
        if frame.empty:
            continue
        for factor in FACTORS:
            pairs = statistics.paired_comparisons(frame, factor, alpha=ALPHA, margin=margin)
            wanted[cell] = max(wanted[cell], min(max_more, _most(pairs)))
    for losses in compared(cut, margin):
        cell = losses.first.dataset, losses.first.model
        wanted[cell] = max(wanted[cell], min(max_more, _most(losses.pairs)))
    return wanted


def _most(pairs: pd.DataFrame) -> int:
    """What the pairs that can be decided need."""
    open_ = pairs.loc[pairs["outcome"] == "undecided", "more_seeds"].to_numpy(dtype=float)
    reach = open_[np.isfinite(open_)]
    return int(reach.max()) if len(reach) else 0
