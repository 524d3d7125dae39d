"""One comparison each: the runs that may stand in one picture, with labels, order and title."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

import pandas as pd

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports import roles, summary
from experiments.reports.facts import planned_seeds
from experiments.reports.frames import in_order
from experiments.reports.metrics import Metric, metric_of
from experiments.reports.models import words
from experiments.reports.text import count, digits, join, plain, seed_list, slug

UNVERIFIED = "not verified as the canonical release"


@dataclass(frozen=True, kw_only=True)
class Block:
    """All scoring runs on one data set with one model, loss, head, budget and engine, at one kind of rates.

    Attributes:
        rates: ``tuned``, or ``default`` where no rate was tuned (yet); empty where nobody says.
        verified: whether the data were checked against published sums; None where there are none.
        runs: one row a run, with ``value`` (what it counts with), ``row`` and ``column`` (its labels).
        cells: one row a cell, see ``summary.cells``, with ``row`` and ``column``.
        curves: ``frames.CURVES`` of these runs. timings: ``frames.TIMINGS`` of these runs.
        rows, columns: labels of activations and of optimizers, in their order. A label is the
            name, and tells the setting as well where one pair of names was run in several.
        qualifier: what sets this block apart from another on the same data set and model.
        defaults: the same cells at default rates, where these are the tuned ones.
        trials: the tuning runs of these cells. deep: scoring runs with other constants tuned beside
            the rate. choices: what tuning chose, a row a cell. diagnostics: of ``runs``.
        plugin_rates: optimizer of a plugin, ``plugin:my_sgd`` -> its default rate.
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
    rates: str = ""
    defaults: Optional["Block"] = field(default=None, repr=False)
    trials: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    deep: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    choices: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    plugin_rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def data(self) -> str:
        """The data set's title, with the warning where its release is not verified."""
        title = plain(self.title or self.dataset)
        return f"{title} ({UNVERIFIED})" if self.verified is False and UNVERIFIED not in title else title

    @property
    def name(self) -> str:
        qualifier = f", {self.qualifier}" if self.qualifier else ""
        return f"{self.data}, {plain(words(self.model))}{qualifier}"

    @property
    def output(self) -> str:
        """Loss and head, as in ``names.OUTPUTS``."""
        return f"{self.loss} on {self.head}"

    @property
    def setting(self) -> str:
        """``3 seeds (0 to 2), 5 epochs, batch 128, tuned learning rates``."""
        rates = f", {self.rates} learning rates" if self.rates else ""
        return f"{seed_list(self.seeds)}, {count(self.epochs, 'epoch')}, {self.batches}{rates}"

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
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    timings: pd.DataFrame,
    facts: Mapping[str, Any],
    diagnostics: pd.DataFrame | None = None,
    choices: pd.DataFrame | None = None,
) -> list[Block]:
    """Cut sorted runs into blocks, in the order of the runs.

    Where rates were tuned a block has the runs at tuned rates, and those at default rates beside it.
    """
    made: list[Block] = []
    given = (facts.get("plugin") or {}).get("optimizers") or {}
    plugin_rates = {f"plugin:{name}": rate for name, rate in given.items()}
    scored = roles.scoring(runs)
    several = scored.drop_duplicates(summary.BLOCK).groupby(["dataset", "model"], dropna=False).size()
    planned = [tuple(map(str, cell)) for cell in facts.get("planned_cells") or ()]
    for _, part in scored.groupby(summary.BLOCK, sort=False, dropna=False):
        first = part.iloc[0]
        mine = (first["dataset"], first["model"], first["loss"], first["head"])
        # Ledgers may tell cells without loss and head: then of all losses.
        pairs = [cell[2:4] for cell in planned if (*cell[:2], *cell[4:]) in (mine[:2], mine)]
        qualifier = _qualifier(scored, first) if several[first["dataset"], first["model"]] > 1 else ""
        tables = (curves, timings, planned_seeds(facts), pairs, qualifier)
        tuned, default = (roles.at(part, rates) for rates in ("tuned", "default"))
        if tuned.empty:
            main = replace(_block(default, *tables), rates="default" if roles.tunes(runs, facts) else "")
        else:
            beside = None if default.empty else replace(_block(default, *tables), rates="default")
            main = replace(_block(tuned, *tables), rates="tuned", defaults=beside)
        main = replace(main, plugin_rates=plugin_rates)
        made.append(_with_tuning(main, runs, scored, diagnostics, choices))
    return made


def _with_tuning(
    block: Block,
    runs: pd.DataFrame,
    scored: pd.DataFrame,
    diagnostics: pd.DataFrame | None,
    choices: pd.DataFrame | None,
) -> Block:
    """The block with its trials, its runs with other constants tuned, its choices and its diagnostics."""
    identity = [name for name in summary.BLOCK if name != "epochs"]
    same = runs.merge(block.runs[identity].drop_duplicates(), on=identity)
    budgets = set(scored["epochs"]) - {block.epochs}
    # A trial with fewer epochs (Hyperband) is of this block, unless a block has just that budget.
    trials = same[same["role"].eq(roles.TRIAL) & ~same["epochs"].isin(budgets)]
    deep = same[same["role"].eq(roles.DEEP) & same["epochs"].eq(block.epochs)]
    extra = {
        "trials": trials.assign(value=summary.validated(trials)).reset_index(drop=True),
        "deep": deep.assign(value=summary.counted(deep)).reset_index(drop=True),
    }
    if choices is not None and len(choices):
        mine = choices[choices["dataset"].eq(block.dataset) & choices["model"].eq(block.model)]
        others = set(scored["key"]) - set(block.runs["key"])
        extra["choices"] = mine[[not others & set(keys) for keys in mine["scored"]]].reset_index(drop=True)
    if diagnostics is not None:
        mine = diagnostics[diagnostics["key"].isin(block.runs["key"])]
        extra["diagnostics"] = mine.merge(block.runs[["key", "row", "column", "status"]], on="key")
    return replace(block, **extra)


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
    table = table.assign(_row=_places(table["activation"], names[0]), _column=_places(table["optimizer"], names[1]))
    by = ["learning_rate", "batch_size", "initialiser", "constants"]
    table = table.sort_values(["_row", "_column", *by], kind="stable", ignore_index=True)
    columns = list(dict.fromkeys(table.sort_values(["_column", *by], kind="stable")["column"]))
    texts: dict[str, Any] = {name: _text(speaks[name]) for name in summary.BLOCK if name != "epochs"}
    tags = [slug(str(runs["dataset"].iloc[0])), slug(str(runs["model"].iloc[0]))]
    return Block(
        **texts,
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
    for name, word in (
        ("learning_rate", " rate {:.12g}"),
        ("batch_size", " batch {:.12g}"),
        ("constants", " {}"),
    ):
        if varies[name]:
            told = [word.format(value) if pd.notna(value) and value != "" else "" for value in frame[name]]
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
