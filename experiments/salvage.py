"""A damaged ledger: noticed before anything is written to it, kept aside, and what can be read put into a new one."""

import contextlib
import json
import mmap
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments import carving, keylog, places, schema, unread
from experiments.keylog import NAMED
from experiments.ledger import connected, explained, is_cut, is_empty
from experiments.lock import hold
from experiments.records import RESULTS, Outcome, Run
from experiments.rows import FACTS

MAGIC = b"SQLite format 3\x00"
SAVED = ("runs", "answers", "facts")
"""The tables that are saved. Plan and choices follow from these and from what is asked: the next sweep writes them."""
AHEAD = 9
"""So many versions a newer program may be ahead: a larger number is a byte that was changed."""
_DISK = ("SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_PERM",
         "SQLITE_IOERR", "SQLITE_NOMEM")  # fmt: skip
"""Errors that say nothing about what is in the file."""

Rows = dict[str, dict[Any, tuple[Any, ...]]]
"""Table -> key of a row -> the row, without its checksum."""


def mend(path: Path) -> str:
    """Check a ledger, and where it is damaged make a new one of what can be read.

    The damaged file stays beside it, as ``ledger.damaged-1.sqlite``. A file that is no ledger, or one of a newer
    version, is left alone: `Ledger.write` refuses it.

    Returns:
        what was done, in one line; nothing where all was well.

    Raises:
        LedgerError: another sweep is writing it, or it cannot be read or written at all.
    """
    places.check(path)
    if not path.is_file() and not keylog.read(path)[1]:
        return ""
    with explained(path), contextlib.closing(hold(path)):
        problem, results = _problem(path)
        logged = keylog.read(path)[1]
        if not problem and not logged - results:
            if results - logged:
                keylog.write(path, results)
            return ""
        return _salvaged(path, problem or "runs that were finished are missing", logged | results)


def _problem(path: Path) -> tuple[str, set[str]]:
    """What is wrong with a ledger of ours, in words, and the keys of its results as far as they can be read."""
    logged_schema, logged = keylog.read(path)
    if not path.is_file():
        return "it is gone", set()
    try:
        with contextlib.closing(connected(path, "ro")) as connection:
            if is_empty(connection):
                return "it is empty" if logged else "", set()
            number = schema.version(connection)
            if connection.execute("PRAGMA application_id").fetchone() != (schema.APPLICATION,):
                return ("its mark is gone" if logged_schema and _has_tables(connection) else ""), set(logged)
            if number > schema.SCHEMA:
                ours = 0 < logged_schema <= schema.SCHEMA  # a newer program writes its number there before all else
                damaged = ours and (number > schema.SCHEMA + AHEAD or schema.damage(connection))
                return ("its version is not what was written" if damaged else ""), set(logged)
            if number < 1:
                return "its version is gone", set()
            problem = "its end is missing" if is_cut(path, connection) else schema.damage(connection)
            query = f"SELECT key FROM runs WHERE status IN {RESULTS}"
            return problem, set() if problem else {key for (key,) in connection.execute(query)}
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite's words may quote what is damaged
        if getattr(error, "sqlite_errorname", "").startswith(_DISK):
            raise
        return (str(error) if logged_schema or _looks_ours(path) else ""), set() if _looks_ours(path) else set(logged)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")} >= set(SAVED)


def _looks_ours(path: Path) -> bool:
    """Whether the head of a file that SQLite cannot read is, but for a few bytes, that of a ledger."""
    with path.open("rb") as file:
        head = file.read(100).ljust(100, b"\0")
    alike = sum(a == b for a, b in zip(head, MAGIC, strict=False))
    return alike >= 12 and head[68:72] == schema.APPLICATION.to_bytes(4, "big")


def _salvaged(path: Path, problem: str, known: set[str]) -> str:
    kept = _set_aside(path)
    saved: Rows = {table: {} for table in SAVED}
    for source in sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"), key=_number, reverse=True):
        for table, rows in _readable(source).items():
            for key, row in rows.items():
                if key not in saved[table] or (table == "runs" and _worth(row) > _worth(saved[table][key])):
                    saved[table][key] = row
        if known <= saved["runs"].keys():
            break  # older ones are asked for what is missing alone
    results = {key for key, row in saved["runs"].items() if row[2] in RESULTS}
    beside = unread.settled(kept, saved, _sound) if kept.exists() else ""
    fresh = path.with_name(f"{path.stem}.salvaged{path.suffix}")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(connected(fresh, "rwc")) as connection:
        schema.create(connection)
        with connection:
            for table, rows in saved.items():
                schema.put(connection, table, rows.values())
    for more in ("-wal", "-shm"):  # of the damaged file: a new one must not be read with them
        path.with_name(path.name + more).unlink(missing_ok=True)
    fresh.replace(path)
    lost = sorted(known - results)
    if lost:
        places.fresh(kept.with_suffix(".lost")).write_text("".join(f"{key}\n" for key in lost))
    keylog.write(path, results)
    return _told(path, problem, kept, len(results), lost, beside)


