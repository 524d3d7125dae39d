"""What a damaged ledger held beside its runs: what of it cannot be read, and how many seeds its plan had."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from experiments.ledger import connected
from experiments.records import Run
from experiments.scheduling.bundle import block_of

SEEDS = "seeds_by_block"
NAMED = 5  # rows that are named in the line

Row = tuple[Any, ...]
Sound = Callable[[str, Row], Row | None]
"""A table and a row of it -> the row as it was written, or None."""


def settled(damaged: Path, saved: dict[str, dict[Any, Row]], sound: Sound) -> str:
    """Bring the saved facts in order: none is older than the damaged one, and no seed of the plan is forgotten, since
    what is not planned is in no report.

    Args:
        damaged: the ledger, kept aside.
        saved: table -> key of a row -> the row; its facts are changed.
        sound: looks at a row.

    Returns:
        what cannot be read, in words; nothing where all can.
    """
    facts, answers = saved["facts"], saved["answers"]
    lost = []
    for name in _unsound(damaged, "facts", sound):
        facts.pop(name, None)  # an older one that a stale page has is not what was written last
        lost.append(f"fact {name}")
    lost += [f"answer {key[1]} of cell {key[0]}" for key in _unsound(damaged, "answers", sound) if key not in answers]
    planned = seeds_planned(damaged, sound)
    lost += ["the facts of a sweep, none of which is left"] if not facts and not lost else []
    known = json.loads(facts[SEEDS][1]) if SEEDS in facts else {}
    seeds = {block: max(planned.get(block, 0), known.get(block, 0)) for block in {**known, **planned}}
    if seeds != known and (known or lost):
        facts[SEEDS] = (SEEDS, json.dumps(seeds))
    lost = [f"{each}, which its plan tells" if each == f"fact {SEEDS}" and seeds else each for each in lost]
    more = [f"{len(lost) - NAMED} more"] if len(lost) > NAMED else []
    return f"; not readable beside them: {'; '.join(lost[:NAMED] + more)}" if lost else ""


def seeds_planned(damaged: Path, sound: Sound) -> dict[str, int]:
    """``data set/model`` -> scoring seeds, as far as the plan can be read."""
    found: dict[str, int] = {}
    for row in selected(damaged, "planned"):
        if (read := sound("planned", row)) and not (run := Run.from_json(read[3])).tuning:
            found[block_of(run)] = max(found.get(block_of(run), 0), run.seed + 1)
    return found


def _unsound(damaged: Path, table: str, sound: Sound) -> list[Any]:
    """The keys of rows that SQLite finds and that are not what was written."""
    keys: list[Any] = []
    for row in selected(damaged, table):
        if not sound(table, row):
            named = tuple(each.decode(errors="replace") if isinstance(each, bytes) else each for each in row)
            keys.append(named[0] if table == "facts" else named[:2])
    return keys


def selected(damaged: Path, table: str) -> Iterator[Row]:
    """The rows of a table that SQLite reads, texts as bytes, until it fails."""
    with (
        contextlib.suppress(sqlite3.Error, UnicodeDecodeError, OSError),
        contextlib.closing(connected(damaged, "ro")) as connection,
    ):
        connection.text_factory = bytes
        yield from connection.execute(f"SELECT * FROM {table}")
