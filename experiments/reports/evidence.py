"""What the statistics say of one block: worked out once, told in words, tables and figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.reports.blocks import Block
from experiments.statistics.scores import COLUMNS

MARGIN = 0.005
"""The smallest difference of interest: half a percentage point of accuracy, or .005 of R²."""

ALPHA = 0.05

FACTORS = {"activation": "row", "optimizer": "column"}
"""Factor -> the column of a block that has its labels."""

NOTHING = pd.DataFrame()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Frames of ``experiments.statistics``; empty where there is nothing to work out.

    Attributes:
        pairs: factor -> ``paired_comparisons`` of its levels.
        cells: ``cell_comparisons``: the best cell against all others.
        variance: ``variance_decomposition``.
        ranks: (rates, factor) -> ``rankings`` at those rates.
        changes: factor -> ``ranking_change`` from default to tuned rates.
        wins: factor -> ``probability_of_improvement``.
    """

    block: Block
    margin: float
    pairs: dict[str, pd.DataFrame] = field(repr=False)
    cells: pd.DataFrame = field(repr=False)
    variance: pd.DataFrame = field(repr=False)
    ranks: dict[tuple[str, str], pd.DataFrame] = field(repr=False)
    changes: dict[str, pd.DataFrame] = field(repr=False)
    wins: dict[str, pd.DataFrame] = field(repr=False)


def scores(block: Block) -> pd.DataFrame:
    """The runs of a block that have a result, as a score frame; labels stand for names.

    Of runs that share cell and seed (the page tells of them) the first is taken.
    """
    known = block.runs[block.runs["value"].notna()].drop_duplicates(["row", "column", "seed"])
    frame = pd.DataFrame({
        "dataset": block.dataset,
        "model": f"{block.model}, {block.qualifier}" if block.qualifier else block.model,
        "activation": known["row"].astype(object),
        "optimizer": known["column"].astype(object),
        "seed": known["seed"].astype("int64"),
        "score": known["value"].astype(float),
        "status": known["status"].astype(object),
    })  # fmt: skip
    return frame[COLUMNS].reset_index(drop=True)


def evidence(block: Block, margin: float = MARGIN) -> Evidence:
    """All that the statistics can say of a block.

    Args:
        block: the comparison.
        margin: the smallest difference of interest, in units of the stored metric.
    """
    frame = scores(block)
    pairs = dict.fromkeys(FACTORS, NOTHING)
    wins, changes = dict(pairs), dict(pairs)
    ranks: dict[tuple[str, str], pd.DataFrame] = {}
    cells = variance = NOTHING
    beside = scores(block.defaults) if block.defaults is not None else frame.head(0)
    if len(frame):
        cells = statistics.cell_comparisons(frame, alpha=ALPHA, margin=margin)
        variance = statistics.variance_decomposition(frame)
        for factor in FACTORS:
            pairs[factor] = statistics.paired_comparisons(frame, factor, alpha=ALPHA, margin=margin)
            wins[factor] = statistics.probability_of_improvement(frame, factor, _stream())
            ranks[block.rates or "default", factor] = statistics.rankings(frame, factor, _stream())
            if len(beside):
                ranks["default", factor] = statistics.rankings(beside, factor, _stream())
                changes[factor] = evidence_of_change(block, factor)
    return Evidence(block=block, margin=margin, pairs=pairs, cells=cells, variance=variance, ranks=ranks,
                    changes=changes, wins=wins)  # fmt: skip


def evidence_of_change(block: Block, factor: str) -> pd.DataFrame:
    """``ranking_change`` from default to tuned rates; empty where both share no seed with all levels yet."""
    if block.defaults is None:
        return NOTHING
    tuned, defaults = scores(block), scores(block.defaults)
    both = tuned.merge(defaults[["activation", "optimizer", "seed"]])
    complete = both.groupby(["activation" if factor == "optimizer" else "optimizer", "seed"])[factor].nunique()
    if both.empty or both[factor].nunique() < 2 or complete.max() < both[factor].nunique():
        return NOTHING
    return statistics.ranking_change(tuned, defaults, factor)


def _stream() -> np.random.Generator:
    """Resamples are drawn from a fixed stream: the same runs give the same report."""
    return np.random.default_rng(0)


def across(found: Sequence[Evidence], factor: str) -> statistics.FriedmanNemenyi | None:
    """Friedman's test over all blocks, or why not; None without any result."""
    return across_blocks([each.block for each in found], factor)


def across_blocks(blocks: Sequence[Block], factor: str) -> statistics.FriedmanNemenyi | None:
    """The same, where nothing else is asked of the blocks.

    Blocks that differ in their loss alone are one observation, averaged over the losses: the test takes its blocks for
    independent, and the same data with the same net are not.
    """
    groups = alike_but_for_loss(blocks)
    several = any(len(group) > 1 for group in groups)
    models = [(group[0].dataset, group[0].model) for group in groups]
    frames = []
    for group, model in zip(groups, models, strict=True):
        for block in group:
            frame = scores(block)
            named = f"{block.model}, {block.epochs} epochs, {block.engine}, {block.fingerprint[:6]}"
            own = {"model": named if models.count(model) > 1 else block.model, "loss": block.output}
            frames += [frame.assign(**own) if several else frame] if len(frame) else []
    if not frames:
        return None
    return statistics.friedman_nemenyi(pd.concat(frames, ignore_index=True), factor, alpha=ALPHA)


def alike_but_for_loss(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks with the same data, model, budget and engine, in the order of the first of each group."""
    groups: dict[tuple, list[Block]] = {}
    for block in blocks:
        alike = (block.dataset, block.fingerprint, block.model, block.epochs, block.engine)
        groups.setdefault(alike, []).append(block)
    return list(groups.values())
