"""Learning curves as small multiples: a panel an activation, a line an optimizer."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import inches, metric_axis, multiples, no_data, outer_labels, panel_title
from experiments.reports.sheets import sheet
from experiments.reports.style import ALARM, labels, look
from experiments.reports.text import count

PANEL = (2.35, 1.75)


def draw(block: Block) -> Figure:
    epochs, lines = paths(block)
    names = [name for name in block.columns if any(column == name for _, column in lines)]
    legend = Legend.of(names, "optimizer", line=True)
    room: dict[str, Any] = {"left": 0.7, "right": legend.right, "gaps": (0.15, 0.4)}
    down, across, panel = multiples(len(block.rows), PANEL, legend=0.24 * len(names) + 0.3, **room)
    figure, grid = sheet(
        down, across, panel,
        title=f"Validation {block.metric.word} by epoch",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
        foot=legend.below(),
        **room,
    )  # fmt: skip
    axes = grid.subplots(sharex=True, sharey=True, squeeze=False)
    if not lines:
        return no_data(figure, axes, "no learning curve yet")
    chance = block.metric.shown(block.chance)
    shown = {cell: block.metric.shown(matrix) for cell, (matrix, _) in lines.items()}
    limits = block.metric.limits(np.concatenate([chance.ravel(), *(each.ravel() for each in shown.values())]))
    rows = labels(block.rows)
    for place, row in enumerate(block.rows):
        panel_axes = axes.flat[place]
        panel_title(panel_axes, rows[row])
        panel_axes.axhline(chance, color="#9A9A9A", linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        for number, column in enumerate(names):
            if (row, column) in lines:
                broken = lines[row, column][1]
                _cell(panel_axes, epochs, shown[row, column], broken, float(chance), column, number)
    for panel_axes in axes.flat[: len(block.rows)]:
        metric_axis(panel_axes, block.metric, limits, "y")
        panel_axes.set_xlim(epochs[0] - 0.3, epochs[-1] + 0.3)
        ticks = max(2, min(6, int(inches(panel_axes, "x") / 0.22)))
        panel_axes.xaxis.get_major_locator().set_params(integer=True, nbins=ticks, min_n_ticks=1)
    outer_labels(figure, axes, len(block.rows), "epoch", block.metric.axis("validation"))
    legend.put(figure, axes[0, across - 1])
    return figure


def _cell(
    axes: Axes,
    epochs: np.ndarray,
    matrix: np.ndarray,
    broken: np.ndarray,
    chance: float,
    name: str,
    number: int,
) -> None:
    """One cell's lines: all seeds thin, their mean thick, a cross where a seed's line breaks off."""
    signs = look(name)
    if len(matrix) > 1:
        thin = [np.column_stack([epochs, line])[np.isfinite(line)] for line in matrix]
        axes.add_collection(LineCollection(thin, colors=signs.colour, linewidths=0.5, alpha=0.45, zorder=2))
    every = max(1, len(epochs) // 5)
    axes.plot(epochs, mean_path(matrix, broken, chance), color=signs.colour, linestyle=signs.dash,
              linewidth=1.5, marker=signs.marker, markersize=4, markevery=(number % every, every),
              markeredgecolor="white", markeredgewidth=0.4, zorder=3)  # fmt: skip
    for line in matrix[broken]:
        there = np.flatnonzero(np.isfinite(line))
        end = (epochs[there[-1]], line[there[-1]]) if there.size else (epochs[0], chance)
        axes.plot(*end, marker="x", color=ALARM, markersize=6, markeredgewidth=1.6, zorder=4)


def paths(block: Block) -> tuple[np.ndarray, dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]]:
    """The epochs, and by cell the validation metric by seed and epoch, and which seeds diverged.

    A failed run has no line. The lines of a diverged run end where it diverged.
    """
    runs = block.runs[block.runs["value"].notna()].set_index("key")
    curves = block.curves[block.curves["key"].isin(runs.index)]
    if curves.empty:
        return np.array([1.0]), {}
    by_run = curves.pivot_table(index="key", columns="epoch", values="validation_metric", dropna=False)
    by_run = by_run.reindex(runs.index)
    matrix = by_run.to_numpy(dtype=float, na_value=np.nan)
    broken = runs["status"].eq("diverged").to_numpy(dtype=bool)
    places = runs.groupby(["row", "column"], sort=False).indices
    cells = {(str(row), str(column)): (matrix[at], broken[at]) for (row, column), at in places.items()}
    return by_run.columns.to_numpy(dtype=float), cells


def mean_path(matrix: np.ndarray, broken: np.ndarray, chance: float) -> np.ndarray:
    """The mean over seeds by epoch; a diverged seed counts at chance once its line has ended.

    >>> mean_path(np.array([[0.5, 0.9], [0.5, np.nan]]), np.array([False, True]), 0.1)
    array([0.5, 0.5])
    """
    filled = np.where(np.isnan(matrix) & broken[:, None], chance, matrix)
    there = np.isfinite(filled)
    total = np.where(there, filled, 0.0).sum(axis=0)
    return np.divide(total, there.sum(axis=0), out=np.full(total.shape, np.nan), where=there.any(axis=0))


def reading(block: Block) -> str:
    several = len(block.seeds) > 1
    note = "Thin: each seed. Thick: mean over seeds." if several else "One seed, so no spread is seen."
    if block.cells["diverged"].any():
        note += (
            f" A cross ends the line of a run that diverged; from there on it counts in the mean at"
            f" chance level, {block.metric.say(block.chance)}."
        )
    return note + f" Dashed grey: chance. The axis is stretched toward {block.metric.top:g}{block.metric.unit}."


def alt(block: Block) -> str:
    return (
        f"Learning curves: validation {block.metric.word} by epoch on {block.name}, "
        f"{count(len(block.rows), 'panel')} by activation, "
        f"{count(len(block.columns), 'line')} in each by optimizer."
    )
