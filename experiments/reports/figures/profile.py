"""Performance profiles: the share of runs that score above each threshold, by optimizer and by activation."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from experiments import statistics
from experiments.reports.blocks import Block
from experiments.reports.evidence import FACTORS, scores
from experiments.reports.figures.pairs import Pair
from experiments.reports.figures.panels import metric_axis, no_data, panel_title
from experiments.reports.style import look

PANEL = (3.3, 2.6)
POINTS = 160


def draw(block: Block) -> Figure:
    metric, frame = block.metric, scores(block)
    names = {"optimizer": block.columns, "activation": block.rows}
    pair = Pair(
        names, PANEL, 0.75, line=True,
        title=f"Share of runs above each test {metric.word}",
        subtitle=f"{block.name}; {block.setting}",
        note=reading(block),
    )  # fmt: skip
    figure, axes = pair.figure, pair.axes
    if frame.empty:
        return no_data(figure, axes, "no run has a result yet")
    limits = metric.limits(metric.shown(frame["score"]))
    ends = metric.stretch(np.array(limits))
    places = np.linspace(float(ends[0]), float(ends[1]), POINTS)
    thresholds = np.unique(metric.unstretch(places) / metric.factor).tolist()
    for each, (factor, listed) in zip(axes.flat, names.items(), strict=True):
        panel_title(each, f"by {factor}")
        found = statistics.performance_profile(
            frame, factor, np.random.default_rng(0), thresholds=thresholds, resamples=1
        )
        if found.empty:
            no_data(figure, np.array([[each]]), "no seed has all levels yet")
            continue
        for name, curve in found.groupby("level", sort=False):
            signs = look(str(name))
            each.plot(curve["threshold"] * metric.factor, curve["share"], color=signs.colour,
                      linestyle=signs.dash, linewidth=1.5, marker=signs.marker, markersize=4,
                      markeredgecolor="white", markeredgewidth=0.4,
                      markevery=(listed.index(str(name)) % 20, 20), drawstyle="steps-post")  # fmt: skip
        metric_axis(each, metric, limits, "x")
        each.set_ylim(-0.03, 1.03)
        each.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))
        each.set(xlabel=metric.axis("test"), ylabel="share of runs above it (%)")
    if axes.shape == (1, 2):
        axes[0, 1].set(ylabel="")
    pair.put_legends()
    return figure


def reading(block: Block) -> str:
    note = (
        "How often a run with this optimizer (over all activations and seeds), or with this activation,"
        " beats the"
        " threshold: a line above another everywhere is better whatever one asks for. Only cells and"
        " seeds that all"
        " levels have count."
    )
    return f"{note} The axis is stretched toward {block.metric.top:g}{block.metric.unit}."


def alt(block: Block) -> str:
    return (
        f"Performance profiles: share of runs above each test {block.metric.word} on {block.name}, "
        f"by {' and by '.join(reversed(list(FACTORS)))}."
    )
