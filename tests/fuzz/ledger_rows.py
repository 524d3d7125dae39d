"""Ledgers that are whole databases with odd contents: JSON of other shapes, values of other types, views."""

import functools
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from experiments.ledger import LEDGER
from tests.fuzz import ledger_files
from tests.fuzz.choices import Choices
from tests.fuzz.place import fresh, place

TEXTS = {"runs": ("run", "outcome", "status", "key"), "planned": ("run", "role", "key"), "facts": ("value", "name"),
         "choices": ("choice", "cell"), "answers": ("proposals", "cell")}  # fmt: skip
NUMBERS = {
    "runs": ("attempts", "finished"),
    "planned": ("position",),
    "answers": ("step",),
    "running": ("epoch", "since"),
}
PROGRAMS = (
    "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
    "DROP TABLE facts; CREATE VIEW facts(name, value) AS "
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, '1' FROM c",
    "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "DROP TABLE facts; CREATE TABLE facts (name TEXT, value TEXT AS (hex(zeroblob(100000000))))",
    "CREATE INDEX i ON runs (length(outcome))",
    "DROP TABLE runs",
    "ALTER TABLE runs ADD COLUMN more TEXT",
    "UPDATE runs SET key = 'other'",
    "PRAGMA user_version = 99",
    "PRAGMA application_id = 0",
)


@functools.cache
def _whole() -> Path:
    path = place() / "rows.sqlite"
    path.write_bytes(ledger_files.valid()[0])
    return path


def _odd(choices: Choices, text: str) -> str | bytes:
    """The JSON with something else in a place of it, or with other letters."""
    if choices.below(3) == 0:
        return choices.damaged(text.encode()).decode("utf-8", "replace")
    if choices.below(9) == 0:
        return choices.of(("[" * 100_000, "1" * 5000, "null", '"a"', "{}", "NaN", text.encode(), "", "[[]]"))
    try:
        told = json.loads(text)
    except ValueError:
        return choices.text()
    value, at = choices.value(), told
    while isinstance(at, dict | list) and at:
        keys: list[Any] = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = choices.of(keys)
        if isinstance(at[key], dict | list) and at[key] and choices.below(3):
            at = at[key]
            continue
        if choices.below(4) == 0:
            del at[key]
        else:
            at[key] = value
        break
    else:
        told = value
    return json.dumps(told, default=str)


def seeds() -> list[bytes]:
    return [bytes(range(start, start + 60)) for start in (0, 40, 90, 160)] + [
        b"\1\0" + bytes([n]) for n in range(len(PROGRAMS))
    ]


def one_case(data: bytes) -> None:
    choices = Choices(data)
    path = fresh("rows") / LEDGER
    shutil.copyfile(_whole(), path)
    writes = choices.below(2)
    connection = sqlite3.connect(path)
    try:
        with connection:
            kind = choices.below(5)
            if kind == 0:
                connection.executescript(choices.of(PROGRAMS))
            for _ in range(1 + choices.below(3) if kind else 0):
                _change(choices, connection)
    except (sqlite3.Error, UnicodeError, OverflowError):
        pass  # what SQLite itself does not take
    finally:
        connection.close()
    ledger_files.looked(path)
    if writes:
        ledger_files.written(path)


def _change(choices: Choices, connection: sqlite3.Connection) -> None:
    """Another value in one row or all of a column."""
    where = choices.of(("", " LIMIT 1"))
    if choices.below(4) == 0:
        table = choices.of(tuple(NUMBERS))
        connection.execute(f"UPDATE {table} SET {choices.of(NUMBERS[table])} = ?", (choices.value(0),))
        return
    table = choices.of(tuple(TEXTS))
    column = choices.of(TEXTS[table])
    rows = connection.execute(f"SELECT {column} FROM {table}{where}").fetchall()
    for (text,) in rows:
        changed = choices.text() if column in ("key", "cell", "name", "role", "status") else _odd(choices, str(text))
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (changed, text))
