"""Losses side by side: blocks that differ in loss and head alone, compared by their metric and paired by seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.names import OUTPUTS
from experiments.reports.blocks import Block
from experiments.reports.evidence import ALPHA, MARGIN, alike_but_for_loss, scores
from experiments.reports.frames import in_order
from experiments.reports.models import words
from experiments.reports.summary import levels
from experiments.reports.text import digits, plain, slug

FACTOR = "loss"


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Several losses on one data set with one model.

    Attributes:
        blocks: a block a loss. names: ``hinge on tanh`` and so on, in their order.
        runs: those of all blocks with a result, with ``output`` (their loss and head) and ``cell``.
        pairs: ``paired_comparisons`` of the losses. ranks: ``rankings``. wins: ``probability_of_improvement``.
    """

    blocks: list[Block]
    names: list[str]
    qualifier: str
    margin: float
    runs: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    ranks: pd.DataFrame = field(repr=False)
    wins: pd.DataFrame = field(repr=False)

    @property
    def first(self) -> Block:
        return self.blocks[0]

    @property
    def name(self) -> str:
        told = [self.first.data, plain(words(self.first.model)), *([self.qualifier] if self.qualifier else [])]
        return ", ".join(told)

    @property
    def slug(self) -> str:
        tags = [slug(self.first.dataset), slug(self.first.model)]
        return "-".join([*tags, *([digits(self.qualifier)] if self.qualifier else []), "losses"])

    @property
    def rates(self) -> str:
        """``tuned``, ``default``, or both where some are still being tuned."""
        return " and ".join(dict.fromkeys(block.rates or "default" for block in self.blocks))

    def means(self, optimizer: str | None = None, activation: str | None = None) -> pd.DataFrame:
        """``summary.levels`` of the losses over all cells, or over those of one optimizer or one activation."""
        runs = self.runs
        runs = runs if optimizer is None else runs[runs["column"] == optimizer]
        runs = runs if activation is None else runs[runs["row"] == activation]
        found = levels(runs, "output", "cell")
        best = self.first.metric.top / self.first.metric.factor
        return found.assign(high=found["high"].clip(upper=best))


def compared(blocks: Sequence[Block], margin: float = MARGIN) -> list[Losses]:
    """The comparisons of losses that there are, in the order of the blocks; none where each has one loss.

    Args:
        blocks: of a report.
        margin: the smallest difference of interest, in units of the stored metric.
    """
    several = [group for group in alike_but_for_loss(blocks) if len({block.output for block in group}) > 1]
    models = [(group[0].dataset, group[0].model) for group in several]
    made = []
    for group, model in zip(several, models, strict=True):
        qualifier = f"{group[0].epochs} epochs, engine {plain(group[0].engine)}" if models.count(model) > 1 else ""
        made.append(_losses(group, qualifier, margin))
    return [each for each in made if each is not None]


def _losses(group: list[Block], qualifier: str, margin: float) -> Losses | None:
    """Their comparison, or None where fewer than two have a result yet."""
    frame = together(group)
    if frame.empty or frame[FACTOR].nunique() < 2:
        return None
    runs = pd.concat([block.runs.assign(output=block.output) for block in group], ignore_index=True)
    runs = runs[runs["value"].notna()].drop_duplicates(["output", "row", "column", "seed"])
    runs = runs.assign(cell=runs["row"].astype(str) + ", " + runs["column"].astype(str)).reset_index(drop=True)
    names = in_order(runs["output"], OUTPUTS)
    return Losses(
        blocks=sorted((block for block in group if block.output in names), key=lambda each: names.index(each.output)),
        names=names,
        qualifier=qualifier,
        margin=margin,
        runs=runs,
        pairs=statistics.paired_comparisons(frame, FACTOR, alpha=ALPHA, margin=margin),
        ranks=statistics.rankings(frame, FACTOR, np.random.default_rng(0)),
        wins=statistics.probability_of_improvement(frame, FACTOR, np.random.default_rng(0)),
    )


def together(group: Sequence[Block]) -> pd.DataFrame:
    """Score frames of blocks on one data set with one model as one, with a column of losses."""
    parts = [scores(block).assign(model=block.model, loss=block.output) for block in group]
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
