"""The section on modern nets: sentences and a table, for both reports."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.reports.evidence import ALPHA
from experiments.reports.layout import table
from experiments.reports.survival import GOOD, OUTCOMES, SPREAD, WIDTH, Survival
from experiments.reports.text import join, markdown

HEADING = "What survives in a modern net?"
INTRODUCTION = (
    "The same effects, measured in each variant of a model: differences of the test metric at the rates of the ranking,"
    " averaged over the other factor within each seed, with the 95 % interval of the paired difference. An effect is"
    f" *there* (or *reversed*) where Holm's p over the variants is at most {ALPHA:g}, *gone* where a difference that"
    " matters is ruled out, and *undecided* otherwise: then more seeds would tell. The best and the worst activation"
    " are picked by these very numbers, so their gap is flattered, and is held against all pairs of activations in its"
    " variant. The good range of a cell"
    " is how far its learning rate can be changed while the validation metric stays within"
)
MUON = (
    "Keras's Muon changes matrices alone: in a net of convolutions it trains the dense layers before the last, and"
    " AdamW all else."
)


def introduction(found: Sequence[Survival]) -> str:
    margins = dict.fromkeys(each.first.metric.gap(GOOD) for each in found)
    return f"{INTRODUCTION} {join([*margins])} of its best rate; its interval is over cells, not over seeds."


def sentences(found: Survival) -> list[str]:
    """For each effect, where it is there, gone or undecided, the clearest first."""
    told = []
    for heading in found.headings:
        rows = found.effects[found.effects["effect"] == heading]
        if heading == WIDTH:
            each = [f"{markdown(row['variant'])} {spoken(found, row)}" for _, row in rows.iterrows()]
            told.append(f"**{_capital(heading)}** ({rows['over'].iloc[0]}), in decades: {join(each)}.")
            continue
        by = {outcome: rows[rows["outcome"] == outcome] for outcome in OUTCOMES if (rows["outcome"] == outcome).any()}
        parts = [
            f"{OUTCOMES[outcome]} in {join([markdown(name) for name in part['variant']])}"
            for outcome, part in by.items()
        ]
        note = f" {MUON}" if heading.startswith("Muon") and found.model.startswith("cnn") else ""
        told.append(f"**{_capital(heading)}**: {'; '.join(parts)}.{note}")
    return told


def effect_table(found: Survival) -> str:
    """A row an effect, a column a variant."""
    rows = []
    for heading in found.headings:
        mine = found.effects[found.effects["effect"] == heading].set_index("variant")
        unit = "decades" if heading == WIDTH else "points" if found.first.metric.unit else found.first.metric.word
        cells = [_cell(found, mine.loc[name]) if name in mine.index else "" for name in found.variants]
        rows.append([f"{_capital(heading)} ({unit})", *cells])
    return table(["", *(markdown(name) for name in found.variants)], rows, "l" * (1 + len(found.variants)))


def _cell(found: Survival, row: pd.Series) -> str:
    word = OUTCOMES[row["outcome"]]
    told = f"{spoken(found, row)}{f', **{word}**' if word else ''}"
    return f"{told} ({markdown(row['over'].partition(',')[0])})" if row["effect"] == SPREAD else told


def unit(found: Survival, heading: str) -> str:
    """What the axis of an effect is labelled with."""
    if heading == WIDTH:
        return "decades of the learning rate"
    metric = found.first.metric
    return f"points of test {metric.word}" if metric.unit else f"difference of test {metric.word}"


def spoken(found: Survival, row: pd.Series) -> str:
    """``12.30 (8.10 to 16.50)``."""
    number = (lambda value: f"{value:.2f}") if row["effect"] == WIDTH else found.first.metric.number
    ends = f" ({number(row['low'])} to {number(row['high'])})" if np.isfinite(row["low"]) else ""
    return f"{number(row['value'])}{ends}"


def section(found: Sequence[Survival]) -> list[str]:
    """The section of ``report.md``; nothing where no model has variants."""
    if not found:
        return []
    parts = [f"## {HEADING}", introduction(found)]
    for each in found:
        parts += [
            f"### {markdown(each.name)}",
            f"{markdown(each.first.setting)}.",
            "\n".join(f"- {sentence}" for sentence in sentences(each)),
            f"![{markdown(alt(each))}](figures/{each.slug}.png)",
            effect_table(each),
        ]
    return parts


def alt(found: Survival) -> str:
    return (
        f"{len(found.headings)} effects with their intervals in {len(found.variants)} variants of {found.model} on"
        f" {found.first.data}, a panel an effect, a line a variant."
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
