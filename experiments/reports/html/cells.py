"""What a click on a cell shows: its numbers in words, its seeds, and the data of its charts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports.blocks import Block
from experiments.reports.figures.curves import mean_path, paths
from experiments.reports.figures.heatmap import state
from experiments.reports.figures.time import training_seconds
from experiments.reports.frames import MOMENTS
from experiments.reports.layers import by_layer
from experiments.reports.reasons import Reason, reasons
from experiments.reports.summary import ranked
from experiments.reports.text import count, plain, rate, seconds, size
from experiments.reports.tuning import at_edge, rate_trials

POINTS = 60
"""So many epochs of a curve are shown; a longer one is thinned evenly, its last epoch kept."""

Values = list[list[Any]]

SIZES: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("parameters", "parameters", "{:,}".format),
    ("optimizer state", "state_bytes", size),
)


def cells(block: Block) -> list[dict[str, Any] | None]:
    """The cells of the grid, row by row; None for a pair that is not in the plan.

    Returns:
        Of each cell its names ``row`` and ``column``, ``why`` it did well or badly, the ``rule`` that says so,
        ``facts`` (pairs of words), ``seeds`` (rows of words), and the rows of its charts: ``curves``, ``rates``,
        ``gradients``, ``dead``; an absent one has nothing to show.
    """
    charts: dict[str, Mapping[tuple[str, str], Any]] = {
        "curves": _curves(block),
        "rates": _rates(block),
        "gradients": _layers(block, "gradient_norm"),
        "dead": _layers(block, "dead"),
    }
    told, why = _Facts(block), reasons(block)
    found: list[dict[str, Any] | None] = []
    at: dict[Any, pd.Series] = {(cell["row"], cell["column"]): cell for _, cell in block.cells.iterrows()}
    for row in block.rows:
        for column in block.columns:
            if (row, column) not in at:
                found.append(None)
                continue
            cell: dict[str, Any] = {
                "row": plain(row),
                "column": plain(column),
                "why": plain(why[row, column].sentence),
                "rule": _rule(why[row, column]),
                "facts": told.of(at[row, column]),
                "seeds": told.seeds(row, column),
            }
            cell |= {name: part[row, column] for name, part in charts.items() if (row, column) in part}
            found.append(cell)
    return found


def _rule(why: Reason) -> str:
    also = f" Also: {'; '.join(cause for _, cause in why.also)}." if why.also else ""
    return plain(f"By the rule “{why.rule}”: {why.condition}.{also}")


class _Facts:
    """The numbers of a cell in words; the frames of its block are looked through once."""

    def __init__(self, block: Block) -> None:
        self.block = block
        order = ranked(block.cells)
        best_first = zip(order["row"], order["column"], strict=True)
        self.places: dict[Any, int] = {cell: place + 1 for place, cell in enumerate(best_first)}
        times = training_seconds(block)
        self.times = times.groupby(["row", "column"])["seconds"].median().to_dict() if len(times) else {}
        self.runs = dict(iter(block.runs.groupby(["row", "column"], sort=False)))
        edges = at_edge(block)
        self.edges = {(cell["activation"], cell["optimizer"]): cell["edge"] for _, cell in edges.iterrows()}
        beside = None if block.defaults is None else block.defaults.cells
        self.defaults = {} if beside is None else {(c["activation"], c["optimizer"]): c for _, c in beside.iterrows()}

    def of(self, cell: pd.Series) -> list[tuple[str, str]]:
        block, key = self.block, (cell["row"], cell["column"])
        pair = cell["activation"], cell["optimizer"]
        runs = self.runs.get(key, block.runs.head(0))
        told = [(f"test {block.metric.word}", self.mean(cell)), ("seeds", _counts(cell))]
        if key in self.places:
            told.append(("place", f"{self.places[key]} of {len(self.places)}"))
        if pd.notna(cell["learning_rate"]):
            edge = f", the {self.edges[pair]}est that was tried" if pair in self.edges else ""
            kind = f"{block.rates}, " if block.rates else ""
            told.append(("learning rate", f"{kind}{rate(cell['learning_rate'])}{edge}".removesuffix(", ")))
        if pair in self.defaults:
            beside = self.defaults[pair]
            told.append((f"at default rate {_rate(beside['learning_rate'])}".strip(), self.mean(beside)))
        best = runs["best_epoch"].dropna()
        best = best[best > 0]
        if len(best):
            told.append(("best epoch", f"{_range(best, str)} of {block.epochs}"))
        told += [(name, words) for name, words in (
            ("initial weights", cell["initialiser"]), ("batch", _batch(cell["batch_size"])),
            ("constants", cell["constants"])) if isinstance(words, str) and words]  # fmt: skip
        for name, column, say in (
            ("parameters", "parameters", "{:,}".format),
            ("optimizer state", "state_bytes", size),
        ):
            known = runs[column].dropna()
            if len(known):
                told.append((name, _range(known, say)))
        if key in self.times:
            told.append(("time of a run", seconds(self.times[key])))
        return [(name, plain(words)) for name, words in told]

    def mean(self, cell: pd.Series) -> str:
        if not cell["seeds"]:
            return state(cell).replace("\n", " ")
        words = self.block.metric.say(cell["mean"])
        if np.isfinite(cell["low"]):
            words += f" (95 % interval {self.block.metric.spread(cell['low'], cell['high'])})"
        return words

    def seeds(self, row: str, column: str) -> list[list[str]]:
        """Seed, test value, best epoch, what happened."""
        rows = []
        for _, run in self.runs.get((row, column), self.block.runs.head(0)).iterrows():
            value = self.block.metric.say(run["value"]) if pd.notna(run["value"]) else ""
            epoch = str(run["best_epoch"]) if pd.notna(run["best_epoch"]) and run["best_epoch"] > 0 else ""
            rows.append([_text(run["seed"]), value, epoch, _happened(run)])
        return rows


def _counts(cell: pd.Series) -> str:
    told = [f"{cell['done']} done"] if cell["done"] else []
    told += [f"{cell[name]} {words}" for name, words in (
        ("diverged", "diverged (at chance level in the mean)"), ("failed", "failed"), ("missing", "not run")
    ) if cell[name]]  # fmt: skip
    return ", ".join(told)


def _happened(run: pd.Series) -> str:
    status = _text(run["status"])
    if status == "diverged":
        return f"diverged at update {run['diverged_step']}" if pd.notna(run["diverged_step"]) else status
    error = plain(_text(run["error"]))[:200]
    return f"{status}: {error}" if error and status != "done" else status


def _curves(block: Block) -> dict[tuple[str, str], dict[str, Any]]:
    """By cell: the epochs shown, each seed's validation metric, their mean, the mean training metric, the ends."""
    epochs, lines = paths(block)
    if not lines:
        return {}
    known = block.runs[block.runs["value"].notna()].reset_index(drop=True)
    at = known.groupby(["row", "column"], sort=False).indices
    every = max(1, -(-len(epochs) // POINTS))
    kept = np.flatnonzero(np.arange(len(epochs)) % every == (len(epochs) - 1) % every)
    own = block.curves.merge(known[["key", "row", "column"]], on="key")
    training = own.pivot_table(index=["row", "column"], columns="epoch", values="train_metric", dropna=False)
    training = training.reindex(columns=epochs)
    found = {}
    for cell, (matrix, broken) in lines.items():
        shown = matrix[:, kept]
        if not np.isfinite(matrix).any() and not broken.any():
            continue
        seeds = known["seed"].iloc[at[cell]]
        found[cell] = {
            "epochs": [int(epoch) for epoch in epochs[kept]],
            "seeds": [[_text(seed), _shown(block, line)] for seed, line in zip(seeds, shown, strict=True)],
            "mean": _shown(block, mean_path(matrix, broken, block.chance)[kept]),
            "training": _shown(block, training.loc[cell].to_numpy(dtype=float)[kept]) if cell in training.index else [],
            "ends": [_end(block, epochs, line) for line in matrix[broken]],
        }
    return found


def _end(block: Block, epochs: np.ndarray, line: np.ndarray) -> list[float | None]:
    """Where the line of a diverged seed breaks off."""
    there = np.flatnonzero(np.isfinite(line))
    end = (epochs[there[-1]], line[there[-1]]) if there.size else (epochs[0], block.chance)
    return [float(end[0]), *_shown(block, np.array([end[1]]))]


def _rates(block: Block) -> dict[tuple[str, str], dict[str, Any]]:
    """By cell: what tuning saw, a row a rate, and the default rate."""
    table = rate_trials(block)
    if table.empty:
        return {}
    labels = block.cells.groupby(["activation", "optimizer"], sort=False)[["row", "column"]]
    names = {pair: list(part.itertuples(index=False, name=None)) for pair, part in labels}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for pair, part in table.groupby(["activation", "optimizer"], sort=False):
        chosen = ["edge" if edge else "chosen" if mine else "" for mine, edge in
                  zip(part["chosen"], part["edge"], strict=True)]  # fmt: skip
        columns = [_rounded(part["learning_rate"]), *(_shown(block, part[name].to_numpy(dtype=float))
                   for name in ("mean", "low", "high")), [int(each) for each in part["diverged"]],
                   [int(each) for each in part["seeds"]], chosen]  # fmt: skip
        default = part["default"].dropna()
        rows: Values = [list(row) for row in zip(*columns, strict=True)]
        told = {"rows": rows, "default": _rounded(default.head(1))}
        found |= dict.fromkeys(names.get((str(pair[0]), str(pair[1])), []), told)
    return found


def _layers(block: Block, value: str) -> dict[tuple[str, str], Values]:
    """By cell: moment, layer, middle, low and high of a diagnostic over the cell's seeds."""
    found = block.diagnostics
    if found.empty:
        return {}
    pairs = list(dict.fromkeys(zip(found["row"], found["column"], strict=True)))
    number = {pair: place for place, pair in enumerate(pairs)}
    each = [number[pair] for pair in zip(found["row"], found["column"], strict=True)]
    table = by_layer(replace(block, diagnostics=found.assign(row=each)), value, MOMENTS, ratio=value == "gradient_norm")
    factor = 1.0 if value == "gradient_norm" else 100.0
    cells: dict[tuple[str, str], Values] = {}
    for row in table.itertuples(index=False):
        numbers = _rounded(factor * np.array([row.middle, row.low, row.high], dtype=float))
        cells.setdefault(pairs[row.row], []).append([row.when, row.depth, *numbers])
    return cells


def _shown(block: Block, values: np.ndarray) -> list[float | None]:
    """Stored values of the metric as they are drawn, with one digit more than sentences tell."""
    shown = block.metric.shown(values)
    return [round(float(each), block.metric.decimals + 1) if np.isfinite(each) else None for each in shown]


def _rounded(values: Any) -> list[float | None]:
    """Four significant digits."""
    return [float(f"{each:.4g}") if np.isfinite(each) else None for each in np.asarray(values, dtype=float)]


def _range(values: pd.Series, say: Callable[[int], str]) -> str:
    least, most = int(values.min()), int(values.max())
    return say(least) if least == most else f"{say(least)} to {say(most)}"


def _rate(value: Any) -> str:
    return rate(float(value)) if pd.notna(value) else ""


def _batch(value: Any) -> str:
    if pd.isna(value):
        return ""
    return count(int(value), "example") if value else "whole training part"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