def _told(path: Path, problem: str, kept: Path, saved: int, lost: list[str], beside: str) -> str:
    if not lost:
        what = f"all {saved} finished runs were saved"
    else:
        more = f" and {len(lost) - NAMED} more, see {kept.with_suffix('.lost').name}" if len(lost) > NAMED else ""
        what = (f"{saved} finished runs were saved; {len(lost)} are lost and will be trained again: "
                f"{', '.join(lost[:NAMED])}{more}")  # fmt: skip
    where = f"; the damaged file is kept as {kept.name}" if kept.exists() else ""
    return f"the ledger {path} was damaged ({problem}): {what}{beside}{where}"


def _set_aside(path: Path) -> Path:
    """Copy a ledger and its write-ahead log to the next free name; a kill while that lasts costs nothing."""
    # Where the ledger was gone, there is a list of what is lost and no file beside it.
    there = [
        _number(each) for kind in (path.suffix, ".lost") for each in path.parent.glob(f"{path.stem}.damaged-*{kind}")
    ]
    kept = path.with_name(f"{path.stem}.damaged-{max(there, default=0) + 1}{path.suffix}")
    if path.is_file():
        ahead = path.with_name(f"{path.name}-wal")
        if ahead.is_file():
            shutil.copy2(ahead, places.fresh(kept.with_name(f"{kept.name}-wal")))
        shutil.copy2(path, kept)
    return kept


def _number(damaged: Path) -> int:
    digits = damaged.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def _readable(damaged: Path) -> Rows:
    """All rows of a damaged ledger whose checksum is right, of several with one key the best or the latest."""
    found: Rows = {table: {} for table in SAVED}
    for table, row in (*_carved(damaged), *_selected(damaged)):
        key = row[:2] if table == "answers" else row[0]
        if table != "runs" or key not in found[table] or _worth(row) >= _worth(found[table][key]):
            found[table][key] = row
    return found


def _worth(row: tuple[Any, ...]) -> tuple[bool, int, float]:
    _, _, status, _, attempts, finished = row
    return status in RESULTS, attempts, finished


def _carved(damaged: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if not damaged.stat().st_size:
        return
    ahead = damaged.with_name(f"{damaged.name}-wal")
    with damaged.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for row in carving.rows(mapped, ahead.read_bytes() if ahead.is_file() else b""):
            for table in SAVED:
                if sound := _sound(table, row):
                    yield table, sound


def _selected(damaged: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What SQLite itself still reads: of facts that were written again and again it alone knows the latest."""
    for table in SAVED:
        for row in unread.selected(damaged, table):
            if sound := _sound(table, row):
                yield table, sound


def _sound(table: str, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """A row as it was written, its texts as text; None where it is of another table, or not what was written."""
    columns = schema.COLUMNS[table]
    try:
        if len(row) == len(columns) + 1 and isinstance(row[-1], int):
            row, summed = row[:-1], row[-1]
        elif len(row) == len(columns) and table == "runs":
            summed = None  # of schema 1, which had no checksums: the key is one of the run
        else:
            return None
        if table == "runs":
            row = (*row[:-1], float(row[-1]))  # SQLite stores 1.0 as 1
        if summed is not None and schema.crc(row) != summed:
            return None
        text = tuple(each.decode() if isinstance(each, bytes) else each for each in row)
        if table in ("runs", "planned") and Run.from_json(text[columns.index("run")]).key != text[0]:
            return None
        if summed is None and table == "runs" and Outcome.from_json(text[3]).status != text[2]:
            return None
        if table == "facts":
            json.loads(text[1])
            return text if text[0] in FACTS else None  # a choice looks like a fact
        return text
    except (ValueError, TypeError, KeyError):
        return None


def lost_keys(kept: Path) -> Iterable[str]:
    """The keys that a damaged ledger, kept aside, once held and that could not be read."""
    path = kept.with_suffix(".lost")
    return path.read_text().split() if path.is_file() else ()
