"""What a sweep tells while it runs, on a terminal and elsewhere."""

import io
import os
import re
from types import SimpleNamespace

import pytest

from experiments import progress
from experiments.progress import Progress, duration, label
from experiments.records import Outcome
from experiments.scheduling.pool import Event
from tests.experiments.samples import DONE, FAILED, a_run

RUNS = [a_run(seed=seed, activation=activation) for activation in ("relu", "tanh") for seed in range(5)]


class Stream(io.StringIO):
    def __init__(self, terminal: bool):
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def campaign(done: int = 0, cost: float = 2.0, tuning: int = 0):
    """What Progress asks of a `sweep.Campaign`: each run costs the same; `ended` is set by the tests."""
    self = SimpleNamespace(needed={run.key: run for run in RUNS}, ended=done, work=SimpleNamespace(cost=lambda _: cost))
    self.done = lambda: done
    self.open_cells = lambda: tuning
    self.costs_left = lambda: {"digits/mlp": cost * (len(RUNS) - self.ended)}
    return self


def told(watch: Progress) -> str:
    assert isinstance(watch.stream, io.StringIO)
    return watch.stream.getvalue()


def end(watch: Progress, run, outcome: Outcome) -> None:
    vars(watch.campaign)["ended"] += 1
    watch(Event("outcome", 0, run, outcome))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.4, "0 s"), (45.2, "45 s"), (89.4, "89 s"), (89.7, "90 s"), (90, "2 min"), (720, "12 min"),
     (5369, "89 min"), (5400, "1 h 30 min"), (11_100, "3 h 05 min"), (360_000, "100 h 00 min")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_label_tells_runs_apart():
    run = a_run(model_args=(("depth", 3),))
    assert label(run) == "digits mlp(depth=3) relu x adam, rate 0.001, seed 0"
    assert label(a_run(seed=1)) != label(a_run())


def test_without_a_terminal_there_are_plain_lines_now_and_then(clock):
    watch = Progress(Stream(terminal=False), campaign())
    for number, run in enumerate(RUNS):
        clock.now += 10
        watch(Event("started", 0, run))
        watch(Event("epoch", 0, run, DONE.curve[0]))
        end(watch, run, DONE)
        assert told(watch).count("\n") <= 2 + number * 10 / progress.PLAIN_EVERY
    watch.close()
    assert "\x1b" not in told(watch)
    assert "\r" not in told(watch)
    lines = told(watch).splitlines()
    assert 5 <= len(lines) <= 9
    assert lines[0].startswith("0/10 runs | starting")
    assert lines[-1].startswith("10/10 runs | 0 s left | best on digits 0.4000 relu x adam")
    assert lines[-1].endswith("| 100 s in all") or lines[-1].endswith("| 2 min in all")


def test_on_a_terminal_one_line_is_written_over_and_cut_to_the_width(clock, monkeypatch):
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: os.terminal_size((30, 20)))
    watch = Progress(Stream(terminal=True), campaign())
    for run in RUNS[:4]:
        clock.now += 1
        end(watch, run, DONE)
    shown = told(watch).split("\r\x1b[K")
    assert shown[0] == ""
    assert len(shown) == 5
    assert max(map(len, shown)) == 29
    assert "\n" not in told(watch)


def test_a_live_line_is_not_written_for_every_event(clock):
    watch = Progress(Stream(terminal=True), campaign())
    for _ in range(1000):
        clock.now += 0.001
        watch(Event("epoch", 0, RUNS[0], DONE.curve[0]))
    assert 3 <= told(watch).count("\x1b[K") <= 7


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            Event("outcome", 1, RUNS[0], Outcome(status="diverged", step=17)),
            r"^~ diverged at update 17: digits mlp relu x adam",
        ),
        (
            Event("outcome", 1, RUNS[0], FAILED),
            r"^! failed: digits mlp relu x adam, rate 0.001, seed 0: ValueError: no",
        ),
        (Event("outcome", 1, RUNS[0], Outcome(status="oom", error="x")), r"^! oom: .*: x"),
        (
            Event("died", 1, RUNS[0], "killed by SIGKILL"),
            r"^! worker 1 died: killed by SIGKILL, at digits .* takes its place",
        ),
        (Event("died", 1, None, "exit code 3"), r"^! worker 1 died: exit code 3; a new one takes its place"),
    ],
)
def test_what_goes_wrong_gets_a_line_that_stays(clock, terminal, event, words):
    watch = Progress(Stream(terminal), campaign())
    watch(event)
    lines = told(watch).replace("\r\x1b[K", "\n").splitlines()
    assert any(re.match(words, line) for line in lines)
    assert not terminal or told(watch).startswith("\r\x1b[K")


