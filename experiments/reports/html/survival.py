"""What survives in a modern net, on the page."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from experiments.reports import survival_told
from experiments.reports.html import charts
from experiments.reports.html.markup import inline, rendered
from experiments.reports.layout import table
from experiments.reports.survival import OUTCOMES, WIDTH, Survival
from experiments.reports.text import markdown, plain, short_labels

LETTERS = 42
SHAPES = {"there": "circle", "reversed": "circle", "gone": "diamond", "undecided": "circle", "": "square"}


def survival_context(found: Sequence[Survival]) -> dict[str, Any] | None:
    """What the section shows; None where no model has variants."""
    if not found:
        return None
    return {"id": "survival", "heading": survival_told.HEADING,
            "introduction": inline(survival_told.introduction(found)),
            "groups": [_group(each, number) for number, each in enumerate(found)]}  # fmt: skip


def _group(found: Survival, number: int) -> dict[str, Any]:
    return {
        "name": plain(found.name),
        "setting": plain(found.first.setting),
        "sentences": [inline(each) for each in survival_told.sentences(found)],
        "tables": [("All effects", rendered(survival_told.effect_table(found)))],
        "charts": [
            _chart(found, heading, f"survival-{number}-{place}") for place, heading in enumerate(found.headings)
        ],
    }


def _chart(found: Survival, heading: str, id_: str) -> dict[str, Any]:
    mine = found.effects[found.effects["effect"] == heading]
    names, is_width = short_labels(found.variants, LETTERS), heading == WIDTH
    factor = 1.0 if is_width else found.first.metric.factor
    rows = [
        {"variant": names[row["variant"]], "outcome": OUTCOMES[row["outcome"]], "over": row["over"],
         **{name: round(factor * row[name], 3) if np.isfinite(row[name]) else None
            for name in ("value", "low", "high")}}
        for _, row in mine.iterrows()
    ]  # fmt: skip
    unit = survival_told.unit(found, heading)
    axis = alt.Axis(title=None, labelColor=charts.INK, ticks=False, domain=False, labelLimit=260)
    base = alt.Chart().encode(y=alt.Y("variant:N", sort=list(names.values()), axis=axis))
    x = alt.X("value:Q", scale=alt.Scale(zero=True, padding=10), axis=alt.Axis(title=unit, tickCount=5))
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(stroke=charts.SOFT).encode(x=alt.X("zero:Q"))
    tooltip = [alt.Tooltip("variant:N"), alt.Tooltip("outcome:N"), alt.Tooltip("over:N", title="averaged over"),
               *(alt.Tooltip(f"{name}:Q") for name in ("value", "low", "high"))]  # fmt: skip
    sure = alt.condition("datum.outcome == 'undecided'", alt.value("transparent"), alt.value(charts.ACCENT))
    shape = alt.Shape("outcome:N", scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())), legend=None)
    span = base.mark_rule(stroke=charts.ACCENT, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q")
    dots = base.mark_point(size=80, opacity=1, stroke=charts.ACCENT, strokeWidth=1.5).encode(
        x=x, fill=sure, shape=shape, tooltip=tooltip
    )
    head = ["", unit, "", *([] if is_width else ["averaged over"])]
    lines = [[markdown(row["variant"]), survival_told.spoken(found, row), OUTCOMES[row["outcome"]],
              *([] if is_width else [markdown(row["over"])])] for _, row in mine.iterrows()]  # fmt: skip
    note = (
        "Interval over cells; not tested."
        if is_width
        else "Filled circle: there, or reversed; hollow: undecided; diamond: gone."
    )
    return {
        "id": id_, "heading": heading[0].upper() + heading[1:], "note": note,
        "spec": charts.chart(zero, span, dots, height=alt.Step(26)) | {"data": {"values": rows}},
        "label": f"{heading} in {len(rows)} variants of {found.model}", "table": rendered(table(head, lines, "lrll")),
    }  # fmt: skip
