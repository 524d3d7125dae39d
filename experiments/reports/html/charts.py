"""Vega-Lite specifications, by Altair. Colours are variables of ``page.css``, so that charts follow the theme.

Each takes its rows under the name ``rows``; the page's script puts them in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from experiments.reports.blocks import Block
from experiments.reports.figures.curves import paths
from experiments.reports.html.heat import of_name
from experiments.reports.metrics import Metric
from experiments.reports.style import look

ROWS = alt.NamedData(name="rows")
HEIGHT = 220
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")

ACCENT, SOFT, INK, ALARM, WARM, FAINT = (
    f"var(--{name})" for name in ("accent", "soft", "ink", "alarm", "warm", "faint")
)
MOMENTS = {
    "start": (SOFT, "square"),
    "middle": (WARM, "triangle-up"),
    "end": (ACCENT, "circle"),
}

SHAPES = {
    "o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down", "P": "cross",
    "<": "triangle-left", ">": "triangle-right",
    "X": "M-1,-.5L-.5,-1L0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0Z",
    "p": "M0,-1L.95,-.31L.59,.81L-.59,.81L-.95,-.31Z",
    "*": "M0,-1L.22,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.22,-.31Z",
    "h": "M0,-1L.87,-.5L.87,.5L0,1L-.87,.5L-.87,-.5Z", "H": "M-1,0L-.5,-.87L.5,-.87L1,0L.5,.87L-.5,.87Z",
    "d": "M0,-1L.5,0L0,1L-.5,0Z", "8": "M-.4,-1L.4,-1L1,-.4L1,.4L.4,1L-.4,1L-1,.4L-1,-.4Z",
}  # fmt: skip
"""Marker of a figure -> shape of a chart, so that a name looks alike in both."""


def config() -> dict[str, Any]:
    """What all charts share."""
    text = {"labelFont": "system-ui", "titleFont": "system-ui", "labelColor": SOFT, "titleColor": SOFT,
            "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}  # fmt: skip
    axis = text | {"gridColor": "var(--line)", "domainColor": SOFT, "tickColor": SOFT,
                   "labelLimit": 150, "domainOpacity": 0.6, "tickOpacity": 0.6, "labelOverlap": "greedy",
                   "labelSeparation": 8}  # fmt: skip
    return {
        "background": "transparent",
        "font": "system-ui",
        "view": {"stroke": None},
        "axis": axis,
        "legend": text
        | {
            "orient": "bottom",
            "labelColor": INK,
            "labelLimit": 130,
            "symbolLimit": 0,
            "symbolOpacity": 1,
            "title": None,
            "columnPadding": 14,
        },
        "mark": {"aria": False},
        "axisX": {"titlePadding": 6},
    }


def stretched(metric: Metric, field: str) -> str:
    """The expression that puts a shown value on the metric's axis (``Metric.stretch``)."""
    top = metric.top + metric.offset
    return f"-log({top:g} - min(datum.{field}, {metric.top + 0.9 * metric.offset:g})) / LN10"


def metric_scale(metric: Metric, limits: tuple[float, float], title: str, gap: float = 0.13) -> dict[str, Any]:
    """Axis and scale of a stretched metric: keyword arguments of ``alt.X`` or ``alt.Y``."""
    ticks = metric.choose_ticks(limits, gap)
    ends = [float(end) for end in metric.stretch(np.asarray(limits))]
    places = [float(place) for place in metric.stretch(np.asarray(ticks, dtype=float))] if ticks else []
    words = f"format(round(1e6 * ({metric.top + metric.offset:g} - pow(10, -datum.value))) / 1e6, '.5~g')"
    axis = alt.Axis(values=places, labelExpr=words, title=title, tickCount=len(places), labelOverlap=False)
    return {"type": "quantitative", "axis": axis, "scale": alt.Scale(domain=ends, nice=False, zero=False, clamp=True)}


