"""What the pictures made of many small panels share."""

from math import ceil, sqrt
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

from experiments.reports.metrics import Metric
from experiments.reports.style import BASE


def arrangement(panels: int) -> tuple[int, int]:
    """Panels down and across.

    >>> [arrangement(n) for n in (1, 3, 8, 20)]
    [(1, 1), (1, 3), (2, 4), (4, 5)]
    """
    across = panels if panels < 4 else min(5, max(4, ceil(sqrt(panels))))
    return ceil(panels / across), across


def metric_axis(
    axes: Axes, metric: Metric, limits: tuple[float, float], which: Literal["x", "y"], inches: float
) -> None:
    """Stretch an axis of a metric toward its best value and label as many ticks as fit."""
    room = 0.17 if which == "y" else 0.42
    ticks = metric.choose_ticks(limits, room / inches)
    axis = axes.xaxis if which == "x" else axes.yaxis
    set_scale, set_limits = (axes.set_xscale, axes.set_xlim) if which == "x" else (axes.set_yscale, axes.set_ylim)
    set_scale("function", functions=(metric.stretch, metric.unstretch))
    set_limits(*limits)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axis.set_minor_locator(NullLocator())


def log_axis(axes: Axes, low: float, high: float) -> None:
    """A logarithmic x axis whose ticks are plain numbers: 1, 2, 5, 10, ..."""
    axes.set_xscale("log")
    pad = max((high / low) ** 0.05, 1.15)
    low, high = low / pad, high * pad
    axes.set_xlim(low, high)
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in (
        (1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9),
        (1, 1.5, 2, 3, 4, 5, 7),
        (1, 2, 5),
        (1, 3),
        (1,),
    ):
        ticks = [float(step * 10.0**power) for power in powers for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= 7:
            break
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())


def panel_title(axes: Axes, label: str) -> None:
    axes.set_title(label, size=BASE, weight="bold", loc="left", pad=3)


def no_data(figure: Figure, axes: np.ndarray, words: str) -> Figure:
    """An empty picture that says why it is empty."""
    for each in axes.flat[1:]:
        each.set_visible(False)
    first = axes.flat[0]
    first.set(xticks=[], yticks=[])
    first.text(0.5, 0.5, words, ha="center", va="center", transform=first.transAxes, color="#505050")
    return figure
