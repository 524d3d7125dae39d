"""A ledger without runs that its list of keys names: whoever looks is told, and no page pretends to be whole."""

import os
import shutil

import pytest

from experiments import keylog
from experiments.cli import main
from experiments.errors import LedgerError
from experiments.ledger import LEDGER, Ledger
from tests.experiments.samples import DONE, a_run

RUNS = [a_run(seed=seed) for seed in range(8)]
TOLD = "8 finished runs that ledger.keys names are not here ("


@pytest.fixture
def out(tmp_path):
    """As a killed sweep leaves it, and then its write-ahead log was lost."""
    (tmp_path / "out").mkdir()
    with Ledger.write(tmp_path / "sweep" / LEDGER) as ledger:
        ledger.plan([(n, "default", run) for n, run in enumerate(RUNS)], {"plan": "mine"})
        ledger._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for run in RUNS:
            ledger.record(run, DONE)
        for name in (LEDGER, "ledger.keys"):
            shutil.copy(tmp_path / "sweep" / name, tmp_path / "out")
    return tmp_path / "out"


def said(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def test_status_notes_it(out, capsys):
    code, told, _ = said(capsys, "status", "--out", out)
    assert code == 0
    assert "       8 to do" in told
    assert f"NOTE: {TOLD}{', '.join(sorted(run.key for run in RUNS)[:5])} and 3 more): the next `sweep` saves" in told


@pytest.mark.parametrize(
    "verb", [["report"], ["verify"], ["explain", "relu", "adam"], ["export", "mlflow", "--to", "x"]]
)
def test_what_would_tell_of_a_part_as_if_it_were_all_refuses(out, capsys, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, told, error = said(capsys, *verb, "--out", out)
    assert (code, told, error.count("\n")) == (4, "", 1)
    assert TOLD in error
    assert "to go on without them, remove ledger.keys" in error
    assert not (out / "report.html").exists()


def test_a_dry_run_notes_it(out, capsys):
    code, _, error = said(capsys, "sweep", "smoke", "--dry-run", "--out", out)
    assert code == 0
    assert f"NOTE: {TOLD}" in error


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_ledger_that_is_gone_or_empty_is_told_so(out, capsys, left):
    (out / LEDGER).unlink()
    if left == "an empty file":
        (out / LEDGER).touch()
    code, _, error = said(capsys, "status", "--out", out)
    assert code == 4
    assert TOLD in error
    assert f"NOTE: {TOLD}" in said(capsys, "sweep", "smoke", "--dry-run", "--out", out)[2]


def test_nothing_is_said_while_a_sweep_writes_or_where_all_is_there(tmp_path):
    with Ledger.write(tmp_path / LEDGER) as ledger:
        for run in RUNS:
            ledger.record(run, DONE)
        assert Ledger.read(tmp_path / LEDGER).missing() == set()
        with keylog.path_of(tmp_path / LEDGER).open("ab") as file:
            keylog.add(file, "f" * 16)
        assert Ledger.read(tmp_path / LEDGER).missing() == set()
    with pytest.raises(LedgerError, match="1 finished runs"):
        Ledger.read(tmp_path / LEDGER)
    os.remove(tmp_path / "ledger.keys")
    Ledger.read(tmp_path / LEDGER).close()
