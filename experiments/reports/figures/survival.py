"""What survives in a modern net: a panel an effect, a line a variant of the model, each with its interval."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import multiples, outer_labels, panel_title, plain_xlabel
from experiments.reports.formats import current, points
from experiments.reports.sheets import sheet
from experiments.reports.style import BLUE, GREY, labels, widest
from experiments.reports.survival import WIDTH, Survival
from experiments.reports.survival_told import unit

PANEL, LINE, LETTERS = 2.5, 0.24, 42
SIGNS = (
    Line2D([], [], linestyle="none", marker="o", color=BLUE, markersize=6, label="there, or reversed"),
    Line2D([], [], linestyle="none", marker="o", markerfacecolor="white", markeredgecolor=BLUE, markersize=6,
           label="undecided"),
    Line2D([], [], linestyle="none", marker="D", color=GREY, markersize=5, label="gone"),
    Line2D([], [], linestyle="none", marker="s", color="#404040", markersize=5, label="a width, not tested"),
)  # fmt: skip


def draw(found: Survival) -> Figure:
    shown = labels(found.variants, LETTERS if current().width is None else 0)
    legend = Legend(SIGNS, "", 1.4)
    room: dict[str, Any] = {
        "left": widest(shown.values(), points(-1)) + 0.25,
        "right": legend.right,
        "gaps": (0.2, 0.75),
    }
    down, across, panel = multiples(len(found.headings), (PANEL, 0), **room)
    figure, grid = sheet(
        down, across, (panel[0], LINE * points() / 9 * (len(shown) + 0.6)),
        title="What survives in a modern net?",
        subtitle=f"{found.name}; {found.first.setting}",
        note="Differences of the test metric with the 95 % interval of the paired difference over seeds; of the width,"
        " over cells. The axis of each panel is its own.",
        foot=legend.below(),
        **room,
    )  # fmt: skip
    axes = grid.subplots(sharey=True, squeeze=False)
    for number, heading in enumerate(found.headings):
        each = axes.flat[number]
        panel_title(each, heading[0].upper() + heading[1:])
        mine = found.effects[found.effects["effect"] == heading]
        _panel(found, each, mine, 1.0 if heading == WIDTH else found.first.metric.factor)
        each.set_ylim(len(shown) - 0.5, -0.5)
        each.set_yticks(range(len(shown)), list(shown.values()))
        each.tick_params(left=False)
        plain_xlabel(each, unit(found, heading))
    outer_labels(figure, axes, len(found.headings), "", "", each_x=True)
    legend.put(figure, axes[0, across - 1])
    return figure


def _panel(found: Survival, axes: Axes, rows: pd.DataFrame, factor: float) -> None:
    axes.axvline(0, color="#606060", linewidth=0.9, zorder=1)
    for _, row in rows.iterrows():
        y = found.variants.index(row["variant"])
        value, low, high = (factor * row[name] for name in ("value", "low", "high"))
        marker, colour, face = _signs(row["outcome"])
        if np.isfinite(low):
            axes.hlines(y, low, high, colors=colour, linewidth=1.3, zorder=3)
        axes.plot(
            [value], [y], marker=marker, color=colour, markerfacecolor=face, markersize=6, linestyle="none", zorder=4
        )


def _signs(outcome: str) -> tuple[str, str, str]:
    return {"": ("s", "#404040", "#404040"), "equivalent": ("D", GREY, GREY), "undecided": ("o", BLUE, "white")}.get(
        outcome, ("o", BLUE, BLUE)
    )
