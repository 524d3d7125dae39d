"""The single source of truth: every run and its outcome, in one SQLite file with one writer."""

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from experiments import keylog, places, rows, schema
from experiments.errors import LedgerError, MissingLedger
from experiments.lock import hold, is_held
from experiments.records import RESULTS, Outcome, Run
from experiments.schema import APPLICATION, SCHEMA, put

LEDGER = "ledger.sqlite"
"""Its name in the folder of a sweep."""


class Ledger:
    """``with Ledger.write(path) as ledger`` for the sweep, ``with Ledger.read(path)`` for those who look."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Any = None, keys: BinaryIO | None = None):
        self.path, self._connection, self._lock, self._keys = path, connection, lock, keys

    @classmethod
    def write(cls, path: Path) -> "Ledger":
        """Open for writing, made if it is not there; one of an older schema becomes one of this.

        Whether it is damaged is not looked for: that is what `salvage.mend` does before.

        Raises:
            LedgerError: another sweep is writing it, or it is damaged, foreign or newer than this program.
        """
        with contextlib.ExitStack() as undo, explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = undo.enter_context(hold(path))
            connection = undo.enter_context(contextlib.closing(connected(path, "rwc")))
            if is_empty(connection):
                schema.create(connection)
            # One fsync for many runs: a power cut may cost the last seconds, a killed process costs nothing.
            connection.execute("PRAGMA synchronous=NORMAL")
            _check(path, connection)
            if schema.version(connection) < SCHEMA:
                # Before it is one of this schema: a list that names an older one makes a newer ledger look damaged.
                keylog.write(path, _results(connection))
            schema.migrate(connection)
            connection.execute("DELETE FROM running")
            connection.commit()
            if not keylog.path_of(path).exists():
                keylog.write(path, _results(connection))
            keys = undo.enter_context(keylog.opened(path))
            undo.pop_all()
        return cls(path, connection, lock, keys)

    @classmethod
    def read(cls, path: Path, quick: bool = False) -> "Ledger":
        """Open an existing ledger to look at it; a sweep may go on writing it meanwhile.

        Args:
            path: of the file, which is left as it is.
            quick: whether to leave out the check of all that is in it, and of whether all is in it: see `missing`.

        Raises:
            LedgerError: it is damaged, foreign or newer than this program, or finished runs are missing.
        """
        if not path.exists():
            hint = keylog.told(keylog.read(path)[1]) or "run `sweep` first, or name its folder with --out"
            raise MissingLedger(f"there is no ledger at {path}: {hint}")
        with contextlib.ExitStack() as undo, explained(path):
            connection = undo.enter_context(contextlib.closing(connected(path, "ro")))
            if is_empty(connection):
                lost = keylog.told(() if is_held(path) else keylog.read(path)[1])
                hint = lost or "its sweep has just begun, or was stopped at once"
                raise MissingLedger(f"the ledger {path} is empty: {hint}")
            _check(path, connection)
            if not quick and (problem := schema.damage(connection)):
                raise sqlite3.DatabaseError(problem)
            if not quick and (lost := keylog.told(cls(path, connection).missing())):
                raise LedgerError(f"{path}: {lost}; to go on without them, remove {keylog.path_of(path).name}")
            undo.pop_all()
        return cls(path, connection)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._lock is not None:
            with contextlib.suppress(sqlite3.Error):  # it is tidied up by the next writer, too
                self._connection.execute("DELETE FROM running")
                self._connection.commit()
        self._connection.close()
        if self._keys is not None:
            self._keys.close()
        if self._lock is not None:
            self._lock.close()

    # What is to be done

    def plan(self, runs: Iterable[tuple[int, str, Run]], facts: dict[str, Any]) -> None:
        """Replace the plan by ``runs`` (position, role, run), and keep the facts that a report tells.

        Only what differs is written: a resumed sweep has the plan that is there.
        """
        there = {key: rest for key, *rest in self._read("SELECT key, position, role FROM planned")}
        news = [(position, role, run) for position, role, run in runs if there.pop(run.key, None) != [position, role]]
        with self._transaction() as write:
            write.executemany("DELETE FROM planned WHERE key = ?", [(key,) for key in there])
            write.execute("DELETE FROM choices")
            self._extend(write, news)
            self._remember(write, facts)

    def extend(self, runs: Iterable[tuple[int, str, Run]]) -> None:
        """Add runs to the plan, or tell what a planned one is for by now."""
        if runs := list(runs):
            with self._transaction() as write:
                self._extend(write, runs)

    def answer(self, cell: str, step: int, proposals: list[dict[str, Any]]) -> None:
        """Keep what an oracle proposed, so that a resumed sweep need not ask again."""
        with self._transaction() as write:
            if not write.execute("SELECT 1 FROM answers WHERE cell = ? AND step = ?", (cell, step)).fetchone():
                put(write, "answers", [(cell, step, json.dumps(proposals))])

    def answers(self) -> dict[tuple[str, int], list[dict[str, Any]]]:
        return {(cell, step): rows.proposals(text, self.path)
                for cell, step, text in self._read("SELECT cell, step, proposals FROM answers")}  # fmt: skip

    def choose(self, cell: str, choice: dict[str, Any]) -> None:
        """Keep what tuning chose for a cell (a copy for readers: it follows from the trials)."""
        with self._transaction() as write:
            put(write, "choices", [(cell, json.dumps(choice))])

    def choices(self) -> list[dict[str, Any]]:
        found = [rows.choice(text, self.path) for (text,) in self._read("SELECT choice FROM choices ORDER BY cell")]
        return sorted(found, key=lambda row: row["position"])

    def remember(self, facts: dict[str, Any]) -> None:
        with self._transaction() as write:
            self._remember(write, facts)

    def facts(self) -> dict[str, Any]:
        found = self._read("SELECT name, value FROM facts ORDER BY name")
        return {name: rows.fact(name, value, self.path) for name, value in found}

    # What came of it

    def record(self, run: Run, outcome: Outcome) -> None:
        """Keep an outcome. One that is a result is never replaced by one that is not."""
        with self._transaction() as write:
            before = write.execute("SELECT status, attempts FROM runs WHERE key = ?", (run.key,)).fetchone()
            status, attempts = before or ("", 0)
            if status not in RESULTS:
                row = (run.key, run.to_json(), outcome.status, outcome.to_json(), attempts + 1, time.time())
                put(write, "runs", [row])
            write.execute("DELETE FROM running WHERE key = ?", (run.key,))
        if self._keys is not None and status not in RESULTS and outcome.status in RESULTS:
            with explained(self.path):
                keylog.add(self._keys, run.key)

    def started(self, worker: int, run: Run, epoch: int) -> None:
        """Note that a worker has ended ``epoch`` epochs of a run (0: that it has begun)."""
        now = time.monotonic()  # of the machine since it was started: no clock that somebody sets
        with self._transaction() as write:
            write.execute(
                "INSERT INTO running VALUES (?, ?, ?, ?, ?) ON CONFLICT (worker) DO UPDATE SET "
                "key=excluded.key, epoch=excluded.epoch, seen=excluded.seen, "
                "since=CASE WHEN key = excluded.key THEN since ELSE excluded.since END",
                (worker, run.key, epoch, now, now),
            )

    def results(self) -> set[str]:
        """Keys of the runs that need no more training."""
        with explained(self.path):
            return _results(self._connection)

    def missing(self, quick: bool = False) -> set[str]:
        """Keys of the finished runs that the list beside the ledger names and that are not in it, as where its
        write-ahead log was lost; none while a sweep is writing.

        Args:
            quick: whether it is enough to count them where there are as many as there should be.
        """
        if quick:
            query = f"SELECT COUNT(*) FROM runs WHERE status IN {RESULTS}"
            if keylog.most(self.path) <= next(self._read(query))[0]:
                return set()
        logged = keylog.read(self.path)[1]  # before the results: a run is in the ledger first
        missing = logged - self.results()
        return set() if not missing or is_held(self.path) else missing

    def statuses(self) -> dict[str, str]:
        return dict(self._read("SELECT key, status FROM runs"))

    def state(self) -> str:
        """Changes with whatever a report shows of the runs: the plan, and what came of it."""
        digest = hashlib.sha256()
        query = "SELECT key, position, role, finished FROM planned LEFT JOIN runs USING (key) ORDER BY key"
        for row in self._read(query):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def first_finished(self) -> float | None:
        """When the first of all runs ended, in seconds since the epoch."""
        ((first,),) = self._read("SELECT MIN(finished) FROM runs")
        return first

    def finished(self) -> dict[str, float]:
        """Key -> when the run ended, in seconds since the epoch."""
        return dict(self._read("SELECT key, finished FROM runs"))

    def running(self) -> list[tuple[int, str, int, float, float]]:
        """Worker, key, epoch, start and last sign (`time.monotonic`) of what is being trained; nothing where no sweep
        is writing."""
        if self._lock is None and not is_held(self.path):
            return []
        return list(self._read("SELECT worker, key, epoch, since, seen FROM running ORDER BY worker"))

    def planned(self) -> list[Run]:
        return [rows.run(text, self.path) for (text,) in self._read("SELECT run FROM planned ORDER BY position")]

    def planned_keys(self) -> list[str]:
        return [key for (key,) in self._read("SELECT key FROM planned ORDER BY position")]

    def planned_run(self, key: str) -> Run | None:
        row = next(self._read("SELECT run FROM planned WHERE key = ?", (key,)), None)
        return rows.run(row[0], self.path, key) if row else None

    def counts(self) -> Counter[str]:
        """Status -> how many planned runs have it; ``to do`` are those that nothing has come of yet."""
        query = "SELECT COALESCE(status, 'to do'), COUNT(*) FROM planned LEFT JOIN runs USING (key) GROUP BY 1"
        return Counter(dict(self._read(query)))

    def failures(self) -> Iterator[tuple[Run, Outcome]]:
        """The planned runs that have no result though they were tried, in the order of the plan."""
        query = (
            "SELECT key, planned.run, outcome FROM planned JOIN runs USING (key) "
            f"WHERE status NOT IN {RESULTS} ORDER BY position, key"
        )
        for key, run, outcome in self._read(query):
            yield rows.run(run, self.path, key), rows.outcome(outcome, self.path)

    def outcome(self, key: str) -> Outcome | None:
        row = next(self._read("SELECT outcome FROM runs WHERE key = ?", (key,)), None)
        return rows.outcome(row[0], self.path) if row else None

    def records(self) -> Iterator[tuple[str, Run, Outcome]]:
        """Every finished run of the plan with its role and outcome, in the order of the plan."""
        query = "SELECT role, key, runs.run, outcome FROM planned JOIN runs USING (key) ORDER BY position, key"
        for role, key, run, outcome in self._read(query):
            yield role, rows.run(run, self.path, key), rows.outcome(outcome, self.path)

    def machines(self) -> list[dict[str, Any]]:
        """Each machine that finished runs of the plan were made on, in the order of the plan."""
        found: dict[str, dict[str, Any]] = {}
        query = "SELECT outcome FROM planned JOIN runs USING (key) ORDER BY position, key"
        for (outcome,) in self._read(query):
            text, machine = rows.machine(outcome, self.path)
            found.setdefault(text, machine)
        return [machine for machine in found.values() if machine]

    @staticmethod
    def _extend(write: sqlite3.Connection, runs: Iterable[tuple[int, str, Run]]) -> None:
        rows = [(run.key, position, role, run.to_json()) for position, role, run in runs]
        put(write, "planned", rows)

    @staticmethod
    def _remember(write: sqlite3.Connection, facts: dict[str, Any]) -> None:
        put(write, "facts", [(name, json.dumps(value)) for name, value in facts.items()])

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path), self._connection as write:
            yield write

    def _read(self, query: str, values: tuple = ()) -> Iterator[tuple]:
        with explained(self.path):
            for row in self._connection.execute(query, values):  # noqa: UP028 - `yield from` would close it once more,
                yield row  # if a reader stops half-way, at a time when the ledger may be closed


def connected(path: Path, mode: str) -> sqlite3.Connection:
    """A connection; one of mode ``ro`` leaves the write-ahead log as it found it."""
    places.check(path, links=mode == "ro")
    places.check(ahead := Path(f"{path}-wal"))
    if mode == "ro" and not os.access(path.parent, os.W_OK) and not (ahead.exists() and ahead.stat().st_size):
        mode = "ro&immutable=1"  # SQLite would make a file beside it
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", timeout=30, uri=True)


def _results(connection: sqlite3.Connection) -> set[str]:
    return {key for (key,) in connection.execute(f"SELECT key FROM runs WHERE status IN {RESULTS}")}


def is_empty(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    return not tables and connection.execute("PRAGMA application_id").fetchone() == (0,)


def _check(path: Path, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise LedgerError(f"{path} is an SQLite file, but not a ledger of ours: choose another folder with --out")
    if version > SCHEMA:
        raise LedgerError(
            f"{path} was written by a newer version (ledger {version}, this program reads up to {SCHEMA}): "
            "update the program, or choose another folder with --out"
        )
    if is_cut(path, connection):
        raise sqlite3.DatabaseError("its end is missing")
    rows.check(connection)


def is_cut(path: Path, connection: sqlite3.Connection) -> bool:
    """Whether the last page is not whole: SQLite takes what is missing for zeros."""
    ((count,), (size,)) = (connection.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size"))
    ahead = Path(f"{path}-wal")
    return count * size > path.stat().st_size and not (ahead.exists() and ahead.stat().st_size)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path} cannot be made or read ({error.strerror}): choose another folder with --out"
        ) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite's words may quote what is damaged
        if "disk is full" in str(error):
            raise LedgerError(
                f"the disk is full, and {path} cannot be written: what was finished is kept; free disk space, and the "
                "same command goes on"
            ) from error
        kind = getattr(error, "sqlite_errorname", "")
        if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")) and not os.access(path.parent, os.W_OK):
            raise LedgerError(
                f"the ledger {path} cannot be used, since its folder cannot be written ({error}): open the folder, or "
                "copy it to where it can be written"
            ) from error
        if "not a database" in str(error):
            raise LedgerError(
                f"{path} is no ledger ({error}): choose another folder with --out, or restore it from a copy"
            ) from error
        raise LedgerError(
            f"the ledger {path} cannot be used ({error}): free disk space if it is full; if it is damaged, the command "
            "that wrote it saves what can be read; or restore it from a copy"
        ) from error
