"""What goes on inside, by layer: gradient norms, dead units and mean activations, a panel an activation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator

from experiments.reports.blocks import Block
from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import inches, multiples, outer_labels, panel_title, plain_powers
from experiments.reports.formats import points
from experiments.reports.frames import MOMENTS
from experiments.reports.layers import by_layer
from experiments.reports.sheets import sheet
from experiments.reports.style import BLUE, GREY, ORANGE, labels, widest
from experiments.reports.text import count

PANEL = (2.0, 1.6)
WHEN: dict[str, tuple[str, Any, str]] = {
    "start": (GREY, (0, (4, 1.5)), "s"),
    "middle": (ORANGE, (0, (1.2, 1.2)), "^"),
    "end": (BLUE, "-", "o"),
}


def gradients_there(block: Block) -> bool:
    return not by_layer(block, "gradient_norm", ratio=True).empty


def units_there(block: Block) -> bool:
    return not by_layer(block, "dead").empty


def draw_gradients(block: Block) -> Figure:
    table = by_layer(block, "gradient_norm", ("start", "end"), ratio=True)
    left_out = int(table["left_out"].sum())
    note = (
        "Norm of the gradient of a layer's kernel on the probe. "
        + _over(block, "geometric mean")
        + (f" {count(left_out, 'value')} of zero or not finite left out." if left_out else "")
    )
    return _by_depth(block, table, "Gradient norm by depth", "gradient norm (log scale)", note, "log")


def draw_means(block: Block) -> Figure:
    table = by_layer(block, "mean", ("start", "end"))
    ends = table[["low", "high", "middle"]].abs().to_numpy(dtype=float)
    wide = bool(ends.size and ends.max() > 20)
    note = _over(block, "mean") + (" The axis is linear from -1 to 1 and logarithmic beyond." if wide else "")
    label = "mean output of the activation"
    return _by_depth(block, table, "Mean activation by layer", label, note, "symlog" if wide else "linear")


def draw_dead(block: Block) -> Figure:
    """Time runs along x here, and each hidden layer has a line."""
    table = by_layer(block, "dead")
    depths = sorted(set(table["depth"]))
    colours = _ramp(len(depths))
    note = (
        "Dead: zero output and zero gradient on the whole probe. "
        + _over(block, "mean")
        + " Activations without a flat zero, such as linear or tanh, have none."
    )
    legend = _legend([Line2D([], [], color=colour, marker="o", markersize=4, label=f"layer {depth}")
                      for colour, depth in zip(colours, depths, strict=True)])  # fmt: skip
    title = "Dead units over time, by hidden layer"
    figure, panels = _panels(block, title, ("", "dead share of units (%)"), note, legend)
    top = float(np.nanmax(table["high"])) if len(table) else 0.0
    for row, axes in panels.items():
        for place, depth in enumerate(depths):
            mine = table[(table["row"] == row) & (table["depth"] == depth)]
            mine = mine.set_index("when").reindex([when for when in MOMENTS if when in set(mine["when"])])
            x = np.array([MOMENTS.index(when) for when in mine.index], dtype=float)
            x = x + (place - (len(depths) - 1) / 2) * 0.06
            _line(axes, x, mine, colours[place], "-", "o", 100.0)
        axes.set_xlim(-0.35, 2.35)
        end = min(100.0, max(10.0, 100 * top))
        axes.set_ylim(-0.04 * end, 1.06 * end)
        axes.set_xticks(range(3), MOMENTS if inches(axes, "x") > 1.15 else [when[:3] for when in MOMENTS])
    return figure


def _by_depth(block: Block, table: pd.DataFrame, title: str, label: str, note: str, scale: str) -> Figure:
    legend = _legend([Line2D([], [], color=colour, linestyle=dash, marker=marker, markersize=4, label=when)
                      for when, (colour, dash, marker) in WHEN.items() if when != "middle"])  # fmt: skip
    figure, panels = _panels(block, title, ("layer", label), note, legend)
    depths = sorted(set(table["depth"]))
    for row, axes in panels.items():
        for number, when in enumerate(("start", "end")):
            mine = table[(table["row"] == row) & (table["when"] == when)].sort_values("depth")
            colour, dash, marker = WHEN[when]
            _line(axes, mine["depth"].to_numpy(dtype=float) + (number - 0.5) * 0.08, mine, colour, dash, marker)
        axes.set_xlim(depths[0] - 0.4, depths[-1] + 0.4)
        few = len(depths) < min(9, 1 + inches(axes, "x") / 0.15)
        axes.xaxis.set_major_locator(FixedLocator(depths) if few else MaxNLocator(6 if few else 4, integer=True))
        if scale == "symlog":
            axes.set_yscale("symlog", linthresh=1.0)
        else:
            axes.set_yscale(scale)
    for axes in panels.values():
        plain_powers(axes)
    return figure


def _panels(
    block: Block, title: str, axis: tuple[str, str], note: str, legend: Legend
) -> tuple[Figure, dict[str, Axes]]:
    """A panel a row, with the words of both axes and the legend."""
    room: dict[str, Any] = {"left": 0.85, "right": legend.right, "gaps": (0.15, 0.4)}
    down, across, panel = multiples(len(block.rows), PANEL, legend=0.2 * len(legend.entries) + 0.3, **room)
    figure, grid = sheet(
        down, across, panel, title=title, subtitle=f"{block.name}; {block.setting}", note=note,
        foot=legend.below(), **room,
    )  # fmt: skip
    axes = grid.subplots(sharex=True, sharey=True, squeeze=False)
    shown = labels(block.rows)
    for each, row in zip(axes.flat, block.rows, strict=False):
        panel_title(each, shown[row])
    outer_labels(figure, axes, len(block.rows), *axis)
    legend.put(figure, axes[0, across - 1])
    return figure, dict(zip(block.rows, axes.flat, strict=False))


def _line(
    axes: Axes, x: np.ndarray, mine: pd.DataFrame, colour: str, dash: Any, marker: str, scale: float = 1.0
) -> None:
    middle, low, high = (scale * mine[name].to_numpy(dtype=float) for name in ("middle", "low", "high"))
    axes.vlines(x, low, high, colors=colour, linewidth=0.9, alpha=0.7, zorder=2)
    axes.plot(x, middle, color=colour, linestyle=dash, marker=marker, markersize=4, linewidth=1.4, zorder=3)


def _legend(entries: Sequence[Line2D]) -> Legend:
    return Legend(entries, "", widest((str(each.get_label()) for each in entries), points(-0.5)) + 0.5)


def _ramp(number: int) -> list[str]:
    """Colours from the first layer (light) to the last (dark)."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["cividis"](0.85 * (1 - place / max(1, number - 1)))) for place in range(number)]


def _over(block: Block, kind: str) -> str:
    return (
        f"Point: {kind} over all optimizers and seeds of an activation"
        f"{', at tuned rates' if block.rates == 'tuned' else ''}; layers count from the input. Line: from"
        " the 10 to the 90 % quantile of these runs."
    )


def alt(what: str) -> Callable[[Block], str]:
    def told(block: Block) -> str:
        panels = count(len(block.rows), "panel")
        return f"{what} on {block.name}, {panels} by activation, over all optimizers and seeds."

    return told
