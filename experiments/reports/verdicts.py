"""What the statistics say, in sentences, each with its interval. Text is Markdown; names are escaped."""

import numpy as np
import pandas as pd

from experiments.reports.evidence import ALPHA, FACTORS, Evidence
from experiments.reports.metrics import Metric
from experiments.reports.summary import levels
from experiments.reports.text import count, join, markdown
from experiments.statistics import FriedmanNemenyi

MANY = 12

TERMS = {
    "activation": "the activation",
    "optimizer": "the optimizer",
    "interaction": "how the two go together",
    "seed": "the seed",
    "residual": "what seed and cell do not explain",
}


def best_cells(found: Evidence) -> str:
    """Which cells may still be the best, and which is surely better than what."""
    table = found.cells
    if table.empty:
        return ""
    best, metric = table.iloc[0]["a"], found.block.metric
    worse = table[table["outcome"] == "a"]
    open_ = table[table["may_be_best"].astype(bool)]
    text = (
        f"Paired by seed, {_name(best)} is better than {len(worse)} of the {len(table)} other cells (Holm"
        " over all"
        f" pairs of cells, {ALPHA:g}); {len(open_)} may still be the best themselves"
    )
    if len(open_):
        nearest = open_.sort_values("difference", kind="stable")
        told = [f"{_name(row['b'])} ({difference(metric, row)} behind)" for _, row in nearest.iterrows()]
        text += f", the nearest: {join(told, 3)}" if len(told) > 3 else f": {join(told)}"
    text += "."
    if len(table) and not len(worse) and np.isfinite(table["difference"]).any():
        text += f" The widest gap is {metric.gap(float(table['difference'].max()))}."
    return text


def factor(found: Evidence, name: str) -> str:
    """The best level of a factor and how it stands against the others, paired by seed."""
    pairs, block = found.pairs[name], found.block
    if pairs.empty:
        return ""
    other = {"activation": "optimizer", "optimizer": "activation"}[name]
    means = levels(block.runs, FACTORS[name], FACTORS[other])
    best = str(means["level"].iloc[0])
    over = f"{count(int(pairs['conditions'].max()), other)} within each seed"
    return standing(pairs, best, block.metric, found.margin, over)


def standing(pairs: pd.DataFrame, best: str, metric: Metric, margin: float, over: str) -> str:
    """How one level stands against all others, by the pairs that it is part of; ``over`` tells what was averaged."""
    mine = pairs[(pairs["a"] == best) | (pairs["b"] == best)]
    won = mine[[row["outcome"] in ("a", "b") and row[row["outcome"]] == best for _, row in mine.iterrows()]]
    same = mine[mine["outcome"] == "equivalent"]
    lost = mine[mine["outcome"].isin(["a", "b"]) & ~mine.index.isin(won.index)]
    unsure = mine[mine["outcome"] == "undecided"]
    told = [f"better than {_others(won, best)}"] if len(won) else []
    told += [f"not different by {metric.gap(margin)} or more from {_others(same, best)}"] if len(same) else []
    told += [f"worse than {_others(lost, best)} (on the cells that both have)"] if len(lost) else []
    if len(unsure):
        near = _nearest(unsure, best)
        rows = [f"{markdown(_other(row, best))} ({difference(metric, row, best)} ahead; {seeds_more(row)})"
                for row in near]  # fmt: skip
        told.append(f"undecided against {join(rows, 4)}")
    return f"Paired by seed, it is {'; '.join(told)} (averaged over {over}, pairs by Holm, {ALPHA:g})."


def _nearest(rows: pd.DataFrame, best: str) -> list[pd.Series]:
    return sorted((row for _, row in rows.iterrows()), key=lambda row: _lead(row, best))


def _lead(row: pd.Series, best: str) -> float:
    lead = float(row["difference"] if row["a"] == best else -row["difference"])
    return lead if np.isfinite(lead) else np.inf


def _other(row: pd.Series, best: str) -> str:
    return str(row["b"] if row["a"] == best else row["a"])


def _others(rows: pd.DataFrame, best: str) -> str:
    return join([markdown(_other(row, best)) for _, row in rows.iterrows()], MANY)


def difference(metric: Metric, row: pd.Series, best: str | None = None) -> str:
    """``0.12 points, 95 % interval -0.10 to 0.34``, seen from the best."""
    ends = [row["difference"], row["low"], row["high"]]
    if best is not None and row["b"] == best:
        ends = [-row["difference"], -row["high"], -row["low"]]
    text = metric.gap(ends[0])
    return f"{text}, {metric.number(ends[1])} to {metric.number(ends[2])}" if np.isfinite(ends[1]) else text


def seeds_more(row: pd.Series) -> str:
    more = float(row["more_seeds"])
    return "more than 100 seeds more" if np.isinf(more) else f"about {count(int(more), 'seed')} more"


