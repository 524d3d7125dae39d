"""What a choice costs in memory of the model: parameters by activation, state by optimizer."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.figures.panels import no_data, panel_title
from experiments.reports.style import BASE, labels, look, sheet, widest
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
    second = widest(shown["column"].values(), BASE - 1) + 0.5
    figure, grid = sheet(
        1, 2, (WIDTH, LINE * (longest + 0.4)),
        title="Parameters and optimizer state",
        subtitle=f"{block.name}",
        note=reading(block),
        left=widest(shown["row"].values(), BASE - 1) + 0.25,
        right=0.3,
        gaps=(second, 0),
    )  # fmt: skip
    axes = grid.subplots(squeeze=False)
    told = (
        ("row", block.rows, "parameters", "trainable parameters by activation", "parameters", "{:,}".format),
        ("column", block.columns, "state_bytes", "optimizer state by optimizer", "optimizer state", size),
    )
    if sizes(block, "row", "parameters").empty:
        return no_data(figure, axes, "no run has a result yet")
    for each, (factor, names, value, title, axis, say) in zip(axes.flat, told, strict=True):
        panel_title(each, title)
        _bars(each, sizes(block, factor, value), names, say)
        each.set_yticks(range(len(names)), list(shown[factor].values()))
        each.set_ylim(len(names) - 0.5, -0.5)
        each.tick_params(left=False)
        each.grid(visible=False, axis="y")
        each.xaxis.get_major_locator().set_params(nbins=4)
        each.set_xlabel(axis + (" (bytes)" if value == "state_bytes" else " (number)"))
        each.xaxis.set_major_formatter(lambda number, _, say=say: say(int(number)) if number >= 0 else "")
    return figure


def _bars(axes, found: pd.Series, names: list[str], say) -> None:
    """A bar to the middle value, a line over all values where there are several, the numbers beside."""
    top = max((values[-1] for values in found), default=0) or 1
    for place, name in enumerate(names):
        values = found.get(name)
        if values is None:
            axes.text(0.02 * top, place, "no result", size=BASE - 2, color="#505050", va="center")
            continue
        middle = values[(len(values) - 1) // 2]
        axes.barh(place, middle, height=0.62, color=look(name).colour, alpha=0.85)
        words = say(values[0])
        if len(values) > 1:
            axes.hlines(place, values[0], values[-1], colors="black", linewidth=1.0)
            axes.plot([values[0], values[-1]], [place, place], "|", color="black", markersize=6)
            words = f"{say(values[0])} to {say(values[-1])}"
        axes.text(values[-1] + 0.02 * top, place, words, size=BASE - 2, va="center")
    axes.set_xlim(0, top * 1.55)


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
