"""The kinds of figure that claims share: lines over an axis, every seed by arm, paths over a landscape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports.figures.panels import panel_title, plain_powers
from experiments.reports.sheets import sheet
from experiments.reports.style import (
    ALARM,
    BASE,
    DASHES,
    MARKERS,
    SPOKEN_LOSSES,
    Look,
    look,
    widest,
    wrapped,
)

OTHERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A700")
"""Okabe and Ito (2008), for labels that are no component's name, in the order of the legend."""


def signs(labels: Sequence[str]) -> dict[str, Look]:
    """Colour, marker and dash of each label: those of a component, or of a loss, where the label begins with its name.

    A second label of the same name (``adam, tuned``) has its colour and another dash and marker.

    >>> signs(["relu", "batch 32"])["relu"] == look("relu")
    True
    """
    known = {name: look(name) for name in (*ACTIVATIONS, *OPTIMIZERS)}
    known |= {name: Look(colour, MARKERS[place % 6], DASHES[place % len(DASHES)])
              for place, (name, colour) in enumerate(SPOKEN_LOSSES.items())}  # fmt: skip
    names = {label: _name(label, known) for label in labels}
    fixed = {known[name].colour for name in names.values() if name in known}
    free = [colour for colour in OTHERS if colour not in fixed] + list(OTHERS)
    found: dict[str, Look] = {}
    taken: list[str] = []
    for label in labels:
        name = names[label]
        colour = known[name].colour if name in known else ""
        again = sum(known[each].colour == colour for each in taken if each in known)
        if name in known:
            own = known[name]
            place = MARKERS.index(own.marker)
            found[label] = own if not again else Look(
                own.colour, MARKERS[(place + 5 * again) % len(MARKERS)], DASHES[(place + 2 * again) % len(DASHES)]
            )  # fmt: skip
        else:
            place = sum(each not in known for each in taken)
            found[label] = Look(free[place % len(free)], MARKERS[place % len(MARKERS)], DASHES[place % len(DASHES)])
        taken.append(name)
    return found


def _name(label: str, known: Mapping[str, Look]) -> str:
    """The known name that a label begins with, else its first word."""
    words = label.replace(",", " ").split()
    plain = " ".join(words).replace("_", " ")
    losses = [name for name in SPOKEN_LOSSES if plain == name or plain.startswith(f"{name} ")]
    first = words[0] if words else ""
    return first if first in known else max(losses, key=len, default=first)


