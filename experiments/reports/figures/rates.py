"""Learning-rate curves as small multiples: a panel an optimizer (one default rate), a line an activation."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator

from experiments.names import ACTIVATIONS
from experiments.reports.blocks import Block
from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import inches, log_axis, metric_axis, multiples, outer_labels, panel_title
from experiments.reports.formats import current
from experiments.reports.frames import in_order
from experiments.reports.sheets import sheet
from experiments.reports.style import ALARM, labels, look
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
    legend = Legend.of(lines, "activation", line=True, more=SIGNS)
    room: dict[str, Any] = {
        "left": 0.7,
        "right": legend.right,
        "gaps": (0.15 if current().width is None else 0.32, 0.55),
    }
    down, across, panel = multiples(len(panels), PANEL, legend=0.2 * (len(lines) + len(SIGNS)) + 0.7, **room)
    figure, grid = sheet(
        down, across, panel,
        title=f"Validation {metric.word} by learning rate",
        subtitle=f"{block.name}; {_seeds(table)}, {count(block.epochs, 'epoch')}, {block.batches}",
        note=reading(block),
        foot=legend.below(),
        **room,
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
        metric_axis(each, metric, limits, "y")
        _rate_axis(each, mine)
    outer_labels(figure, axes, len(panels), "learning rate (log scale)", metric.axis("validation"), each_x=True)
    legend.put(figure, axes[0, across - 1])
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
        most = max(2, min(5, int(inches(axes, "x") / 0.42)))
        kept = [float(10.0**power) for power in inside[:: -(-len(inside) // most)]]
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
