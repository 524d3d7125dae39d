"""Tuned beside default rates: each level's mean twice, and whose rank moves."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.reports.blocks import Block
from experiments.reports.evidence import FACTORS, NOTHING, evidence_of_change
from experiments.reports.figures.legends import Legend
from experiments.reports.figures.panels import metric_axis, no_data, panel_title
from experiments.reports.formats import current, points
from experiments.reports.sheets import sheet
from experiments.reports.style import labels, look, widest
from experiments.reports.summary import levels

WIDTH = 3.0
LINE = 0.3
SIGNS = (
    Line2D([], [], linestyle="none", marker="o", color="black", markersize=6, label="tuned rates"),
    Line2D([], [], linestyle="none", marker="o", markerfacecolor="white", markeredgecolor="black",
           markersize=6, label="default rates"),
)  # fmt: skip


def there(block: Block) -> bool:
    return any(len(evidence_of_change(block, factor)) for factor in FACTORS)


def table(block: Block, factor: str) -> pd.DataFrame:
    """Levels in their tuned order: mean and interval at tuned and at default rates, positions, ``moves``.

    Both means are over the same cells and seeds.
    """
    changes = evidence_of_change(block, factor)
    if changes.empty or block.defaults is None:
        return NOTHING
    column = FACTORS[factor]
    other = FACTORS[{"activation": "optimizer", "optimizer": "activation"}[factor]]
    key = ["row", "column", "seed"]
    both = block.runs[block.runs["value"].notna()][key].merge(
        block.defaults.runs[block.defaults.runs["value"].notna()][key]
    )
    found = changes.set_index("level")[["position_tuned", "position_defaults", "moves", "surely"]]
    for name, part in (("tuned", block.runs), ("defaults", block.defaults.runs)):
        means = levels(part.merge(both.drop_duplicates()), column, other).set_index("level")
        found = found.join(means[["mean", "low", "high"]].add_suffix(f"_{name}"))
    return found.reset_index()


def draw(block: Block) -> Figure:
    metric = block.metric
    tables = {factor: table(block, factor) for factor in ("optimizer", "activation")}
    longest = max(1, *(len(each) for each in tables.values()))
    shown = {factor: labels(each["level"]) if len(each) else {} for factor, each in tables.items()}
    wide = {factor: widest(each.values(), points(-1)) for factor, each in shown.items()}
    legend, stacked = Legend(SIGNS, "", 1.07), current().narrow
    figure, grid = sheet(
        *((2, 1) if stacked else (1, 2)), (WIDTH, LINE * points() / 9 * (longest + 0.4)),
        title=f"Mean test {metric.word}: tuned beside default learning rates",
        subtitle=f"{block.name}; {block.setting.replace(', tuned learning rates', '')}",
        note=reading(block),
        left=(max(wide.values()) if stacked else wide["optimizer"]) + 0.25,
        right=legend.right + 0.43,
        foot=legend.below(),
        gaps=(0, 0.75) if stacked else (wide["activation"] + 0.9, 0),
    )  # fmt: skip
    axes = grid.subplots(squeeze=False)
    if all(each.empty for each in tables.values()):
        return no_data(figure, axes, "no seed has all levels at both rates yet")
    for each, (factor, levels_) in zip(axes.flat, tables.items(), strict=True):
        panel_title(each, f"by {factor}")
        if levels_.empty:
            no_data(figure, np.array([[each]]), "one level, or none complete")
            continue
        _panel(block, each, levels_, list(shown[factor].values()))
    legend.put(figure, axes.flat[1], more=0.43)
    return figure


def _panel(block: Block, axes: Axes, found: pd.DataFrame, names: list[str]) -> None:
    metric = block.metric
    ends = [f"{end}_{rates}" for rates in ("tuned", "defaults") for end in ("mean", "low", "high")]
    limits = metric.limits(metric.shown(found[["mean_tuned", "mean_defaults"]].to_numpy()), 0.08)
    value = {name: metric.shown(found[name]) for name in ends}
    y = np.arange(len(found), dtype=float)
    colours = [look(name).colour for name in found["level"]]
    axes.hlines(y, value["mean_defaults"], value["mean_tuned"], colors=colours, linewidth=2.2, alpha=0.35, zorder=2)
    for rates, shift in (("tuned", -0.14), ("defaults", 0.14)):
        axes.hlines(y + shift, value[f"low_{rates}"], value[f"high_{rates}"], colors=colours, linewidth=0.9, zorder=3)
        faces = colours if rates == "tuned" else ["white"] * len(found)
        axes.scatter(value[f"mean_{rates}"], y, s=34, c=faces, edgecolors=colours, linewidths=1.2, zorder=4)
    for place, (_, each) in enumerate(found.iterrows()):
        if each["moves"]:
            words = f"{each['position_defaults']} → {each['position_tuned']}"
            axes.text(1.02, place, words, transform=axes.get_yaxis_transform(), va="center", size=points(-1),
                      weight="bold" if each["surely"] else "normal")  # fmt: skip
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_yticks(range(len(found)), names)
    axes.tick_params(left=False)
    axes.grid(visible=False, axis="y")
    metric_axis(axes, metric, limits, "x")
    axes.set_xlabel(metric.axis("mean test"))


def reading(block: Block) -> str:
    note = (
        "In the order of ranks at tuned rates (best first). Numbers at the right: rank at default rates → at"
        " tuned rates, where it moves; bold where the interval of the change, paired by seed, leaves out"
        " zero."
    )
    several = len(block.seeds) > 1
    note += " Thin lines: 95 % intervals over seeds, tuned above, cut at the frame." if several else ""
    return note + f" The axes are stretched toward {block.metric.top:g}{block.metric.unit}."


def alt(block: Block) -> str:
    moved = [str(name) for factor in FACTORS for each in [table(block, factor)] if len(each)
             for name in each.loc[each["moves"], "level"]]  # fmt: skip
    end = f"the rank of {len(moved)} of them moves" if moved else "no rank moves"
    return (
        f"Mean test {block.metric.word} of each optimizer and each activation on {block.name}, at tuned"
        " and at "
        f"default learning rates; {end}."
    )
