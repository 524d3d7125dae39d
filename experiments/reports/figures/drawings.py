"""All figures of a report, by name: each picture of each block, and those over all blocks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from experiments.reports import losses, losses_told, survival_told
from experiments.reports.blocks import Block
from experiments.reports.evidence import FACTORS, across_blocks, alike_but_for_loss
from experiments.reports.figures import critical, pictures
from experiments.reports.figures import losses as loss_figures
from experiments.reports.figures import survival as survival_figures
from experiments.reports.models import words as model_words
from experiments.reports.survival import survivals
from experiments.reports.text import plain


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
    for each in losses.compared(blocks):
        words, draw = losses_told.alts(each), loss_figures
        found += [
            Drawing(f"{each.slug}-cells", "Every cell by loss", losses_told.HEADING,
                    partial(draw.draw_cells, each), partial(str, words["cells"])),
            Drawing(f"{each.slug}-curves", "Learning curves by loss", losses_told.HEADING,
                    partial(draw.draw_curves, each), partial(str, words["curves"])),
        ]  # fmt: skip
    found += [Drawing(each.slug, "What survives in a modern net", survival_told.HEADING,
                      partial(survival_figures.draw, each), partial(survival_told.alt, each))
              for each in survivals(blocks)]  # fmt: skip
    names = [block.name if len(group) == 1 else f"{block.data}, {plain(model_words(block.model))}"
             for block, group in ((group[0], group) for group in alike_but_for_loss(blocks))
             if any(each.runs["value"].notna().any() for each in group)]  # fmt: skip
    for factor in FACTORS:
        test = across_blocks(blocks, factor)
        if test is not None and test.possible:
            found.append(Drawing(f"ranks-{factor}", f"Mean ranks by {factor}", ACROSS,
                                 partial(critical.draw, test, factor, names),
                                 partial(critical.alt, test, factor)))  # fmt: skip
    return found