def curve_limits(block: Block) -> tuple[float, float]:
    """Ends of the validation axis, the same for every cell of the block."""
    _, lines = paths(block)
    shown = [block.metric.shown(matrix).ravel() for matrix, _ in lines.values()]
    return block.metric.limits(np.concatenate([block.metric.shown([block.chance]), *shown]))


def curves(block: Block, limits: tuple[float, float]) -> dict[str, Any]:
    """A cell's learning curves: rows of ``kind`` (each seed, mean, training, diverged), ``seed, epoch, value``."""
    kinds = {"each seed": (SOFT, 0.9, [1, 0]), "mean": (ACCENT, 2.4, [1, 0]), "training, mean": (WARM, 1.4, [4, 3])}
    signs = {name: alt.Scale(domain=list(kinds), range=[each[at] for each in kinds.values()])
             for at, name in enumerate(("color", "width", "dash"))}  # fmt: skip
    legend = alt.Legend(title=None)
    y = alt.Y("place", **metric_scale(block.metric, limits, block.metric.axis("validation")))
    x = alt.X("epoch:Q", axis=alt.Axis(title="epoch", tickMinStep=1, format="d", grid=False),
              scale=alt.Scale(nice=False, zero=False, padding=6))  # fmt: skip
    tooltip = [alt.Tooltip("kind:N"), alt.Tooltip("seed:N"), alt.Tooltip("epoch:Q"),
               alt.Tooltip("value:Q", title=block.metric.axis("").strip())]  # fmt: skip
    base = alt.Chart().encode(x=x, y=y)
    lines = base.transform_filter("datum.kind != 'diverged'").mark_line(clip=True, strokeJoin="round").encode(
        detail="seed:N", color=alt.Color("kind:N", scale=signs["color"], legend=legend),
        strokeWidth=alt.StrokeWidth("kind:N", sort=list(kinds), scale=signs["width"], legend=legend),
        strokeDash=alt.StrokeDash("kind:N", scale=signs["dash"], legend=legend),
    )  # fmt: skip
    near = base.mark_circle(size=70, opacity=0.001).encode(tooltip=tooltip)
    ends = base.transform_filter("datum.kind == 'diverged'").mark_point(
        shape=CROSS, size=70, stroke=ALARM, strokeWidth=2, clip=True).encode(tooltip=tooltip)  # fmt: skip
    return chart(_chance(block), lines, ends, near, metric=block.metric)


CROSS = "M-1,-1L1,1M1,-1L-1,1"


def rates(block: Block, limits: tuple[float, float]) -> dict[str, Any]:
    """A cell's learning-rate curve: rows of ``rate, value, low, high, chosen, lost, default``."""
    metric = block.metric
    x = alt.X("rate:Q", scale=alt.Scale(type="log", nice=False, padding=12),
              axis=alt.Axis(title="learning rate (log scale)", format=".3~g", tickCount=5, grid=False))  # fmt: skip
    y = alt.Y("place", **metric_scale(metric, limits, metric.axis("validation")))
    tooltip = [alt.Tooltip("rate:Q", format="~g"), *(alt.Tooltip(f"{name}:Q") for name in ("value", "low", "high")),
               alt.Tooltip("diverged:Q"), alt.Tooltip("seeds:Q", title="tuning seeds")]  # fmt: skip
    tried = alt.Chart().transform_filter("isValid(datum.value)").encode(x=x, y=y)
    default = alt.Chart().transform_filter("datum.default").mark_rule(stroke=INK, strokeDash=[5, 3]).encode(x=x)
    span = tried.mark_rule(stroke=ACCENT, opacity=0.55, clip=True).encode(y=alt.Y("low_place:Q"), y2="high_place")
    line = tried.mark_line(stroke=ACCENT, strokeWidth=1.6)
    dots = tried.transform_filter("!datum.lost").mark_circle(size=45, fill=ACCENT, opacity=1).encode(tooltip=tooltip)
    lost = tried.transform_filter("datum.lost").mark_point(shape=CROSS, size=60, stroke=ALARM, strokeWidth=2)
    ring = tried.transform_filter("datum.chosen == 'chosen'").mark_point(shape="circle", size=190, stroke=INK,
                                                                         strokeWidth=1.6)  # fmt: skip
    edge = tried.transform_filter("datum.chosen == 'edge'").mark_point(shape="square", size=190, stroke=ALARM,
                                                                       strokeWidth=2)  # fmt: skip
    return chart(_chance(block), default, span, line, dots, lost.encode(tooltip=tooltip), ring, edge, metric=metric,
                  places={"place": "value", "low_place": "low", "high_place": "high"})  # fmt: skip


