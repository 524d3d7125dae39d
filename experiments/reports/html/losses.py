"""Losses side by side, on the page."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from experiments.names import OPTIMIZERS
from experiments.reports import losses_told
from experiments.reports.figures.losses import curves
from experiments.reports.frames import in_order
from experiments.reports.html import charts
from experiments.reports.html.markup import inline, rendered
from experiments.reports.losses import Losses
from experiments.reports.metrics import Metric
from experiments.reports.text import plain, short_labels

LETTERS = 42


def losses_context(found: Sequence[Losses]) -> dict[str, Any] | None:
    """What the section shows; None where each model has one loss."""
    if not found:
        return None
    return {"id": "losses", "heading": losses_told.HEADING, "introduction": inline(losses_told.INTRODUCTION),
            "groups": [_group(each, number) for number, each in enumerate(found)]}  # fmt: skip


def _group(found: Losses, number: int) -> dict[str, Any]:
    told = losses_told.alts(found)
    tables = [losses_told.split_table(found, factor) for factor in ("optimizer", "activation")]
    split = rendered("\n\n".join(each for each in tables if each))
    names, top = short_labels(found.names, LETTERS), f"{found.first.metric.top:g}{found.first.metric.unit}"
    stretch = f"The axis is stretched toward {top}."
    return {
        "name": plain(found.name),
        "setting": plain(found.first.setting),
        "sentences": [inline(each) for each in losses_told.sentences(found)],
        "tables": [("All pairs of losses", rendered(losses_told.pair_table(found)))],
        "charts": [
            {"id": f"losses-{number}-means", "spec": _means(found, names), "label": told["cells"], "note": "",
             "heading": "Mean of each loss over all cells, 95 % interval over seeds",
             "table": rendered(losses_told.mean_table(found))},
            {"id": f"losses-{number}-cells", "spec": _cells(found, names), "table": split, "label": told["cells"],
             "heading": "Each loss with each optimizer, 95 % interval over seeds",
             "note": f"Mean over activations. {stretch}"},
            {"id": f"losses-{number}-curves", "spec": _curves(found, names), "table": split, "label": told["curves"],
             "heading": f"Validation {found.first.metric.word} by epoch",
             "note": "Mean over activations, optimizers and seeds. The curves are of the metric, since values of losses"
             f" do not compare. {stretch}"},
        ],
    }  # fmt: skip


def _number(metric: Metric, value: float) -> float | None:
    return round(float(value), metric.decimals + 1) if np.isfinite(value) else None


def _rows(found: Losses, names: dict[str, str], **where: str) -> list[dict[str, Any]]:
    metric, means = found.first.metric, found.means(**where)
    shown = {name: metric.shown(means[name]) for name in ("mean", "low", "high")}
    return [
        {"level": names[level], "value": _number(metric, shown["mean"][place]),
         "low": _number(metric, shown["low"][place]), "high": _number(metric, shown["high"][place])}
        for place, level in enumerate(means["level"])
    ]  # fmt: skip


def _means(found: Losses, names: dict[str, str]) -> dict[str, Any]:
    rows = _rows(found, names)
    mine = {name: label for name, label in names.items() if any(row["level"] == label for row in rows)}
    return charts.levels(found.first.metric, rows, mine, "loss") | {"data": {"values": rows}}


def _cells(found: Losses, names: dict[str, str]) -> dict[str, Any]:
    """A row a loss, a point an optimizer."""
    metric = found.first.metric
    columns = short_labels(in_order(found.runs["column"], OPTIMIZERS))
    rows = [row | {"column": label} for name, label in columns.items() for row in _rows(found, names, optimizer=name)]
    limits = metric.limits(np.array([row["value"] for row in rows], dtype=float))
    order = list(names.values())
    axis = alt.Axis(title=None, labelColor=charts.INK, ticks=False, domain=False, labelLimit=260)
    x = alt.X("place", **charts.metric_scale(metric, limits, metric.axis("mean test"), 0.16))
    tooltip = [alt.Tooltip("level:N", title="loss"), alt.Tooltip("column:N", title="optimizer"),
               *(alt.Tooltip(f"{name}:Q") for name in ("value", "low", "high"))]  # fmt: skip
    legend = alt.Legend(title="optimizer", columns=4)
    colour = charts.named(columns, "column", legend)
    base = alt.Chart().encode(y=alt.Y("level:N", sort=order, axis=axis),
                              yOffset=alt.YOffset("column:N", sort=list(columns.values())))  # fmt: skip
    span = base.mark_rule(strokeWidth=1.6, clip=True).encode(x=alt.X("low_place:Q"), x2="high_place", color=colour)
    dots = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, color=colour, shape=charts.shaped(columns, "column", legend), tooltip=tooltip
    )
    height = alt.Step(max(9, 36 // max(1, len(columns))))
    places = {"place": "value", "low_place": "low", "high_place": "high"}
    return charts.chart(span, dots, metric=metric, height=height, places=places) | {"data": {"values": rows}}


def _curves(found: Losses, names: dict[str, str]) -> dict[str, Any]:
    metric, lines = found.first.metric, curves(found)
    rows: list[dict[str, Any]] = []
    for name, label in names.items():
        mine = [matrix.mean(axis=0) for (loss, _), matrix in lines.items() if loss == name]
        if mine:
            shown = metric.shown(np.mean(mine, axis=0))
            rows += [{"level": label, "epoch": n + 1, "value": _number(metric, value)} for n, value in enumerate(shown)]
    values = np.array([row["value"] for row in rows], dtype=float)
    x = alt.X("epoch:Q", axis=alt.Axis(title="epoch", tickMinStep=1, format="d", grid=False),
              scale=alt.Scale(nice=False, zero=False, padding=6))  # fmt: skip
    y = alt.Y("place", **charts.metric_scale(metric, metric.limits(values), metric.axis("validation")))
    tooltip = [alt.Tooltip("level:N", title="loss"), alt.Tooltip("epoch:Q"), alt.Tooltip("value:Q")]
    legend = alt.Legend(title=None, columns=2, labelLimit=260)
    base = alt.Chart().encode(x=x, y=y)
    line = base.mark_line(strokeWidth=2, clip=True).encode(color=charts.named(names, legend=legend))
    dots = base.mark_point(filled=True, size=30, opacity=1).encode(
        color=charts.named(names, legend=legend), shape=charts.shaped(names, legend=legend), tooltip=tooltip
    )
    return charts.chart(line, dots, metric=metric) | {"data": {"values": rows}}