def test_time_left_is_what_is_missing_at_the_pace_so_far(clock):
    watch = Progress(Stream(False), campaign(done=2, cost=2.0))
    assert watch.left() is None
    for run in RUNS[:4]:
        clock.now += 30  # each of nominal cost 2 takes 30 seconds
        end(watch, run, DONE)
    assert watch.finished == 6
    assert watch.left() == pytest.approx(4 * 30)
    assert "6/10 runs | 2 min left" in watch.line()
    watch.workers = 4
    assert watch.left() == pytest.approx(30)


def test_time_left_knows_that_a_second_model_has_another_pace(clock):
    watch = Progress(Stream(False), campaign())
    watch.campaign.costs_left = lambda: {"digits/mlp": 2.0, "digits/cnn": 2.0}
    for model, seconds in (("mlp", 10), ("cnn", 90)):
        run = a_run(model=model)
        clock.now += 100  # the time that a worker needs to start is no part of a run
        watch(Event("started", 0, run))
        clock.now += seconds
        watch(Event("epoch", 0, run))
        watch(Event("outcome", 0, run, DONE))
    assert watch.left() == pytest.approx(10 + 90)


def test_counts_best_and_open_cells_are_told():
    watch = Progress(Stream(False), campaign(tuning=3))
    for metric, run in ((0.5, RUNS[0]), (0.9, RUNS[5]), (0.7, RUNS[1])):
        end(watch, run, Outcome(status="done", validation_metric=metric))
    end(watch, a_run(dataset="other", activation="elu"), Outcome(status="done", validation_metric=0.1))
    for status in ("diverged", "failed", "failed", "oom"):
        end(watch, RUNS[2], Outcome(status=status, validation_metric=1.0))
    assert "3 cells still tuning" in watch.line()
    assert "1 diverged | 2 failed | 1 oom" in watch.line()
    assert watch.line().endswith("best on digits 0.9000 tanh x adam | best on other 0.1000 elu x adam")


def test_what_a_cluster_tells_is_said_at_once_and_its_workers_count(clock):
    watch = Progress(Stream(False), campaign(cost=2.0), workers=1)
    watch(Event("size", -1, None, (5, "ray: 3 nodes, 5 CPUs")))
    watch(Event("notice", -1, None, "! the Ray cluster is lost"))
    assert told(watch) == "ray: 3 nodes, 5 CPUs\n! the Ray cluster is lost\n"
    watch(Event("started", 0, RUNS[0]))
    clock.now += 10.0
    end(watch, RUNS[0], DONE)
    assert watch.left() == pytest.approx(9 * 10.0 / 5)
    watch(Event("size", -1, None, (0, "ray: 1 node, 0 CPUs")))
    assert watch.left() == pytest.approx(9 * 10.0)


def test_the_clock_is_kept_before_the_end(tmp_path, monkeypatch):
    """A killed sweep comes to no end: what it took has to be in the ledger by then."""
    from experiments import sweep
    from experiments.ledger import LEDGER, Ledger

    monkeypatch.setattr(sweep, "EVERY", 0.0)
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.remember({"wall_seconds": 100.0})
        with sweep._clocked(ledger) as tick:
            tick()
            assert 100.0 < ledger.facts()["wall_seconds"] < 160.0