@dataclass(frozen=True)
class Line:
    """One line of a panel; ``low`` and ``high`` give it a band, ``points`` draws markers, ``line`` joins them."""

    label: str
    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    low: Sequence[float] | np.ndarray | None = None
    high: Sequence[float] | np.ndarray | None = None
    points: bool = True
    line: bool = True


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes:
        lines: what is drawn.
        x, y: axis labels, with units.
        title: of the panel.
        logx, logy: whether an axis is logarithmic (``"symlog"`` for one that passes 0).
        across, down: label -> value of a dashed grey line with that label, horizontal or vertical.
        limits: of the y axis.
    """

    lines: Sequence[Line]
    x: str
    y: str
    title: str = ""
    logx: bool = False
    logy: bool | str = False
    across: Mapping[str, float] = field(default_factory=dict)
    down: Mapping[str, float] = field(default_factory=dict)
    limits: tuple[float, float] | None = None


def of_seeds(label: str, x: Any, table: np.ndarray, points: bool = True) -> Line:
    """A line of means over seeds, with their 95 % t interval as band.

    Args:
        label: in the legend.
        x: ``[n]``.
        table: ``[seed, n]``; NaN is left out.
        points: whether to draw markers.
    """
    from scipy import stats

    n = np.sum(~np.isnan(table), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(table, axis=0) / np.where(n, n, np.nan)
        spread = np.sqrt(np.nansum((table - mean) ** 2, axis=0) / np.where(n > 1, n - 1, np.nan))
        half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * spread / np.sqrt(np.where(n, n, np.nan))
    return Line(label, x, mean, mean - half, mean + half, points)


def lines(title: str, where: str, panels: Sequence[Panel], note: str = "", size=(3.3, 2.5)) -> Figure:
    """Panels side by side with one legend.

    Args:
        title: what is shown.
        where: data, seeds, setting.
        panels: up to four; five or more go into two rows.
        note: how to read it.
        size: of a panel in inches.
    """
    labels = list(dict.fromkeys(line.label for panel in panels for line in panel.lines))
    looks = signs(labels)
    across = len(panels) if len(panels) < 5 else (len(panels) + 1) // 2
    down = -(-len(panels) // across)
    legend = widest(labels, BASE - 0.5) + 0.75
    figure, grid = sheet(down, across, size, title=title, subtitle=where, note=note, left=0.85, right=legend,
                         gaps=(0.85, 0.75))  # fmt: skip
    axes = grid.subplots(squeeze=False)
    for each, panel in zip(axes.flat, panels, strict=False):
        _panel(each, panel, looks, size[0])
    for each in axes.flat[len(panels) :]:
        each.set_visible(False)
    _legend(figure, axes[0, -1], looks, {line.label: line for panel in panels for line in panel.lines})
    return figure


def _panel(axes: Axes, panel: Panel, looks: Mapping[str, Look], width: float) -> None:
    if panel.logx:
        axes.set_xscale("log")
    if panel.logy:
        axes.set_yscale("symlog" if panel.logy == "symlog" else "log")
    for line in panel.lines:
        sign = looks[line.label]
        y = np.asarray(line.y, float)
        if panel.logy is True:
            y = np.where(y > 0, y, np.nan)
        if line.low is not None and line.high is not None:
            low = np.asarray(line.low, float)
            low = np.where(low > 0, low, np.nanmin(np.where(y > 0, y, np.nan)) / 10) if panel.logy is True else low
            axes.fill_between(line.x, low, np.asarray(line.high, float), color=sign.colour, alpha=0.16, linewidth=0)
        axes.plot(line.x, y, color=sign.colour, linestyle=sign.dash if line.line else "none", linewidth=1.5,
                  marker=sign.marker if line.points else "none", markersize=4, markeredgecolor="white",
                  markeredgewidth=0.4)  # fmt: skip
    for label, value in panel.across.items():
        axes.axhline(value, color="#7A7A7A", linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        axes.text(0.99, value, label, size=BASE - 2, color="#505050", ha="right", va="bottom",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    for label, value in panel.down.items():
        axes.axvline(value, color="#7A7A7A", linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        axes.text(value, 0.98, f" {label}", size=BASE - 2, color="#505050", ha="left", va="top",
                  transform=axes.get_xaxis_transform())  # fmt: skip
    if panel.limits:
        axes.set_ylim(*panel.limits)
    plain_powers(axes)
    if not panel.logx:
        axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    if panel.title:
        panel_title(axes, "\n".join(wrapped(panel.title, width, BASE)))


def _legend(figure: Figure, axes: Axes, looks: Mapping[str, Look], lines: Mapping[str, Line]) -> None:
    entries = [
        Line2D([], [], color=sign.colour, marker=sign.marker if lines[label].points else "none", label=label,
               markersize=5, linestyle=sign.dash if lines[label].line else "none", linewidth=1.5,
               markeredgecolor="white", markeredgewidth=0.4)
        for label, sign in looks.items()
    ]  # fmt: skip
    box = axes.get_position()
    figure.legend(handles=entries, loc="upper left", frameon=False, borderaxespad=0,
                  bbox_to_anchor=(box.x1 + 0.1 / figure.get_figwidth(), box.y1))  # fmt: skip


def seeds(title: str, where: str, panels: Mapping[str, Mapping[str, Sequence[float] | np.ndarray]],
          note: str = "A point a seed; black: mean and 95 % interval.", log: bool = False,
          reference: Mapping[str, float] | None = None) -> Figure:  # fmt: skip
    """Every seed of every arm, with mean and interval: one panel for each quantity.

    Args:
        title: what is shown.
        where: data, seeds, setting.
        panels: axis label, with unit -> arm's label -> [seed].
        note: how to read it.
        log: whether the axes are logarithmic.
        reference: label -> value of a dashed line, in the first panel.
    """
    from experiments.claims.rules import mean

    labels = list(dict.fromkeys(label for arms in panels.values() for label in arms))
    looks = signs(labels)
    height = max(1.1, 0.26 * len(labels) + 0.3)
    figure, grid = sheet(1, len(panels), (3.3, height), title=title, subtitle=where, note=note,
                         left=widest(labels, BASE - 1) + 0.3, right=0.3, gaps=(0.35, 0.3), below=0.55)  # fmt: skip
    axes = grid.subplots(squeeze=False)
    for number, (quantity, arms) in enumerate(panels.items()):
        each = axes[0, number]
        for place, label in enumerate(labels):
            values = np.asarray(arms.get(label, ()), float)
            values = values[np.isfinite(values)]
            if not len(values):
                each.text(0.5, place, "no value", size=BASE - 2, color="#505050", ha="center", va="center",
                          transform=each.get_yaxis_transform())  # fmt: skip
                continue
            heights = place + (np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else np.zeros(1))
            each.scatter(values, heights, s=16, color=looks[label].colour, marker=looks[label].marker,
                         linewidths=0.3, edgecolors="white", zorder=3)  # fmt: skip
            if len(values) > 1:
                effect = mean(values, "")
                each.hlines(place, effect.low, effect.high, colors="black", linewidth=1.0, zorder=4)
                each.scatter([effect.value], [place], marker="|", s=90, c="black", linewidths=1.4, zorder=5)
        if log:
            each.set_xscale("log")
        for name, value in (reference or {}).items() if number == 0 else ():
            each.axvline(value, color=ALARM, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
            each.text(value, 1.01, name, size=BASE - 2, color=ALARM, ha="center", va="bottom",
                      transform=each.get_xaxis_transform())  # fmt: skip
        each.set_ylim(len(labels) - 0.5, -0.5)
        each.set_yticks(range(len(labels)), labels if number == 0 else [])
        each.tick_params(left=False)
        if log:
            plain_powers(each)
        else:
            each.xaxis.set_major_locator(MaxNLocator(6))
        each.set_xlabel(quantity)
    return figure


def paths(title: str, where: str, value: Callable[[np.ndarray], np.ndarray], walked: Mapping[str, np.ndarray],
          minimum: np.ndarray, note: str = "", axes_labels: tuple[str, str] = ("w₁", "w₂")) -> Figure:  # fmt: skip
    """Paths over the contours of a function of two variables: a panel each.

    Args:
        title: what is shown.
        where: the problem and its setting.
        value: ``[..., 2]`` -> ``[...]``.
        walked: label -> ``[steps + 1, 2]``.
        minimum: ``[2]``.
        note: how to read it.
        axes_labels: of the two variables.
    """
    looks = signs(list(walked))
    across = min(len(walked), 3)
    down = -(-len(walked) // across)
    figure, grid = sheet(down, across, (2.5, 2.0), title=title, subtitle=where, note=note, left=0.7, right=0.2,
                         gaps=(0.25, 0.45))  # fmt: skip
    axes = grid.subplots(squeeze=False, sharex=True, sharey=True)
    everything = np.concatenate([np.asarray(path, float) for path in walked.values()] + [np.asarray(minimum)[None]])
    first = np.abs(np.array([np.asarray(path, float)[0] for path in walked.values()]) - minimum).max(axis=0) + 1e-9
    everything = np.clip(np.nan_to_num(everything), minimum - 1.6 * first, minimum + 1.6 * first)
    low, high = everything.min(axis=0), everything.max(axis=0)
    pad = 0.12 * (high - low) + 1e-9
    low, high = low - pad, high + pad
    grid_x, grid_y = np.meshgrid(np.linspace(low[0], high[0], 120), np.linspace(low[1], high[1], 120))
    heights = value(np.stack([grid_x, grid_y], axis=-1))
    heights = heights - value(np.asarray(minimum, float))
    levels = np.quantile(heights, np.linspace(0.02, 0.95, 10))
    for each, (label, path) in zip(axes.flat, walked.items(), strict=False):
        path = np.asarray(path, float)
        each.contour(grid_x, grid_y, heights, levels=np.unique(levels), colors="#C8C8C8", linewidths=0.6)
        each.plot(path[:, 0], path[:, 1], color=looks[label].colour, linewidth=1.1, marker=looks[label].marker,
                  markersize=2.6, markeredgewidth=0)  # fmt: skip
        each.scatter(*path[0], s=26, facecolors="white", edgecolors="black", zorder=5)
        each.scatter(*minimum, s=60, marker="*", color="black", zorder=5)
        each.set_xlim(low[0], high[0])
        each.set_ylim(low[1], high[1])
        panel_title(each, label)
    for each in axes.flat[len(walked) :]:
        each.set_visible(False)
    for each in axes[-1]:
        each.set_xlabel(axes_labels[0])
    for each in axes[:, 0]:
        each.set_ylabel(axes_labels[1])
    return figure
