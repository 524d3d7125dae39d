"""What the runs of one cell show, as single numbers: what the rules of ``reasons`` look at."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports.blocks import Block
from experiments.statistics import paired_test

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Symptoms:
    """Numbers of one cell; NaN where nothing was measured. Of curves and diagnostics: means over the runs that ended.

    Attributes:
        row, column: the cell's labels. activation, optimizer, batch_size, rate: its settings.
        seeds: how many count. done, diverged, failed: how many runs ended so. step: the median update at which
            those diverged. error: of a run that failed.
        mean, sd, least, most: over seeds, each as it counts. chance: what it is without learning.
        train, validation: metric at the last epoch. first: validation metric at the first one. gain: of the
            validation metric in the last epoch.
        last_best: share of the runs whose best epoch is the last.
        train_rise, validation_rise: loss at the last epoch over its lowest (median over runs).
        updates: how many were made, where an epoch is one update; else NaN.
        flow_start, flow_end: gradient norm of the first layer over that of the last (geometric means).
        step_start, step_end: an update's size over the weights' (geometric mean over layers and runs).
        dead, dead_start: share of dead units at the end and at the start, in ``dead_layer``, where most are dead.
        saturated: share of saturated pairs of unit and example at the end, in ``saturated_layer``.
        default: mean at the default rate, where this cell's rate was tuned; default_rate: that rate.
        edge: ``low`` or ``high`` where tuning chose the last rate that it tried.
    """

    row: str
    column: str
    activation: str
    optimizer: str
    batch_size: float
    rate: float
    seeds: int
    done: int
    diverged: int
    failed: int
    step: float
    error: str
    mean: float
    sd: float
    least: float
    most: float
    chance: float
    train: float
    validation: float
    first: float
    gain: float
    last_best: float
    train_rise: float
    validation_rise: float
    updates: float
    flow_start: float
    flow_end: float
    step_start: float
    step_end: float
    dead: float
    dead_start: float
    dead_layer: str
    saturated: float
    saturated_layer: str
    default: float
    default_rate: float
    edge: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The best cell minus another, paired by seed; the interval (95 %) is NaN with fewer than two common seeds."""

    seeds: int
    difference: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def best_cell(block: Block) -> tuple[str, str] | None:
    """Labels of the cell with the highest mean, among those with as many seeds as any; None without a result."""
    known = block.cells[block.cells["mean"].notna()]
    if known.empty:
        return None
    best = known[known["seeds"] == known["seeds"].max()].sort_values("mean", ascending=False, kind="stable").iloc[0]
    return str(best["row"]), str(best["column"])


def cut(block: Block) -> dict[tuple[str, str], Block]:
    """A block of each cell's own rows: numbers of all cells then cost one look at the frames, and not one each."""
    labels = ["row", "column"]
    of_run = block.runs.drop_duplicates("key").set_index("key")[labels]
    frames = {"runs": block.runs, "cells": block.cells, "curves": block.curves.join(of_run, on="key")}
    if len(block.diagnostics):
        frames["diagnostics"] = block.diagnostics
    parts = {name: dict(list(frame.groupby(labels, sort=False))) for name, frame in frames.items()}
    return {pair: replace(block, **{name: part.get(pair, frames[name].iloc[:0]) for name, part in parts.items()})
            for pair in parts["cells"]}  # fmt: skip


def scores(block: Block, row: str, column: str) -> pd.Series:
    """What each seed of a cell counts with."""
    runs = _of(block.runs, row, column)
    return runs[runs["value"].notna()].drop_duplicates("seed").set_index("seed")["value"]


def gap(first: pd.Series, second: pd.Series) -> Gap:
    """How far the ``second`` cell is behind the ``first``, over the seeds that both have; from `scores`."""
    d = (first - second).dropna().to_numpy(dtype=float)
    if not len(d):
        return Gap(seeds=0, difference=NAN, low=NAN, high=NAN)
    found = paired_test(d[None, :]).iloc[0]
    low, high = float(found["low"]), float(found["high"])
    if len(d) > 1 and np.ptp(d) == 0:  # all seeds agree to the last digit
        low = high = float(d[0])
    return Gap(seeds=len(d), difference=float(d.mean()), low=low, high=high)


def symptoms(block: Block, row: str, column: str) -> Symptoms:
    """All numbers of the cell with these labels.

    Raises:
        KeyError: the block has no such cell.
    """
    cells = _of(block.cells, row, column)
    if cells.empty:
        raise KeyError(f"no cell {row} + {column} in {block.name}")
    cell = cells.iloc[0]
    runs = _of(block.runs, row, column)
    done = runs[runs["status"].eq("done")]
    errors = runs["error"].dropna()
    return Symptoms(
        row=row,
        column=column,
        activation=str(cell["activation"]),
        optimizer=str(cell["optimizer"]),
        batch_size=float(cell["batch_size"]) if pd.notna(cell["batch_size"]) else NAN,
        rate=float(cell["learning_rate"]),
        seeds=int(cell["seeds"]),
        done=int(cell["done"]),
        diverged=int(cell["diverged"]),
        failed=int(cell["failed"]),
        mean=float(cell["mean"]),
        sd=float(cell["sd"]),
        step=_mean(runs["diverged_step"], np.median),
        error=str(errors.iloc[0]) if len(errors) else "",
        least=float(cell["min"]),
        most=float(cell["max"]),
        chance=block.chance,
        **_learning(block, done),
        **_inside(block, done),
        **_tuning(block, cell),
    )


