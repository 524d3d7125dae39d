"""`claims` as a user runs it, with trivial training: stopped half-way, started again, told what went wrong."""

import json
import signal
import sqlite3
from contextlib import closing

import pytest

from experiments.ledger import Ledger
from tests.experiments.processes import TRIVIAL, alive, call, family, started, until

CLAIM = "softmax-not-hidden"  # trained only: nothing is probed
LEDGER = "ledger.sqlite"


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """Nothing but what is embedded, here and in the processes that are started."""
    monkeypatch.delenv("DATA_DIR", raising=False)
    for name in ("GRADLAB_CACHE", "KERAS_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("GRADLAB_OFFLINE", "1")
    (tmp_path / "data").mkdir()


@pytest.fixture
def command(tmp_path):
    return ("claims", CLAIM, "--out", tmp_path / "out", "--data-dir", tmp_path / "data", "--workers", 2)


def attempts(out) -> dict[str, int]:
    with closing(sqlite3.connect(out / LEDGER)) as file:
        return dict(file.execute("SELECT key, attempts FROM runs").fetchall())


def results(out) -> int:
    try:
        with Ledger.read(out / LEDGER) as ledger:
            return len(ledger.results())
    except Exception:
        return 0


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_stopped_half_way_it_goes_on_where_it_was(command, tmp_path, number):
    out = tmp_path / "out"
    (tmp_path / "data" / "behaviour.json").write_text(json.dumps({"relu": "wait"}))
    with started(*command) as process:
        until(lambda: results(out) >= 5, process)
        everyone = family(process)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        until(lambda: not alive(everyone))
    assert process.returncode == (130 if number != signal.SIGKILL else -signal.SIGKILL)
    if number != signal.SIGKILL:
        assert "interrupted: what was finished is kept; the same command resumes" in err
        assert "Traceback" not in err
    kept = attempts(out)
    (tmp_path / "data" / "go").touch()
    code, said, err = call(*command)
    assert code in (0, 1), err  # trivial scores may break a control
    assert CLAIM in said
    assert "NOTE: MNIST is not on disk" in err
    assert (out / "claims.html").exists()
    assert all(attempts(out)[key] == 1 for key in kept)
    before = attempts(out)
    assert call(*command)[0] == code
    assert attempts(out) == before  # a second run trains nothing


def test_what_fails_is_told_at_once_and_at_the_end_and_tried_again(command, tmp_path):
    (tmp_path / "data" / "behaviour.json").write_text(json.dumps({"softmax": "raise"}))
    code, said, err = call(*command)
    assert code == 1
    assert "! failed: digits" in err
    assert "no verdict" in said
    assert f"1 claims without a verdict: {CLAIM}" in err
    assert "Traceback" not in said + err
    (tmp_path / "data" / "behaviour.json").unlink()
    code, said, _ = call(*command)
    assert "no verdict" not in said


def test_the_list_needs_no_worker(tmp_path):
    code, said, err = call("claims", "--list", module=TRIVIAL)
    assert (code, err) == (0, "")
    assert said.count("\n  ") == 86
