"""Colours that a browser can use: of a cell by its value, and of a name on light and on dark ground."""

import colorsys

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb

from experiments.reports.blocks import Block
from experiments.reports.style import look

GROUND = ("#FFFFFF", "#17191C")
"""Of light and of dark pages; ``page.css`` has the same."""

VISIBLE = 3.0
"""Least contrast of a line or a point with its ground (WCAG 2.2, 1.4.11)."""


def luminance(colour: str) -> float:
    """Relative luminance, from 0 to 1, as WCAG defines it.

    >>> luminance("#FFFFFF"), luminance("#000000")
    (1.0, 0.0)
    """
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def visible(colour: str, ground: str) -> str:
    """The colour itself, or the nearest of its hue that shows on this ground.

    >>> visible("#0072B2", "#FFFFFF"), visible("#000000", "#17191C")
    ('#0072B2', '#666666')
    """
    hue, light, vivid = colorsys.rgb_to_hls(*to_rgb(colour))
    step = 0.01 if luminance(ground) < 0.5 else -0.01
    while contrast(colour, ground) < VISIBLE and 0 <= light + step <= 1:
        light += step
        colour = to_hex(colorsys.hls_to_rgb(hue, light, vivid)).upper()
    return colour


def of_name(name: str) -> str:
    """The colour of an activation or an optimizer, as CSS for either ground."""
    colour = look(name).colour
    light, dark = (visible(colour, ground) for ground in GROUND)
    if luminance(colour) < 0.01:  # black turns white: a grey would look like the name that is grey
        dark = GROUND[0]
    return light if light == dark else f"light-dark({light}, {dark})"


def of_cells(block: Block) -> dict[tuple[str, str], tuple[str, str]]:
    """(row, column) -> colour of the ground and of the words on it, for the cells that have a mean."""
    metric = block.metric
    known = block.cells[block.cells["mean"].notna()]
    shown = metric.shown(known["mean"])
    low, high = (float(end) for end in metric.stretch(_ends(block, shown)))
    places = (metric.stretch(shown) - low) / (high - low)
    found = {}
    for row, column, place in zip(known["row"], known["column"], places, strict=True):
        ground = to_hex(colormaps["cividis"](float(place))).upper()
        ink = max(("#000000", "#FFFFFF"), key=lambda each: contrast(each, ground))
        found[row, column] = ground, ink
    return found


def scale(block: Block) -> tuple[str, list[tuple[float, str]]]:
    """The legend: a gradient, and (place in percent, words) of its ticks."""
    metric = block.metric
    limits = _ends(block, metric.shown(block.cells["mean"].dropna()))
    low, high = (float(end) for end in metric.stretch(limits))
    stops = ", ".join(to_hex(colormaps["cividis"](place / 10)) for place in range(11))
    ticks = metric.choose_ticks((float(limits[0]), float(limits[1])), 0.12)
    places = [(100 * (float(metric.stretch(np.asarray(tick))) - low) / (high - low), f"{tick:g}") for tick in ticks]
    return f"linear-gradient(to right, {stops})", [(round(place, 2), words) for place, words in places]


def _ends(block: Block, shown: np.ndarray) -> np.ndarray:
    return np.asarray(block.metric.limits(shown, 0.0))
