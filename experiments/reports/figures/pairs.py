"""Two panels of the same runs, one by optimizer and one by activation, each with its own legend."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from experiments.reports.figures.legends import Legend, squeezed
from experiments.reports.formats import current, points
from experiments.reports.sheets import Sheet, panel_width, sheet

GAP = 0.62
"""Inches that a panel and its legend leave to the next panel, for its axis."""


class Pair:
    """The sheet of such a picture, its axes, and how their legends are put there.

    Args:
        factors: factor -> its levels, for each panel.
        panel: width and height of one panel in inches.
        left: inches left of the panels.
        below: inches under them, for their own labels.
        line: whether the legends show lines.
        words: title, subtitle and note of the sheet.
    """

    def __init__(
        self,
        factors: Mapping[str, Sequence[str]],
        panel: tuple[float, float],
        left: float,
        below: float = 0.5,
        *,
        line: bool,
        **words: str,
    ):
        self.legends = {name: Legend.of(levels, name, line=line) for name, levels in factors.items()}
        wide = [legend.width for legend in self.legends.values()]
        longest = max(len(levels) for levels in factors.values())
        self.below = below
        layout: dict[str, Any] = {
            "left": left,
            "below": below,
            "right": wide[1] + 0.37,
            "gaps": (wide[0] + GAP + 0.12, 0),
        }
        rows, columns, size = 1, 2, (panel[0], max(panel[1], 0.205 * longest + 0.35))
        if current().legend == "below":
            rows, columns = (2, 1) if current().narrow else (1, 2)
            across = panel_width(columns, left, 0.2, left) or panel[0]
            room = max(legend.below(across + left) for legend in self.legends.values())
            layout |= {"right": 0.2, "foot": room, "gaps": (left, room + below + 0.2)}
            size = (across, min(panel[1], across))
        self.figure: Sheet
        self.figure, grid = sheet(rows, columns, size, **(layout | words))
        self.axes: np.ndarray = grid.subplots(squeeze=False)

    def put_legends(self) -> None:
        for axes, legend in zip(self.axes.flat, self.legends.values(), strict=True):
            self._put(axes, legend)

    def _put(self, axes: Axes, legend: Legend) -> None:
        plain: dict[str, Any] = {"handles": legend.entries, "frameon": False, "title": legend.title,
                                 "alignment": "left"}  # fmt: skip
        if not legend.is_below:
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3, **plain,
                        **squeezed(legend))  # fmt: skip
            return
        box, high = axes.get_position(), self.figure.get_figheight()
        left = float(self.axes[0, 0].get_position().x0) * self.figure.get_figwidth()
        inches = box.width * self.figure.get_figwidth() + left
        anchor = (box.x0 - (left - 0.1) / self.figure.get_figwidth(), box.y0 - (self.below - 0.05) / high)
        axes.legend(loc="upper left", bbox_to_anchor=anchor, bbox_transform=self.figure.transFigure, borderaxespad=0,
                    ncols=legend.across(inches), labelspacing=0.25, columnspacing=1.0, fontsize=points(-0.5),
                    **plain)  # fmt: skip
