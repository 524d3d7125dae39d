"""The section on losses: sentences and tables, for both reports."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.reports import verdicts
from experiments.reports.layout import table
from experiments.reports.losses import Losses
from experiments.reports.text import count, join, markdown

HEADING = "Losses side by side"
INTRODUCTION = (
    "Each loss was trained in the same cells with the same seeds, and at a rate of its own where rates were tuned."
    " They are compared by the metric alone: the values of two losses are on different scales, so neither the lower"
    " value nor the lower curve is the better one."
)


def sentences(found: Losses) -> list[str]:
    """The best loss, how it stands against the others, and what the comparison rests on."""
    means, metric = found.means(), found.first.metric
    best, last = means.iloc[0], means.iloc[-1]
    cells = count(int(best["cells"]), "cell") + " of activation and optimizer"
    scope = f"Averaged over {cells} that all losses have" if best["balanced"] else "Averaged over whatever each has"
    told = [
        f"{scope}, the best loss is **{markdown(best['level'])}** with {_spread(found, best)}, the last of {len(means)}"
        f" is {markdown(last['level'])} with {_spread(found, last)}."
        f" {verdicts.standing(found.pairs, str(best['level']), metric, found.margin, cells + ' within each seed')}",
        _by_cell(found),
        f"Rates: {found.rates}. Chance level: {metric.say(found.first.chance)}.",
    ]
    lost = [f"{markdown(block.output)} ({number} of {count(len(block.runs), 'run')})" for block in found.blocks
            if (number := int(block.runs["status"].eq("diverged").sum()))]  # fmt: skip
    told += [f"Diverged, and counted at chance level: {join(lost)}."] if lost else []
    return [each for each in told if each]


def _by_cell(found: Losses) -> str:
    """Whether the same loss leads in every cell."""
    cells = found.runs.groupby(["cell", "output"], sort=False)["value"].mean().unstack("output").dropna()
    if len(cells) < 2:
        return ""
    leads = cells.idxmax(axis=1).value_counts(sort=False).reindex(found.names).dropna().astype(int)
    told = [
        f"{markdown(name)} in {number}" for name, number in leads.sort_values(ascending=False, kind="stable").items()
    ]
    return f"Of the {len(cells)} cells by themselves, the highest mean has {join(told)}."


def mean_table(found: Losses) -> str:
    """Each loss with its mean, interval and mean rank."""
    ranks = found.ranks.set_index("level")
    rows = []
    for _, each in found.means().iterrows():
        rank = ranks.loc[each["level"]] if each["level"] in ranks.index else None
        rows.append([markdown(each["level"]), found.first.metric.number(each["mean"]), _ends(found, each),
                     _rank(rank), str(int(each["seeds"]))])  # fmt: skip
    unit = found.first.metric.unit.strip()
    head = ["loss on head", f"mean test {found.first.metric.word}{f' ({unit})' if unit else ''}",
            "95 % interval over seeds", "mean rank", "seeds"]  # fmt: skip
    return table(head, rows, "lrrrr")


def pair_table(found: Losses) -> str:
    """All pairs, with Holm's p over them."""
    metric = found.first.metric
    rows = [
        [markdown(row["a"]), markdown(row["b"]), metric.number(row["difference"]),
         f"{metric.number(row['low'])} to {metric.number(row['high'])}" if np.isfinite(row["low"]) else "",
         f"{row['p_holm']:.2g}" if np.isfinite(row["p_holm"]) else "", _verdict(found, row)]
        for _, row in found.pairs.iterrows()
    ]  # fmt: skip
    unit = " (points)" if metric.unit else ""
    return table(["a", "b", f"a minus b{unit}", "95 % interval", "p (Holm)", "verdict"], rows, "llrrrl")


def split_table(found: Losses, factor: str) -> str:
    """Mean and interval of each loss at each optimizer, or at each activation; empty where there is one alone."""
    column = {"optimizer": "column", "activation": "row"}[factor]
    order = [name for block in found.blocks for name in (block.columns if factor == "optimizer" else block.rows)]
    names = [name for name in dict.fromkeys(order) if name in set(found.runs[column])]
    if len(names) < 2:
        return ""
    at = {name: found.means(**{factor: name}).set_index("level") for name in names}
    rows = [
        [markdown(loss), *(f"{found.first.metric.number(at[name].loc[loss, 'mean'])}{_half(found, at[name].loc[loss])}"
                           if loss in at[name].index else "" for name in names)]
        for loss in found.names
    ]  # fmt: skip
    return table(["loss on head", *(markdown(name) for name in names)], rows, "l" + "r" * len(names))


def section(found: Sequence[Losses]) -> list[str]:
    """The section of ``report.md``; nothing where each model has one loss."""
    if not found:
        return []
    parts = [f"## {HEADING}", INTRODUCTION]
    for each in found:
        parts += [
            f"### {markdown(each.name)}",
            f"{markdown(each.first.setting)}.",
            "\n".join(f"- {sentence}" for sentence in sentences(each)),
            mean_table(each),
            *(f"![{markdown(words)}](figures/{each.slug}-{name}.png)" for name, words in alts(each).items()),
            "By optimizer (mean over activations ± half the 95 % interval over seeds), and by activation:",
            split_table(each, "optimizer"),
            split_table(each, "activation"),
            "All pairs:",
            pair_table(each),
        ]
    return [part for part in parts if part]


def alts(found: Losses) -> dict[str, str]:
    """What the figures of a comparison show, for those who cannot see them: last part of the file's name -> words."""
    word, many = found.first.metric.word, count(len(found.names), "loss", "losses")
    return {
        "cells": f"Test {word} of {many} on {found.name}: a panel an optimizer, a line a loss, a point an activation,"
        " each with its interval.",
        "curves": f"Validation {word} by epoch of {many} on {found.name}: a panel an optimizer, a line a loss.",
    }


def _spread(found: Losses, level: pd.Series) -> str:
    metric = found.first.metric
    return metric.say(level["mean"]) + (f" ({_ends(found, level)})" if np.isfinite(level["low"]) else "")


def _ends(found: Losses, level: pd.Series) -> str:
    metric = found.first.metric
    return f"{metric.number(level['low'])} to {metric.number(level['high'])}" if np.isfinite(level["low"]) else ""


def _half(found: Losses, level: pd.Series) -> str:
    half = (level["high"] - level["low"]) / 2
    return f" ± {found.first.metric.number(half)}" if np.isfinite(half) else ""


def _verdict(found: Losses, row: pd.Series) -> str:
    if row["outcome"] == "equivalent":
        return f"no difference larger than {found.first.metric.gap(found.margin)}"
    return markdown(row["verdict"])


def _rank(rank: pd.Series | None) -> str:
    if rank is None or not np.isfinite(rank["mean_rank"]):
        return ""
    ends = f" ({rank['low']:.2f} to {rank['high']:.2f})" if np.isfinite(rank["low"]) else ""
    return f"{rank['mean_rank']:.2f}{ends}"
