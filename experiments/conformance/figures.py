"""The figures of the page: all gaps at a glance, and each optimizer's way down two landscapes."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.conformance.paths import OURS, Landscape, Paths
from experiments.conformance.rows import ALLOWED, REFERENCE, Row
from experiments.conformance.sources import SOURCES
from experiments.reports.figures.panels import panel_title, plain_powers
from experiments.reports.files import PLAIN, atomic
from experiments.reports.sheets import sheet
from experiments.reports.style import ALARM, BASE, BLACK, BLUE, GREEN, GREY, ORANGE, RED, Look, widest

LOOKS = {
    OURS: Look(BLACK, "o", "-"),
    REFERENCE: Look(GREY, "o", "-"),
    "keras": Look(RED, "s", (0, (5, 1.5))),
    "torch": Look(ORANGE, "^", (0, (1.2, 1.2))),
    "jax": Look(GREEN, "v", (0, (6, 1.5, 1.2, 1.5))),
    "optax": Look(BLUE, "D", (0, (3, 1))),
}
"""Of each source, fixed by name."""
TITLES = {OURS: "ours", REFERENCE: "float64 formula"} | {name: source.title for name, source in SOURCES.items()}
COLOURS = 128
"""Of a saved picture: a quarter of the bytes, and nothing that one sees."""
FLOOR = 1e-18
"""Where a gap of exactly 0 is drawn."""


def overview(rows: Sequence[Row]) -> Figure:
    """Every component's largest gap to each source: filled as they come, open with both set to one definition."""
    measured = [row for row in rows if row.gap is not None]
    names = list(dict.fromkeys(row.component for row in measured))
    used = [source for source in LOOKS if any(row.source == source for row in measured)]
    figure, grid = sheet(
        1, 1, (5.6, 0.24 * len(names) + 0.3), title="How far apart is each component?",
        subtitle="largest |a - b| / (1 + |b|) over values and derivatives; the float64 formula against ours in the "
        "finest precision",
        note="A dot at the left edge is a gap of exactly 0. Filled: each library as it comes. Open: set to our "
        "definition, or each held against its own formula. Dashed: what rounding may do, in float64 and in float32; "
        "Keras, which keeps parts in float32, is held to the latter.",
        left=widest(names, BASE - 1) + 0.3, right=1.5, below=0.55,
    )  # fmt: skip
    (axes,) = grid.subplots(squeeze=False).flat
    axes.set_xscale("log")
    for place, name in enumerate(names):
        for source in used:
            mine = [row for row in measured if row.component == name and row.source == source]
            mine = [row for row in mine if source != REFERENCE or row.dtype == _finest(measured)]
            if mine:
                _dots(axes, place + 0.14 * (used.index(source) - (len(used) - 1) / 2), source, mine)
    for dtype, limit in ALLOWED.items():
        axes.axvline(limit, color=ALARM, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        axes.text(limit, 1.005, dtype, size=BASE - 2, color=ALARM, ha="center", va="bottom",
                  transform=axes.get_xaxis_transform())  # fmt: skip
    axes.set_xlim(FLOOR / 3, None)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("largest gap")
    plain_powers(axes)
    _legend(figure, axes, used, line=False)
    return figure


def _finest(rows: Sequence[Row]) -> str:
    return "float64" if any(row.dtype == "float64" for row in rows) else "float32"


def _dots(axes: Axes, height: float, source: str, rows: Sequence[Row]) -> None:
    look = LOOKS[source]
    come = max(row.gap.left for row in rows if row.gap)
    left = max((row.matched.left if row.matched else row.gap.left) for row in rows if row.gap)
    for value, filled in ((come, True), (left, False)):
        if filled or left < come:
            axes.scatter([max(value, FLOOR)], [height], s=20, marker=look.marker, linewidths=1.0, zorder=3,
                         facecolors=look.colour if filled else "white", edgecolors=look.colour)  # fmt: skip
    if left < come:
        axes.hlines(height, max(left, FLOOR), come, colors=look.colour, linewidth=0.5, alpha=0.6, zorder=2)


def walks(name: str, lands: Mapping[str, tuple[Landscape, Paths, Paths, Paths]]) -> Figure:
    """One optimizer: for each landscape its paths over the contours, and the distance from ours by step.

    Args:
        name: of the optimizer.
        lands: title -> landscape, paths, distances as they come, distances with our settings.
    """
    sources = list(next(iter(lands.values()))[1])
    figure, grid = sheet(
        len(lands), 2, (3.3, 2.2), title=f"{name}: the way down", subtitle=f"{' and '.join(lands)}; from the ring to "
        "the star, all at the same learning rate",
        note="Right: distance of each library's path from ours after each step, thick as it comes, thin with both set "
        "to one definition; a distance of exactly 0 is not drawn.",
        left=0.7, right=1.15, gaps=(0.85, 0.75), below=0.55,
    )  # fmt: skip
    axes = grid.subplots(squeeze=False)
    for (left, right), (title, (land, come, apart, matched)) in zip(axes, lands.items(), strict=True):
        panel_title(left, title)
        _contours(left, land, come)
        for distances, width in ((apart, 1.8), (matched, 0.8)):
            for source, distance in distances.items():
                look = LOOKS[source]
                steps = np.arange(len(distance))
                right.plot(steps, np.where(distance > 0, distance, np.nan), color=look.colour, linestyle=look.dash,
                           linewidth=width)  # fmt: skip
        right.set_yscale("log")
        right.set_ylim(FLOOR, 10)
        right.set(xlabel="step", ylabel="distance from ours")
        plain_powers(right)
    _legend(figure, axes[0, 1], sources, line=True)
    return figure


def _contours(axes: Axes, land: Landscape, come: Paths) -> None:
    points = np.concatenate([*come.values(), np.array([land.minimum])])
    reach = 2.5 * np.abs(np.array(land.start) - land.minimum).max()
    points = np.clip(np.nan_to_num(points), np.array(land.minimum) - reach, np.array(land.minimum) + reach)
    low, high = points.min(axis=0), points.max(axis=0)
    pad = 0.12 * (high - low) + 0.02
    low, high = low - pad, high + pad
    x, y = np.meshgrid(np.linspace(low[0], high[0], 160), np.linspace(low[1], high[1], 160))
    heights = land.value(np.stack([x, y], axis=-1)) - land.value(np.array(land.minimum))
    axes.contour(x, y, heights, levels=np.unique(np.quantile(heights, np.linspace(0.02, 0.95, 10))), colors="#C8C8C8",
                 linewidths=0.6)  # fmt: skip
    for number, (source, path) in enumerate(come.items()):
        look = LOOKS[source]
        axes.plot(path[:, 0], path[:, 1], color=look.colour, linestyle=look.dash,
                  linewidth=2.6 - 0.5 * number)  # fmt: skip
    axes.scatter(*land.start, s=30, facecolors="white", edgecolors="black", zorder=5)
    axes.scatter(*land.minimum, s=60, marker="*", color="black", zorder=5)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="w₁", ylabel="w₂")


def _legend(figure: Figure, axes: Axes, sources: Sequence[str], *, line: bool) -> None:
    entries = [
        Line2D([], [], color=LOOKS[source].colour, label=TITLES[source], linewidth=1.6,
               linestyle=LOOKS[source].dash if line else "none", marker="none" if line else LOOKS[source].marker,
               markersize=5)
        for source in sources
    ]  # fmt: skip
    box = axes.get_position()
    figure.legend(handles=entries, loc="upper left", frameon=False, borderaxespad=0,
                  bbox_to_anchor=(box.x1 + 0.12 / figure.get_figwidth(), box.y1))  # fmt: skip


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a small PNG; the same figure gives the same bytes."""
    from PIL import Image

    raw = BytesIO()
    figure.savefig(raw, format="png", metadata=PLAIN["png"])
    small = Image.open(raw).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    with atomic(path) as partial:
        small.save(partial, format="PNG", optimize=True)
