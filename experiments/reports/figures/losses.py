"""Losses side by side: the metric of each in every cell, and by epoch. A panel an optimizer, colours by loss."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports.figures.curves import mean_path, paths
from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import inches, metric_axis, multiples, outer_labels, panel_title
from experiments.reports.formats import current, points
from experiments.reports.frames import in_order
from experiments.reports.losses import Losses
from experiments.reports.sheets import sheet
from experiments.reports.style import handles, labels, look, widest

WIDTH, LINE, PANEL = 2.6, 0.16, (2.35, 1.75)
LETTERS = 42
"""A loss and its head in full, where the sheet is not narrow."""


def draw_cells(found: Losses) -> Figure:
    metric = found.first.metric
    rows = in_order(found.runs["row"], ACTIVATIONS)
    columns = in_order(found.runs["column"], OPTIMIZERS)
    shown = _told(found)
    signs = [Line2D([], [], color="#404040", marker=look(name).marker, linestyle="none", markersize=5, label=label)
             for name, label in labels(rows).items()]  # fmt: skip
    legend = Legend(signs, "activation", widest((str(each.get_label()) for each in signs), points(-0.5)) + 0.45)
    room: dict[str, Any] = {
        "left": widest(shown.values(), points(-1)) + 0.25,
        "right": legend.right,
        "gaps": (0.2, 0.55),
    }
    down, across, panel = multiples(len(columns), (WIDTH, 0), **room)
    high = points() / 9 * len(found.names) * (0.14 + LINE * len(rows))
    figure, grid = sheet(
        down, across, (panel[0], max(high, 0.9)),
        title=f"Test {metric.word} by loss",
        subtitle=f"{found.name}; {found.first.setting}",
        note="Mean and 95 % interval over seeds, cut at the frame; the mark tells the activation."
        f" The axis is stretched toward {metric.top:g}{metric.unit}.",
        foot=legend.below(),
        **room,
    )  # fmt: skip
    axes = grid.subplots(sharey=True, squeeze=False)
    cells = {block.output: block.cells[block.cells["seeds"] > 0] for block in found.blocks}
    values = np.concatenate([metric.shown(each["mean"]) for each in cells.values()])
    limits = metric.limits(values)
    names = labels(columns)
    for number, column in enumerate(columns):
        each = axes.flat[number]
        panel_title(each, names[column])
        for place, loss in enumerate(found.names):
            mine = cells[loss][cells[loss]["column"] == column]
            _points(found, each, mine, place, loss, rows)
        each.set_ylim(len(found.names) - 0.5, -0.5)
        each.set_yticks(range(len(found.names)), [shown[name] for name in found.names])
        each.tick_params(left=False)
        metric_axis(each, metric, limits, "x")
    outer_labels(figure, axes, len(columns), metric.axis("mean test"), "", each_x=True)
    legend.put(figure, axes[0, across - 1])
    return figure


def _told(found: Losses) -> dict[str, str]:
    return labels(found.names, LETTERS if current().width is None else 0)


def _points(found: Losses, axes: Axes, cells: Any, place: int, loss: str, rows: list[str]) -> None:
    """The activations of one loss, one below the other."""
    shifts = np.linspace(-0.3, 0.3, len(rows)) if len(rows) > 2 else [-0.14, 0.14] if len(rows) > 1 else [0.0]
    for _, cell in cells.iterrows():
        y = place + shifts[rows.index(cell["row"])]
        mean, low, high = (found.first.metric.shown([cell[name]])[0] for name in ("mean", "low", "high"))
        axes.hlines(y, low, high, colors=look(loss).colour, linewidth=1.1, zorder=3)
        axes.plot([mean], [y], marker=look(cell["row"]).marker, color=look(loss).colour, markersize=5, linestyle="none",
                  markeredgecolor="white", markeredgewidth=0.4, zorder=4)  # fmt: skip


def draw_curves(found: Losses) -> Figure:
    metric = found.first.metric
    columns = in_order(found.runs["column"], OPTIMIZERS)
    lines = curves(found)
    shown = _told(found)
    entries = handles(shown, line=True)
    for entry, label in zip(entries, shown.values(), strict=True):
        entry.set_label(label)
    legend = Legend(entries, "loss", widest(shown.values(), points(-0.5)) + 0.65)
    room: dict[str, Any] = {"left": 0.7, "right": legend.right, "gaps": (0.15, 0.4)}
    down, across, panel = multiples(len(columns), PANEL, legend=0.24 * len(found.names) + 0.3, **room)
    figure, grid = sheet(
        down, across, panel,
        title=f"Validation {metric.word} by epoch, by loss",
        subtitle=f"{found.name}; {found.first.setting}",
        note="Mean over activations; thin: each seed, thick: mean over seeds. The curves are of the metric, since"
        " values of losses do not compare. Dashed grey: chance."
        f" The axis is stretched toward {metric.top:g}{metric.unit}.",
        foot=legend.below(),
        **room,
    )  # fmt: skip
    axes = grid.subplots(sharex=True, sharey=True, squeeze=False)
    chance = float(metric.shown(found.first.chance))
    limits = metric.limits(np.concatenate([[chance], *(metric.shown(each).ravel() for each in lines.values())]))
    last = max((each.shape[1] for each in lines.values()), default=1)
    names = labels(columns)
    for number, column in enumerate(columns):
        each = axes.flat[number]
        panel_title(each, names[column])
        each.axhline(chance, color="#9A9A9A", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        for loss in found.names:
            if (loss, column) in lines:
                _lines(each, metric.shown(lines[loss, column]), loss)
        metric_axis(each, metric, limits, "y")
        each.set_xlim(0.7, last + 0.3)
        ticks = max(2, min(6, int(inches(each, "x") / 0.22)))
        each.xaxis.get_major_locator().set_params(integer=True, nbins=ticks, min_n_ticks=1)
    outer_labels(figure, axes, len(columns), "epoch", metric.axis("validation"))
    legend.put(figure, axes[0, across - 1])
    return figure


def _lines(axes: Axes, matrix: np.ndarray, loss: str) -> None:
    signs, epochs = look(loss), np.arange(1, matrix.shape[1] + 1)
    for line in matrix if len(matrix) > 1 else []:
        axes.plot(epochs, line, color=signs.colour, linewidth=0.5, alpha=0.4, zorder=2)
    axes.plot(epochs, matrix.mean(axis=0), color=signs.colour, linestyle=signs.dash, linewidth=1.6, marker=signs.marker,
              markersize=4, markevery=max(1, len(epochs) // 5), markeredgecolor="white", markeredgewidth=0.4,
              zorder=3)  # fmt: skip


def curves(found: Losses) -> dict[tuple[str, str], np.ndarray]:
    """(loss, optimizer) -> validation metric [seed, epoch], the mean over the activations that have all seeds.

    A run that diverged counts at chance once its line has ended.
    """
    made: dict[tuple[str, str], list[np.ndarray]] = {}
    for block in found.blocks:
        epochs, lines = paths(block)
        for (_, column), (matrix, broken) in lines.items():
            if len(matrix) == len(block.seeds):
                filled = [mean_path(matrix[[seed]], broken[[seed]], block.chance) for seed in range(len(matrix))]
                made.setdefault((block.output, column), []).append(np.array(filled)[:, : len(epochs)])
    return {key: np.mean(several, axis=0) for key, several in made.items()}
