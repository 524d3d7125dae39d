"""Files and folders that are no ledger, or one that is damaged, closed, or not what it says: one line each."""

import contextlib
import os
import re
import sqlite3

import pytest

from experiments import lock
from experiments.errors import LedgerError
from experiments.ledger import APPLICATION, SCHEMA, Ledger
from experiments.salvage import mend
from experiments.schema import put
from tests.experiments.samples import DONE, RUN, a_run, filled


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "ledger.sqlite"


def test_a_ledger_that_is_not_there(path):
    with pytest.raises(LedgerError, match=r"there is no ledger at .*ledger.sqlite: run `sweep` first.*--out"):
        Ledger.read(path)


def foreign(path):
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE people (name TEXT)")


def newer(path):
    filled(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA user_version={SCHEMA + 1}")


def garbage(path):
    path.write_bytes(bytes(range(256)) * 64)


def text(path):
    path.write_text("key,status\nabc,done\n")


def folder(path):
    path.mkdir()


def a_table_short(path):
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript(f"PRAGMA application_id={APPLICATION}; CREATE TABLE facts (name TEXT)")


BAD = [
    (foreign, "not a ledger of ours: choose another folder with --out"),
    (newer, rf"newer version \(ledger {SCHEMA + 1}, this program reads up to {SCHEMA}\): update the program"),
    (garbage, "not a database.*restore it from a copy"),
    (text, "not a database.*restore it from a copy"),
    (folder, "is a folder, and no file: move it away"),
    (a_table_short, "no such table"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_bad_file_is_refused_in_one_line_and_left_as_it_was(path, make, words, kind):
    path.parent.mkdir()
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError) as caught, getattr(Ledger, kind)(path) as ledger:
        ledger.results()
    assert re.search(words, str(caught.value))
    assert "\n" not in str(caught.value)
    assert before is None or path.read_bytes() == before
    assert not lock.is_held(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_noticed(path, share):
    filled(path, 60)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    def use() -> None:
        with Ledger.write(path) as ledger:
            list(ledger.records())
            ledger.record(a_run(seed=1000), DONE)

    with pytest.raises(LedgerError, match=r"cannot be used"):
        use()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "out").write_text("a file is in the way")
    with pytest.raises(LedgerError, match="--out"):
        Ledger.write(tmp_path / "out" / "ledger.sqlite")


def stopped_before_the_tables(path):
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=WAL")


def made_and_empty(path):
    path.parent.mkdir()
    path.touch()


@pytest.mark.parametrize("make", [stopped_before_the_tables, made_and_empty])
def test_a_ledger_that_was_stopped_while_it_was_made_is_made_again(path, make):
    make(path)
    with pytest.raises(LedgerError, match="is empty"):
        Ledger.read(path)
    filled(path, 2)
    with Ledger.read(path) as ledger:
        assert len(ledger.results()) == 2


def test_a_write_that_fails_is_explained(path):
    with Ledger.write(path) as ledger:
        ledger._connection.execute("PRAGMA query_only=ON")  # what a full or read-only disk looks like
        for write in (
            lambda: ledger.record(RUN, DONE),
            lambda: ledger.started(0, RUN, 0),
            lambda: ledger.plan([], {}),
        ):
            with pytest.raises(LedgerError, match="free disk space"):
                write()


@pytest.mark.parametrize("plugin", [5, "a.py", {"files": 3}, {"optimizers": ["adam"]}, {"digest": None}])
def test_a_fact_of_another_kind_is_refused_in_one_line(path, plugin):
    with Ledger.write(path) as ledger:
        ledger.remember({"plugin": plugin})
        with pytest.raises(LedgerError, match="the fact plugin in it cannot be read") as caught:
            ledger.facts()
        assert "\n" not in str(caught.value)
        ledger.remember({"plugin": None})
        assert ledger.facts() == {"plugin": None}


@pytest.mark.parametrize("table", ["runs", "planned"])
def test_a_run_under_the_key_of_another_is_refused_in_one_line(path, table):
    runs = filled(path, 3)
    other = a_run(seed=1000).to_json()
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        (row,) = file.execute(f"SELECT * FROM {table} WHERE key = ?", (runs[1].key,))
        put(file, table, [tuple(other if each == runs[1].to_json() else each for each in row[:-1])])
    with pytest.raises(LedgerError, match=f"a row of '{table}' has a key that is not its run's"):
        Ledger.read(path)
    with Ledger.read(path, quick=True) as ledger, pytest.raises(LedgerError, match="it stands under") as caught:
        list(ledger.records()) if table == "runs" else ledger.planned_run(runs[1].key)
    assert "\n" not in str(caught.value)
    told = mend(path)
    with Ledger.read(path) as ledger:
        assert ledger.results() == {run.key for run in runs} - ({runs[1].key} if table == "runs" else set())
    assert (f"1 are lost and will be trained again: {runs[1].key}" in told) is (table == "runs")


def test_a_list_of_keys_that_cannot_be_opened_is_named_itself(path, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied", str(path.with_suffix(".keys")))

    filled(path, 1)
    monkeypatch.setattr("experiments.keylog.opened", refused)
    with pytest.raises(LedgerError, match=r"ledger\.keys cannot be made or read \(Permission denied\)"):
        Ledger.write(path)


@pytest.fixture
def closed(path, monkeypatch):
    """The folder of the ledger cannot be written, as far as one asks; the tests may be run by root, who always can."""
    filled(path)
    access = os.access
    monkeypatch.setattr(os, "access", lambda where, mode: mode != os.W_OK and access(where, mode))
    path.parent.chmod(0o555)
    yield path
    path.parent.chmod(0o755)


def test_a_ledger_in_a_folder_that_cannot_be_written_is_looked_at(closed):
    before = sorted(closed.parent.iterdir())
    with Ledger.read(closed) as ledger:
        assert len(list(ledger.records())) == 3
        assert sorted(closed.parent.iterdir()) == before, "SQLite makes no file beside it"


def test_where_a_log_needs_the_folder_to_be_written_that_is_said(closed, monkeypatch):
    def refused(*_, **__):
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorname = "SQLITE_READONLY_DIRECTORY"
        raise error

    monkeypatch.setattr(sqlite3, "connect", refused)
    with pytest.raises(LedgerError, match="since its folder cannot be written"):
        Ledger.read(closed)