def layers(title: str, scale: str) -> dict[str, Any]:
    """A diagnostic by layer: rows of ``when, depth, value, low, high``."""
    signs = [alt.Scale(domain=list(MOMENTS), range=[each[at] for each in MOMENTS.values()]) for at in range(2)]
    when = {"color": alt.Color("when:N", scale=signs[0]),
            "shape": alt.Shape("when:N", scale=signs[1])}  # fmt: skip
    limits = alt.Scale(domain=[0, 100]) if scale == "linear" else alt.Scale(type="log", nice=False, padding=8)
    axis = alt.Axis(title=title, format=".3~g" if scale == "linear" else "~e", tickCount=5, grid=scale == "linear")
    y = alt.Y("value:Q", scale=limits, axis=axis)
    x = alt.X("depth:O", axis=alt.Axis(title="layer, from the input", labelAngle=0, grid=False))
    tooltip = [alt.Tooltip("when:N"), alt.Tooltip("depth:Q", title="layer"),
               *(alt.Tooltip(f"{name}:Q", format=".3~g") for name in ("value", "low", "high"))]  # fmt: skip
    base = alt.Chart().encode(x=x, y=y)
    spans = base.mark_rule(opacity=0.6).encode(y=alt.Y("low:Q"), y2="high:Q", color=when["color"])
    lines = base.mark_line(strokeWidth=1.6).encode(color=when["color"])
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(
        color=when["color"], shape=when["shape"], tooltip=tooltip
    )
    return chart(spans, lines, dots)


def levels(metric: Metric, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], what: str) -> dict[str, Any]:
    """Means of the levels of a factor with their intervals, the best on top."""
    ends = [row[name] for row in rows for name in ("value", "low", "high") if row[name] is not None]
    limits = metric.limits(metric.shown(np.array(ends) / metric.factor))
    x = alt.X("place", **metric_scale(metric, limits, metric.axis("mean test"), 0.16))
    axis = alt.Axis(title=None, labelColor=INK, ticks=False, domain=False, labelLimit=260)
    y = alt.Y("level:N", sort=None, axis=axis)
    base = alt.Chart().encode(y=y)
    tooltip = [alt.Tooltip("level:N", title=what), *(alt.Tooltip(f"{name}:Q") for name in ("value", "low", "high"))]
    span = base.mark_rule(strokeWidth=2, clip=True).encode(x=alt.X("low_place:Q"), x2="high_place", color=named(names))
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(x=x, color=named(names),
                                                                   shape=shaped(names), tooltip=tooltip)  # fmt: skip
    return chart(span, dots, metric=metric, height=alt.Step(24),
                  places={"place": "value", "low_place": "low", "high_place": "high"})  # fmt: skip


