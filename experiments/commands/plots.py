"""Plots for a terminal, as lines of text: 80 columns, no colour, plain ASCII where no more can be shown."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TextIO

WIDTH = 78


class Glyphs(NamedTuple):
    """What a plot is made of."""

    axis: str
    corner: str
    floor: str
    rail: str
    dot: str
    many: str


FANCY, PLAIN = Glyphs("│", "└", "─", "┄", "●", "◆"), Glyphs("|", "+", "-", ".", "o", "*")
MARKS = "0123456789abcdefghijklmnopqrstuvwxyz"


def glyphs(stream: TextIO) -> Glyphs:
    """Fancy on a terminal that can show them; plain for files, pipes, NO_COLOR and other encodings."""
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    return FANCY if stream.isatty() and encoding == "utf8" and not os.environ.get("NO_COLOR") else PLAIN


def curves(series: Sequence[Sequence[float]], glyphs: Glyphs, show: str = "{:.2f}", height: int = 8) -> list[str]:
    """Lines of points over 1, 2, 3 ..., each with its own mark: 0 for the first, 1 for the second and so on.

    Args:
        series: y values; one that is not finite is left out.
        glyphs: see ``glyphs``.
        show: format of a y value.
        height: lines of the plot.
    """
    known = [y for each in series for y in each if math.isfinite(y)]
    if not known:
        return ["nothing to show"]
    low, high = min(known), max(known)
    labels = [show.format(high), show.format(low)]
    left = max(map(len, labels))
    length = max(map(len, series))
    step = max(1, min(8, (WIDTH - left - 2) // length))
    columns = min(length, (WIDTH - left - 2) // step)
    field = [[" "] * (columns * step) for _ in range(height)]
    for number, each in enumerate(series):
        for column in range(columns):
            place = round(column * (length - 1) / max(1, columns - 1))  # of many points, as many as fit
            if place < len(each) and math.isfinite(each[place]):
                row = round((high - each[place]) / (high - low or 1.0) * (height - 1))
                mark = MARKS[number] if number < len(MARKS) else glyphs.dot
                at = column * step + step // 2
                field[row][at] = mark if field[row][at] == " " else glyphs.many
    lines = []
    for row, cells in enumerate(field):
        label = labels[0] if row == 0 else labels[1] if row == height - 1 and low < high else ""
        lines.append(f"{label:>{left}} {glyphs.axis}{''.join(cells)}".rstrip())
    lines.append(f"{'':{left}} {glyphs.corner}{glyphs.floor * (columns * step)}")
    ends = f"{1:>{step // 2 + 1}}{length if length > 1 else '':>{(columns - 1) * step}}"
    return [*lines, f"{'':{left}}  {ends}".rstrip()]


def dots(rows: Mapping[str, tuple[float, str]], glyphs: Glyphs, *, log: bool = False) -> list[str]:
    """One line a row: its name, a dot between the lowest and the highest value, and what is told of it.

    Args:
        rows: name -> (value, text); a value that is not finite (or, with ``log``, not above 0) has no dot.
        glyphs: see ``glyphs``.
        log: whether equal steps are equal ratios.
    """
    place = {name: _scale(value, log) for name, (value, _) in rows.items()}
    known = [x for x in place.values() if math.isfinite(x)]
    left = max(map(len, rows))
    right = max(len(text) for _, text in rows.values())
    width = max(10, min(40, WIDTH - left - right - 4))
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    lines = []
    for name, (_, text) in rows.items():
        rail = [glyphs.rail] * width
        if math.isfinite(place[name]):
            rail[round((place[name] - low) / (high - low or 1.0) * (width - 1))] = glyphs.dot
        lines.append(f"{name:{left}}  {''.join(rail)}  {text}")
    return lines


def _scale(value: float, log: bool) -> float:
    if not log:
        return value
    return math.log10(value) if value > 0 else math.nan
