"""What figures are made for: a screen, the columns of a paper, slides. Imports nothing heavy."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from experiments.checks import one_of


@dataclass(frozen=True, kw_only=True)
class Format:
    """The size of a sheet and what stands on it.

    Attributes:
        folder: where its files go, under ``figures``. suffix: at the end of their names.
        kinds: of files. dpi: dots an inch of a PNG.
        points: of ordinary text.
        width, height: of the sheet in inches; None where it is as large as its content asks for.
        heading: whether title and subtitle stand above. note: whether how to read it stands below;
            without them they are left to a caption.
        legend: where a legend stands, ``right`` of the panels or ``below`` them.
        least: inches across that a panel needs; as many as fit stand side by side.
        letters: the longest label.
    """

    folder: str = ""
    suffix: str = ""
    kinds: tuple[str, ...] = ("png", "svg")
    dpi: int = 110
    points: float = 9.0
    width: float | None = None
    height: float | None = None
    heading: bool = True
    note: bool = True
    legend: str = "right"
    least: float = 0.0
    letters: int = 22

    @property
    def narrow(self) -> bool:
        """Whether two panels with their labels cannot stand side by side."""
        return self.width is not None and self.width < 5


SCREEN = Format()
_PAPER = Format(folder="paper", kinds=("svg", "pdf"), points=8.0, heading=False, note=False, legend="below")
ONE_COLUMN = Format(**vars(_PAPER) | {"suffix": "-1col", "width": 3.5, "least": 0.85, "letters": 13})
TWO_COLUMNS = Format(**vars(_PAPER) | {"suffix": "-2col", "width": 7.2, "least": 1.1, "letters": 16})
# A sheet of 7.5 inches filled into a slide of 13.33: its 9 points are 16 there, its PNG 1920 x 1080 dots.
SLIDE = Format(folder="slides", dpi=256, width=7.5, height=7.5 * 9 / 16, note=False, least=0.8, letters=16)

STYLES = {"screen": (SCREEN,), "paper": (ONE_COLUMN, TWO_COLUMNS), "slides": (SLIDE,)}
"""Style -> the formats that it writes. ``screen`` is that of ``report.md``."""


def formats(style: str) -> tuple[Format, ...]:
    """The formats of a style.

    Raises:
        UserError: there is no such style.
    """
    return STYLES[one_of(style, "style", tuple(STYLES))]


_CURRENT: ContextVar[Format] = ContextVar("format", default=SCREEN)


def current() -> Format:
    """What is drawn for at present; a screen unless told otherwise."""
    return _CURRENT.get()


@contextmanager
def drawing_for(chosen: Format) -> Iterator[None]:
    token = _CURRENT.set(chosen)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def points(more: float = 0.0) -> float:
    """The size of ordinary text, or so many points more."""
    return current().points + more
