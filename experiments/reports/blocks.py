"""One comparison each: the runs that may stand in one picture, with labels, order and title."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports import summary
from experiments.reports.facts import planned_seeds
from experiments.reports.frames import in_order
from experiments.reports.metrics import Metric, metric_of
from experiments.reports.text import count, digits, join, plain, seed_list, slug

UNVERIFIED = "not verified as the canonical release"


@dataclass(frozen=True, kw_only=True)
class Block:
    """All scoring runs on one data set with one model, loss, head, budget and engine.

    Attributes:
        verified: whether the data were checked against published sums; None where there are none.
        runs: one row a run, with ``value`` (what it counts with), ``row`` and ``column`` (its labels).
        cells: one row a cell, see ``summary.cells``, with ``row`` and ``column``.
        curves: ``frames.CURVES`` of these runs. timings: ``frames.TIMINGS`` of these runs.
        rows, columns: labels of activations and of optimizers, in their order. A label is the
            name, and tells the setting as well where one pair of names was run in several.
        qualifier: what sets this block apart from another on the same data set and model.
    """

    dataset: str
    title: str
    fingerprint: str
    verified: bool | None
    model: str
    loss: str
    head: str
    epochs: int
    engine: str
    metric: Metric
    chance: float
    slug: str
    qualifier: str = ""
    runs: pd.DataFrame = field(repr=False)
    cells: pd.DataFrame = field(repr=False)
    curves: pd.DataFrame = field(repr=False)
    timings: pd.DataFrame = field(repr=False)
    rows: list[str]
    columns: list[str]
    seeds: list[int]

    @property
    def data(self) -> str:
        """The data set's title, with the warning where its release is not verified."""
        title = plain(self.title or self.dataset)
        return f"{title} ({UNVERIFIED})" if self.verified is False and UNVERIFIED not in title else title

    @property
    def name(self) -> str:
        qualifier = f", {self.qualifier}" if self.qualifier else ""
        return f"{self.data}, {plain(self.model)}{qualifier}"

    @property
    def setting(self) -> str:
        """``3 seeds (0 to 2), 5 epochs, batch 128``."""
        return f"{seed_list(self.seeds)}, {count(self.epochs, 'epoch')}, {self.batches}"

    @property
    def batches(self) -> str:
        sizes = {int(size) for size in self.runs["batch_size"].dropna()}
        told = [f"batch {size}" for size in sorted(sizes - {0})]
        if 0 in sizes:
            full = self.runs.loc[self.runs["batch_size"] == 0, "optimizer"]
            who = join([plain(name) for name in dict.fromkeys(full)], 3)
            told.append(f"whole training part ({who})")
        return join(told) or "batch size unknown"

    def grid(self, column: str) -> pd.DataFrame:
        """One column of the cells as rows x columns."""
        table = self.cells.pivot(index="row", columns="column", values=column)
        return table.reindex(index=self.rows, columns=self.columns)


def blocks(
    runs: pd.DataFrame, curves: pd.DataFrame, timings: pd.DataFrame, facts: Mapping[str, Any]
) -> list[Block]:
    """Cut sorted scoring runs into blocks, in the order of the runs."""
    made: list[Block] = []
    several = runs.drop_duplicates(summary.BLOCK).groupby(["dataset", "model"], dropna=False).size()
    planned = [tuple(map(str, cell)) for cell in facts.get("planned_cells") or ()]
    for _, part in runs.groupby(summary.BLOCK, sort=False, dropna=False):
        first = part.iloc[0]
        pairs = [cell[2:] for cell in planned if cell[:2] == (first["dataset"], first["model"])]
        qualifier = _qualifier(runs, first) if several[first["dataset"], first["model"]] > 1 else ""
        made.append(_block(part, curves, timings, planned_seeds(facts), pairs, qualifier))
    return made


def _block(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    seeds: Sequence[int],
    planned: Iterable[tuple[str, ...]],
    qualifier: str,
) -> Block:
    runs = runs.assign(value=summary.counted(runs))
    results = runs[runs["value"].notna()]
    speaks = (results if len(results) else runs).iloc[0]  # a failed run may not know its metric
    seen = sorted({int(seed) for seed in runs["seed"].dropna()})
    asked = seeds or seen
    table = summary.cells(runs, asked)
    pairs = {(str(pair[0]), str(pair[1])) for pair in planned}
    names = [
        in_order([*runs[column], *(pair[place] for pair in pairs)], known)
        for place, (column, known) in enumerate((("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)))
    ]
    everything = {(row, column) for row in names[0] for column in names[1]}
    table = summary.fill_grid(table, sorted(pairs or everything), len(asked))
    table = _labelled(table, table)
    runs = _labelled(runs, table)
    table = table.assign(
        _row=_places(table["activation"], names[0]), _column=_places(table["optimizer"], names[1])
    )
    by = ["learning_rate", "batch_size", "initialiser"]
    table = table.sort_values(["_row", "_column", *by], kind="stable", ignore_index=True)
    columns = list(dict.fromkeys(table.sort_values(["_column", *by], kind="stable")["column"]))
    tags = [slug(str(runs["dataset"].iloc[0])), slug(str(runs["model"].iloc[0]))]
    return Block(
        **{name: _text(speaks[name]) for name in summary.BLOCK if name != "epochs"},
        title=_text(speaks["dataset_title"]),
        verified=None if runs["canonical"].isna().all() else bool(runs["canonical"].fillna(True).all()),
        epochs=int(speaks["epochs"]) if pd.notna(speaks["epochs"]) else 0,
        metric=metric_of(_text(speaks["metric"]) or "accuracy"),
        chance=float(speaks["chance"]),
        slug="-".join([*tags, *([digits(qualifier)] if qualifier else [])]),
        qualifier=qualifier,
        runs=runs.reset_index(drop=True),
        cells=table.drop(columns=["_row", "_column"]),
        curves=curves[curves["key"].isin(runs["key"])].reset_index(drop=True),
        timings=timings[timings["key"].isin(runs["key"])].reset_index(drop=True),
        rows=list(dict.fromkeys(table["row"])),
        columns=columns,
        seeds=seen,
    )


def _labelled(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Labels of row and column: the plain names, unless a pair of names stands for several cells."""
    row, column = frame["activation"].astype(str), frame["optimizer"].astype(str)
    pairs = table.groupby(["activation", "optimizer"])
    varies = {name: bool((pairs[name].nunique() > 1).any()) for name in summary.ARM[2:]}
    for name, word in (("learning_rate", "rate"), ("batch_size", "batch")):
        if varies[name]:
            told = [f" {word} {value:.12g}" if pd.notna(value) else "" for value in frame[name]]
            column = column + pd.Series(told, index=frame.index, dtype=column.dtype)
    if varies["initialiser"]:
        row = row + " " + frame["initialiser"].fillna("")
    return frame.assign(row=row.str.strip(), column=column.str.strip())


def _places(values: pd.Series, listed: list[str]) -> pd.Series:
    return values.map({name: number for number, name in enumerate(listed)})


def _qualifier(runs: pd.DataFrame, first: pd.Series) -> str:
    """What differs between the blocks on one data set and model, as this block has it."""
    same = runs[runs["dataset"].eq(first["dataset"]) & runs["model"].eq(first["model"])]
    told = []
    for name in summary.BLOCK:
        if same[name].nunique(dropna=False) > 1:
            value = _text(first[name])
            told.append(f"{name} {value[:12] if name == 'fingerprint' else value}")
    return plain(", ".join(told))


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
