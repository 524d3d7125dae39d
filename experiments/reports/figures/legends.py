"""The legend of a whole picture: right of its panels or below them, as the format has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.reports.formats import current, points
from experiments.reports.style import handles, legend_width, widest

LEADING = 1.42
"""Height of an entry of a legend, relative to its type."""


@dataclass(frozen=True)
class Legend:
    """``entries`` under a ``title``, each ``width`` inches wide."""

    entries: Sequence[Line2D]
    title: str
    width: float

    @classmethod
    def of(cls, names: Sequence[str], title: str, *, line: bool, more: Sequence[Line2D] = ()) -> "Legend":
        """The legend of these names in their colours, then the signs ``more``."""
        told = widest((str(each.get_label()) for each in more), points(-0.5)) + 0.5 if more else 0.0
        return cls([*handles(names, line=line), *more], title, max(legend_width(names, line=line), told))

    @property
    def right(self) -> float:
        """Inches that it takes at the right of the panels."""
        return 0.2 if self.is_below else self.width + 0.25

    @property
    def is_below(self) -> bool:
        return current().legend == "below"

    def across(self, inches: float) -> int:
        return max(1, min(len(self.entries), int((inches - 0.1) / (self.width - 0.1))))

    def below(self, inches: float | None = None) -> float:
        """Inches that it takes below panels, where as many lie side by side as fit into ``inches``."""
        if not self.is_below or not self.entries:
            return 0.0
        rows = ceil(len(self.entries) / self.across(inches or current().width or 6.4)) + bool(self.title)
        return LEADING * rows * points(-0.5) / 72 + 0.12

    def put(self, figure: Figure, beside: Axes, more: float = 0.0) -> None:
        """Draw it, with its top at that of the axes ``beside`` where it stands at the right of them.

        ``more`` inches lie between, for what else stands there.
        """
        box, width, height = beside.get_position(), figure.get_figwidth(), figure.get_figheight()
        title = {"title": self.title, "alignment": "left"} if self.title else {}
        if self.is_below:
            figure.legend(handles=self.entries, loc="lower center", frameon=False, borderaxespad=0, borderpad=0.2,
                          bbox_to_anchor=(0.5, 0.04 / height), ncols=self.across(width), labelspacing=0.25,
                          columnspacing=1.0, **title)  # fmt: skip
            return
        figure.legend(handles=self.entries, loc="upper left", frameon=False, borderaxespad=0, **squeezed(self),
                      bbox_to_anchor=(box.x1 + (0.12 + more) / width, box.y1), **title)  # fmt: skip


def squeezed(legend: Legend) -> dict[str, float]:
    """Smaller type, closer together, where the height of the sheet is fixed and the entries are many."""
    height = current().height
    if height is None:
        return {}
    room = 72 * (height - 0.7) / (len(legend.entries) + 1.5)
    return {} if room > 1.7 * points(-0.5) else {"fontsize": min(points(-0.5), room / LEADING), "labelspacing": 0.2}
