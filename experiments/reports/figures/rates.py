"""Learning-rate curves as small multiples: a panel an optimizer (one default rate), a line an activation."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator

from experiments.names import ACTIVATIONS
from experiments.reports.blocks import Block
from experiments.reports.figures.panels import arrangement, log_axis, metric_axis, panel_title
from experiments.reports.frames import in_order
from experiments.reports.style import ALARM, BASE, handles, labels, legend_width, look, sheet
from experiments.reports.text import count
from experiments.reports.tuning import optimizers, rate_trials

PANEL = (2.35, 1.75)
SIGNS = (
    Line2D([], [], linestyle=(0, (4, 2)), color="black", linewidth=1.0, label="default rate"),
    Line2D([], [], linestyle="none", marker="o", markersize=8, markerfacecolor="none",
           markeredgecolor="black", label="chosen"),
    Line2D([], [], linestyle="none", marker="s", markersize=9, markerfacecolor="none", markeredgewidth=1.4,
           markeredgecolor=ALARM, label="chosen, at an edge"),
    Line2D([], [], linestyle="none", marker="x", markersize=6, markeredgewidth=1.5, color=ALARM,
           label="diverged"),
)  # fmt: skip


def there(block: Block) -> bool:
    return not rate_trials(block).empty


def draw(block: Block) -> Figure:
    metric = block.metric
    table = rate_trials(block)
    panels, lines = optimizers(table), in_order(table["activation"], ACTIVATIONS)
    down, across = arrangement(len(panels))
    needed = 0.2 * (len(lines) + len(SIGNS)) + 0.7
    panel = (PANEL[0], max(PANEL[1], (needed - 0.55 * (down - 1)) / down))
    room = max(legend_width(lines, line=True), 1.45)
    figure, grid = sheet(
        down, across, panel,
        title=f"Validation {metric.word} by learning rate",
        subtitle=f"{block.name}; {_seeds(table)}, {count(block.epochs, 'epoch')}, {block.batches}",
        note=reading(block),
        left=0.7,
        right=room + 0.25,
        gaps=(0.15, 0.55),
    )  # fmt: skip
    axes = grid.subplots(sharey=True, squeeze=False)
    chance = float(metric.shown(block.chance))
    limits = metric.limits(np.append(metric.shown(table["mean"]), chance))
    shown = labels(panels)
    for number, name in enumerate(panels):
        each, mine = axes.flat[number], table[table["optimizer"] == name]
        panel_title(each, shown[name])
        each.axhline(chance, color="#9A9A9A", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        for default in sorted(set(mine["default"].dropna())):
            each.axvline(default, color="black", linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        for activation, curve in mine.groupby("activation", sort=False):
            _curve(block, each, str(activation), curve)
        metric_axis(each, metric, limits, "y", panel[1])
        _rate_axis(each, mine)
        each.tick_params(labelleft=number % across == 0)
        if number + across >= len(panels):
            each.set_xlabel("learning rate (log scale)")
    for each in axes.flat[len(panels) :]:
        each.set_visible(False)
    width = figure.get_figwidth()
    figure.supylabel(metric.axis("validation"), size=BASE, x=0.12 / width, ha="left")
    box = axes.flat[across - 1].get_position()
    figure.legend(handles=[*handles(lines, line=True), *SIGNS], loc="upper left", frameon=False,
                  borderaxespad=0, bbox_to_anchor=(box.x1 + 0.12 / width, box.y1), title="activation",
                  alignment="left")  # fmt: skip
    return figure


def _curve(block: Block, axes: Axes, name: str, curve: pd.DataFrame) -> None:
    signs = look(name)
    x, y = curve["learning_rate"].to_numpy(), block.metric.shown(curve["mean"])
    lost = (curve["diverged"] == curve["seeds"]).to_numpy()
    axes.plot(x, y, color=signs.colour, linestyle=signs.dash, linewidth=1.2, zorder=3)
    axes.plot(x[~lost], y[~lost], color=signs.colour, linestyle="none", marker=signs.marker, markersize=4,
              markeredgecolor="white", markeredgewidth=0.4, zorder=4)  # fmt: skip
    axes.plot(
        x[lost],
        y[lost],
        linestyle="none",
        marker="x",
        color=ALARM,
        markersize=5,
        markeredgewidth=1.4,
        zorder=6,
    )
    chosen, edge = curve["chosen"].to_numpy(dtype=bool), (curve["edge"] != "").to_numpy(dtype=bool)
    for mine, marker, colour, size in (
        (chosen & ~edge, "o", signs.colour, 8),
        (chosen & edge, "s", ALARM, 9),
    ):
        axes.plot(x[mine], y[mine], linestyle="none", marker=marker, markersize=size, markerfacecolor="none",
                  markeredgecolor=colour, markeredgewidth=1.3, zorder=5)  # fmt: skip


def _rate_axis(axes: Axes, mine: pd.DataFrame) -> None:
    rates = np.append(mine["learning_rate"].to_numpy(), mine["default"].dropna().to_numpy())
    log_axis(axes, rates.min(), rates.max())
    inside = np.arange(np.ceil(np.log10(rates.min() / 1.3)), np.floor(np.log10(rates.max() * 1.3)) + 1)
    if len(inside) > 1:  # whole decades alone: plain numbers would not fit beside each other
        kept = [float(10.0**power) for power in inside[:: -(-len(inside) // 5)]]
        axes.xaxis.set_major_locator(FixedLocator(kept))
        axes.xaxis.set_major_formatter(FixedFormatter([_decade(each) for each in kept]))


def _decade(value: float) -> str:
    return f"{value:g}" if 1e-3 <= value < 1e4 else f"1e{round(np.log10(value))}"


def _seeds(table: pd.DataFrame) -> str:
    return count(int(table["seeds"].max()), "tuning seed")


def reading(block: Block) -> str:
    note = "A point a rate: mean over the tuning seeds of the best epoch's validation; no scoring seed, no test data."
    table = rate_trials(block)
    if table["diverged"].any():
        note += " Cross: diverged with every tuning seed; any that diverged counts at chance level."
    if (table["edge"] != "").any():
        note += " Red square: the best rate is the last that was tried there, so a better one may lie beyond."
    top = f"{block.metric.top:g}{block.metric.unit}"
    return f"{note} Dashed grey: chance. The upright axis is stretched toward {top}."


def alt(block: Block) -> str:
    table = rate_trials(block)
    return (
        f"Validation {block.metric.word} of {count(len(table), 'trial')} by learning rate on {block.name}: "
        f"{count(table['optimizer'].nunique(), 'panel')} by optimizer, lines by activation, default and"
        " chosen rates marked."
    )
