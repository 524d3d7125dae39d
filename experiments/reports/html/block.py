"""One data set and model on the page: sentences, grid, rankings, costs, what is open."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports import tuning, verdicts, words
from experiments.reports.blocks import Block
from experiments.reports.evidence import FACTORS, Evidence
from experiments.reports.figures.heatmap import alt, reading, state
from experiments.reports.figures.time import training_seconds
from experiments.reports.html import charts, heat
from experiments.reports.html.cells import cells
from experiments.reports.html.markup import inline, rendered
from experiments.reports.layout import table
from experiments.reports.sections import (
    budget_tables,
    change_tables,
    inside_tables,
    level_tables,
    lost_tables,
    ranking_tables,
)
from experiments.reports.summary import levels, ranked
from experiments.reports.text import markdown, plain, seconds, short_labels, size

Sentences = Sequence[str]

WEIGHT = 4
"""Bytes of a weight: nets are trained in float32."""


def block_context(found: Evidence, facts: Mapping[str, Any], number: int) -> dict[str, Any]:
    """All that ``block.html.j2`` shows, ``number`` being the block's place on the page."""
    block = found.block
    known = cells(block)
    best = ranked(block.cells)
    first = (best["row"][0], best["column"][0]) if len(best) else _first(block)
    picked = block.rows.index(first[0]) * len(block.columns) + block.columns.index(first[1])
    parts = _parts(block, known)
    return {
        "id": f"b{number}",
        "name": block.name,
        "setting": plain(block.setting),
        "lead": inline(words.best_cell(block)),
        "brief": inline(words.brief(found)),
        "summary": _told([words.rates(block), *words.factors(found), verdicts.matters(found), words.seeds(block)]),
        "open": _told([*tuning.warnings(block), verdicts.undecided(found), *words.trouble(block),
                       *words.default_trouble(block)]),
        "lost": rendered("\n\n".join(lost_tables(block))),
        "ranks": _told(["" if words.alike(block) else verdicts.best_cells(found), *verdicts.turned(found)]),
        "ranking": rendered("\n\n".join(ranking_tables(block))),
        "tables": rendered("\n\n".join([*change_tables(found), *budget_tables(block, facts)])),
        "inside": rendered("\n\n".join(inside_tables(block))),
        "heat": _heat(block, known, picked),
        "levels": _levels(block),
        "costs": _costs(block),
        "parts": parts,
        "data": {"cells": known, "picked": picked, "columns": len(block.columns),
                 "specs": {name: part["spec"] for name, part in parts.items()}},
    }  # fmt: skip


def _told(sentences: Sentences) -> list[Any]:
    return [inline(sentence) for sentence in sentences if sentence]


def _first(block: Block) -> tuple[str, str]:
    """A cell to look at where none has a result."""
    cell = block.cells.iloc[0]
    return str(cell["row"]), str(cell["column"])


def _heat(block: Block, known: Sequence[dict[str, Any] | None], picked: int) -> dict[str, Any]:
    """The grid as a table: a row an activation, and of each cell what stands in it and its colours."""
    rows, columns = short_labels(block.rows), short_labels(block.columns)
    colours = heat.of_cells(block)
    at = {(cell["row"], cell["column"]): cell for _, cell in block.cells.iterrows()}
    lines: list[dict[str, Any]] = []
    for row in block.rows:
        line: list[dict[str, Any]] = []
        for column in block.columns:
            place = len(lines) * len(block.columns) + len(line)
            cell = at.get((row, column))
            line.append(_cell(block, place, cell, known[place], colours.get((row, column))))
        lines.append({"name": plain(row), "label": rows[row], "cells": line})
    upright = max((len(label) for label in columns.values()), default=0) > 9 or len(columns) > 12
    gradient, ticks = heat.scale(block)
    return {"columns": [{"name": plain(name), "label": columns[name]} for name in block.columns], "rows": lines,
            "upright": upright, "label": alt(block), "note": reading(block), "picked": picked,
            "gradient": gradient, "ticks": ticks, "axis": block.metric.axis("mean test")}  # fmt: skip


def _cell(block: Block, place: int, cell: Any, told: dict[str, Any] | None, colours: Any) -> dict[str, Any]:
    if cell is None or told is None:
        return {"number": place, "there": False, "spoken": "not in the plan"}
    total = cell["seeds"] + cell["failed"] + cell["missing"]
    lost = cell["failed"] + cell["missing"]
    marks = [f"{cell['diverged']}/{total} div"] if cell["diverged"] else []
    marks += [f"{lost}/{total} lost"] if lost and cell["seeds"] else []
    result = bool(cell["seeds"])
    facts = dict(told["facts"])
    spoken = f"{told['row']} with {told['column']}: {facts[f'test {block.metric.word}']}; {facts['seeds']}"
    return {
        "number": place, "there": True, "spoken": spoken, "colours": colours, "diverged": bool(cell["diverged"]),
        "mean": block.metric.number(cell["mean"]) if result else state(cell).replace("\n", " "), "result": result,
        "half": f"±{block.metric.number(cell['half_width'])}" if result and np.isfinite(cell["half_width"]) else "",
        "marks": marks,
    }  # fmt: skip


