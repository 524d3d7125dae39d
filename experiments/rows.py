"""What the rows of a ledger may hold. A ledger can come from anywhere: what is read of it is checked, so that all that
follows gets what it expects."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args

from experiments.errors import LedgerError
from experiments.records import STATUSES, Epoch, Outcome, Run

T = TypeVar("T")

COLUMNS = {
    "runs": {"key": "text", "run": "text", "status": "text", "outcome": "text", "attempts": "integer",
             "finished": "real"},
    "planned": {"key": "text", "position": "integer", "role": "text", "run": "text"},
    "answers": {"cell": "text", "step": "integer", "proposals": "text"},
    "choices": {"cell": "text", "choice": "text"},
    "running": {"worker": "integer", "key": "text", "epoch": "integer", "since": "real", "seen": "real"},
    "facts": {"name": "text", "value": "text"},
}  # fmt: skip
"""Table -> column -> how its values are stored: SQLite itself lets a column hold anything."""

LARGEST = 2**53
"""Of whole numbers: beyond it they are no longer exact in tables."""
LONGEST = 2**28
"""Bytes of one value."""
_START, _DECODER = '"machine":', json.JSONDecoder()
BROKEN = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def check(connection: sqlite3.Connection) -> None:
    """Refuse a file that has more than tables, or values of a kind that no ledger has.

    A view or a trigger in it would be a program of whoever made the file, run at each look.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    query = (
        "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index') OR (type = 'index' AND sql IS NOT NULL)"
    )
    odd = connection.execute(query + " OR sql LIKE 'CREATE VIRTUAL%'").fetchone()
    for table, columns in COLUMNS.items():
        there = {row[1]: row[6] for row in connection.execute(f"PRAGMA table_xinfo({table})")}
        if odd or any(there.values()):
            raise sqlite3.DatabaseError("it holds a view, a trigger or a computed column: no ledger does")
        # Ledgers of an earlier schema lack the newer columns.
        wrong = " OR ".join(f"typeof({name}) != '{kind}'" for name, kind in columns.items() if name in there) or "0"
        if connection.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
            raise sqlite3.DatabaseError(f"its table {table} holds values of another kind")


def run(text: str, path: Path, key: str | None = None) -> Run:
    """A run; where the key is given under which it stands, it must be its own."""

    def read(given: str) -> Run:
        found = _run(given)
        if key is not None and found.key != key:
            raise ValueError(f"its key is {found.key}, and it stands under {key[:40]!r}")
        return found

    return _read("a run", text, path, read)


def outcome(text: str, path: Path) -> Outcome:
    return _read("an outcome", text, path, _outcome)


def machine(outcome: str, path: Path) -> tuple[str, dict[str, Any]]:
    """The machine of an outcome, and how it stands there. Only this part is read: all outcomes are gone through."""

    def read(text: str) -> tuple[str, dict[str, Any]]:
        start = text.index(_START) + len(_START)  # a text inside has its quotes escaped
        found, end = _DECODER.raw_decode(text, start)
        return text[start:end], _machine(found)

    return _read("an outcome", outcome, path, read)


def fact(name: str, text: str, path: Path) -> Any:
    """The value of a fact; one that is not known is any JSON."""
    return _read(f"the fact {name}", text, path, lambda given: _fact(name, given))


def choice(text: str, path: Path) -> dict[str, Any]:
    return _read("a choice", text, path, lambda given: _shaped(_plain(json.loads(given)), CHOICE))


def proposals(text: str, path: Path) -> list[dict[str, Any]]:
    return _read("an answer", text, path, lambda given: _shaped(_plain(json.loads(given)), [{str: float}]))


