"""Does the ranking turn when momentum, betas and epsilon are tuned beside the rate?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments import statistics
from experiments.reports.blocks import Block
from experiments.reports.evidence import ALPHA, Evidence, scores
from experiments.reports.layout import table
from experiments.reports.text import count, join, markdown, rate

CELL = ["activation", "optimizer"]


def paired(block: Block) -> pd.DataFrame:
    """One row a cell that has both: constants tuned too (deep) minus the rate alone (tuned), paired by seed.

    Returns:
        ``activation, optimizer, tuned, deep`` (means over the seeds that both have), the columns of
        ``paired_test`` and ``p_holm`` over these cells; empty where no cell has both.
    """
    both = differences(block)
    if both.empty:
        return pd.DataFrame()
    wide = both.pivot(index=CELL, columns="seed", values="difference")
    wide = wide.reindex(both[CELL].drop_duplicates().itertuples(index=False, name=None))
    means = both.groupby(CELL, sort=False)[["value_tuned", "value_deep"]].mean()
    tests = statistics.paired_test(wide.to_numpy(dtype=float))
    found = pd.concat([pd.DataFrame(list(wide.index), columns=CELL), tests], axis=1)
    found["tuned"], found["deep"] = means["value_tuned"].to_numpy(), means["value_deep"].to_numpy()
    return found.assign(p_holm=statistics.holm(found["p"].to_numpy()))


def differences(block: Block) -> pd.DataFrame:
    """One row a cell and seed that has both: ``value_tuned, value_deep, difference``."""
    if block.deep.empty or block.rates != "tuned":
        return pd.DataFrame()
    key = [*CELL, "seed"]
    sides = [part[part["value"].notna()].drop_duplicates(key)[[*key, "value"]] for part in (block.runs, block.deep)]
    both = sides[0].merge(sides[1], on=key, suffixes=("_tuned", "_deep"))
    return both.assign(difference=both["value_deep"] - both["value_tuned"])


def turned(block: Block) -> pd.DataFrame:
    """``ranking_change`` of optimizers when deep runs replace the tuned ones of their cells (others stay)."""
    tuned = scores(block)
    if block.deep.empty or tuned.empty or tuned["optimizer"].nunique() < 2:
        return pd.DataFrame()
    key = [*CELL, "seed"]
    fresh = block.deep[block.deep["value"].notna()].drop_duplicates(key)
    fresh = fresh.assign(seed=fresh["seed"].astype("int64")).set_index(key)["value"]
    replaced = tuned.set_index(key)
    common = replaced.index.intersection(fresh.index)
    replaced.loc[common, "score"] = fresh[common].astype(float)
    try:
        return statistics.ranking_change(replaced.reset_index(), tuned, "optimizer")
    except ValueError:  # no seed has all optimizers yet
        return pd.DataFrame()


def deep_section(found: Sequence[Evidence]) -> list[str]:
    """The section of the page; nothing where no block has such runs."""
    parts = []
    for block in (each.block for each in found if len(each.block.deep)):
        parts.append(f"### {markdown(block.name)}")
        cells = paired(block)
        if cells.empty:
            parts.append("No cell has runs with the rate alone tuned and with the constants tuned too, so far.")
            continue
        parts += [_sentence(block, cells), _table(block, cells)]
    if not parts:
        return []
    head = (
        "Each of these cells was tuned twice: the learning rate alone, and the rate together with the"
        " constants"
        " named. The main ranking above has the rate alone; these runs take no part in it."
    )
    return ["## Momentum, betas and epsilon tuned too", head, *parts]


def _sentence(block: Block, cells: pd.DataFrame) -> str:
    metric = block.metric
    sure = cells[cells["p_holm"] <= ALPHA]
    better = [_pair(cell) for _, cell in sure[sure["difference"] > 0].iterrows()]
    worse = [_pair(cell) for _, cell in sure[sure["difference"] < 0].iterrows()]
    low, high, ends = *_mean_interval(block), ""
    if np.isfinite(low):
        ends = f" (95 % interval {metric.number(low)} to {metric.number(high)})"
    text = (
        f"Tuning the constants too changes test {metric.word} by"
        f" {metric.gap(float(cells['difference'].mean()))} on average over {count(len(cells), 'cell')}{ends};"
        f" better for {join(better, 8) or 'none'}, worse for"
        f" {join(worse, 8) or 'none'} (paired by seed, Holm over these cells, {ALPHA:g})."
    )
    change = turned(block)
    if change.empty:
        return text + " Whether the ranking of optimizers turns cannot be told yet."
    tau, moved = float(change["kendall_tau"].iloc[0]), change[change["moves"]]
    if moved.empty:
        return f"{text} **The ranking of optimizers does not turn** (Kendall's tau {tau:.2f})."
    told = [
        f"{markdown(row['level'])} from {row['position_defaults']} to {row['position_tuned']}"
        + (f" (mean rank by {row['low']:+.2f} to {row['high']:+.2f}{', sure' if row['surely'] else ''})"
           if np.isfinite(row["low"]) else "")
        for _, row in moved.iterrows()
    ]  # fmt: skip
    sure_moves = int(moved["surely"].sum())
    verdict = (
        "**The ranking of optimizers turns**"
        if sure_moves
        else "The order of optimizers differs, but for no move surely"
    )
    return f"{text} {verdict}: {join(told, 8)} (Kendall's tau {tau:.2f})."


def _mean_interval(block: Block) -> tuple[float, float]:
    """Ends of the interval of the mean change, averaged over the cells within each seed that has them all."""
    both = differences(block).pivot(index="seed", columns=CELL, values="difference").dropna()
    test = statistics.paired_test(both.mean(axis=1).to_numpy(dtype=float)[None, :])
    return float(test["low"].iloc[0]), float(test["high"].iloc[0])


def _table(block: Block, cells: pd.DataFrame) -> str:
    number = block.metric.number
    chosen = block.deep.drop_duplicates(CELL).set_index(CELL)
    alone = block.runs.drop_duplicates(CELL).set_index(CELL)["learning_rate"]
    rows = []
    for _, cell in cells.iterrows():
        pair = cell["activation"], cell["optimizer"]
        ends = f"{number(cell['low'])} to {number(cell['high'])}" if np.isfinite(cell["low"]) else ""
        rows.append([
            markdown(pair[0]), markdown(pair[1]), rate(float(alone[pair])), number(cell["tuned"]),
            rate(float(chosen.loc[pair, "learning_rate"])), markdown(chosen.loc[pair, "constants"]),
            number(cell["deep"]),
            number(cell["difference"]), ends, f"{cell['p_holm']:.2g}" if np.isfinite(cell["p_holm"]) else "",
        ])  # fmt: skip
    unit = f" ({block.metric.unit.strip()})" if block.metric.unit else ""
    head = ["activation", "optimizer", "rate alone", f"mean{unit}", "rate", "with constants", f"mean{unit}",
            "difference", "95 % interval", "p (Holm)"]  # fmt: skip
    return table(head, rows, "llrrrlrrrr")


def _pair(cell: pd.Series) -> str:
    return f"{markdown(cell['activation'])} with {markdown(cell['optimizer'])}"
