"""A damaged ledger is noticed, kept aside, and what can be read is saved; what is lost is named."""

import contextlib
import os
import shutil
import sqlite3
from dataclasses import replace

import pytest

from experiments import keylog, schema
from experiments.errors import LedgerError
from experiments.ledger import Ledger
from experiments.salvage import lost_keys, mend
from tests.experiments.samples import DONE, FAILED, a_run
from tests.experiments.test_kept_ledgers import KEPT

RUNS = [a_run(seed=seed) for seed in range(40)]
LONG = replace(DONE, diagnostics=tuple({"layer": f"hidden_{number}", "dead": 0.25} for number in range(200)))
"""An outcome of several pages."""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Ledger.write(path) as ledger:
        ledger.plan([(number, "default", run) for number, run in enumerate(RUNS)], {"plan": "test", "seeds": 40})
        for run in RUNS:
            ledger.record(run, LONG)
        ledger.answer("cell", 0, [{"learning_rate": 0.1}])
    return path


def kept(path, number=1):
    return path.with_name(f"ledger.damaged-{number}.sqlite")


def flipped(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def test_a_sound_ledger_is_left_alone(path):
    before = path.read_bytes()
    assert mend(path) == ""
    assert path.read_bytes() == before
    assert keylog.read(path) == (schema.SCHEMA, {run.key for run in RUNS})
    assert mend(path.with_name("none.sqlite")) == ""


def test_a_byte_inside_an_outcome_is_noticed_and_its_run_named(path):
    """SQLite itself sees nothing wrong here."""
    at = path.read_bytes().index(b'"dead":0.25') + len('"dead":0.2')
    data = bytearray(path.read_bytes())
    data[at : at + 1] = b"9"
    path.write_bytes(data)
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with pytest.raises(LedgerError, match="a row of 'runs' is not what was written"):
        Ledger.read(path)
    told = mend(path)
    (lost,) = lost_keys(kept(path))
    assert told == (
        f"the ledger {path} was damaged (a row of 'runs' is not what was written): 39 finished runs were saved; 1 are "
        f"lost and will be trained again: {lost}; the damaged file is kept as ledger.damaged-1.sqlite"
    )
    assert kept(path).read_bytes() == bytes(data)
    with Ledger.read(path) as ledger:
        assert ledger.results() == {run.key for run in RUNS} - {lost}
        assert ledger.outcome(next(iter(ledger.results()))) == LONG
        assert ledger.facts() == {"plan": "test", "seeds": 40}
        assert ledger.answers() == {("cell", 0): [{"learning_rate": 0.1}]}
    assert mend(path) == ""


@pytest.mark.parametrize("at", [0, 17, 68, 63], ids=["magic", "page size", "application", "version"])
def test_a_damaged_head_costs_no_run(path, at):
    flipped(path, at)
    assert "all 40 finished runs were saved" in mend(path)
    with Ledger.read(path) as ledger:
        assert len(ledger.results()) == 40


def test_a_last_page_that_is_cut_is_noticed_though_it_was_empty(path):
    """SQLite takes what is missing for zeros, and sees nothing wrong."""
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE more AS SELECT * FROM runs")
        file.execute("DROP TABLE more")
    os.truncate(path, path.stat().st_size - 2000)
    with pytest.raises(LedgerError, match="its end is missing"):
        Ledger.read(path, quick=True)
    assert "(its end is missing): all 40 finished runs were saved" in mend(path)
    Ledger.read(path).close()


def test_bytes_that_are_no_text_in_the_schema_are_damage_like_any(path):
    """SQLite quotes them in what it says, which Python cannot decode then."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b"tablerunning", b"table\xf2unning", 1))
    with pytest.raises(LedgerError):
        Ledger.read(path)
    assert "all 40 finished runs were saved" in mend(path)


def test_rows_are_found_though_the_tree_above_them_is_gone(path):
    with contextlib.closing(sqlite3.connect(path)) as file:
        (root,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()
    data = bytearray(path.read_bytes())
    data[(root - 1) * schema.PAGE : root * schema.PAGE] = bytes(schema.PAGE)
    path.write_bytes(data)
    mend(path)
    with Ledger.read(path) as ledger:
        assert len(ledger.results()) > 30, "only the rows of the root page itself are lost"
        assert ledger.results() | set(lost_keys(kept(path))) == {run.key for run in RUNS}


def test_a_lost_end_of_the_log_is_named(tmp_path):
    """SQLite takes a cut write-ahead log for one that ended there."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.write(path) as ledger:
        for run in RUNS:
            ledger.record(run, LONG)
        (tmp_path / "copy").mkdir()
        for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.keys"):
            shutil.copy(tmp_path / name, tmp_path / "copy")
    copy = tmp_path / "copy" / "ledger.sqlite"
    ahead = copy.with_name("ledger.sqlite-wal")
    os.truncate(ahead, ahead.stat().st_size * 3 // 4)
    with Ledger.read(copy, quick=True) as ledger:
        there = len(ledger.results())
    assert ahead.stat().st_size, "a look leaves it as it is"
    assert 0 < there < 40
    assert "runs that were finished are missing" in mend(copy)
    with Ledger.read(copy) as ledger:
        assert len(ledger.results()) >= there
        assert ledger.results() | set(lost_keys(kept(copy))) == {run.key for run in RUNS}


def test_a_changed_byte_of_the_log_costs_its_own_run_at_most(tmp_path):
    """SQLite drops all that was written after it."""
    path = tmp_path / "ledger.sqlite"
    with Ledger.write(path) as ledger:
        for run in RUNS:
            ledger.record(run, LONG)
        (tmp_path / "copy").mkdir()
        for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.keys"):
            shutil.copy(tmp_path / name, tmp_path / "copy")
    copy = tmp_path / "copy" / "ledger.sqlite"
    flipped(copy.with_name("ledger.sqlite-wal"), 20_000)
    mend(copy)
    with Ledger.read(copy) as ledger:
        assert len(ledger.results()) >= 39


def test_a_ledger_that_is_gone_is_told_and_one_that_was_kept_aside_is_asked(path):
    flipped(path, 0)
    mend(path)
    path.unlink()
    assert "(it is gone): all 40 finished runs were saved" in mend(path)


def test_a_failed_run_is_no_loss_and_gives_way_to_a_result(path):
    with Ledger.write(path) as ledger:
        ledger.record(a_run(seed=77), FAILED)
        ledger.record(a_run(seed=78), FAILED)
        ledger.record(a_run(seed=78), DONE)
    flipped(path, 0)
    mend(path)
    with Ledger.read(path) as ledger:
        assert ledger.statuses()[a_run(seed=77).key] == "failed"
        assert ledger.outcome(a_run(seed=78).key) == DONE


def test_one_that_is_being_written_is_not_touched(path):
    with Ledger.write(path), pytest.raises(LedgerError, match="another sweep"):
        mend(path)


@pytest.mark.parametrize("old", KEPT, ids=[each.stem for each in KEPT])
def test_an_older_ledger_that_is_damaged_is_saved_too(tmp_path, old):
    path = tmp_path / "ledger.sqlite"
    shutil.copy(old, path)
    flipped(path, 0)
    assert "all 6 finished runs were saved" in mend(path)


def test_without_the_list_of_keys_a_ledger_is_as_good(path):
    keylog.path_of(path).unlink()
    assert mend(path) == ""
    assert len(keylog.read(path)[1]) == 40


@pytest.mark.parametrize("line", [b"", b"0123456789abcdef 00000000", b"\xff" * 24])
def test_a_damaged_line_of_the_list_names_no_run(path, line):
    with keylog.path_of(path).open("ab") as file:
        file.write(line + b"\n")
    assert keylog.read(path)[1] == {run.key for run in RUNS}


def with_version(path, number):
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA user_version={number}")
    return path.read_bytes()


def test_a_ledger_of_a_newer_version_is_left_alone_though_its_list_is_beside_it(path):
    before = with_version(path, schema.SCHEMA + 1)
    assert mend(path) == ""
    with pytest.raises(LedgerError, match="newer version"):
        Ledger.write(path)
    assert path.read_bytes() == before
    flipped(path, path.read_bytes().index(b'"dead":0.25'))
    assert "its version is not what was written" in mend(path), "in one that is damaged too, it is damage"


def test_the_list_names_the_schema_that_an_older_ledger_was_brought_to(tmp_path):
    path = tmp_path / "ledger.sqlite"
    shutil.copy(KEPT[0], path)
    keylog.path_of(path).write_bytes(b"keys of the finished runs of a ledger, schema 1\n")
    Ledger.write(path).close()
    assert keylog.read(path)[0] == schema.SCHEMA
    assert len(keylog.read(path)[1]) == 6


def test_what_is_lost_with_the_ledger_is_listed_and_no_file_is_named_that_is_not_there(path):
    path.unlink()
    told = mend(path)
    assert "(it is gone): 0 finished runs were saved; 40 are lost" in told
    assert "kept as" not in told
    assert set(lost_keys(kept(path))) == {run.key for run in RUNS}
    Ledger.write(path).close()
    flipped(path, 0)
    assert "kept as ledger.damaged-2.sqlite" in mend(path)
    assert set(lost_keys(kept(path))) == {run.key for run in RUNS}, "the list of the first time is not written over"
