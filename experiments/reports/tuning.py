"""What tuning tried and chose: a row a trial, and the cells whose choice deserves a warning."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.names import OPTIMIZERS
from experiments.records import RESULTS
from experiments.reports.blocks import Block
from experiments.reports.frames import in_order
from experiments.reports.text import count, join, markdown

CELL = ["activation", "optimizer"]
TRIAL = [*CELL, "constants", "epochs", "learning_rate"]
COLUMNS = [
    "dataset",
    "model",
    *TRIAL,
    "seeds",
    "mean",
    "low",
    "high",
    "diverged",
    "default",
    "chosen",
    "edge",
]
MANY = 20


def trials(block: Block) -> pd.DataFrame:
    """A row a trial: one rate (and constants) of one cell, averaged over its tuning seeds.

    Returns:
        The columns of ``COLUMNS``: ``mean`` validation metric, its ``low``est and ``high``est seed,
        ``seeds``, how many of them ``diverged`` (they count at chance), ``default`` (the cell's default
        rate), ``chosen``, and the ``edge`` (``low``, ``high``) where the choice still sits at one.
    """
    runs = block.trials
    if runs.empty:
        return pd.DataFrame(columns=COLUMNS)
    marked = runs.assign(_diverged=runs["status"].eq("diverged").astype(int))
    table = marked.groupby(TRIAL, sort=False, dropna=False).agg(
        seeds=("value", "count"), mean=("value", "mean"), low=("value", "min"), high=("value", "max"),
        diverged=("_diverged", "sum"),
    ).reset_index()  # fmt: skip
    table = table.assign(dataset=block.dataset, model=block.model)
    table["default"] = _default_rates(block, table)
    edges = _chosen(block)
    at = table[[*CELL, "constants", "learning_rate"]].fillna({"constants": ""}).itertuples(index=False, name=None)
    own = [edges.get(key) for key in at]
    full = table["epochs"].eq(block.epochs)
    table["chosen"] = pd.Series([each is not None for each in own], dtype=bool) & full
    table["edge"] = pd.Series([each or "" for each in own], dtype=object).where(full, "")
    return table[COLUMNS]


def _chosen(block: Block) -> dict[tuple, str]:
    """(activation, optimizer, constants, rate) of each choice -> the edge that it sits at, if any."""
    scored = pd.concat([block.runs[["key", "constants"]], block.deep[["key", "constants"]]]).set_index("key")
    plain = _plain_constants(block)
    found = {}
    for _, choice in block.choices.iterrows():
        pair = choice["activation"], choice["optimizer"]
        keys = [key for key in choice["scored"] if key in scored.index]
        if keys or not choice["constants"]:
            constants = scored.loc[keys[0], "constants"] if keys else plain.get(pair, "")
            found[*pair, constants, float(choice["tuned_learning_rate"])] = choice["edge"]
    return found


def _plain_constants(block: Block) -> dict[tuple, str]:
    """(activation, optimizer) -> the constants of the runs where nothing but the rate was tuned."""
    return block.runs.drop_duplicates(CELL).set_index(CELL)["constants"].fillna("").to_dict()


def _default_rates(block: Block, table: pd.DataFrame) -> pd.Series:
    known = {(c["activation"], c["optimizer"]): c["default_rate"] for _, c in block.choices.iterrows()}
    for part in (block.defaults, block if block.rates == "default" else None):
        if part is not None:
            known |= part.runs.set_index(CELL)["learning_rate"].to_dict()  # of several rates the last
    rates = [known.get(pair, np.nan) for pair in zip(table["activation"], table["optimizer"], strict=True)]
    return pd.Series(rates, index=table.index, dtype="float64")


def rate_trials(block: Block) -> pd.DataFrame:
    """The trials at the full budget that tuned nothing but the rate: the learning-rate curves."""
    table = trials(block)
    if table.empty:
        return table
    plain = _plain_constants(block)
    cells = table[[*CELL, "constants"]].fillna({"constants": ""}).itertuples(index=False, name=None)
    mine = np.array([plain.get((activation, optimizer), "") == constants for activation, optimizer, constants in cells])
    kept = table[mine & table["epochs"].eq(block.epochs).to_numpy(dtype=bool)]
    return kept.sort_values([*CELL, "learning_rate"], kind="stable", ignore_index=True)


def optimizers(table: pd.DataFrame) -> list[str]:
    return in_order(table["optimizer"], OPTIMIZERS)


def at_edge(block: Block) -> pd.DataFrame:
    """The choices that sit at an edge of what was tried, save those where everything diverged."""
    found = block.choices
    if found.empty:
        return found
    return found[found["edge"].isin(["low", "high"]) & ~found["all_diverged"].fillna(False)]


def warnings(block: Block) -> list[str]:
    """Cells whose choice sits at an edge, where everything diverged, or that are not tuned yet."""
    found = block.choices
    told = []
    if len(found):
        edge = at_edge(block)
        if len(edge):
            names = [
                f"{_pair(cell)} ({cell['tuned_learning_rate']:.4g}, {cell['edge']}est)" for _, cell in edge.iterrows()
            ]
            told.append(
                f"**{count(len(edge), 'cell')} of {len(found)} chose the highest or lowest rate that was"
                f" tried**, so a better one may lie beyond: {join(names, MANY)}."
            )
        lost = found[found["all_diverged"].fillna(False)]
        if len(lost):
            names = [_pair(cell) for _, cell in lost.iterrows()]
            told.append(
                f"**In {count(len(lost), 'cell')} every trial diverged**, so the rate that is called tuned"
                f" there is none: {join(names, MANY)}."
            )
    failed = block.trials[~block.trials["status"].isin(RESULTS)] if len(block.trials) else block.trials
    if len(failed):
        names = [_pair(run.to_dict() | {"constants": ()}) for _, run in failed.drop_duplicates(CELL).iterrows()]
        told.append(
            f"**{count(len(failed), 'tuning run')} failed**, so these cells have no choice yet; the next"
            f" sweep tries again: {join(names, MANY)}."
        )
    if block.rates == "default" and len(block.trials):
        told.append("**Tuning has not ended**, so this is the ranking at default rates; the next sweep goes on.")
    return told


def _pair(cell: pd.Series | dict[str, Any]) -> str:
    constants = f", {' and '.join(cell['constants'])} tuned too" if len(cell["constants"]) else ""
    return f"{markdown(cell['activation'])} with {markdown(cell['optimizer'])}{markdown(constants)}"
