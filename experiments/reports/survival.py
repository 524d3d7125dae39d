"""What survives in a modern net: the same effects in a plain net, with batch norm, with residual connections."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.reports.blocks import Block
from experiments.reports.evidence import ALPHA, MARGIN, scores
from experiments.reports.models import SWITCHES, parted, words
from experiments.reports.text import digits, plain, slug
from experiments.reports.tuning import rate_trials
from experiments.statistics.intervals import interval
from experiments.statistics.paired import holm

GOOD = 0.02
"""A rate is good where its validation metric is this near to that of the cell's best: two points of accuracy."""
LEARNS = 0.1
"""A cell learns where its best rate is this far above chance: where nothing is learned, all rates are alike."""


@dataclass(frozen=True)
class Effect:
    """What a textbook says: one level of a factor ahead of another, averaged over the other factor."""

    heading: str
    factor: str
    ahead: str
    behind: str


EFFECTS = (
    Effect("ReLU ahead of sigmoid", "activation", "relu", "sigmoid"),
    Effect("GELU ahead of ReLU", "activation", "keras:gelu", "relu"),
    Effect("Adam ahead of SGD", "optimizer", "adam", "sgd"),
    Effect("AdamW ahead of Adam", "optimizer", "keras:AdamW", "adam"),
    Effect("Muon ahead of Adam", "optimizer", "keras:Muon", "adam"),
)
SPREAD = "best ahead of worst activation"
WIDTH = "width of the good range of rates"
COLUMNS = ("dataset", "model", "effect", "variant", "value", "low", "high", "outcome", "over")
OUTCOMES = {"a": "there", "b": "reversed", "equivalent": "gone", "undecided": "undecided", "": ""}


@dataclass(frozen=True, kw_only=True)
class Survival:
    """The variants of one model on one data set.

    Attributes:
        model: its name. blocks: a block a variant. variants: what they are called, ``depth 8 + batch norm``.
        effects: a row an effect and variant: ``effect, variant, value, low, high, outcome`` (of ``OUTCOMES``),
            ``over`` (what was averaged); in units of the metric, the width in decades.
    """

    model: str
    blocks: list[Block]
    variants: list[str]
    qualifier: str
    margin: float
    effects: pd.DataFrame = field(repr=False)

    @property
    def first(self) -> Block:
        return self.blocks[0]

    @property
    def name(self) -> str:
        return ", ".join([self.first.data, plain(self.model), *([self.qualifier] if self.qualifier else [])])

    @property
    def slug(self) -> str:
        tags = [slug(self.first.dataset), slug(self.model), *([digits(self.qualifier)] if self.qualifier else [])]
        return "-".join([*tags, "survival"])

    @property
    def headings(self) -> list[str]:
        return list(dict.fromkeys(self.effects["effect"]))


def effect_frame(found: Sequence[Survival]) -> pd.DataFrame:
    """A row a data set, model, effect and variant, the outcome in words.

    A model that is there with several losses or engines has them in its name, as in the tables beside this one.
    """
    tables = [
        each.effects.assign(
            dataset=each.first.dataset,
            model=", ".join(filter(None, (each.model, each.qualifier))),
            outcome=each.effects["outcome"].map(OUTCOMES),
        )
        for each in found
    ]
    together = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    return together[list(COLUMNS)]


def survivals(blocks: Sequence[Block], margin: float = MARGIN) -> list[Survival]:
    """One for each model that is there in more than one variant, at least one of them with a norm or with skips.

    Args:
        blocks: of a report.
        margin: the smallest difference of interest, in units of the stored metric.
    """
    groups: dict[tuple, list[Block]] = {}
    for block in blocks:
        alike = (block.dataset, block.fingerprint, block.loss, block.head, block.engine, parted(block.model)[0])
        groups.setdefault(alike, []).append(block)
    several = {alike: group for alike, group in groups.items()
               if len({block.model for block in group}) == len(group) > 1 and any(map(_modern, group))}  # fmt: skip
    models = [(alike[0], alike[-1]) for alike in several]
    made = []
    for alike, group in several.items():
        ordered = sorted(group, key=_place)
        variants = [_variant(block) for block in ordered]
        effects = pd.DataFrame([row for effect in EFFECTS for row in _pairs(effect, ordered, variants, margin)]
                               + _spreads(ordered, variants, margin) + _widths(ordered, variants))  # fmt: skip
        qualifier = (
            f"{ordered[0].output}, {plain(ordered[0].engine)}" if models.count((alike[0], alike[-1])) > 1 else ""
        )
        if len(effects):
            made.append(Survival(model=alike[-1], blocks=ordered, variants=variants, qualifier=qualifier, margin=margin,
                                 effects=effects))  # fmt: skip
    return made


def _modern(block: Block) -> bool:
    return any(parted(block.model)[1].get(switch, "0") != "0" for switch in SWITCHES)


