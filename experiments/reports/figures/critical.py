"""The critical-difference diagram: mean ranks over blocks, and bars over what cannot be told apart."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.figure import Figure

from experiments.reports.figures.panels import inches
from experiments.reports.formats import current, points
from experiments.reports.sheets import sheet
from experiments.reports.style import labels, widest
from experiments.statistics import FriedmanNemenyi

WIDTH = 4.6
LINE = 0.21


def draw(found: FriedmanNemenyi, factor: str, over: Sequence[str]) -> Figure:
    """Demsar's diagram; the test has to have been made.

    Args:
        found: what the test says.
        factor: ``activation`` or ``optimizer``.
        over: names of the blocks.
    """
    shown = labels(found.levels)
    half = len(found.levels) if current().narrow else -(-len(found.levels) // 2)
    bars = len(found.cliques)
    depth = 0.16 * bars + 0.12
    side = widest((f"{label} 88.88" for label in shown.values()), points(-0.5)) + 0.45
    figure, grid = sheet(
        1, 1, (WIDTH, 0.5 + depth + LINE * half),
        title=f"Mean rank of each {factor} over {len(found.blocks)} data sets and models",
        subtitle="; ".join(over),
        note=(
            f"1 is the best. A bar joins levels whose mean ranks are less than the critical difference apart,"
            f" {found.critical_difference:.2f} (Nemenyi, level {found.alpha:g}); Friedman's p {found.p:.2g}."
        ),
        left=side, right=0.2 if current().narrow else side, below=0.15,
    )  # fmt: skip
    axes = figure.add_subplot(grid[0, 0])
    height = 0.5 + depth + LINE * half
    low, high = 1, len(found.levels)
    axes.set(xlim=(low - 0.1, high + 0.1), ylim=(height, 0))
    axes.axis("off")
    axes.plot([low, high], [0.3, 0.3], color="black", linewidth=1.0)
    every = (1 if high <= 12 else 2) if current().width is None else ceil(0.2 * high / inches(axes, "x"))
    for tick in range(low, high + 1):
        axes.plot([tick, tick], [0.24, 0.3], color="black", linewidth=1.0)
        if (tick - 1) % every == 0:
            axes.text(tick, 0.2, str(tick), ha="center", va="bottom", size=points(-1))
    for number, clique in enumerate(found.cliques):
        ends = [found.ranks[clique[0]] - 0.04, found.ranks[clique[-1]] + 0.04]
        axes.plot(ends, [0.42 + 0.16 * number] * 2, color="black", linewidth=3.0, solid_capstyle="round")
    for place, level in enumerate(found.levels):
        rank, left = found.ranks[level], place < half
        y = 0.3 + depth + 0.12 + LINE * (place if left else len(found.levels) - 1 - place)
        end = low - 0.1 if left else high + 0.1
        axes.plot([rank, rank, end], [0.3, y, y], color="#505050", linewidth=0.8)
        words = f"{shown[level]} {rank:.2f}" if left else f"{rank:.2f} {shown[level]}"
        shift = -4 if left else 4
        axes.annotate(words, (end, y), (shift, 0), textcoords="offset points", ha="right" if left else "left",
                      va="center", size=points(-0.5), annotation_clip=False)  # fmt: skip
    return figure


def alt(found: FriedmanNemenyi, factor: str) -> str:
    ranks = np.array(list(found.ranks.values()))
    return (
        f"Critical-difference diagram of {len(found.levels)} {factor}s: mean ranks from {ranks.min():.2f} to "
        f"{ranks.max():.2f}, critical difference {found.critical_difference:.2f}."
    )