def matters(found: Evidence) -> str:
    """Whether the choice matters more than the seed: shares of variance, and what their intervals settle."""
    table = found.variance
    if table.empty:
        return ""
    share = table.set_index("term")
    if share["share"].isna().all():
        return f"**What matters more** cannot be told: {share['note'].iloc[0]}."
    told = [
        f"{words} {_share(share.loc[term])}" for term, words in TERMS.items() if np.isfinite(share.loc[term, "share"])
    ]
    word = found.block.metric.word
    text = f"**What matters more**, as shares of the variance of test {word} (omega squared): {join(told)}."
    beats: list[str] = []
    open_: list[str] = []
    for term in ("activation", "optimizer"):
        # The luck of one run is what its seed shifts in all cells alike and what it shifts in this cell alone.
        # The two upper ends together are a cautious upper end for their sum.
        if np.isfinite(share.loc[term, "share"]) and np.isfinite(share.loc["seed", "share"]):
            sure = share.loc[term, "low"] > max(0.0, share.loc["seed", "high"]) + max(
                0.0, share.loc["residual", "high"]
            )
            (beats if sure else open_).append(TERMS[term])
    if beats:
        verb = "matter" if len(beats) > 1 else "matters"
        text += f" So {join(beats)} {verb} more than the luck of the seed (what it shifts in all cells and "
        text += "what it shifts in one): the intervals do not touch."
    if open_:
        verb = "matter" if len(open_) > 1 else "matters"
        text += f" Whether {join(open_)} {verb} more than the luck of the seed is not settled by these intervals."
    if note := next((str(each) for each in share["note"] if each), ""):
        text += f" ({note[0].upper() + note[1:]}.)"
    return text


def _share(row: pd.Series) -> str:
    text = f"{100 * row['share'] + 0.0:.1f} %".replace("-0.0", "0.0")
    return f"{text} ({100 * row['low']:.1f} to {100 * row['high']:.1f})" if np.isfinite(row["low"]) else text


def turned(found: Evidence) -> list[str]:
    """What tuned rates change against default rates."""
    told = []
    for name, table in found.changes.items():
        if table.empty:
            continue
        tau, moved = float(table["kendall_tau"].iloc[0]), table[table["moves"]]
        rows = [
            f"{markdown(row['level'])} from {row['position_defaults']} to {row['position_tuned']}"
            f" (mean rank {row['rank_defaults']:.2f} to {row['rank_tuned']:.2f}{_change(row)})"
            for _, row in moved.sort_values("change", key=np.abs, ascending=False, kind="stable").iterrows()
        ]
        alike = f"Kendall's tau of the two orders is {tau:.2f}" if np.isfinite(tau) else "one of the orders is all ties"
        text = f"**Tuned against default rates, by {name}**: {alike}"
        text += f"; {len(moved)} of {len(table)} change place: {join(rows, 5)}." if rows else "; no place changes."
        told.append(text)
    return told


def _change(row: pd.Series) -> str:
    if not np.isfinite(row["low"]):
        return ""
    return f", change {row['change']:+.2f}, {row['low']:+.2f} to {row['high']:+.2f}" + (
        ", sure" if row["surely"] else ""
    )


def undecided(found: Evidence) -> str:
    """How much is left open, and about how many seeds would settle it."""
    told = []
    for name, pairs in found.pairs.items():
        if pairs.empty:
            continue
        open_ = pairs[pairs["outcome"] == "undecided"]
        text = f"{len(open_)} of {count(len(pairs), f'pair of {name}s', f'pairs of {name}s')}"
        finite = open_["more_seeds"][np.isfinite(open_["more_seeds"])]
        if len(finite):
            half = int(np.ceil(float(np.median(finite))))
            text += f" (about {count(half, 'seed')} more for half of those within reach"
            text += f", {int(finite.max())} for all of those"
            far = len(open_) - len(finite)
            text += f", more than 100 for {far})" if far else ")"
        elif len(open_):
            text += " (more than 100 seeds more for each)"
        told.append(text)
    if not told:
        return ""
    return (
        f"**Undecided** at {ALPHA:g}, with {found.block.metric.gap(found.margin)} as the smallest"
        f" difference of interest: {join(told)}. Numbers of seeds are for a chance of 80 % and rest on a"
        " spread known from few seeds."
    )


def across(test: FriedmanNemenyi, name: str) -> str:
    """Whether levels rank alike over data sets and models (Friedman, Nemenyi), or why that is open."""
    if not test.possible:
        why = markdown(test.reason.rstrip("."))
        return f"**{name.capitalize()}s** are not ranked over data sets and models: {why}."
    best = [f"{markdown(level)} {test.ranks[level]:.2f}" for level in test.levels]
    text = (
        f"**{name.capitalize()}s** over {len(test.blocks)} blocks of data set and model: mean ranks"
        f" {join(best, MANY)}; Friedman's p {_p(test.p)}, Iman and Davenport's {_p(test.p_f)}; ranks"
        " that are"
        f" {test.critical_difference:.2f} apart differ (Nemenyi, {test.alpha:g})"
    )
    top = next((clique for clique in test.cliques if test.levels[0] in clique), ())
    rest = [markdown(level) for level in top[1:]]
    return text + (f"; {markdown(test.levels[0])} cannot be told from {join(rest, MANY)}." if rest else ".")


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-4 else "below 0.0001"


def _name(cell: str) -> str:
    return markdown(cell).replace(" + ", " with ")
