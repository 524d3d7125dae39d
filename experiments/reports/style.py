"""How every figure looks: a colour, marker and line for each name, one theme, one kind of sheet.

Colours are those of Okabe and Ito (2008), readable with any colour vision, and never the only
sign: a marker or a dash goes with each. They belong to a name, not to a place in a list, so
that ``adam`` looks the same in every figure of every report.
"""

import colorsys
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports.text import plain, short_labels

BLACK, GREY, BLUE, SKY, GREEN = "#000000", "#8C8C8C", "#0072B2", "#56B4E9", "#009E73"
ORANGE, RED, PURPLE, YELLOW = "#E69F00", "#D55E00", "#CC79A7", "#B8A700"  # a yellow that shows on white

COLOURS = (
    dict(zip(ACTIVATIONS, (GREY, PURPLE, SKY, BLUE, GREEN, RED, ORANGE, BLACK, YELLOW), strict=True)),
    dict(zip(OPTIMIZERS, (GREY, BLACK, RED, ORANGE, PURPLE, GREEN, SKY, BLUE, YELLOW), strict=True)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "8", "H")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)))

ALARM = "#A50026"
"""Marks what diverged, together with a cross or a word."""

ABSENT = "#B0B0B0"
"""Hatches what has no result."""

FAMILIES = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans", "Noto Color Emoji")
"""The first ships with matplotlib; the others serve where they are installed."""

BASE = 9.0
"""Points of ordinary text."""


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


def labels(names: Iterable[str], limit: int = 22) -> dict[str, str]:
    """Name -> what a figure writes for it: drawable, short, never two alike."""
    return short_labels(names, limit, drawable)


@contextmanager
def theme() -> Iterator[None]:
    """The settings under which figures are drawn and saved; the caller's own come back after."""
    import seaborn as sns

    settings = {
        **sns.axes_style("whitegrid", rc={"axes.edgecolor": "#8A8A8A", "grid.color": "#E4E4E4"}),
        **sns.plotting_context("paper"),
        "font.family": list(families()),
        "font.size": BASE,
        "axes.labelsize": BASE,
        "axes.titlesize": BASE,
        "xtick.labelsize": BASE - 1,
        "ytick.labelsize": BASE - 1,
        "legend.fontsize": BASE - 0.5,
        "hatch.linewidth": 0.6,
        "text.parse_math": False,  # a name may hold dollar signs
        "svg.hashsalt": "gradlab",  # the same figure gives the same bytes
        "svg.fonttype": "path",
        "savefig.dpi": 110,
        "path.simplify": True,
    }
    with mpl.rc_context(settings):
        yield


@cache
def width_of(text: str, points: float = BASE) -> float:
    """The width of a line of text in inches."""
    font = font_manager.FontProperties(family=list(families()), size=points)
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def widest(texts: Iterable[str], points: float = BASE) -> float:
    return max((width_of(text, points) for text in texts), default=0.0)


def wrapped(text: str, inches: float, points: float = BASE) -> list[str]:
    """The text in lines that are no wider than that; a word that is wider is cut into pieces."""
    inches /= 1.05  # pixels of small letters are rounded up
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, points) <= inches:
            lines[-1] = longer
            continue
        lines += [word] if lines[-1] else []
        lines[-1] = word
        while width_of(lines[-1], points) > inches and len(lines[-1]) > 1:
            fits = max(1, int(len(lines[-1]) * inches / width_of(lines[-1], points)) - 1)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return lines


def sheet(
    rows: int,
    columns: int,
    panel: tuple[float, float],
    *,
    title: str,
    subtitle: str,
    note: str = "",
    left: float = 0.7,
    right: float = 0.2,
    below: float = 0.5,
    gaps: tuple[float, float] = (0.2, 0.35),
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, GridSpec]:
    """A figure that is as large as its content asks for, so that nothing is cut or overlaps.

    Args:
        rows: number of panels down.
        columns: number of panels across.
        panel: width and height of one panel in inches.
        title: what is shown.
        subtitle: on which data, how.
        note: how to read it.
        left: inches left of the panels.
        right: inches right of them.
        below: inches under them, before the note.
        gaps: inches between panels, across and down.
        ratios: width of each column of panels relative to ``panel``.
    """
    widths = [panel[0] * ratio for ratio in (ratios or [1.0] * columns)]
    inner = sum(widths) + gaps[0] * (columns - 1)
    width = max(left + inner + right, 6.4)
    text = width - 0.24
    head = [(line, BASE + 2, "bold") for line in wrapped(drawable(title), text * 0.9, BASE + 2)]
    head += [(line, BASE, "normal") for line in wrapped(drawable(subtitle), text, BASE)]
    foot = wrapped(drawable(note), text, BASE - 1) if note else []
    line = 0.165
    top = 0.14 + 0.2 * sum(size > BASE for _, size, _ in head) + line * sum(s <= BASE for _, s, _ in head) + 0.2
    bottom = below + line * len(foot) + (0.12 if foot else 0.0)
    height = top + rows * panel[1] + gaps[1] * (rows - 1) + bottom
    figure = Figure(figsize=(width, height))
    y = height - 0.1
    for words, size, weight in head:
        figure.text(0.12 / width, y / height, words, size=size, weight=weight, va="top", ha="left")
        y -= 0.2 if size > BASE else line
    for number, words in enumerate(reversed(foot)):
        figure.text(0.12 / width, (0.08 + number * line) / height, words, size=BASE - 1, color="#505050",
                    va="bottom", ha="left")  # fmt: skip
    grid = GridSpec(
        rows,
        columns,
        figure=figure,
        left=left / width,
        right=(left + inner) / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gaps[0] * columns / sum(widths) if columns > 1 else 0,
        hspace=gaps[1] / panel[1] if rows > 1 else 0,
        width_ratios=widths,
    )
    return figure, grid


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
    return widest(labels(names).values(), BASE - 0.5) + (0.65 if line else 0.45)
