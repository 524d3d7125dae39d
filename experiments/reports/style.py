"""How every figure looks: a colour, marker and line for each name, one theme.

Colours are those of Okabe and Ito (2008), readable with any colour vision, and never the only
sign: a marker or a dash goes with each. They belong to a name, not to a place in a list, so
that ``adam`` looks the same in every figure of every report.
"""

import colorsys
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath

from experiments.names import ACTIVATIONS, HEADS, LOSSES, OPTIMIZERS, OUTPUTS
from experiments.reports.formats import SCREEN, Format, current, drawing_for, points
from experiments.reports.text import plain, short_labels

BLACK, GREY, BLUE, SKY, GREEN = "#000000", "#8C8C8C", "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PURPLE, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#B8A700"  # a yellow that shows on white

COLOURS = (
    dict(zip(ACTIVATIONS, (GREY, PURPLE, SKY, BLUE, GREEN, RED, ORANGE, BLACK, YELLOW), strict=True)),
    dict(zip(OPTIMIZERS, (GREY, BLACK, RED, ORANGE, PURPLE, GREEN, SKY, BLUE, YELLOW), strict=True)),
)
LOSS_COLOURS = dict(zip(LOSSES, (SKY, ORANGE, BLACK, BLUE, RED, GREEN, PURPLE, YELLOW), strict=True))
SPOKEN_LOSSES = {
    "mean squared error": BLUE, "squared error": BLUE, "mean absolute error": RED, "huber": GREEN, "hinge": PURPLE,
    "categorical hinge": PURPLE, "cross-entropy": ORANGE, "crossentropy": ORANGE, "binary crossentropy": ORANGE,
    "categorical crossentropy": ORANGE,
}  # fmt: skip
"""Colours of the losses, as figures of formulas write them: there a family shares one."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "8", "H")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)))

ALARM = "#A50026"
"""Marks what diverged, together with a cross or a word."""

ABSENT = "#B0B0B0"
"""Hatches what has no result."""

FAMILIES = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans", "Noto Color Emoji")
"""The first ships with matplotlib; the others serve where they are installed."""

BASE = SCREEN.points
"""Points of ordinary text on a screen."""


@dataclass(frozen=True)
class Look:
    """The signs of one name."""

    colour: str
    marker: str
    dash: Any


@cache
def look(name: str) -> Look:
    """The signs of a name: fixed for the known ones, from a hash of the name for all others.

    >>> look("relu") == look("relu"), look("relu") != look("tanh")
    (True, True)
    """
    for colours in COLOURS:
        if name in colours:
            place = list(colours).index(name)
            return Look(colours[name], MARKERS[place], DASHES[place % len(DASHES)])
    if name in OUTPUTS:  # the colour is the loss's, the line its head's
        loss, _, head = name.partition(" on ")
        place, line = list(LOSS_COLOURS).index(loss), HEADS.index(head)
        return Look(LOSS_COLOURS[loss], MARKERS[place + line], DASHES[line])
    drawn = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    rgb = colorsys.hls_to_rgb(drawn[0] / 256, 0.28 + 0.3 * drawn[1] / 256, 0.45 + 0.4 * drawn[2] / 256)
    colour = "#" + "".join(f"{round(255 * part):02X}" for part in rgb)
    return Look(colour, MARKERS[drawn[3] % len(MARKERS)], DASHES[drawn[4] % len(DASHES)])


@cache
def families() -> tuple[str, ...]:
    there = {font.name for font in font_manager.fontManager.ttflist}
    return tuple(name for name in FAMILIES if name in there)


@cache
def _glyphs() -> frozenset[int]:
    found: set[int] = set()
    for name in families():
        found |= set(FT2Font(font_manager.findfont(name)).get_charmap())
    return frozenset(found)


def drawable(text: object) -> str:
    """The text in one line, with characters that no font here can draw told as their code.

    >>> drawable("relu"), drawable("a\U00013000b")
    ('relu', 'a‹13000›b')
    """
    return "".join(each if ord(each) in _glyphs() or each == " " else f"‹{ord(each):04X}›" for each in plain(text))


def labels(names: Iterable[str], limit: int = 0) -> dict[str, str]:
    """Name -> what a figure writes for it: drawable, short (as the format asks), never two alike."""
    return short_labels(names, limit or current().letters, drawable)


@contextmanager
def theme(chosen: Format = SCREEN) -> Iterator[None]:
    """The settings under which figures are drawn and saved; the caller's own come back after."""
    import seaborn as sns

    settings = {
        **sns.axes_style("whitegrid", rc={"axes.edgecolor": "#8A8A8A", "grid.color": "#E4E4E4"}),
        **sns.plotting_context("paper"),
        "font.family": list(families()),
        "font.size": chosen.points,
        "axes.labelsize": chosen.points,
        "axes.titlesize": chosen.points,
        "xtick.labelsize": chosen.points - 1,
        "ytick.labelsize": chosen.points - 1,
        "legend.fontsize": chosen.points - 0.5,
        "hatch.linewidth": 0.6,
        "text.parse_math": False,  # a name may hold dollar signs
        "svg.hashsalt": "gradlab",  # the same figure gives the same bytes
        "svg.fonttype": "path",  # looks alike where these fonts are not
        "pdf.fonttype": 42,  # fonts go along as TrueType: publishers ask for it, and words can be searched
        "savefig.dpi": chosen.dpi,
        "path.simplify": True,
    }
    with mpl.rc_context(settings), drawing_for(chosen):
        yield


@cache
def width_of(text: str, size: float = BASE) -> float:
    """The width of a line of text in inches."""
    font = font_manager.FontProperties(family=list(families()), size=size)
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def widest(texts: Iterable[str], size: float = BASE) -> float:
    return max((width_of(text, size) for text in texts), default=0.0)


def wrapped(text: str, inches: float, size: float = BASE) -> list[str]:
    """The text in lines that are no wider than that; a word that is wider is cut into pieces."""
    inches /= 1.05  # pixels of small letters are rounded up
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= inches:
            lines[-1] = longer
            continue
        lines += [word] if lines[-1] else []
        lines[-1] = word
        while width_of(lines[-1], size) > inches and len(lines[-1]) > 1:
            fits = max(1, int(len(lines[-1]) * inches / width_of(lines[-1], size)) - 1)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return lines


def handles(names: Iterable[str], *, line: bool) -> list[Line2D]:
    """Entries of a legend: marker, and line where ``line``, in each name's colour."""
    shown = labels(names)
    return [
        Line2D([], [], color=look(name).colour, marker=look(name).marker, label=label, markersize=5,
               linestyle=look(name).dash if line else "none", linewidth=1.4, markeredgecolor="white",
               markeredgewidth=0.4)
        for name, label in shown.items()
    ]  # fmt: skip


def legend_width(names: Iterable[str], *, line: bool) -> float:
    """Inches that a legend of these names needs."""
    return widest(labels(names).values(), points(-0.5)) + (0.65 if line else 0.45)