def _parts(block: Block, known: Sequence[dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """The charts of a cell: those that at least one cell of the block can fill."""
    there = {name for cell in known if cell for name in ("curves", "rates", "gradients", "dead") if name in cell}
    limits = charts.curve_limits(block)
    word, top = block.metric.word, f"{block.metric.top:g}{block.metric.unit}"
    stretch = f"The upright axis is stretched toward {top} and the same for all cells."
    parts = {
        "curves": ("Learning curves", lambda: charts.curves(block, limits),
                   f"Validation {word} by epoch. Cross: where a diverged seed breaks off; from there on it counts in"
                   f" the mean at chance level (dotted). {stretch}"),
        "rates": ("Learning rates", lambda: charts.rates(block, limits),
                  "Mean over the tuning seeds, line: lowest to highest of them. Ring: chosen. Square: chosen at the"
                  f" edge of what was tried. Dashed: the default. Cross: diverged with every tuning seed. {stretch}"),
        "gradients": ("Gradient norm by layer", lambda: charts.layers("gradient norm (log scale)", "log"),
                      "On the probe, geometric mean over seeds; line: 10 to 90 % quantile."),
        "dead": ("Dead units by layer", lambda: charts.layers("dead share of units (%)", "linear"),
                 "Zero output and zero gradient on the whole probe; mean over seeds, line: 10 to 90 % quantile."),
    }  # fmt: skip
    return {name: {"heading": heading, "note": note, "spec": spec()}
            for name, (heading, spec, note) in parts.items() if name in there}  # fmt: skip


def _levels(block: Block) -> list[dict[str, Any]]:
    """A chart a factor that has more than one level, with its table."""
    tables = iter(level_tables(block))
    made = []
    for factor, column in FACTORS.items():
        other = FACTORS["optimizer" if factor == "activation" else "activation"]
        means = levels(block.runs, column, other)
        if len(means) < 2:
            continue
        names = short_labels(means["level"])
        shown = {name: block.metric.shown(means[name]) for name in ("mean", "low", "high")}
        rows = [
            {"level": names[level], **{name: _number(block, shown[source][place]) for name, source in
                                       (("value", "mean"), ("low", "low"), ("high", "high"))}}
            for place, level in enumerate(means["level"])
        ]  # fmt: skip
        spec = charts.levels(block.metric, rows, names, factor) | {"data": {"values": rows}}
        made.append({
            "factor": factor, "spec": spec, "table": rendered(next(tables)),
            "label": f"Mean test {block.metric.word} of each {factor} with its interval, the best on top",
        })  # fmt: skip
    return made


def _number(block: Block, value: float) -> float | None:
    return round(float(value), block.metric.decimals + 1) if np.isfinite(value) else None


def _costs(block: Block) -> list[dict[str, Any]]:
    """Two charts: against seconds and against bytes; an absent one has nothing to show."""
    names = short_labels(block.columns)
    place = {name: number for number, name in enumerate(block.rows)}, {name: n for n, name in enumerate(block.columns)}
    table_ = block.cells[block.cells["mean"].notna()].copy()
    table_["number"] = [place[0][row] * len(block.columns) + place[1][column]
                        for row, column in zip(table_["row"], table_["column"], strict=True)]  # fmt: skip
    times = training_seconds(block)
    runs = block.runs.assign(bytes=WEIGHT * block.runs["parameters"] + block.runs["state_bytes"])
    table_ = table_.merge(_median(times, "seconds"), on=["row", "column"], how="left")
    table_ = table_.merge(_median(runs, "bytes"), on=["row", "column"], how="left")
    made = []
    for field, title, say, log, heading in (
        ("seconds", "training time of a run (s, log scale)", seconds, True, "Against time"),
        ("bytes", "", size, False, "Against memory"),
    ):
        known = table_[table_[field].notna() & (table_[field] > 0)]
        if known.empty:
            continue
        unit, scale = (1, "") if field == "seconds" else _unit(float(known[field].max()))
        title = title or f"weights and optimizer state ({scale})"
        shown = block.metric.shown(known["mean"])
        rows = [{"number": int(cell.number), "cell": f"{short_labels(block.rows)[cell.row]} with {names[cell.column]}",
                 "column": names[cell.column], "value": _number(block, shown[at]),
                 field: float(f"{getattr(cell, field) / unit:.4g}")}
                for at, cell in enumerate(known.itertuples(index=False))]  # fmt: skip
        used = {name: names[name] for name in block.columns if name in set(known["column"])}
        spec = charts.costs(block.metric, rows, used, field, title, log) | {"data": {"values": rows}}
        ordered = known.sort_values(field, kind="stable")
        cells_ = [[markdown(cell["row"]), markdown(cell["column"]), say(float(cell[field])),
                   block.metric.number(cell["mean"])] for _, cell in ordered.iterrows()]  # fmt: skip
        unit_words = f" ({block.metric.unit.strip()})" if block.metric.unit else ""
        head = ["activation", "optimizer", "time" if field == "seconds" else "weights and state", f"mean{unit_words}"]
        made.append({"field": field, "heading": heading, "spec": spec, "table": rendered(table(head, cells_, "llrr")),
                     "label": f"Mean test {block.metric.word} of {len(rows)} cells against {title}"})  # fmt: skip
    return made


def _median(frame: pd.DataFrame, field: str) -> pd.DataFrame:
    """The middle value of each cell's seeds that have a result."""
    known = frame[frame["value"].notna() & frame[field].notna()]
    return known.astype({field: "float64"}).groupby(["row", "column"], sort=False)[field].median().reset_index()


def _unit(most: float) -> tuple[int, str]:
    return (2**20, "MiB") if most >= 4 * 2**20 else (2**10, "KiB")
