"""Test metric against the seconds that training took: once by optimizer, once by activation."""

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from experiments.reports.blocks import Block
from experiments.reports.figures.pairs import Pair
from experiments.reports.figures.panels import log_axis, metric_axis, no_data, panel_title, plain_xlabel
from experiments.reports.formats import current
from experiments.reports.style import ALARM, look
from experiments.reports.text import count

PANEL = (3.3, 3.1)


def training_seconds(block: Block) -> pd.DataFrame:
    """Runs with a result and a time: ``row``, ``column``, ``value``, ``status`` and ``seconds``.

    Tracing (compilation) is not in it: it is paid once for all seeds of a cell.
    """
    joined = block.runs.merge(block.timings, on="key", how="inner")
    usable = joined["value"].notna() & (joined["seconds"] > 0)
    return joined.loc[usable, ["row", "column", "value", "status", "seconds"]].reset_index(drop=True)


def draw(block: Block) -> Figure:
    metric = block.metric
    runs = training_seconds(block)
    factors = {"optimizer": ("column", block.columns), "activation": ("row", block.rows)}
    below = 0.5 if current().width is None else 0.72  # two lines, where a panel is narrow
    pair = Pair(
        {factor: names for factor, (_, names) in factors.items()}, PANEL, 0.7, below, line=False,
        title=f"Test {metric.word} against training time",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
    )  # fmt: skip
    figure, axes = pair.figure, pair.axes
    if runs.empty:
        return no_data(figure, axes, "no run with a result and a time")
    runs["shown"] = metric.shown(runs["value"])
    limits = metric.limits(runs["shown"].to_numpy())
    diverged = runs["status"].eq("diverged").to_numpy(dtype=bool)
    for each, (factor, (column, names)) in zip(axes.flat, factors.items(), strict=True):
        panel_title(each, f"by {factor}")
        looks = {name: look(name) for name in names}
        if not diverged.all():
            sns.scatterplot(
                runs[~diverged],
                x="seconds",
                y="shown",
                hue=column,
                style=column,
                hue_order=names,
                style_order=names,
                palette={name: signs.colour for name, signs in looks.items()},
                markers={name: signs.marker for name, signs in looks.items()},
                s=28,
                alpha=0.8,
                linewidth=0.3,
                legend=False,
                ax=each,
            )
        bad = runs[diverged]
        each.scatter(bad["seconds"], bad["shown"], s=26, c=ALARM, marker="x", linewidths=1.4, zorder=4)
        metric_axis(each, metric, limits, "y")
        log_axis(each, runs["seconds"].min(), runs["seconds"].max())
        plain_xlabel(each, "training time of a run (s, log scale)")
        each.set(ylabel=metric.axis("test"))
    if axes.shape == (1, 2):
        axes[0, 1].set(ylabel="")
    pair.put_legends()
    return figure


def reading(block: Block) -> str:
    note = "A point a run; the same runs in both panels. Tracing is not in the time."
    if block.cells["diverged"].any():
        note += " Cross: diverged, counts at chance level."
    return note + f" The upright axis is stretched toward {block.metric.top:g}{block.metric.unit}."


def alt(block: Block) -> str:
    return (
        f"Test {block.metric.word} against training time of {count(len(training_seconds(block)), 'run')} on "
        f"{block.name}, coloured by optimizer and by activation."
    )
