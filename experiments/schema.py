"""The tables of a ledger: their columns, the checksum of each row, and how an older ledger becomes a new one."""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

SCHEMA = 2
APPLICATION = 0x67726164  # "grad": marks the file as ours

COLUMNS = {
    "runs": ("key", "run", "status", "outcome", "attempts", "finished"),
    "planned": ("key", "position", "role", "run"),
    "answers": ("cell", "step", "proposals"),
    "choices": ("cell", "choice"),
    "facts": ("name", "value"),
}
"""Table -> what its rows hold, their checksum apart. The rows of `running` have none: they are for a moment."""

_RUNNING = """
CREATE TABLE running (
    worker INTEGER PRIMARY KEY, key TEXT NOT NULL, epoch INTEGER NOT NULL, since REAL NOT NULL, seen REAL NOT NULL
);
"""
TABLES = f"""
CREATE TABLE runs (
    key TEXT PRIMARY KEY, run TEXT NOT NULL, status TEXT NOT NULL, outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1, finished REAL NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE planned (
    key TEXT PRIMARY KEY, position INTEGER NOT NULL, role TEXT NOT NULL, run TEXT NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE answers (cell TEXT, step INTEGER, proposals TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (cell, step))
    WITHOUT ROWID;
CREATE TABLE choices (cell TEXT PRIMARY KEY, choice TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
{_RUNNING}
"""


def crc(values: Iterable[Any]) -> int:
    """Checksum of a row, the same whether its texts come as text or as bytes.

    >>> crc(("a", 1, 0.5)) == crc((b"a", 1, 0.5)) != crc(("b", 1, 0.5))
    True
    """
    return zlib.crc32(b"\x1f".join(v if isinstance(v, bytes) else str(v).encode() for v in values))


def put(write: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows with their checksums, in place of those with the same key."""
    marks = ", ".join("?" * (len(COLUMNS[table]) + 1))
    write.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", ((*row, crc(row)) for row in rows))


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file."""
    connection.execute(f"PRAGMA page_size={PAGE}")
    connection.execute("PRAGMA journal_mode=WAL")
    # All in one transaction: a kill in the middle leaves an empty file, not a half-made ledger.
    connection.executescript(
        f"BEGIN; PRAGMA application_id={APPLICATION}; PRAGMA user_version={SCHEMA};{TABLES} COMMIT;"
    )


PAGE = 4096  # bytes; SQLite's default, said here because a damaged file no longer tells


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a ledger of an older schema up to this one, all of it or nothing."""
    if version(connection) == 1:
        connection.execute("BEGIN")
        with connection:
            for table, columns in COLUMNS.items():
                connection.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
                rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
                put(connection, table, rows)
            connection.execute("DROP TABLE running")
            connection.execute(_RUNNING)
            connection.execute("PRAGMA user_version=2")


def version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return number


def damage(connection: sqlite3.Connection) -> str:
    """What is wrong with a ledger, in a few words; nothing where all is well.

    Raises:
        sqlite3.DatabaseError: it is so damaged that SQLite cannot read it.
    """
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        return " ".join(found.split())
    summed = version(connection) > 1
    connection.text_factory = bytes  # what is no text any more is no reason to stop
    try:
        for table, columns in COLUMNS.items():
            wanted = (*columns, "crc") if summed else columns
            for row in connection.execute(f"SELECT {', '.join(wanted)} FROM {table}"):
                if summed and crc(row[:-1]) != row[-1]:
                    return f"a row of {table!r} is not what was written"
                if "run" in columns and row[0] != _key(row[columns.index("run")]):
                    return f"a row of {table!r} has a key that is not its run's"
    finally:
        connection.text_factory = str
    return ""


def _key(run: object) -> bytes:
    """The key of a run as it is written (`records.Run.key`), without reading it: this is asked of all rows."""
    return hashlib.sha256(run).hexdigest()[:16].encode() if isinstance(run, bytes) else b""
