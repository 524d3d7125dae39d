"""The sections of the page that are tables or lists: rankings, time, methods."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports.blocks import Block
from experiments.reports.facts import planned_seeds
from experiments.reports.summary import FEW, RESAMPLES, levels, ranked
from experiments.reports.text import code, count, fenced, join, markdown, rate, seconds, seed_list, size

ROWS = 100
"""A longer ranking is cut in the page; ``summary.csv`` has all of it."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> str:
    """A Markdown table; the columns whose place in ``right`` is ``r`` are set to the right."""
    marks = ["---:" if mark == "r" else "---" for mark in right.ljust(len(head), "l")]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables_section(block: Block) -> str:
    number = block.metric.number
    unit = f" ({block.metric.unit.strip()})" if block.metric.unit else ""
    ranking = ranked(block.cells)
    rows = [
        [str(place + 1), markdown(cell["row"]), markdown(cell["column"]), _rate(cell["learning_rate"]),
         str(cell["seeds"]), number(cell["mean"]),
         f"{number(cell['low'])} to {number(cell['high'])}" if np.isfinite(cell["low"]) else "",
         number(cell["sd"]) if np.isfinite(cell["sd"]) else "", number(cell["min"]), number(cell["max"]),
         _mark(cell["diverged"]), _mark(cell["failed"])]
        for place, cell in ranking.head(ROWS).iterrows()
    ]  # fmt: skip
    head = ["rank", "activation", "optimizer", "rate", "seeds", f"mean{unit}", "95 % interval", "sd", "min",
            "max", "diverged", "failed"]  # fmt: skip
    parts = [f"### {markdown(block.name)}", table(head, rows, "rllrrrrrrrrr")]
    if len(ranking) > ROWS:
        parts.append(f"The {len(ranking) - ROWS} cells behind these are in `summary.csv`.")
    absent = block.cells[block.cells["seeds"] == 0]
    if len(absent):
        names = [f"{markdown(cell['row'])} with {markdown(cell['column'])}" for _, cell in absent.iterrows()]
        parts.append(f"Without a result, so without a rank: {join(names, 40)}.")
    for factor, column, over in (("activation", "row", "column"), ("optimizer", "column", "row")):
        found = levels(block.runs, column, over)
        if len(found) < 2:
            continue
        spread = [f"{number(each['low'])} to {number(each['high'])}" if np.isfinite(each["low"]) else ""
                  for _, each in found.iterrows()]  # fmt: skip
        rows = [
            [markdown(each["level"]), number(each["mean"]), spread[place]] for place, each in found.iterrows()
        ]
        parts.append(
            table([factor, f"mean over {over_word(factor)}{unit}", "95 % interval over seeds"], rows, "lrr")
        )
    return "\n\n".join(parts + _lost(block))


def over_word(factor: str) -> str:
    return "optimizers" if factor == "activation" else "activations"


def _lost(block: Block) -> list[str]:
    """The runs that diverged, with the update, and those without a result, with the error."""
    lost = block.runs[block.runs["value"].isna() | block.runs["status"].eq("diverged")]
    rows = []
    for _, run in lost.head(ROWS).iterrows():
        step = f"loss not finite at update {run['diverged_step']}" if pd.notna(run["diverged_step"]) else ""
        words = _text(run["error"])[:200] or step
        rows.append([markdown(run["row"]), markdown(run["column"]), _text(run["seed"]),
                     markdown(_text(run["status"])), markdown(words)])  # fmt: skip
    more = [f"{len(lost) - ROWS} more are in `runs.parquet`."] if len(lost) > ROWS else []
    head = ["activation", "optimizer", "seed", "status", "what happened"]
    return ["Runs that diverged or failed:", table(head, rows), *more] if rows else []


def time_section(blocks: Sequence[Block], timings: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """All that a clock or a memory meter gave; nothing else on the page depends on them."""
    if timings.empty:
        return "Nothing has been timed yet."
    parts = []
    if facts.get("wall_seconds"):
        parts.append(f"The sweep took {seconds(float(facts['wall_seconds']))} by the clock on the wall.")
    parts.append(
        f"Its {count(len(timings), 'timed run')} add up to {seconds(float(timings['seconds'].sum()))},"
        f" {seconds(float(timings['compile_seconds'].sum()))} of it tracing. These numbers are the machine's,"
        " and differ from run to run."
    )
    if timings["peak_bytes"].notna().any():
        parts.append(f"A worker held at most {size(float(timings['peak_bytes'].max()))}.")
    told = [" ".join(parts)]
    for block in blocks:
        joined = block.runs.merge(block.timings, on="key")
        if joined.empty:
            continue
        by = (
            joined.groupby("column")[["seconds", "seconds_per_epoch"]]
            .median()
            .reindex(block.columns)
            .dropna()
        )
        rows = [[markdown(name), seconds(each["seconds"]), seconds(each["seconds_per_epoch"])]
                for name, each in by.iterrows()]  # fmt: skip
        told += [f"### {markdown(block.name)}",
                 table(["optimizer", "median time of a run", "of an epoch"], rows, "lrr")]  # fmt: skip
    return "\n\n".join(told)


def methods_section(blocks: Sequence[Block], facts: Mapping[str, Any]) -> str:
    lines = []
    for each in facts.get("datasets") or ():
        split = f"{markdown(each['split'])}; " if each.get("split") else ""
        lines.append(
            f"Data {markdown(each.get('name', ''))}: {split}sha256 over the arrays of all splits"
            f" {code(each.get('fingerprint') or 'unknown')}."
        )
    for block in blocks:
        lines.append(
            f"{markdown(block.name)}: loss {markdown(block.loss)}, head {markdown(block.head)},"
            f" {markdown(block.setting)};"
            f" initialiser by activation: {_pairs(block, 'activation', 'initialiser')};"
            f" learning rate by optimizer: {_pairs(block, 'optimizer', 'learning_rate')};"
            f" chance level {block.metric.say(block.chance)}; engine {markdown(block.engine)}."
        )
    planned = planned_seeds(facts)
    if planned:
        lines.append(
            f"Planned: {seed_list(planned)}. A seed fixes initial weights and the order of the data, the same"
            " in every cell, so differences between cells are paired."
        )
    lines.append(
        "Each run keeps the weights of the epoch with the best validation metric; test data are read once,"
        f" at the end. Intervals are Student's t below {FEW} seeds, from there on BCa bootstrap"
        f" ({RESAMPLES:,} resamples, fixed stream), cut at what the metric can be. A diverged run counts at"
        " chance level; a failed one is no result."
    )
    versions = facts.get("versions") or {}
    machine = [f"{markdown(name)} {markdown(version)}" for name, version in sorted(versions.items())]
    if machine:
        lines.append(f"Versions: {', '.join(machine)}.")
    if facts.get("cores") is not None:
        lines.append(f"Cores used: {markdown(facts['cores'])}.")
    text = "\n".join(f"- {line}" for line in lines)
    command = facts.get("command")
    return f"{text}\n\nThe command:\n\n{fenced(str(command))}" if command else text


def _pairs(block: Block, name: str, value: str) -> str:
    """``relu he, tanh glorot``: what each level had, in order."""
    show = _rate if value == "learning_rate" else markdown
    told = []
    for level, cells in block.cells[block.cells[value].notna()].groupby(name, sort=False):
        told.append(f"{markdown(level)} {' or '.join(dict.fromkeys(show(each) for each in cells[value]))}")
    return ", ".join(told)


def _rate(value: Any) -> str:
    return "" if pd.isna(value) else rate(float(value))


def _mark(number: int) -> str:
    return f"**{number}**" if number else "0"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
