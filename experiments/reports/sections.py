"""The sections of the page that are tables or lists: rankings, time, methods."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports.blocks import Block
from experiments.reports.budgets import AXES, budget_table
from experiments.reports.evidence import Evidence
from experiments.reports.layers import effective_rates
from experiments.reports.layout import table
from experiments.reports.methods import paragraph, rates_used
from experiments.reports.summary import levels, ranked
from experiments.reports.text import code, count, fenced, join, markdown, rate, seconds, size

ROWS = 100
"""A longer ranking is cut in the page; ``summary.csv`` has all of it."""


def tables_section(found: Evidence, facts: Mapping[str, Any]) -> str:
    block = found.block
    parts = [f"### {markdown(block.name)}", *ranking_tables(block), *level_tables(block)]
    parts += [*change_tables(found), *inside_tables(block), *budget_tables(block, facts), *lost_tables(block)]
    return "\n\n".join(parts)


def ranking_tables(block: Block) -> list[str]:
    """Every cell with a result, the best first; then those without one."""
    number = block.metric.number
    ranking = ranked(block.cells)
    rows = [
        [str(place + 1), markdown(cell["row"]), markdown(cell["column"]), _rate(cell["learning_rate"]),
         str(cell["seeds"]), number(cell["mean"]),
         block.metric.span(cell["low"], cell["high"]) if np.isfinite(cell["low"]) else "",
         number(cell["sd"]) if np.isfinite(cell["sd"]) else "", number(cell["min"]), number(cell["max"]),
         _mark(cell["diverged"]), _mark(cell["failed"])]
        for place, cell in ranking.head(ROWS).iterrows()
    ]  # fmt: skip
    head = ["rank", "activation", "optimizer", "rate", "seeds", f"mean{_unit(block)}", "95 % interval", "sd", "min",
            "max", "diverged", "failed"]  # fmt: skip
    parts = [table(head, rows, "rllrrrrrrrrr")]
    if len(ranking) > ROWS:
        parts.append(f"The {len(ranking) - ROWS} cells behind these are in `summary.csv`.")
    absent = block.cells[block.cells["seeds"] == 0]
    if len(absent):
        names = [f"{markdown(cell['row'])} with {markdown(cell['column'])}" for _, cell in absent.iterrows()]
        parts.append(f"Without a result, so without a rank: {join(names, 40)}.")
    return parts


def level_tables(block: Block) -> list[str]:
    """The mean of each activation over the optimizers, and of each optimizer over the activations."""
    number, parts = block.metric.number, []
    for factor, column, over in (("activation", "row", "column"), ("optimizer", "column", "row")):
        means = levels(block.runs, column, over)
        if len(means) < 2:
            continue
        spread = [block.metric.span(each["low"], each["high"]) if np.isfinite(each["low"]) else ""
                  for _, each in means.iterrows()]  # fmt: skip
        rows = [[markdown(each["level"]), number(each["mean"]), spread[place]] for place, each in means.iterrows()]
        head = [factor, f"mean over {over_word(factor)}{_unit(block)}", "95 % interval over seeds"]
        parts.append(table(head, rows, "lrr"))
    return parts


def _unit(block: Block) -> str:
    return f" ({block.metric.unit.strip()})" if block.metric.unit else ""


def change_tables(found: Evidence) -> list[str]:
    """The two rankings side by side: mean ranks at tuned and at default rates."""
    parts = []
    for factor, change in found.changes.items():
        if change.empty:
            continue
        rows = [
            [markdown(row["level"]), str(row["position_tuned"]), f"{row['rank_tuned']:.2f}",
             str(row["position_defaults"]), f"{row['rank_defaults']:.2f}", f"{row['change']:+.2f}",
             f"{row['low']:+.2f} to {row['high']:+.2f}" if np.isfinite(row["low"]) else "",
             "moves, surely" if row["surely"] else "moves" if row["moves"] else ""]
            for _, row in change.iterrows()
        ]  # fmt: skip
        head = [
            factor,
            "place, tuned",
            "mean rank",
            "place, defaults",
            "mean rank",
            "change",
            "95 % interval",
            "",
        ]
        parts.append(table(head, rows, "lrrrrrrl"))
    return ["Ranks within each cell of the other factor and seed, averaged (1 is best):", *parts] if parts else []


def inside_tables(block: Block) -> list[str]:
    found = effective_rates(block)
    measured = ("rate_start", "rate_end", "update_start", "update_end")
    if found["rate_end"].isna().all():
        return []
    rows = [
        [markdown(row["column"]), _sizes(row["least"], row["most"]),
         *(f"{row[name]:.2g}" if np.isfinite(row[name]) else "" for name in measured)]
        for _, row in found.iterrows()
    ]  # fmt: skip
    head = ["optimizer", "state", "effective rate, start", "end", "update / weight, start", "end"]
    text = (
        "State, effective rate (|change| / |gradient|, median over parameters) and update-to-weight ratio"
        " on the probe;"
        " geometric means over activations, seeds and layers:"
    )
    return [text, table(head, rows, "lrrrrr")]


def _sizes(least: float, most: float) -> str:
    if not np.isfinite(least):
        return ""
    return size(least) if least == most else f"{size(least)} to {size(most)}"


def budget_tables(block: Block, facts: Mapping[str, Any]) -> list[str]:
    mine = (each for each in facts.get("datasets") or () if each.get("fingerprint") == block.fingerprint)
    train = next((int(each["sizes"]["train"]) for each in mine if "train" in (each.get("sizes") or {})), None)
    parts = []
    for axis in ("epochs", "gradients"):
        if told := budget_table(block, axis, train):
            parts += [
                f"At equal {AXES[axis]} (best validation so far, mean over activations and seeds):",
                told,
            ]
    return parts


def over_word(factor: str) -> str:
    return "optimizers" if factor == "activation" else "activations"


def lost_tables(block: Block) -> list[str]:
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
        wall, busy = float(facts["wall_seconds"]), float(timings["seconds"].sum()) / max(1, facts.get("workers") or 1)
        lost = " of those parts whose clock was kept; its runs alone took longer" if busy > wall else ""
        parts.append(f"The sweep took {seconds(wall)} by the clock on the wall{lost}.")
    parts.append(
        f"Its {count(len(timings), 'timed run')} add up to {seconds(float(timings['seconds'].sum()))};"
        f" tracing took {seconds(float(timings['compile_seconds'].sum()))} beside that. These numbers are"
        " the machine's,"
        " and differ from run to run."
    )
    if timings["peak_bytes"].notna().any():
        parts.append(f"A worker held at most {size(float(timings['peak_bytes'].max()))}.")
    told = [" ".join(parts)]
    for block in blocks:
        joined = block.runs.merge(block.timings, on="key")
        if joined.empty:
            continue
        by = joined.groupby("column")[["seconds", "seconds_per_epoch"]].median().reindex(block.columns).dropna()
        rows = [[markdown(name), seconds(each["seconds"]), seconds(each["seconds_per_epoch"])]
                for name, each in by.iterrows()]  # fmt: skip
        told += [f"### {markdown(block.name)}",
                 table(["optimizer", "median time of a run", "of an epoch"], rows, "lrr")]  # fmt: skip
        if equal := budget_table(block, "seconds"):
            told += [
                f"At equal {AXES['seconds']}, tracing aside: when the slowest cell ends an epoch, and"
                " when the quickest run ends (best validation so far, mean over activations and seeds):",
                equal,
            ]
    return "\n\n".join(told)


def methods_section(found: Sequence[Evidence], runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """A paragraph to paste, and the details that it leaves out."""
    lines = []
    for each in facts.get("datasets") or ():
        split = f"{markdown(each['split'])}; " if each.get("split") else ""
        lines.append(
            f"Data {markdown(each.get('name', ''))}: {split}sha256 over the arrays of all splits"
            f" {code(each.get('fingerprint') or 'unknown')}."
        )
    for block in (each.block for each in found):
        lines.append(
            f"{markdown(block.name)}: learning rates {rates_used(block)}; chance level"
            f" {block.metric.say(block.chance)};"
            f" engine {markdown(block.engine)}."
        )
    versions = facts.get("versions") or {}
    machine = [f"{markdown(name)} {markdown(version)}" for name, version in sorted(versions.items())]
    if machine:
        lines.append(f"Versions: {', '.join(machine)}.")
    if facts.get("cores") is not None:
        lines.append(f"Cores of the machine: {markdown(facts['cores'])}.")
    parts = [paragraph(found, runs, facts), "\n".join(f"- {line}" for line in lines)]
    if facts.get("command"):
        parts += ["The command:", fenced(str(facts["command"]))]
    return "\n\n".join(part for part in parts if part)


def _rate(value: Any) -> str:
    return "" if pd.isna(value) else rate(float(value))


def _mark(number: int) -> str:
    return f"**{number}**" if number else "0"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
