"""``published.md`` and ``published.json``: pure, from the tables and what our seeds gave."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from experiments.published.comparison import Comparison, compare, together
from experiments.published.reasons import reason
from experiments.published.runner import Done, Job
from experiments.published.table import ACCURACY, Row, Table
from experiments.reports.layout import table as markdown_table

LEAST_P = 0.05
HEAD = ["line", "number", "published", "ours, mean with 95 % interval", "s", "seeds", "sigmas", "limit", "agrees"]
Compared = dict[tuple[str, str], Comparison]
"""Name of the row, column -> the comparison."""


def compared(table: Table, seeds: int | None, done: Mapping[str, Done]) -> Compared:
    """Every printed number of a table against ours."""
    found: Compared = {}
    for row in table.rows:
        ours = [done[key] for seed in range(seeds or table.seeds) if (key := Job(table, row, seed).key) in done]
        for column, published in row.published.items():
            values = [each.numbers.get(column, math.nan) for each in ours]
            found[row.name, column] = compare(published, values, rounding=0.5 * 10**-table.digits)
    return found


def verdict(found: Compared) -> str:
    """In one sentence."""
    decided = [each for each in found.values() if each.agrees is not None]
    agree = sum(bool(each.agrees) for each in decided)
    text = f"{agree} of {len(decided)} published numbers lie where one more run of ours would, in 95 cases of 100"
    return text + (f"; {len(found) - len(decided)} could not be compared" if len(decided) < len(found) else "")


def side(found: Compared) -> str:
    """Whether all of them together lie to one side, in one sentence."""
    told = together(found)
    if told.lines < 2:
        return ""
    lies = f"{told.above} lie above our means and {told.below} below"
    sure = f"{told.lines} lines together: Z = {told.z:+.1f}, p = {told.p:.2g}"
    if told.p >= LEAST_P:
        return f"{lies}; they lean to no side surely ({sure})."
    way = "higher" if told.z > 0 else "lower"
    return f"{lies}; as a whole they are {way} than ours, beyond chance ({sure})."


def page(results: Sequence[tuple[Table, Compared]], data: Mapping[str, str], command: str) -> str:
    parts = [
        "# Numbers from outside, rerun",
        "Tables that others published, trained again with the set-up that they state and the components of `custom`. "
        "A published number is one run of some seed, so it is held against the 95 % prediction interval of one more "
        "run of ours, mean ± t s √(1 + 1/n). Its distance is given in sigmas, standard deviations of our single runs, "
        "beside the limit that this interval sets. Where all is right, about one number in twenty falls outside by "
        "chance. What falls outside is shown like the rest. A whole table may lie to one side though each number is "
        "inside; Stouffer's Z over its lines tells.",
        f"Command: `{command}`",
        *[f"Data: {text}." for text in data.values()],
    ]
    for table, found in results:
        parts += [
            f"## {table.title}",
            f"*Source*: {table.source}, <{table.url}>.",
            f"*Set-up as stated*: {table.setup}.",
            "*Not stated, and taken here*: " + "; ".join(table.assumed) + ".",
            f"**{verdict(found)}.** {side(found)}".strip(),
            markdown_table(
                HEAD,
                [_line(table, row, column, found[row.name, column]) for row in table.rows for column in row.published],
                "llrrrrrrl",
            ),
            *_notes(table, found),
        ]
    return "\n\n".join(parts) + "\n"


def record(results: Sequence[tuple[Table, Compared]], data: Mapping[str, str], command: str,
           machine: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
    """The same for machines."""
    return {
        "command": command, "data": dict(data), "machine": dict(machine),
        "tables": [{"id": table.id, "title": table.title, "source": table.source, "url": table.url,
                    "assumed": list(table.assumed), "verdict": verdict(found), "side": side(found),
                    "numbers": [{"line": row, "column": column, **_plain(each)}
                                for (row, column), each in found.items()]}
                   for table, found in results],
    }  # fmt: skip


def _plain(comparison: Comparison) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(comparison).items()}  # fmt: skip


def _line(table: Table, row: Row, column: str, found: Comparison) -> list[str]:
    accuracy = table.columns[column] == ACCURACY

    def shown(value: float) -> str:
        if not math.isfinite(value):
            return "–"
        return f"{100 * value:.2f} %" if accuracy else f"{value:.4f}"

    ours = shown(found.mean) + (f" ({shown(found.low)} to {shown(found.high)})" if found.n > 1 else "")
    spread = shown(found.sd).replace(" %", " points")
    lost = f" ({found.lost} without a number)" if found.lost else ""
    sigmas = "–" if math.isnan(found.sigmas) else f"{found.sigmas:+.1f}"
    reach = "–" if math.isnan(found.reach) else f"±{found.reach:.1f}"
    agrees = {True: "yes", False: "**no**", None: "cannot tell"}[found.agrees]
    return [row.name, column, shown(found.published), ours, spread, f"{found.n}{lost}", sigmas, reach, agrees]


def _notes(table: Table, found: Compared) -> list[str]:
    """What was known of a line beforehand, and why what disagrees may do so: one list, or nothing."""
    lines = [f"* {text}: {', '.join(names)}." for text, names in _remarks(table).items()]
    lines += [f"* Why {row}, {column}, disagrees: {reason(table.id, row, column)}."
              for (row, column), each in found.items() if each.agrees is False]  # fmt: skip
    return ["\n".join(lines)] if lines else []


def _remarks(table: Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in table.rows:
        if row.remark:
            found.setdefault(row.remark[0].upper() + row.remark[1:], []).append(row.name)
    return found