def _place(block: Block) -> tuple:
    """The plain net of each size before its modern variants."""
    arguments = parted(block.model)[1]
    sizes = sorted((name, value.zfill(6)) for name, value in arguments.items() if name not in SWITCHES)
    return (sizes, *(arguments.get(switch, "0") for switch in reversed(SWITCHES)))


def _variant(block: Block) -> str:
    return words(block.model).partition(", ")[2].replace(", ", " + ") or "plain"


def _compared(block: Block, factor: str, margin: float) -> pd.DataFrame:
    frame = scores(block)
    return statistics.paired_comparisons(frame, factor, alpha=ALPHA, margin=margin) if len(frame) else pd.DataFrame()


def _pairs(effect: Effect, blocks: Sequence[Block], variants: Sequence[str], margin: float) -> list[dict]:
    """The difference in every variant that has both levels: what was named beforehand is a family of its own, its
    members the variants."""
    found = []
    for block, variant in zip(blocks, variants, strict=True):
        pairs = _compared(block, effect.factor, margin)
        for _, pair in pairs.iterrows():
            if {pair["a"], pair["b"]} == {effect.ahead, effect.behind} and np.isfinite(pair["difference"]):
                found.append((variant, pair))
    different = holm(np.array([pair["p"] for _, pair in found], dtype=float)) <= ALPHA
    equivalent = holm(np.array([pair["p_equivalent"] for _, pair in found], dtype=float)) <= ALPHA
    rows = []
    for (variant, pair), sure, same in zip(found, different, equivalent, strict=True):
        better = "a" if pair["difference"] > 0 else "b"
        judged = pair.copy()
        judged["outcome"] = better if sure else "equivalent" if same else "undecided"
        rows.append(_row(effect.heading, variant, judged, turn=pair["a"] != effect.ahead))
    return rows


def _spreads(blocks: Sequence[Block], variants: Sequence[str], margin: float) -> list[dict]:
    """The widest difference between two activations in every variant."""
    rows = []
    for block, variant in zip(blocks, variants, strict=True):
        pairs = _compared(block, "activation", margin)
        pairs = pairs[np.isfinite(pairs["difference"])] if len(pairs) else pairs
        if len(pairs):
            widest = pairs.loc[pairs["difference"].abs().idxmax()]
            row = _row(SPREAD, variant, widest, turn=widest["difference"] < 0)
            a, b = (widest["b"], widest["a"]) if widest["difference"] < 0 else (widest["a"], widest["b"])
            rows.append(row | {"over": f"{a} and {b}, {row['over']}"})
    return rows


def _row(effect: str, variant: str, pair: pd.Series, *, turn: bool) -> dict:
    ends = [pair["difference"], pair["low"], pair["high"]]
    outcome = pair["outcome"]
    if turn:
        ends = [-pair["difference"], -pair["high"], -pair["low"]]
        outcome = {"a": "b", "b": "a"}.get(outcome, outcome)
    names = dict(zip(("value", "low", "high"), ends, strict=True))
    over = f"{int(pair['conditions'])} {'optimizers' if pair['factor'] == 'activation' else 'activations'}"
    return {"effect": effect, "variant": variant, **names, "outcome": outcome, "over": over}


def _widths(blocks: Sequence[Block], variants: Sequence[str]) -> list[dict]:
    """The mean width of the good range, over the cells that learn in every variant, with an interval over cells."""
    found = [good_ranges(block) for block in blocks]
    shared = set.intersection(*(set(each) for each in found))
    if not shared:
        return []
    table = np.array([[each[cell] for cell in sorted(shared)] for each in found])
    ends = interval(table, np.random.default_rng(0))[:2] if len(shared) > 1 else np.full((2, len(found)), np.nan)
    return [
        {"effect": WIDTH, "variant": variant, "value": float(widths.mean()), "low": low, "high": high, "outcome": "",
         "over": f"{len(shared)} cell{'s' if len(shared) > 1 else ''} that learn in every variant"}
        for variant, widths, low, high in zip(variants, table, *ends, strict=True)
    ]  # fmt: skip


def good_ranges(block: Block) -> dict[tuple[str, str], float]:
    """(activation, optimizer) -> decades over which the rate can be changed and stays good; only cells that learn.

    The range is that of neighbours around the best: a rate alone has 0.
    """
    table = rate_trials(block)
    found = {}
    for cell, curve in table.groupby(["activation", "optimizer"], sort=False) if len(table) else ():
        curve = curve.sort_values("learning_rate")
        value = curve["mean"].to_numpy(dtype=float)
        best = int(value.argmax())
        if value[best] < block.chance + LEARNS:
            continue
        good = value >= value[best] - GOOD
        low = best - int(np.argmin(np.append(good[:best][::-1], False)))
        high = best + int(np.argmin(np.append(good[best + 1 :], False)))
        rates = curve["learning_rate"].to_numpy(dtype=float)
        found[str(cell[0]), str(cell[1])] = float(np.log10(rates[high] / rates[low]))
    return found
