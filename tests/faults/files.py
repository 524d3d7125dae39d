"""A file in the ledger's place that is none of ours, or one of a newer version."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from experiments import keylog
from experiments.schema import SCHEMA
from tests.faults.scene import Content, Trial, scene


def text(path: Path) -> None:
    path.write_text("key,status\nabc,done\n" * 500)


def nothing_readable(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def of_another_program(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE people (name TEXT)")
        file.execute("INSERT INTO people VALUES ('Ada')")


def newer(path: Path) -> None:
    with scene() as made:
        assert made.sweep()[0] == 0
        with contextlib.closing(sqlite3.connect(made.ledger)) as file:
            file.execute(f"PRAGMA user_version={SCHEMA + 1}")
        path.write_bytes(made.ledger.read_bytes())
        keylog.path_of(path).write_bytes(keylog.path_of(made.ledger).read_bytes())


def trial(make: Callable[[Path], None], calm: Content) -> Trial:
    """Every command says in one line what it is, and leaves it as it was; in another folder the sweep goes on."""
    with scene() as made:
        made.out.mkdir()
        make(made.ledger)
        before = made.ledger.read_bytes()
        told = []
        for verb in (None, "status", "report"):
            code, _, err = made.sweep() if verb is None else made.call(verb)
            told.append(code == 4 and err.count("\n") == 1 and err.startswith("error: "))
        untouched = made.ledger.read_bytes() == before and not list(made.out.glob("*damaged*"))
        made.ledger.rename(made.path / "foreign")
        keylog.path_of(made.ledger).unlink(missing_ok=True)
        code, _, _ = made.sweep()
        judged = made.judged(calm, {}, err)
        judged.same = judged.same and all(told) and untouched and code == 0
        return judged
