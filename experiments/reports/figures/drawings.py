"""All figures of a report, by name: each picture of each block, and those over all blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.evidence import FACTORS, across_blocks
from experiments.reports.figures import critical, pictures


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Attributes:
        name: of its file. heading: above it on a page. group: the block, in words, that it is of.
        draw: makes it. alt: says what it shows, for those who cannot see it.
    """

    name: str
    heading: str
    group: str
    draw: Callable[[], Figure]
    alt: Callable[[], str]


ACROSS = "Across data sets and models"


def drawings(blocks: Sequence[Block]) -> list[Drawing]:
    """In the order in which a page shows them."""
    found = [
        Drawing(f"{block.slug}-{picture.name}", picture.heading, block.name, partial(picture.draw, block),
                partial(picture.alt, block))
        for block in blocks for picture in pictures(block)
    ]  # fmt: skip
    names = [block.name for block in blocks if block.runs["value"].notna().any()]
    for factor in FACTORS:
        test = across_blocks(blocks, factor)
        if test is not None and test.possible:
            found.append(Drawing(f"ranks-{factor}", f"Mean ranks by {factor}", ACROSS,
                                 partial(critical.draw, test, factor, names),
                                 partial(critical.alt, test, factor)))  # fmt: skip
    return found
