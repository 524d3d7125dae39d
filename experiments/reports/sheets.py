"""The sheet of a figure: panels in a grid, words above and below, nothing cut, nothing that overlaps."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from experiments.reports.formats import SCREEN, current, points
from experiments.reports.style import drawable, theme, wrapped

LINE = 0.165 / 9
"""Inches of a line of text, a point."""


class Sheet(Figure):
    """A figure that knows what its caption says, on the sheet or beside it, and is always saved as it was drawn."""

    title = subtitle = note = ""
    format = SCREEN

    def savefig(self, *arguments: Any, **named: Any) -> None:
        with theme(self.format):
            super().savefig(*arguments, **named)

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        image = BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()

    @property
    def caption(self) -> str:
        return ". ".join(each.rstrip(".") for each in (self.title, self.subtitle, self.note) if each) + "."


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
    foot: float = 0.0,
    gaps: tuple[float, float] = (0.2, 0.35),
) -> tuple[Sheet, GridSpec]:
    """A figure as large as its content asks for, or as its format says: then the panels give way.

    Args:
        rows: number of panels down.
        columns: number of panels across.
        panel: width and height of one panel in inches; what the format fixes is worked out instead.
        title: what is shown.
        subtitle: on which data, how.
        note: how to read it.
        left: inches left of the panels.
        right: inches right of them.
        below: inches under them, for their own labels.
        foot: inches under these, for a legend.
        gaps: inches between panels, across and down.
    """
    chosen = current()
    wide = panel_width(columns, left, right, gaps[0]) or panel[0]
    inner = wide * columns + gaps[0] * (columns - 1)
    width = chosen.width or max(left + inner + right, 6.4)
    head = _head(title, subtitle, width - 0.24) if chosen.heading else []
    notes = wrapped(drawable(note), width - 0.24, points(-1)) if note and chosen.note else []
    line = LINE * chosen.points
    top = 0.34 + sum(0.2 if weight == "bold" else line for _, weight in head) if head else 0.2
    bottom = below + foot + line * len(notes) + (0.12 if notes else 0.0)
    high = panel[1] if chosen.height is None else (chosen.height - top - bottom - gaps[1] * (rows - 1)) / rows
    height = top + rows * high + gaps[1] * (rows - 1) + bottom
    figure = Sheet(figsize=(width, height))
    figure.title, figure.subtitle, figure.note, figure.format = title, subtitle, note, chosen
    y = height - 0.1
    for words, weight in head:
        size = points(2) if weight == "bold" else points()
        figure.text(0.12 / width, y / height, words, size=size, weight=weight, va="top", ha="left")
        y -= 0.2 if weight == "bold" else line
    for number, words in enumerate(reversed(notes)):
        figure.text(0.12 / width, (0.08 + number * line) / height, words, size=points(-1), color="#505050",
                    va="bottom", ha="left")  # fmt: skip
    grid = GridSpec(
        rows,
        columns,
        figure=figure,
        left=left / width,
        right=(left + inner) / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gaps[0] / wide if columns > 1 else 0,
        hspace=gaps[1] / high if rows > 1 else 0,
    )
    return figure, grid


def panel_width(columns: int, left: float, right: float, gap: float) -> float | None:
    """Inches of each panel where the format fixes the width of the sheet."""
    width = current().width
    return None if width is None else max(0.1, (width - left - right - gap * (columns - 1)) / columns)


def _head(title: str, subtitle: str, inches: float) -> list[tuple[str, str]]:
    """The lines above the panels with their weights; a sheet of fixed height has no room for long ones."""
    above = wrapped(drawable(title), inches * 0.9, points(2))
    under = wrapped(drawable(subtitle), inches, points())
    if current().height is not None:
        above, under = _cut(above, 1), _cut(under, 2)
    return [(line, "bold") for line in above] + [(line, "normal") for line in under]


def _cut(lines: Sequence[str], most: int) -> list[str]:
    kept = list(lines[:most])
    return [*kept[:-1], f"{kept[-1][:-2]}…"] if len(lines) > most else kept
