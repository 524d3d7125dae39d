"""The page of the growth table: what was measured, and the straight line through it to a million runs."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MILLION = 1_000_000


@dataclass(frozen=True)
class Measure:
    """A column of the table.

    Attributes:
        name: key of the rows. title: with its unit. digits: decimals.
        limit: beyond it, this is what breaks; for ``memory`` ones the machine's own memory is.
        breaks: what a user then sees.
    """

    name: str
    title: str
    digits: int
    limit: float
    breaks: str


def memory() -> float:
    """Of this machine, in MB."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6


MEASURES = (
    Measure("planning", "planning, s", 2, 60, "a sweep starts after more than a minute"),
    Measure("by_run", "ledger and scheduling, ms by run", 3, 10, "a short run costs more around it than in it"),
    Measure("cpu_by_run", "of these the parent's CPU, ms", 3, 10, "one process cannot keep its workers busy"),
    Measure("resume", "resume of the finished sweep, s", 2, 60, "a finished sweep takes more than a minute to say so"),
    Measure("status", "`status`, s", 2, 10, "`status` takes more than ten seconds"),
    Measure("report", "report, s", 1, 1800, "a report takes more than half an hour"),
    Measure("memory", "sweep's memory, MB", 0, memory(), "the sweep's own process runs out of memory"),
    Measure("report_memory", "report's memory, MB", 0, memory(), "the report runs out of memory"),
    Measure("ledger", "ledger, MB", 0, 100_000, "the ledger outgrows 100 GB of disk"),
)


def slope(rows: Sequence[dict[str, Any]], name: str) -> float:
    """Change by run between the two largest sizes.

    >>> slope([{"runs": 1, "s": 9}, {"runs": 100, "s": 1.0}, {"runs": 200, "s": 3.0}], "s")
    0.02
    """
    one, two = rows[-2:]
    return (two[name] - one[name]) / (two["runs"] - one["runs"])


def at(rows: Sequence[dict[str, Any]], name: str, runs: float) -> float:
    """On the line through the two largest sizes; what falls between them is taken for flat."""
    return rows[-1][name] + max(0.0, slope(rows, name)) * (runs - rows[-1]["runs"])


def limits(rows: Sequence[dict[str, Any]]) -> list[tuple[float, Measure]]:
    """At how many runs each measure meets its limit, the first to do so first; what never does is left out."""
    found = []
    for measure in MEASURES:
        rise = slope(rows, measure.name)
        if rise > 0:
            met = rows[-1]["runs"] + (measure.limit - rows[-1][measure.name]) / rise
            found.append((max(0.0, met), measure))
    return sorted(found, key=lambda each: each[0])


def page(rows: Sequence[dict[str, Any]], workers: int) -> str:
    """The table, and what follows from it."""
    lines = [
        f"Made-up training, {workers} workers, {os.cpu_count()} cores: what a run costs beside its training. Grid and "
        "seeds grow: the number of cells with the root of the number of runs, seven tuning runs a cell, scoring seeds "
        "at two rates. Planning is from the plan's file to the ledger's, by run is wall clock from the first worker's "
        "first sign to the last outcome, the others are whole commands from start to end.", "",
        f"| runs | cells | {' | '.join(m.title for m in MEASURES)} |", f"|{'---|' * (len(MEASURES) + 2)}",
        *(f"| {row['runs']:,} | {row['cells']:,} | {' | '.join(f'{row[m.name]:,.{m.digits}f}' for m in MEASURES)} |"
          for row in rows), "",
    ]  # fmt: skip
    if len(rows) < 2:
        return "\n".join(lines)
    lines += [
        f"## A million runs (extrapolated from {rows[-2]['runs']:,} and {rows[-1]['runs']:,}, not measured)", "",
        "| | at a million runs | its limit | met at about |", "|---|---|---|---|",
    ]  # fmt: skip
    met = {measure.name: runs for runs, measure in limits(rows)}
    for m in MEASURES:
        where = f"{met[m.name]:,.0f} runs" if m.name in met else "never: it is flat"
        lines.append(f"| {m.title} | {at(rows, m.name, MILLION):,.{m.digits}f} | {m.limit:,.0f} | {where} |")
    if met:
        runs, first = limits(rows)[0]
        lines += ["", f"What breaks first: {first.breaks}, at about {runs:,.0f} runs."]
    return "\n".join([*lines, ""])
