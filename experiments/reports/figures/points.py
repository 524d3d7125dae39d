"""Every seed's point by cell, with mean and interval: a panel an activation, a line an optimizer."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.figures.heatmap import state
from experiments.reports.figures.panels import metric_axis, multiples, no_data, outer_labels, panel_title
from experiments.reports.formats import current, points
from experiments.reports.sheets import sheet
from experiments.reports.style import ABSENT, ALARM, labels, look, widest
from experiments.reports.text import count

WIDTH = 2.6
LINE = 0.2


def draw(block: Block) -> Figure:
    metric = block.metric
    rows, columns = labels(block.rows), labels(block.columns)
    room: dict[str, Any] = {"left": widest(columns.values(), points(-1)) + 0.25, "right": 0.25, "gaps": (0.2, 0.5)}
    down, across, panel = multiples(len(rows), (WIDTH, 0), **room)
    wide = 4.2 if across == 1 and current().width is None else panel[0]
    figure, grid = sheet(
        down, across, (wide, LINE * points() / 9 * (len(columns) + 0.6)),
        title=f"Test {metric.word} of every seed",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
        **room,
    )  # fmt: skip
    axes = grid.subplots(sharey=True, squeeze=False)
    value = metric.shown(block.runs["value"])
    if not np.isfinite(value).any():
        return no_data(figure, axes, "no run has a result yet")
    chance = metric.shown(block.chance)
    limits = metric.limits(np.append(value, chance))
    place = {name: number for number, name in enumerate(block.columns)}
    y = block.runs["column"].map(place).to_numpy(dtype=float) + _offsets(block)
    diverged = block.runs["status"].eq("diverged").to_numpy(dtype=bool)
    panel = block.runs["row"].to_numpy()
    colours = np.array([look(name).colour for name in block.runs["column"]])
    for number, row in enumerate(block.rows):
        each = axes.flat[number]
        panel_title(each, rows[row])
        each.axvline(chance, color="#9A9A9A", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        mine = (panel == row) & np.isfinite(value)
        good, bad = mine & ~diverged, mine & diverged
        each.scatter(value[good], y[good], s=13, c=colours[good], linewidths=0.3, edgecolors="white", zorder=5)
        each.scatter(value[bad], y[bad], s=22, c=ALARM, marker="x", linewidths=1.3, zorder=6)
        _means(block, each, row, place)
        each.set_ylim(len(columns) - 0.5, -0.5)
        each.set_yticks(range(len(columns)), list(columns.values()))
        each.tick_params(left=False)
        metric_axis(each, metric, limits, "x")
    outer_labels(figure, axes, len(block.rows), metric.axis("test"), "", each_x=True)
    return figure


def _offsets(block: Block) -> np.ndarray:
    """Where each seed stands within its line: the same seed at the same height everywhere."""
    places = np.linspace(-0.3, 0.3, len(block.seeds)) if len(block.seeds) > 1 else np.zeros(1)
    heights = dict(zip(block.seeds, places, strict=True))
    return np.array([heights.get(seed, 0.0) for seed in block.runs["seed"].fillna(-1)])


def _means(block: Block, axes: Axes, row: str, place: dict[str, int]) -> None:
    cells = block.cells[block.cells["row"] == row]
    some = cells[cells["seeds"] > 0]
    y = some["column"].map(place).to_numpy(dtype=float)
    mean, low, high = (block.metric.shown(some[name]) for name in ("mean", "low", "high"))
    axes.hlines(y, low, high, colors="black", linewidth=0.9, zorder=3)
    axes.scatter(mean, y, marker="|", s=75, c="black", linewidths=1.3, zorder=4)
    absent = dict.fromkeys((name for name in block.columns if name not in set(cells["column"])), "not in the plan")
    absent |= {cell["column"]: state(cell) for _, cell in cells[cells["seeds"] == 0].iterrows()}
    for column, word in absent.items():
        axes.text(0.5, place[column], word.replace("\n", " "), size=points(-2), color="#505050",
                  transform=axes.get_yaxis_transform(), ha="center", va="center", zorder=7,
                  bbox={"facecolor": "white", "edgecolor": ABSENT, "pad": 1.0, "linewidth": 0.5})  # fmt: skip


def reading(block: Block) -> str:
    note = "A point a seed, the same seed at the same height in every line."
    note += " Black: mean and 95 % interval, cut at the frame." if len(block.seeds) > 1 else " Black: the value."
    if block.cells["diverged"].any():
        note += " Cross: diverged, counts at chance level."
    return note + f" Dashed grey: chance. The axis is stretched toward {block.metric.top:g}{block.metric.unit}."


def alt(block: Block) -> str:
    shown = int(block.runs["value"].notna().sum())
    return (
        f"Test {block.metric.word} of {count(shown, 'run')} on {block.name}, one point a seed, by "
        f"activation (panels) and optimizer (lines), with mean and interval of each cell."
    )
