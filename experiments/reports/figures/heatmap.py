"""Activation x optimizer: the mean over seeds in each cell, with its spread and what went wrong."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.reports.blocks import Block
from experiments.reports.formats import current, points
from experiments.reports.sheets import panel_width, sheet
from experiments.reports.style import ABSENT, ALARM, labels, widest
from experiments.reports.summary import FEW, ranked
from experiments.reports.text import count

CELL = (0.78, 0.56)
LEAST = (1.6, 1.6)
"""Inches of the whole grid, so that one cell still leaves room for its colour bar."""
BAR = (0.15, 0.2, 0.75)
"""Inches before the colour bar, of itself, and behind it for its numbers."""
SMALLEST = 4.8
"""Points of the smallest numbers in a cell; where these do not fit, the colours tell alone."""


def draw(block: Block) -> Figure:
    metric = block.metric
    means = block.grid("mean")
    shown = pd.DataFrame(metric.shown(means), index=means.index, columns=means.columns)
    limits = metric.limits(shown.to_numpy(), 0.0)
    rows, columns = labels(block.rows), labels(block.columns)
    wide, high = (max(size, least / n) for size, least, n in zip(CELL, LEAST, (len(columns), len(rows)), strict=True))
    longest, left = widest(columns.values(), points(-1)), widest(rows.values(), points(-1)) + 0.58
    flat = current().narrow  # the colour bar lies below
    right = 0.2 if flat else sum(BAR)
    if fixed := panel_width(1, left, right, 0):
        wide, high = fixed / len(columns), min(CELL[1], max(0.125, 0.72 * fixed / len(columns)))
    turn = 0 if longest <= wide - 0.06 else 45 if wide > 0.26 or fixed is None else 90
    figure, grid = sheet(
        1, 1, (wide * len(columns), high * len(rows)),
        title=f"Test {metric.word} by activation and optimizer",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
        left=left,
        right=right,
        foot=0.6 if flat else 0.0,
        below=0.4 + {0: 0.15, 45: 0.75 * longest, 90: longest + 0.05}[turn],
    )  # fmt: skip
    axes = figure.add_subplot(grid[0, 0])
    box, across, upward = axes.get_position(), 1 / figure.get_figwidth(), 1 / figure.get_figheight()
    if flat:
        bar = figure.add_axes((box.x0, 0.45 * upward, box.width, 0.1 * upward))
        ticks = metric.choose_ticks(limits, 0.3 / (wide * len(columns)))
    else:
        bar = figure.add_axes((box.x1 + BAR[0] * across, box.y0, BAR[1] * across, box.height))
        ticks = metric.choose_ticks(limits, 0.22 / (box.height / upward))
    high = box.height / upward / len(rows)
    told, size, what = fitting(block, wide, high)
    figure.note = reading(block, what)
    sns.heatmap(
        shown,
        ax=axes,
        cbar_ax=bar,
        mask=shown.isna(),
        annot=told.to_numpy(),
        fmt="",
        annot_kws={"size": size, "linespacing": 1.1},
        cmap="cividis",
        vmin=limits[0],
        vmax=limits[1],
        norm=FuncNorm((metric.stretch, metric.unstretch), *limits),
        linewidths=1.2 if wide > 0.3 else 0.5,
        xticklabels=list(columns.values()),
        yticklabels=list(rows.values()),
        cbar_kws={
            "orientation": "horizontal" if flat else "vertical",
            "ticks": ticks,
            "format": lambda value, _: f"{value:g}",
        },
    )
    bar.set(**{"xlabel" if flat else "ylabel": metric.axis("mean test")})
    bar.minorticks_off()
    axes.set_facecolor("white")
    axes.set(xlabel="optimizer", ylabel="activation")
    axes.set_xticklabels(list(columns.values()), rotation=turn)
    if turn == 45:
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_yticklabels(list(rows.values()), rotation=0)
    _mark(block, axes, wide, high)
    return figure


def fitting(block: Block, wide: float, high: float) -> tuple[pd.DataFrame, float, str]:
    """The most that fits into a cell of these inches, its size, and whether that is all, the mean or nothing."""
    told = words(block)
    if current().width is None:
        return told, points(-1.5), "all"
    for what, some in (("all", told), ("mean", told.map(lambda text: text.partition("\n")[0]))):
        lines = [line for text in some.to_numpy().ravel() for line in text.split("\n")]
        many = max(text.count("\n") + 1 for text in some.to_numpy().ravel())
        most = min((wide - 0.03) / max(widest(lines, 1.0), 1e-9), 72 * (high - 0.02) / (1.35 * many))
        if most >= SMALLEST:
            return some, min(points(-1.5), most), what
    return pd.DataFrame("", index=told.index, columns=told.columns, dtype=object), SMALLEST, "nothing"


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


def reading(block: Block, told: str = "all") -> str:
    """How to read it, with what the cells tell: ``all``, the ``mean`` alone, or ``nothing``."""
    some = block.cells[block.cells["seeds"] > 0]
    if some.empty:
        return "Hatched: no result."
    methods = set(some["interval"]) - {""}
    spelled = {"t": f"Student's t below {FEW} seeds", "bca": f"BCa bootstrap from {FEW} seeds on"}
    spread = f" ± half width of the 95 % interval over seeds ({', '.join(spelled[m] for m in sorted(methods))})"
    spread = spread if methods else "; with one seed there is no spread"
    note = f"Each cell: mean over seeds{spread if told == 'all' else ''}."
    if told == "nothing":
        note = "The colour of each cell: mean over seeds."
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


def _mark(block: Block, axes: Axes, wide: float, high: float) -> None:
    """Hatch and name the cells without a result, frame those with diverged runs."""
    named = current().width is None or (wide > 0.55 and high > 0.3)
    line = 1.8 if wide > 0.3 else 0.8
    x = {name: place for place, name in enumerate(block.columns)}
    y = {name: place for place, name in enumerate(block.rows)}
    known = {(cell.row, cell.column) for cell in block.cells.itertuples()}
    for _, cell in block.cells.iterrows():
        place = (x[cell["column"]], y[cell["row"]])
        if not cell["seeds"]:
            _absent(axes, place, state(cell) if named else "")
        elif cell["diverged"]:
            inner = (place[0] + 0.04, place[1] + 0.04)
            axes.add_patch(Rectangle(inner, 0.92, 0.92, fill=False, edgecolor=ALARM, linewidth=line))
    for row in block.rows:
        for column in block.columns:
            if (row, column) not in known:
                _absent(axes, (x[column], y[row]), "not in\nthe plan" if named else "")


def _absent(axes: Axes, place: tuple[int, int], word: str) -> None:
    axes.add_patch(Rectangle(place, 1, 1, facecolor="#F4F4F4", edgecolor=ABSENT, hatch="////", linewidth=0.6))
    if not word:
        return
    axes.text(place[0] + 0.5, place[1] + 0.5, word, ha="center", va="center", size=points(-1.5),
              color="#303030", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
