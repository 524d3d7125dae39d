"""The pictures of one block: each module has ``draw(block) -> Figure`` and ``alt(block) -> str``."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.figures import curves, heatmap, layers, moves, points, profile, rates, size, time


@dataclass(frozen=True)
class Picture:
    """A picture that a report has for each block.

    Attributes:
        name: last part of the file's name. heading: above it on a page.
        draw: makes the figure. alt: says what it shows, for those who cannot see it.
        there: whether the block has anything for it to show; without it, always.
    """

    name: str
    heading: str
    draw: Callable[[Block], Figure]
    alt: Callable[[Block], str]
    there: Callable[[Block], bool] | None = None


PICTURES = (
    Picture("heatmap", "Every cell", heatmap.draw, heatmap.alt),
    Picture("moves", "Tuned beside default rates", moves.draw, moves.alt, moves.there),
    Picture("rates", "Learning rates", rates.draw, rates.alt, rates.there),
    Picture("curves", "Learning curves", curves.draw, curves.alt),
    Picture("seeds", "Every seed", points.draw, points.alt),
    Picture("profile", "Share of runs above a threshold", profile.draw, profile.alt),
    Picture("gradients", "Gradient norm by depth", layers.draw_gradients,
            layers.alt("Gradient norm by depth at start and end"), layers.gradients_there),
    Picture("dead", "Dead units over time", layers.draw_dead,
            layers.alt("Dead share of units at start, middle and end, by layer"), layers.units_there),
    Picture("means", "Mean activation by layer", layers.draw_means,
            layers.alt("Mean activation by layer at start and end"), layers.units_there),
    Picture("time", "Against time", time.draw, time.alt),
    Picture("size", "Parameters and optimizer state", size.draw, size.alt),
)  # fmt: skip
"""In the order in which a page shows them."""


def pictures(block: Block) -> list[Picture]:
    """Those that have something to show of this block."""
    return [picture for picture in PICTURES if picture.there is None or picture.there(block)]
