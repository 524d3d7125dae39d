"""One cell, told on a terminal: its numbers, why it stands where it stands, its curves."""

import textwrap

import numpy as np
import pandas as pd

from experiments.commands.plots import WIDTH, Glyphs, curves, dots
from experiments.reports.blocks import Block
from experiments.reports.frames import MOMENTS
from experiments.reports.reasons import reason
from experiments.reports.summary import ranked
from experiments.reports.text import count, plain, rate
from experiments.reports.tuning import rate_trials


def cell_lines(block: Block, row: str, column: str, glyphs: Glyphs) -> list[str]:
    """All that there is to tell of the cell with these labels.

    Args:
        block: the comparison.
        row: label of the activation.
        column: label of the optimizer.
        glyphs: what plots are made of.
    """
    runs = block.runs[block.runs["row"].eq(row) & block.runs["column"].eq(column)]
    parts = [
        [plain(f"{row} with {column}: {block.name}"), plain(block.setting)],
        _numbers(block, row, column),
        _why(block, row, column),
        _seeds(block, runs),
        _curves(block, runs, glyphs),
        _rates(block, runs, glyphs),
        _inside(block, runs, glyphs),
    ]
    folded = [[line for each in part for line in _fold(each)] for part in parts if part]
    return "\n\n".join("\n".join(part) for part in folded).splitlines()


def _fold(line: str) -> list[str]:
    """The line in lines of at most 80 columns, the others indented like the first, and two more."""
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent + "  ", drop_whitespace=True,
                         replace_whitespace=False) if len(line) > WIDTH else [line]  # fmt: skip


def _numbers(block: Block, row: str, column: str) -> list[str]:
    metric = block.metric
    order = ranked(block.cells)
    cell = block.cells[block.cells["row"].eq(row) & block.cells["column"].eq(column)].iloc[0]
    if not cell["seeds"]:
        return [f"  no result ({cell['failed']} failed, {cell['missing']} missing)"]
    place = 1 + int(np.flatnonzero(order["row"].eq(row) & order["column"].eq(column))[0])
    seeds = count(int(cell["seeds"]), "seed")
    interval = (
        f"95 % interval {metric.spread(cell['low'], cell['high'])}" if np.isfinite(cell["low"]) else "no interval"
    )
    told = [f"  test {metric.word}  {metric.say(cell['mean'])}, {interval}, {seeds}"]
    told.append(f"  rank  {place} of {len(order)}")
    tuned = f"  rate  {rate(cell['learning_rate'])}"
    if block.defaults is not None:
        beside = block.defaults.cells
        same = beside[beside["activation"].eq(cell["activation"]) & beside["optimizer"].eq(cell["optimizer"])]
        if len(same) == 1:
            default = same.iloc[0]
            tuned += f" by tuning; at the default, {rate(default['learning_rate'])}, {metric.say(default['mean'])}"
    return [*told, tuned]


def _why(block: Block, row: str, column: str) -> list[str]:
    told = reason(block, row, column)
    also = [f"also: {cause} ({name})" for name, cause in told.also]
    return [told.sentence, f"rule: {told.rule} ({told.condition})", *also]


def _seeds(block: Block, runs: pd.DataFrame) -> list[str]:
    told = ["seed  key               status      test"]
    for _, run in runs.iterrows():
        value = block.metric.say(run["value"]) if pd.notna(run["value"]) else ""
        told.append(f"{run['seed']:4d}  {run['key']:16}  {run['status']:10}  {value}".rstrip())
    return told


def _curves(block: Block, runs: pd.DataFrame, glyphs: Glyphs) -> list[str]:
    mine = block.curves[block.curves["key"].isin(runs["key"])]
    if mine.empty:
        return []
    by_run = {key: part["validation_metric"].to_numpy(dtype=float) for key, part in mine.groupby("key", sort=False)}
    known = runs[runs["key"].isin(list(by_run))]
    marks = ", ".join(f"{number}: seed {seed}" for number, seed in enumerate(known["seed"]))
    scaled = [by_run[key] * block.metric.factor for key in known["key"]]
    show = f"{{:.{block.metric.decimals}f}}{block.metric.unit}"
    return [f"validation {block.metric.word} by epoch ({marks})", *curves(scaled, glyphs, show)]


def _rates(block: Block, runs: pd.DataFrame, glyphs: Glyphs) -> list[str]:
    table = rate_trials(block)
    if table.empty:
        return []
    first = runs.iloc[0]
    mine = table[table["activation"].eq(first["activation"]) & table["optimizer"].eq(first["optimizer"])]
    if mine.empty:
        return []
    rows = {}
    for _, trial in mine.iterrows():
        marks = ["chosen"] if trial["chosen"] else []
        marks += ["default"] if np.isclose(trial["learning_rate"], trial["default"]) else []
        lost = [f"{trial['diverged']} diverged"] if trial["diverged"] else []
        rows[rate(trial["learning_rate"])] = (
            trial["mean"],
            ", ".join([block.metric.say(trial["mean"]), *marks, *lost]),
        )
    return [f"validation {block.metric.word} by learning rate, in tuning", *dots(rows, glyphs)]


def _inside(block: Block, runs: pd.DataFrame, glyphs: Glyphs) -> list[str]:
    found = block.diagnostics
    if found.empty:
        return []
    layers = found[found["key"].isin(runs["key"]) & found["depth"].notna() & (found["gradient_norm"] > 0)]
    if layers.empty:
        return []
    told = ["gradient norm by layer, on a log scale (geometric mean over seeds)"]
    rows = {}
    for when in (moment for moment in MOMENTS if moment in set(layers["when"])):
        for (_, layer), part in layers[layers["when"].eq(when)].groupby(["depth", "layer"]):
            norm = float(np.exp(np.log(part["gradient_norm"]).mean()))
            dead = part["dead"].mean()
            rows[f"{when:6}  {layer}"] = (norm, f"{norm:.2e}" + (f", {100 * dead:.0f} % dead" if dead > 0 else ""))
    return [*told, *dots(rows, glyphs, log=True)]