def costs(metric: Metric, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], field: str, title: str,
          log: bool) -> dict[str, Any]:  # fmt: skip
    """Test metric against what a cell costs: a point a cell; the one picked has a ring.

    The page's script sets the legend in as many columns as fit.
    """
    limits = metric.limits(np.array([row["value"] for row in rows], dtype=float))
    scale = alt.Scale(type="log", nice=False, padding=14) if log else alt.Scale(nice=True, zero=True)
    x = alt.X(f"{field}:Q", scale=scale, axis=alt.Axis(title=title, format=".4~g", tickCount=5, grid=False))
    y = alt.Y("place", **metric_scale(metric, limits, metric.axis("mean test")))
    tooltip = [alt.Tooltip("cell:N"), alt.Tooltip("value:Q", title=metric.axis("mean test")),
               alt.Tooltip(f"{field}:Q", title=title, format=".4~g")]  # fmt: skip
    base = alt.Chart().encode(x=x, y=y)
    legend = alt.Legend(title="optimizer", columns=4, labelLimit=88)
    dots = base.mark_point(filled=True, size=55, opacity=0.85, cursor="pointer").encode(
        color=named(names, "column", legend), shape=shaped(names, "column", legend), tooltip=tooltip)  # fmt: skip
    ring = base.transform_filter("datum.number == picked").mark_point(
        shape="circle", size=230, stroke=INK, strokeWidth=2
    )
    return chart(dots, ring, metric=metric, height=300, params=[alt.param(name="picked", value=-1)])


def critical(rows: Sequence[Mapping[str, Any]], bars: int, title: str) -> dict[str, Any]:
    """Mean ranks with, at the right, a bar over each clique: rows ``level, rank``, and ``bar, first, last``."""
    levels_ = [row["level"] for row in rows]
    most = len(levels_)
    y = alt.Y("level:N", sort=levels_, scale=alt.Scale(domain=levels_),
              axis=alt.Axis(title=None, labelColor=INK, ticks=False, domain=False))  # fmt: skip
    x = alt.X("rank:Q", scale=alt.Scale(domain=[1, most + 0.35 * (bars + 1)], nice=False),
              axis=alt.Axis(title=title, values=list(range(1, most + 1)), format="d"))  # fmt: skip
    ranks = alt.Chart().transform_filter("isValid(datum.rank)")
    dots = ranks.mark_point(filled=True, size=80, opacity=1, color=INK).encode(x=x, y=y, tooltip=["level:N", "rank:Q"])
    cliques = alt.Chart().transform_filter("isValid(datum.bar)").mark_rule(strokeWidth=5, stroke=ACCENT).encode(
        x=alt.X("bar:Q"), y=alt.Y("first:N", sort=levels_), y2="last:N")  # fmt: skip
    return chart(dots, cliques, height=alt.Step(24))


def _chance(block: Block) -> alt.Chart:
    """The level that diverged runs count at."""
    shown = float(block.metric.shown([block.chance])[0])
    place = float(block.metric.stretch(np.asarray(shown)))
    row = alt.Data(values=[{"chance": place}])
    return alt.Chart(row).mark_rule(stroke=SOFT, strokeDash=[2, 2], clip=True).encode(y=alt.Y("chance:Q"))


def named(names: Mapping[str, str], field: str = "level", legend: Any = None) -> alt.Color:
    """The fixed colours of names: ``names`` has name -> label."""
    scale = alt.Scale(domain=list(names.values()), range=[of_name(name) for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=legend)


def shaped(names: Mapping[str, str], field: str = "level", legend: Any = None) -> alt.Shape:
    scale = alt.Scale(domain=list(names.values()), range=[SHAPES[look(name).marker] for name in names])
    return alt.Shape(f"{field}:N", scale=scale, legend=legend)


def chart(*parts: alt.Chart, metric: Metric | None = None, height: Any = HEIGHT,
           places: Mapping[str, str] | None = None,
           params: Sequence[alt.Parameter] = ()) -> dict[str, Any]:  # fmt: skip
    """The layers as one specification; places are computed by the chart itself from the values shown."""
    made = alt.layer(*parts, data=ROWS).properties(width="container", height=height, autosize=FIT)
    for place, field in (places or {"place": "value"} if metric else {}).items():
        made = made.transform_calculate(**{place: stretched(metric, field)}) if metric else made
    made = made.add_params(*params) if params else made
    told = made.to_dict()
    told.pop("config", None)  # the page has its own, once
    return told
