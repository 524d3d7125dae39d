"""``report.md``: the data, what was found, the pictures, the tables, how it was done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.reports import words
from experiments.reports.blocks import UNVERIFIED, Block
from experiments.reports.facts import planned_seeds
from experiments.reports.figures import PICTURES
from experiments.reports.summary import FEW, RESAMPLES, levels, ranked
from experiments.reports.text import count, fenced, join, markdown, rate, seconds, seed_list, size

ROWS = 100
"""A longer ranking is cut in the page; ``summary.csv`` has all of it."""


def page(blocks: Sequence[Block], runs: pd.DataFrame, timings: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        blocks: the comparisons. runs: all runs, tuning included. timings: all timings.
        facts: see ``facts.Facts``.
    """
    notices = [str(notice) for notice in facts.get("notices") or ()]
    parts = [
        f"# Report{': ' + markdown(facts['plan']) if facts.get('plan') else ''}",
        *_notices(notices),
        "## Data",
        data(runs, facts),
        "## In words",
        *_in_words(blocks, runs, facts),
        "## Pictures",
        *(_pictures(block) for block in blocks),
        "" if blocks else "Nothing has run yet, so there is nothing to draw.",
        "## Tables",
        "All cells are in [summary.csv](summary.csv) and [summary.tex](summary.tex), all runs in"
        " `runs.parquet`, all learning curves in `curves.parquet`, all times and memory in"
        " [timings.csv](timings.csv), versions and settings in [environment.json](environment.json).",
        *(_tables(block) for block in blocks),
        "## Time and memory",
        _time(blocks, timings, facts),
        "## Methods",
        _methods(blocks, runs, facts),
        *(["## To keep in mind", *_notices(notices)] if notices else []),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> str:
    """A Markdown table; the columns whose place in ``right`` is ``r`` are set to the right."""
    marks = ["---:" if mark == "r" else "---" for mark in right.ljust(len(head), "l")]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def data(runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """One line a data set, of the facts and of the runs."""
    told = {(str(each.get("name")), str(each.get("fingerprint", ""))): each for each in facts.get("datasets") or ()}
    for _, run in runs.drop_duplicates(["dataset", "fingerprint"]).iterrows():
        found = {"title": run["dataset_title"], "provenance": run["provenance"], "canonical": run["canonical"]}
        told.setdefault((_text(run["dataset"]), _text(run["fingerprint"])), found)
    if not told:
        return "No data set is known yet."
    rows = []
    for (name, fingerprint), each in sorted(told.items()):
        canonical = each.get("canonical")
        verified = "verified" if pd.notna(canonical) and canonical else f"**{UNVERIFIED}**"
        sizes = each.get("sizes") or {}
        rows.append([
            markdown(_text(each.get("title")) or name), markdown(name), verified,
            markdown(_text(each.get("provenance"))), f"`{fingerprint[:16]}`" if fingerprint else "",
            ", ".join(f"{markdown(part)} {number:,}" for part, number in sizes.items()),
        ])  # fmt: skip
    return table(["data set", "name", "canonical release", "from", "fingerprint (sha256)", "examples"], rows)


def _notices(notices: Sequence[str]) -> list[str]:
    return [f"> **Note.** {markdown(notice)}" for notice in notices]


def _in_words(blocks: Sequence[Block], runs: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    parts = []
    scored = sum(int(block.runs["value"].notna().sum()) for block in blocks)
    planned = facts.get("planned_runs")
    parts.append(
        f"{scored} of {count(int(planned), 'planned run')} have a result."
        if planned is not None
        else f"{count(scored, 'run')} with a result."
    )
    if len(runs) and (tuning := int(runs["role"].eq("tune").sum())):
        parts.append(f"{count(tuning, 'tuning run')} in `runs.parquet` took no part in what follows.")
    there = {(block.dataset, block.model) for block in blocks}
    cells = facts.get("planned_cells") or ()
    absent = dict.fromkeys((str(cell[0]), str(cell[1])) for cell in cells)
    for dataset, model in (pair for pair in absent if pair not in there):
        parts.append(f"**{markdown(dataset)}, {markdown(model)}**: nothing has run yet.")
    for block in blocks:
        bullets = "\n".join(f"- {sentence}" for sentence in words.findings(block))
        parts.append(f"### {markdown(block.name)}\n\n{markdown(block.setting)}.\n\n{bullets}")
    return parts


def _pictures(block: Block) -> str:
    parts = [f"### {markdown(block.name)}"]
    for picture in PICTURES:
        path = f"figures/{block.slug}-{picture.name}"
        parts.append(f"#### {picture.heading}\n\n![{markdown(picture.alt(block))}]({path}.png)\n\n[SVG]({path}.svg)")
    return "\n\n".join(parts)


def _tables(block: Block) -> str:
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
        rows = [[markdown(each["level"]), number(each["mean"]), spread[place]] for place, each in found.iterrows()]
        parts.append(table([factor, f"mean over {over_word(factor)}{unit}", "95 % interval over seeds"], rows, "lrr"))
    return "\n\n".join(parts + _lost(block))


def over_word(factor: str) -> str:
    return "optimizers" if factor == "activation" else "activations"


def _lost(block: Block) -> list[str]:
    """The runs without a result, each with its error."""
    lost = block.runs[block.runs["value"].isna()]
    rows = [
        [markdown(run["row"]), markdown(run["column"]), _text(run["seed"]), markdown(_text(run["status"])),
         markdown(_text(run["error"])[:200])]
        for _, run in lost.head(ROWS).iterrows()
    ]  # fmt: skip
    more = [f"{len(lost) - ROWS} more are in `runs.parquet`."] if len(lost) > ROWS else []
    return [table(["activation", "optimizer", "seed", "status", "error"], rows), *more] if rows else []


def _time(blocks: Sequence[Block], timings: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """All that a clock or a memory meter gave; nothing else on the page depends on them."""
    if timings.empty:
        return "Nothing has been timed yet."
    parts = []
    if facts.get("wall_seconds") is not None:
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
        by = joined.groupby("column")[["seconds", "seconds_per_epoch"]].median().reindex(block.columns).dropna()
        rows = [[markdown(name), seconds(each["seconds"]), seconds(each["seconds_per_epoch"])]
                for name, each in by.iterrows()]  # fmt: skip
        told += [f"### {markdown(block.name)}",
                 table(["optimizer", "median time of a run", "of an epoch"], rows, "lrr")]  # fmt: skip
    return "\n\n".join(told)


def _methods(blocks: Sequence[Block], runs: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    lines = []
    for each in facts.get("datasets") or ():
        split = f"{markdown(each['split'])}; " if each.get("split") else ""
        lines.append(
            f"Data {markdown(each.get('name', ''))}: {split}sha256 over the arrays of all splits"
            f" `{markdown(each.get('fingerprint', 'unknown'))}`."
        )
    for block in blocks:
        lines.append(
            f"{markdown(block.name)}: loss {markdown(block.loss)}, head {markdown(block.head)},"
            f" {markdown(block.setting)}; initialiser by activation: {_pairs(block, 'activation', 'initialiser')};"
            f" learning rate by optimizer: {_pairs(block, 'optimizer', 'learning_rate')};"
            f" chance level {block.metric.say(block.chance)}; engine {markdown(block.engine)}."
        )
    planned = planned_seeds(facts)
    if planned:
        lines.append(f"Planned: {seed_list(planned)}. A seed fixes initial weights and the order of the data, "
                     "the same in every cell, so differences between cells are paired.")  # fmt: skip
    lines.append(
        "Each run keeps the weights of the epoch with the best validation metric; test data are read once, at the"
        f" end. Intervals are Student's t below {FEW} seeds, from there on BCa bootstrap ({RESAMPLES:,} resamples,"
        " fixed stream). A diverged run counts at chance level; a failed one is no result."
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
    known = block.cells[block.cells[value].notna()]
    found = known.groupby(name, sort=False)[value].agg(lambda each: list(dict.fromkeys(each)))
    order = list(dict.fromkeys(block.cells[name]))
    return ", ".join(
        f"{markdown(level)} {' or '.join(_rate(v) if value == 'learning_rate' else markdown(v) for v in found[level])}"
        for level in order
        if level in found.index
    )


def _rate(value: Any) -> str:
    return "" if pd.isna(value) else rate(float(value))


def _mark(number: int) -> str:
    return f"**{number}**" if number else "0"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
