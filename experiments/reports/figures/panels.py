"""What the pictures made of many small panels share."""

from math import ceil, sqrt
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
    SymmetricalLogLocator,
)

from experiments.reports.formats import current, points
from experiments.reports.metrics import Metric
from experiments.reports.sheets import panel_width
from experiments.reports.style import widest, wrapped


def arrangement(panels: int, room: float | None = None) -> tuple[int, int]:
    """Panels down and across; ``room`` is what they have across in inches, where that is fixed.

    >>> [arrangement(n) for n in (1, 3, 8, 20)]
    [(1, 1), (1, 3), (2, 4), (4, 5)]
    """
    if room is None:
        across = panels if panels < 4 else min(5, max(4, ceil(sqrt(panels))))
        return ceil(panels / across), across
    fit = max(1, min(panels, 5, int(room / (current().least + 0.15))))
    down = ceil(panels / fit)
    return down, ceil(panels / down)


def multiples(
    panels: int, panel: tuple[float, float], *, left: float, right: float, gaps: tuple[float, float], legend: float = 0
) -> tuple[int, int, tuple[float, float]]:
    """Panels down and across and the size of each, where all are alike.

    Args:
        panels: how many there are.
        panel: width and height in inches, where nothing asks for another size.
        left: inches left of them.
        right: inches right of them.
        gaps: inches between them.
        legend: inches that the legend beside them is high.
    """
    width = current().width
    down, across = arrangement(panels, None if width is None else width - left - right + gaps[0])
    wide = panel_width(across, left, right, gaps[0])
    if wide is not None:
        return down, across, (wide, min(panel[1], max(wide * panel[1] / panel[0], 0.75)))
    return down, across, (panel[0], max(panel[1], (legend - gaps[1] * (down - 1)) / down))


def inches(axes: Axes, which: Literal["x", "y"]) -> float:
    """How long an axis is."""
    box, figure = axes.get_position(), axes.get_figure(root=True)
    return box.width * figure.get_figwidth() if which == "x" else box.height * figure.get_figheight()  # type: ignore


def outer_labels(figure: Figure, axes: np.ndarray, panels: int, x: str, y: str, *, each_x: bool = False) -> None:
    """Ticks at the left and at the bottom of the whole, or at each panel; what they mean once at each side."""
    across = axes.shape[1]
    shown = list(axes.flat[:panels])
    width, height = figure.get_figwidth(), figure.get_figheight()
    top, bottom = axes[0, 0].get_position().y1, shown[-1].get_position().y0
    for number, each in enumerate(shown):
        last = number + across >= panels
        each.tick_params(labelbottom=last or each_x, labelleft=number % across == 0)
        if x and last and current().width is None:
            each.set_xlabel(x)
    for each in axes.flat[panels:]:
        each.set_visible(False)
    if y and current().width is None:
        figure.supylabel(y, size=points(), x=0.12 / width, ha="left")
    elif y:
        lines = wrapped(y, max(0.8, (top - bottom) * height + 0.3), points())
        figure.supylabel("\n".join(lines), size=points(), x=0.06 / width, y=(top + bottom) / 2, ha="left", va="center",
                         linespacing=1.0)  # fmt: skip
    if x and current().width is not None:
        left, right = axes[0, 0].get_position().x0, axes[0, across - 1].get_position().x1
        figure.supxlabel(x, size=points(), x=(left + right) / 2, y=bottom - 0.24 / height, va="top")


def plain_xlabel(axes: Axes, text: str) -> None:
    """The label of one panel, in lines that are no wider than it."""
    lines = wrapped(text, inches(axes, "x") + 0.25, points()) if current().width else [text]
    axes.set_xlabel("\n".join(lines))


def metric_axis(axes: Axes, metric: Metric, limits: tuple[float, float], which: Literal["x", "y"]) -> None:
    """Stretch an axis of a metric toward its best value and label as many ticks as fit."""
    room = 0.17 if which == "y" else 0.42
    ticks = metric.choose_ticks(limits, room / inches(axes, which))
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
    most = min(7, max(2, int(inches(axes, "x") / 0.33)))
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
        if len(ticks) <= most:
            break
    # Where no round number is in reach, its middle is told.
    ticks = ticks[:: ceil(len(ticks) / most)] if ticks else [float(f"{sqrt(low * high):.2g}")]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())


def plain_powers(axes: Axes) -> None:
    """Few ticks on logarithmic axes, and plain numbers: the theme sets no formulas. Call it when all is drawn."""
    for axis, most in ((axes.xaxis, 6), (axes.yaxis, 8)):
        room = max(2, min(most, axis.get_tick_space()))
        if axis.get_scale() == "log":
            low, high = sorted(axis.get_view_interval())
            short = low > 0 and high / low < 50  # hardly a power of ten in view
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if short else LogLocator(numticks=room))
        if isinstance(transform := axis.get_transform(), SymmetricalLogTransform):
            powers = SymmetricalLogLocator(transform)
            powers.set_params(numticks=room)
            ticks = powers.tick_values(*axis.get_view_interval())
            if len(ticks) >= room:  # the ends of the linear part would stand on its middle
                ticks = [tick for tick in ticks if tick == 0 or abs(tick) > transform.linthresh]
            axis.set_major_locator(FixedLocator(ticks))
        if axis.get_scale() in ("log", "symlog"):
            axis.set_major_formatter(lambda value, _: power(value))
            axis.set_minor_formatter(NullFormatter())


def power(value: float) -> str:
    """A tick's number, as short as it goes.

    >>> [power(each) for each in (0.0, 0.05, 1e-7, 2000.0, 1e5)]
    ['0', '0.05', '1e-7', '2000', '1e5']
    """
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}"
    mantissa, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def panel_title(axes: Axes, label: str) -> None:
    """The name of a panel, in smaller type where it would be wider than that."""
    size = points()
    if current().width is not None and (wide := 1.2 * widest([label], size)) > inches(axes, "x"):
        size = max(4.5, size * inches(axes, "x") / wide)
    axes.set_title(label, size=size, weight="bold", loc="left", pad=3)


def no_data(figure: Figure, axes: np.ndarray, words: str) -> Figure:
    """An empty picture that says why it is empty."""
    for each in axes.flat[1:]:
        each.set_visible(False)
    first = axes.flat[0]
    first.set(xticks=[], yticks=[])
    first.text(0.5, 0.5, words, ha="center", va="center", transform=first.transAxes, color="#505050")
    return figure
