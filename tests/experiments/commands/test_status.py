"""`status --watch`: in place on a terminal, a line when something changed elsewhere; it ends with the sweep."""

import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from experiments.commands.status import News, Repaint, lines
from experiments.ledger import LEDGER, Ledger
from tests.experiments.processes import ROOT, until
from tests.experiments.samples import DONE, a_run

RUNS = [a_run(seed=seed) for seed in range(4)]


@pytest.fixture
def ledger(tmp_path):
    """A ledger whose sweep is running, with one run done."""
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(n, "default", run) for n, run in enumerate(RUNS)], {"plan": "mine", "command": "again"})
        ledger.record(RUNS[0], DONE)
        ledger.started(1, RUNS[1], 0)
        yield ledger


def watch(out, **more) -> subprocess.Popen:
    command = [sys.executable, "-m", "experiments", "status", "--watch", "0.1", "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, **more)


def test_elsewhere_a_line_is_written_when_counts_change_and_it_ends_with_the_sweep(ledger, tmp_path):
    process = watch(tmp_path, stdout=subprocess.PIPE)
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.extend(process.stdout), daemon=True)
    reader.start()
    until(lambda: seen, process)
    time.sleep(0.5)
    assert len(seen) == 1, "nothing changed, so nothing is written"
    ledger.record(RUNS[1], DONE)
    until(lambda: len(seen) > 1, process)
    ledger.close()
    assert process.wait(30) == 0
    reader.join(10)
    assert [re.sub(r"^[0-9:]{8}  ", "", line) for line in seen] == [
        "1 done, 3 to do\n", "2 done, 2 to do\n", "no sweep is running\n",
    ]  # fmt: skip
    assert process.stderr.read() == ""
    process.stderr.close()
    process.stdout.close()


def test_on_a_terminal_it_repaints_and_ctrl_c_ends_it_cleanly(ledger, tmp_path):
    ours, theirs = pty.openpty()
    process = watch(tmp_path, stdout=theirs)
    os.close(theirs)
    seen = b""
    end = time.monotonic() + 60
    while seen.count(b"plan mine") < 2 and time.monotonic() < end:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    os.close(ours)
    assert b"worker 1: digits mlp relu x adam" in seen
    first = seen.split(b"\x1b[")[0].replace(b"\r\n", b"\n")
    up = int(re.search(rb"\x1b\[(\d+)F\x1b\[J", seen)[1])
    assert up == first.count(b"\n"), "it goes up by as many lines as it had painted"
    assert process.stderr.read() == ""
    process.stderr.close()


def test_without_a_sweep_it_tells_once(tmp_path, ledger):
    ledger.close()
    process = watch(tmp_path, stdout=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("1 done, 3 to do\nno sweep is running\n")


def test_a_silent_worker_is_shown_and_a_clock_that_is_set_makes_no_odd_times(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)  # in 1970, as on a board without a battery
    (worker,) = [line for line in lines(ledger, tmp_path) if "worker 1" in line]
    assert worker.endswith(", epoch 0, for 0 s")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 600)
    (worker,) = [line for line in lines(ledger, tmp_path) if "worker 1" in line]
    assert worker.endswith(", epoch 0, for 10 min, no sign for 10 min")


def test_a_small_terminal_is_never_overrun(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((10, 5)))
    stream = io.StringIO()
    show = Repaint(stream)
    for _ in range(2):
        show([f"{n} {'x' * 30}" for n in range(9)], Counter())
    painted = stream.getvalue().split("\x1b[3F\x1b[J")
    assert painted == ["0 xxxxxxx\n1 xxxxxxx\n2 xxxxxxx\n"] * 2


def test_what_did_not_change_is_no_news():
    stream = io.StringIO()
    show = News(stream)
    for counts in ({"done": 1}, {"done": 1}, {"done": 2}):
        show(["plan"], Counter(counts))
    assert stream.getvalue().count("\n") == 2


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "1e9"])
def test_a_wrong_interval_is_refused(capsys, seconds):
    from experiments.cli import main

    assert main(["status", "--watch", seconds]) == 2
    assert "allowed: seconds from 0.1 to 86400" in capsys.readouterr().err
