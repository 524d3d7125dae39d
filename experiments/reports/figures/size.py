"""What a choice costs in memory of the model: parameters by activation, state by optimizer."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.reports.blocks import Block
from experiments.reports.figures.panels import inches, no_data, panel_title
from experiments.reports.formats import current, points
from experiments.reports.sheets import sheet
from experiments.reports.style import labels, look, widest
from experiments.reports.text import join, plain, size

WIDTH = 2.9
LINE = 0.24


def sizes(block: Block, factor: str, value: str) -> pd.Series:
    """Level of the factor (``row`` or ``column``) -> the values that its runs had, in ascending order."""
    known = block.runs[block.runs["value"].notna() & block.runs[value].notna()]
    return known.groupby(factor, sort=False)[value].agg(lambda found: sorted({int(each) for each in found}))


def draw(block: Block) -> Figure:
    shown = {"row": labels(block.rows), "column": labels(block.columns)}
    longest = max(len(block.rows), len(block.columns))
    beside = {factor: widest(names.values(), points(-1)) for factor, names in shown.items()}
    stacked = current().narrow
    figure, grid = sheet(
        *((2, 1) if stacked else (1, 2)), (WIDTH, LINE * points() / 9 * (longest + 0.4)),
        title="Parameters and optimizer state",
        subtitle=f"{block.name}",
        note=reading(block),
        left=(max(beside.values()) if stacked else beside["row"]) + 0.25,
        right=0.3,
        gaps=(0, 0.75) if stacked else (beside["column"] + 0.5, 0),
    )  # fmt: skip
    axes = grid.subplots(squeeze=False)
    told = (
        ("row", block.rows, "parameters", "trainable parameters by activation", "{:,}".format),
        ("column", block.columns, "state_bytes", "optimizer state by optimizer", size),
    )
    if sizes(block, "row", "parameters").empty:
        return no_data(figure, axes, "no run has a result yet")
    for each, (factor, names, value, title, say) in zip(axes.flat, told, strict=True):
        found = sizes(block, factor, value)
        unit, scale = _unit(found) if value == "state_bytes" else ("number", 1)
        panel_title(each, title)
        _bars(each, found, names, say, scale)
        each.set_yticks(range(len(names)), list(shown[factor].values()))
        each.set_ylim(len(names) - 0.5, -0.5)
        each.tick_params(left=False)
        each.grid(visible=False, axis="y")
        each.xaxis.set_major_locator(MaxNLocator(nbins=max(1, min(4, int(inches(each, "x") / 0.55))), integer=True))
        each.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        each.set_xlabel(f"{value.removesuffix('_bytes')} ({unit})")
    return figure


def _unit(found: pd.Series) -> tuple[str, int]:
    top = max(values[-1] for values in found)
    return ("MiB", 2**20) if top >= 4 * 2**20 else ("KiB", 2**10) if top >= 4 * 2**10 else ("bytes", 1)


def _bars(axes: Axes, found: pd.Series, names: list[str], say: Callable[[int], str], scale: int) -> None:
    """A bar to the middle value, a line over all values where there are several, the numbers beside."""
    words = {
        name: say(values[0]) + (f" to {say(values[-1])}" if len(values) > 1 else "") for name, values in found.items()
    }
    top = max(values[-1] for values in found) / scale or 1.0
    end = top / (1 - min(0.8, (widest(words.values(), points(-2)) + 0.15) / inches(axes, "x")))
    axes.set_xlim(0, end)
    for place, name in enumerate(names):
        if name not in words:
            axes.text(0.015 * end, place, "no result", size=points(-2), color="#505050", va="center")
            continue
        low, middle, high = (found[name][at] / scale for at in (0, (len(found[name]) - 1) // 2, -1))
        axes.barh(place, middle, height=0.62, color=look(name).colour, alpha=0.85)
        if high > low:
            axes.plot([low, high], [place, place], "|-", color="#505050", markersize=6, linewidth=1.0)
        axes.text(high + 0.015 * end, place, words[name], size=points(-2), va="center")


def reading(block: Block) -> str:
    note = "Bar: the middle value of an activation's or an optimizer's runs."
    if any(len(values) > 1 for values in sizes(block, "column", "state_bytes")):
        note += " Line: from the smallest to the largest, since state grows with the parameters."
    return note


def alt(block: Block) -> str:
    parameters = [value for values in sizes(block, "row", "parameters") for value in values]
    if not parameters:
        return f"Parameters and optimizer state on {block.name}: no run has a result yet."
    state = sizes(block, "column", "state_bytes")
    free = [plain(name) for name, values in state.items() if not np.any(values)]
    end = f"; no state at all: {join(free, 4)}" if free else ""
    return (
        f"Bars: from {min(parameters):,} to {max(parameters):,} parameters by activation, and optimizer "
        f"state up to {size(max((values[-1] for values in state), default=0))} on {block.name}{end}."
    )
