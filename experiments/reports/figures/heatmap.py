"""Activation x optimizer: the mean over seeds in each cell, with its spread and what went wrong."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.reports.blocks import Block
from experiments.reports.style import ABSENT, ALARM, BASE, labels, sheet, widest
from experiments.reports.summary import FEW, ranked
from experiments.reports.text import count

CELL = (0.78, 0.56)
LEAST = (1.6, 1.6)
"""Inches of the whole grid, so that one cell still leaves room for its colour bar."""


def draw(block: Block) -> Figure:
    metric = block.metric
    means = block.grid("mean")
    shown = pd.DataFrame(metric.shown(means), index=means.index, columns=means.columns)
    limits = metric.limits(shown.to_numpy(), 0.0)
    rows, columns = labels(block.rows), labels(block.columns)
    wide, high = (max(size, least / n) for size, least, n in zip(CELL, LEAST, (len(columns), len(rows)), strict=True))
    slanted = widest(columns.values(), BASE - 1) > wide - 0.06
    figure, grid = sheet(
        1, 2, (wide * len(columns), high * len(rows)),
        ratios=[1, 0.2 / (wide * len(columns))],
        gaps=(0.15, 0),
        title=f"Test {metric.word} by activation and optimizer",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
        left=widest(rows.values(), BASE - 1) + 0.58,
        right=0.75,
        below=0.4 + (0.75 * widest(columns.values(), BASE - 1) if slanted else 0.15),
    )  # fmt: skip
    axes, bar = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    ticks = metric.choose_ticks(limits, 0.22 / (high * len(rows)))
    sns.heatmap(
        shown,
        ax=axes,
        cbar_ax=bar,
        mask=shown.isna(),
        annot=words(block).to_numpy(),
        fmt="",
        annot_kws={"size": BASE - 1.5, "linespacing": 1.1},
        cmap="cividis",
        vmin=limits[0],
        vmax=limits[1],
        norm=FuncNorm((metric.stretch, metric.unstretch), *limits),
        linewidths=1.2,
        xticklabels=list(columns.values()),
        yticklabels=list(rows.values()),
        cbar_kws={"ticks": ticks, "format": lambda value, _: f"{value:g}"},
    )
    bar.set_ylabel(metric.axis("mean test"))
    bar.minorticks_off()
    axes.set_facecolor("white")
    axes.set(xlabel="optimizer", ylabel="activation")
    turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if slanted else {"rotation": 0}
    axes.set_xticklabels(list(columns.values()), **turn)
    axes.set_yticklabels(list(rows.values()), rotation=0)
    _mark(block, axes)
    return figure


def words(block: Block) -> pd.DataFrame:
    """What stands in each cell that has a result: mean, half width, how many seeds went wrong."""

    def tell(cell: pd.Series) -> str:
        lines = [block.metric.number(cell["mean"])]
        if np.isfinite(cell["half_width"]):
            lines[0] += f"\n±{block.metric.number(cell['half_width'])}"
        total = cell["seeds"] + cell["failed"] + cell["missing"]
        lines += [f"{cell['diverged']} of {total} div."] if cell["diverged"] else []
        lost = cell["failed"] + cell["missing"]
        lines += [f"{lost} of {total} lost"] if lost else []
        return "\n".join(lines)

    told = block.cells.assign(words=block.cells.apply(tell, axis=1))
    table = told.pivot(index="row", columns="column", values="words")
    return table.reindex(index=block.rows, columns=block.columns).fillna("").astype(object)


def state(cell: pd.Series) -> str:
    """One word for a cell without a result."""
    if cell["oom"]:
        return "out of\nmemory"
    return "failed" if cell["failed"] else "not run"


def reading(block: Block) -> str:
    some = block.cells[block.cells["seeds"] > 0]
    if some.empty:
        return "Hatched: no result."
    methods = set(some["interval"]) - {""}
    told = {"t": f"Student's t below {FEW} seeds", "bca": f"BCa bootstrap from {FEW} seeds on"}
    spread = f" ± half width of the 95 % interval over seeds ({', '.join(told[m] for m in sorted(methods))})"
    note = f"Each cell: mean over seeds{spread if methods else '; with one seed there is no spread'}."
    if some["diverged"].any():
        note += f" Framed: runs that diverged (div.) count at chance level, {block.metric.say(block.chance)}."
    if (block.cells["failed"] + block.cells["missing"]).any():
        note += " Lost: failed or not run, left out of the mean. Hatched: no result."
    if (block.grid("mean") * block.metric.factor < block.metric.floor).any(axis=None):
        note += f" Means below {block.metric.floor:g} have the colour of {block.metric.floor:g}."
    return note + " Colours are stretched toward the best value."


def alt(block: Block) -> str:
    best = ranked(block.cells)
    end = (
        f"the best is {best['row'][0]} with {best['column'][0]}, {block.metric.say(best['mean'][0])}"
        if len(best)
        else "no cell has a result"
    )
    return (
        f"Heat map of mean test {block.metric.word}, {count(len(block.rows), 'activation')} by "
        f"{count(len(block.columns), 'optimizer')}, on {block.name}: {end}."
    )


def _mark(block: Block, axes: Axes) -> None:
    """Hatch and name the cells without a result, frame those with diverged runs."""
    x = {name: place for place, name in enumerate(block.columns)}
    y = {name: place for place, name in enumerate(block.rows)}
    known = {(cell.row, cell.column) for cell in block.cells.itertuples()}
    for _, cell in block.cells.iterrows():
        place = (x[cell["column"]], y[cell["row"]])
        if not cell["seeds"]:
            _absent(axes, place, state(cell))
        elif cell["diverged"]:
            inner = (place[0] + 0.04, place[1] + 0.04)
            axes.add_patch(Rectangle(inner, 0.92, 0.92, fill=False, edgecolor=ALARM, linewidth=1.8))
    for row in block.rows:
        for column in block.columns:
            if (row, column) not in known:
                _absent(axes, (x[column], y[row]), "not in\nthe plan")


def _absent(axes: Axes, place: tuple[int, int], word: str) -> None:
    axes.add_patch(Rectangle(place, 1, 1, facecolor="#F4F4F4", edgecolor=ABSENT, hatch="////", linewidth=0.6))
    axes.text(place[0] + 0.5, place[1] + 0.5, word, ha="center", va="center", size=BASE - 1.5,
              color="#303030", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