def _read(what: str, text: str, path: Path, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except BROKEN as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise LedgerError(
            f"the ledger {path} cannot be used ({what} in it cannot be read: {why}): restore it from a copy, or move "
            "it away and run the sweep again"
        ) from None


def _kinds(record: type) -> tuple[tuple[str, frozenset[type]], ...]:
    """Field -> the types of its values; a number without a fraction may stand for any."""
    found = []
    for each in fields(record):
        types = {getattr(kind, "__origin__", kind) for kind in get_args(each.type) or (each.type,)}
        if getattr(each.type, "__origin__", None) in (tuple, dict):
            types = {each.type.__origin__}  # type: ignore[union-attr]
        found.append((each.name, frozenset(types | ({int} if float in types else set()))))
    return tuple(found)


_RUN, _OUTCOME, _EPOCH = _kinds(Run), _kinds(Outcome), _kinds(Epoch)


def _typed(record: object, kinds: Iterable[tuple[str, frozenset[type]]]) -> None:
    values = vars(record)
    for name, allowed in kinds:
        value = values[name]
        if type(value) not in allowed or (type(value) is int and not -LARGEST <= value <= LARGEST):
            raise ValueError(f"{name} is {str(value)[:40]!r}")


def _run(text: str) -> Run:
    found = Run.from_json(text)
    _typed(found, _RUN)
    for arguments in (found.model_args, found.activation_args, found.optimizer_args):
        _plain(dict(arguments))
    return found


def _outcome(text: str) -> Outcome:
    found = Outcome.from_json(text)
    _typed(found, _OUTCOME)
    for epoch in found.curve:
        _typed(epoch, _EPOCH)
    if found.status not in STATUSES or not 0 <= found.best_epoch <= max(len(found.curve), 0):
        raise ValueError(f"status is {found.status[:40]!r}, best_epoch {found.best_epoch} of {len(found.curve)}")
    for row in found.diagnostics:
        _plain(dict(row))
    _machine(found.machine)
    return found


def _machine(told: Any) -> dict[str, Any]:
    return _shaped(_plain(told), {str: object} | {name: shape for name, shape in MACHINE.items() if name in told})


def _plain(value: Any) -> Any:
    """The value, if all whole numbers in it can be used."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            _plain(each)
    elif type(value) is int and not -LARGEST <= value <= LARGEST:
        raise ValueError("a whole number is too large")
    return value


NEEDED = None
DATA = {
    NEEDED: ["name"], "name": str, "title": str, "fingerprint": str, "provenance": str, "split": str, "task": str,
    "canonical": (bool, NoneType), "sizes": {str: int},
}  # fmt: skip
CHOICE = {
    NEEDED: ["position"], "position": int, "dataset": str, "model": str, "activation": str, "optimizer": str,
    "default_rate": float, "constants": [str], "values": {str: float}, "score": (float, NoneType), "edge": str,
    "all_diverged": bool, "scored": [str],
}  # fmt: skip
MACHINE = {"python": str, "versions": {str: str}, "commit": str, "backend": str, "cores": (int, NoneType)}
PLUGIN = {
    "file": str, "files": [str], "digest": str, "activations": {str: str}, "optimizers": {str: float}, "losses": [str],
    "models": {str: object},
}  # fmt: skip
FACTS: dict[str, Any] = {
    "plan": str, "plan_title": str, "command": str, "notices": [str], "datasets": [DATA], "workers": int,
    "engine": str, "seeds": range(1, 10_001), "tuning": {str: (str, int, float, bool)},
    "seeds_by_block": {str: range(100_001)}, "wall_seconds": float, "plugin": PLUGIN,
}  # fmt: skip
"""Shapes: a type, several, a range, ``[shape]`` for a list, ``{str: shape}`` for a table, else a table in which these
entries, if they are there, have these shapes; those under ``NEEDED`` have to be there."""


def _fact(name: str, text: str) -> Any:
    value = _plain(json.loads(text))
    if name == "plugin" and value is None:
        return None
    return _shaped(value, FACTS[name]) if name in FACTS else value


def _shaped(value: Any, shape: Any) -> Any:
    """The value, if it has the shape.

    Raises:
        ValueError: it has not.
    """
    if isinstance(shape, list):
        right = isinstance(value, list)
        parts = [(each, shape[0]) for each in value] if right else []
    elif isinstance(shape, dict):
        right = isinstance(value, dict) and set(shape.get(NEEDED, ())) <= set(value)
        parts = [(each, shape.get(name, shape.get(str, object))) for name, each in value.items()] if right else []
    elif isinstance(shape, range):
        right, parts = type(value) is int and value in shape, []
    else:
        types = shape if isinstance(shape, tuple) else (shape,)
        right = object in types or type(value) in types or (type(value) is int and float in types)
        parts = []
    if not right:
        raise ValueError(f"{str(value)[:40]!r} is of another kind")
    for each, inner in parts:
        _shaped(each, inner)
    return value
