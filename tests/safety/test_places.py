"""Links and pipes in a folder of results that a stranger sent: nothing elsewhere is written, and nobody waits."""

import os
import shutil
import signal

import pytest

from experiments import keylog, places
from experiments.cli import main
from experiments.commands import report
from experiments.errors import LedgerError, UserError
from experiments.ledger import LEDGER, Ledger
from experiments.reports import build, files
from experiments.salvage import mend
from experiments.scheduling import worker
from experiments.scheduling.pool import Pool
from tests.experiments.samples import DONE, a_run

WORDS = b"what must stay"
RUNS = [a_run(seed=seed) for seed in range(3)]


@pytest.fixture
def out(tmp_path):
    with Ledger.write(tmp_path / "out" / LEDGER) as ledger:
        ledger.plan([(n, "default", run) for n, run in enumerate(RUNS)], {"plan": "mine"})
        for run in RUNS:
            ledger.record(run, DONE)
    return tmp_path / "out"


@pytest.fixture
def victim(tmp_path):
    """A file of somebody's own, which links lead to."""
    path = tmp_path / "elsewhere" / "victim"
    path.parent.mkdir()
    path.write_bytes(WORDS)
    yield path
    assert path.read_bytes() == WORDS
    assert [each.name for each in path.parent.iterdir()] == ["victim"]


@pytest.fixture(autouse=True)
def nobody_waits():
    signal.alarm(60)
    yield
    signal.alarm(0)


def link(path, victim):
    path.unlink(missing_ok=True)
    path.symlink_to(victim)


def swept(out):
    mend(out / LEDGER)
    with Ledger.write(out / LEDGER) as ledger:
        ledger.record(a_run(seed=9), DONE)


@pytest.mark.parametrize("name", [LEDGER, "ledger.lock", "ledger.keys", "ledger.sqlite-wal"])
@pytest.mark.parametrize("other", ["a link", "a pipe", "a folder"])
def test_what_is_no_file_is_refused_by_who_writes(out, victim, name, other):
    (out / name).unlink(missing_ok=True)
    {"a link": lambda path: path.symlink_to(victim), "a pipe": os.mkfifo, "a folder": os.mkdir}[other](out / name)
    with pytest.raises(LedgerError, match=f"{name} is {other}, and no file: move it away") as error:
        swept(out)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [LEDGER, "ledger.lock", "ledger.keys", "ledger.sqlite-wal"])
@pytest.mark.parametrize("verb", ["status", "report"])
def test_nobody_waits_for_a_pipe_who_looks(out, name, verb, capsys):
    (out / name).unlink(missing_ok=True)
    os.mkfifo(out / name)
    code = main([verb, "--out", str(out)])
    told = capsys.readouterr().err
    assert code in (0, 4)
    assert told.count("\n") == (code == 4)


def test_a_ledger_that_a_link_would_make_elsewhere_is_not_made(out, victim):
    link(out / LEDGER, victim.parent / "new.sqlite")
    (out / "ledger.keys").unlink()
    with pytest.raises(LedgerError, match="is a link"):
        swept(out)


def test_the_list_of_keys_is_not_written_through_a_link(out, victim):
    (out / "ledger.keys").unlink()
    link(out / "ledger.keys.part", victim)
    swept(out)
    assert len(keylog.read(out / LEDGER)[1]) == 4


@pytest.mark.parametrize("name", ["ledger.damaged-1.lost", "ledger.damaged-1.sqlite-wal", "ledger.salvaged.sqlite"])
def test_what_is_kept_of_a_damaged_ledger_is_not_written_through_a_link(out, victim, name):
    link(out / name, victim)
    (out / "ledger.sqlite-wal").write_bytes(b"no log")
    with keylog.path_of(out / LEDGER).open("ab") as file:
        keylog.add(file, "f" * 16)
    assert f"1 are lost and will be trained again: {'f' * 16}" in mend(out / LEDGER)


def test_the_files_of_a_report_are_not_written_through_a_link(out, victim, monkeypatch):
    monkeypatch.setattr(build, "write_figures", lambda *_: [])
    for name in (report.STAMP, "runs.parquet", "report.html", f".report.md.{os.getpid()}.part"):
        link(out / name, victim)
    report.write(out)
    assert not any((out / name).is_symlink() for name in (report.STAMP, "runs.parquet", "report.html"))


def test_a_folder_of_figures_that_is_a_link_is_refused(out, victim, capsys):
    (out / "figures").symlink_to(victim.parent)
    for style in ("screen", "paper"):
        assert main(["report", "--out", str(out), "--style", style]) == 2
        told = capsys.readouterr().err
        assert f"{out / 'figures'} is a link" in told
        assert told.count("\n") == 1
    (out / "probes").symlink_to(victim.parent)
    with pytest.raises(UserError, match="probes is a link"):
        places.own(out / "probes")


@pytest.mark.parametrize("other", ["a link", "a pipe", "a folder"])
def test_the_log_of_the_workers_is_a_file(out, victim, other):
    log = out / "workers.log"
    {"a link": lambda path: path.symlink_to(victim), "a pipe": os.mkfifo, "a folder": os.mkdir}[other](log)
    with pytest.raises(LedgerError, match=f"workers.log is {other}, and no file"):
        Pool(1, None, log)
    with pytest.raises(LedgerError):
        worker._redirect(str(log))


def test_the_folder_of_all_may_be_a_link(out, tmp_path):
    (tmp_path / "here").symlink_to(out)
    swept(tmp_path / "here")
    with Ledger.read(tmp_path / "here" / LEDGER) as ledger:
        assert len(ledger.results()) == 4


def test_a_temporary_file_is_always_a_new_one(tmp_path, victim):
    link(tmp_path / f".page.html.{os.getpid()}.part", victim)
    assert files.write_text(tmp_path / "page.html", "words").read_text() == "words"
    shutil.copy(tmp_path / "page.html", tmp_path / "copy")
