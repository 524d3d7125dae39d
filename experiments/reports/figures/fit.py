"""Whether the words of a figure fit: measured from what is drawn, not guessed."""

import itertools
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

PAGE = 9.2
"""Inches of the longest figure that a page has room for."""

SLACK = 1.5 / 110
"""Inches by which boxes of text may touch: they have empty edges."""


def misfit(figure: Figure) -> str:
    """What does not fit, in a few words; nothing where all does."""
    if figure.get_figheight() > PAGE:
        return "longer than a page"
    figure.draw_without_rendering()
    shown = boxes(figure)
    slack, (width, height) = SLACK * figure.dpi, figure.bbox.size
    for words, box, _ in shown:
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -slack:
            return f"no room for {words!r}"
    upright = [(words, box) for words, box, turn in shown if turn % 90 == 0]
    for (words, one), (others, other) in itertools.combinations(upright, 2):
        wide, high = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
        if min(wide, high) > slack:
            return f"{words!r} lies on {others!r}"
    return ""


def boxes(figure: Figure) -> list[tuple[str, Any, float]]:
    """Every text that shows: its words, its box in pixels, its angle."""
    hidden = {id(text) for axes in figure.axes if not axes.get_visible() for text in axes.findobj(Text)}
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick, place in zip(axis.get_major_ticks(), axis.get_majorticklocs(), strict=False):
                hidden.add(id(tick.label2))
                if not low - 1e-9 <= place <= high + 1e-9:
                    hidden.add(id(tick.label1))
    return [
        (text.get_text(), text.get_window_extent(), text.get_rotation())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip() and id(text) not in hidden
    ]