def _of(frame: pd.DataFrame, row: str, column: str) -> pd.DataFrame:
    return frame[frame["row"].eq(row) & frame["column"].eq(column)]


def _mean(values: object, how: Callable[[np.ndarray], Any] = np.mean) -> float:
    x = np.asarray(pd.Series(values).dropna(), dtype=float)
    x = x[np.isfinite(x)]
    return float(how(x)) if len(x) else NAN


def _geometric(values: object) -> float:
    """Zero where one is zero; NaN without any."""
    with np.errstate(divide="ignore"):
        return _mean(values, lambda x: np.exp(np.log(x).mean()))


def _learning(block: Block, done: pd.DataFrame) -> dict[str, Any]:
    curves = block.curves[block.curves["key"].isin(done["key"])].sort_values("epoch", kind="stable")
    by_run = curves.groupby("key")
    last = by_run.last()
    steps = by_run["validation_metric"].diff().groupby(curves["key"]).last()
    rises = {
        f"{part}_rise": _mean(last[f"{part}_loss"] / by_run[f"{part}_loss"].min(), np.median)
        for part in ("train", "validation")
    }
    whole = len(done) > 0 and bool(done["batch_size"].eq(0).all())
    return rises | {
        "train": _mean(last["train_metric"]),
        "validation": _mean(last["validation_metric"]),
        "first": _mean(by_run["validation_metric"].first()),
        "gain": _mean(steps),
        "last_best": _mean(done["best_epoch"].eq(done["epochs"])),
        "updates": float(done["epochs"].iloc[0]) if whole else NAN,
    }


def _inside(block: Block, done: pd.DataFrame) -> dict[str, Any]:
    told: dict[str, Any] = dict.fromkeys(
        ("flow_start", "flow_end", "step_start", "step_end", "dead", "dead_start", "saturated"), NAN
    )
    told |= {"dead_layer": "", "saturated_layer": ""}
    found = block.diagnostics
    layers = found[found["key"].isin(done["key"]) & found["depth"].notna()] if len(found) else found
    if layers.empty:
        return told
    for when in ("start", "end"):
        now = layers[layers["when"].eq(when)]
        told[f"flow_{when}"] = _geometric(_flow(now[now["gradient_norm"].notna()]))
        told[f"step_{when}"] = _geometric(now["update_ratio"])
    for name in ("dead", "saturated"):
        shares = layers.groupby(["when", "layer"], sort=False)[name].mean().dropna()
        end = shares[shares.index.get_level_values("when") == "end"]
        if len(end):
            told[name], told[f"{name}_layer"] = float(end.max()), str(end.idxmax()[1])
    told["dead_start"] = _mean(layers.loc[layers["when"].eq("start") & layers["layer"].eq(told["dead_layer"]), "dead"])
    return told


def _flow(layers: pd.DataFrame) -> list[float]:
    """Gradient norm of the first layer over that of the last, of each run that has both."""
    depth = layers["depth"].to_numpy(dtype=float)
    if not len(depth) or depth.min() == depth.max():
        return []
    bottom, top = (dict(zip(layers["key"][here], layers["gradient_norm"][here].astype(float), strict=True))
                   for here in (depth == depth.min(), depth == depth.max()))  # fmt: skip
    return [bottom[key] / top[key] for key in bottom if top.get(key)]


def _tuning(block: Block, cell: pd.Series) -> dict[str, Any]:
    pair = [cell["activation"], cell["optimizer"]]
    told: dict[str, Any] = {"default": NAN, "default_rate": NAN, "edge": ""}
    if block.defaults is not None:
        beside = block.defaults.cells
        same = beside[beside["activation"].eq(pair[0]) & beside["optimizer"].eq(pair[1])]
        if len(same) == 1:
            told |= {"default": float(same["mean"].iloc[0]), "default_rate": float(same["learning_rate"].iloc[0])}
    if len(block.choices):
        mine = block.choices[block.choices["activation"].eq(pair[0]) & block.choices["optimizer"].eq(pair[1])]
        plain = mine[[not each for each in mine["constants"]]] if len(mine) else mine
        if len(plain) and not bool(plain["all_diverged"].fillna(False).iloc[0]):
            told["edge"] = str(plain["edge"].iloc[0] or "")
    return told
