"""The pool, with real processes and trivial training: order, affinity, and what happens when workers die."""

import json
import os
import signal
import threading
import time
from collections import Counter

import psutil
import pytest

from experiments.errors import WorkerError
from experiments.records import Run
from experiments.scheduling.bundle import Bundle, bundles
from experiments.scheduling.pool import Event, Pool
from tests.experiments.samples import a_run
from tests.experiments.scheduling import trivial


@pytest.fixture
def pool(tmp_path):
    """A maker of pools: ``pool(workers, activation=behaviour, ...)``."""

    def make(workers: int, target=trivial.main, **behaviours: str) -> Pool:
        (tmp_path / "behaviour.json").write_text(json.dumps(behaviours))
        return Pool(workers, str(tmp_path), tmp_path / "workers.log", target=target)

    return make


def bundle(*activations: str, cost: float = 1.0, seeds: int = 1) -> Bundle:
    return Bundle(tuple(a_run(activation=a, seed=seed) for a in activations for seed in range(seeds)), cost)


def outcomes(events: list[Event]) -> dict[tuple[str, int], str]:
    found = [((e.run.activation, e.run.seed), e.value.status) for e in events if e.kind == "outcome"]
    assert max(Counter(run for run, _ in found).values()) == 1, "an outcome came twice"
    return dict(found)


def children() -> list[psutil.Process]:
    return [
        each for each in psutil.Process().children(recursive=True) if "resource_tracker" not in " ".join(each.cmdline())
    ]


def test_events_come_in_order_the_longest_bundle_first_and_nothing_stays_behind(pool):
    with pool(1) as several:
        several.submit([bundle("tanh", cost=1.0), bundle("relu", cost=3.0, seeds=2), bundle("elu", cost=2.0)])
        events = list(several.events())
        assert len(children()) == 1
    assert children() == []
    order = (("relu", 0), ("relu", 1), ("elu", 0), ("tanh", 0))
    expected = [(kind, *run) for run in order for kind in ("started", "epoch", "epoch", "outcome")]
    assert [(e.kind, e.run.activation, e.run.seed) for e in events] == expected
    assert [e.value.epoch for e in events if e.kind == "epoch"] == [1, 2] * 4
    assert {e.worker for e in events} == {0}


def test_more_may_be_submitted_meanwhile_and_goes_where_its_trace_is(pool):
    pids: dict[tuple[str, int], int] = {}
    with pool(2, relu="meet", tanh="meet") as several:
        several.submit([bundle("relu", cost=2.0), bundle("tanh", cost=1.0)])
        for event in several.events():
            if event.kind == "outcome":
                assert isinstance(event.run, Run)
                pids[event.run.activation, event.run.seed] = event.value.machine["pid"]
                if len(pids) == 1:  # the worker that is free first would take the longer one, were it not for its trace
                    mine, others = event.run.activation, "tanh" if event.run.activation == "relu" else "relu"
                    several.submit([Bundle((a_run(activation=mine, seed=1),), 1.0)])
                    several.submit([Bundle((a_run(activation=others, seed=1),), 2.0)])
    assert pids["relu", 0] != pids["tanh", 0]
    assert (pids["relu", 1], pids["tanh", 1]) == (pids["relu", 0], pids["tanh", 0])


def test_a_long_bundle_at_the_end_is_shared(pool, tmp_path):
    with pool(2, relu="wait") as several:
        several.submit([bundle("relu", cost=41.5, seeds=8)])
        workers: dict[int, int] = {}
        for event in several.events():
            if event.kind == "started":
                workers[event.run.seed] = event.worker
                if set(workers.values()) == {0, 1}:
                    (tmp_path / "go").touch()
    assert set(workers) == set(range(8))


def test_no_more_workers_than_there_is_work(pool):
    with pool(8) as several:
        several.submit([bundle("relu", seeds=3)])
        assert outcomes(list(several.events())) == {("relu", seed): "done" for seed in range(3)}
        assert len(children()) == 1


def test_an_exception_makes_its_run_fail_and_no_other(pool):
    with pool(1, relu="raise", tanh="memory", elu="diverge") as several:
        several.submit([bundle("relu", "tanh", "elu", "linear")])
        events = list(several.events())
    assert outcomes(events) == {
        ("relu", 0): "failed",
        ("tanh", 0): "oom",
        ("elu", 0): "diverged",
        ("linear", 0): "done",
    }
    assert [e.kind for e in events].count("died") == 0
    errors = {e.run.activation: e.value.error for e in events if e.kind == "outcome"}
    assert errors["relu"].startswith("ValueError: the parts do not fit (trivial.py:")
    assert errors["tanh"].startswith("MemoryError: no more")


@pytest.mark.parametrize(
    ("behaviour", "deaths", "status", "how"),
    [
        ("kill once", 1, "done", "killed by SIGKILL"),
        ("kill", 2, "failed", "killed by SIGKILL"),
        ("exit", 2, "failed", "exit code 7"),
    ],
)
def test_a_worker_that_dies_is_replaced_and_its_run_tried_once_more(pool, behaviour, deaths, status, how):
    with pool(1, relu=behaviour) as several:
        several.submit([bundle("linear", "relu", "tanh")])
        events = list(several.events())
    assert outcomes(events) == {("linear", 0): "done", ("relu", 0): status, ("tanh", 0): "done"}
    died = [e for e in events if e.kind == "died"]
    assert [e.run.activation for e in died] == ["relu"] * deaths
    assert all(how in e.value for e in died)
    (last,) = (e.value for e in events if e.kind == "outcome" and e.run.activation == "relu")
    assert status == "done" or (how in last.error and last.error.startswith("the worker died"))


def test_of_a_stack_that_takes_its_worker_down_only_the_guilty_run_fails(pool):
    with pool(1, relu="kill") as several:
        several._engine = "stacked"
        several.submit([bundle("linear", "relu", "tanh", "elu")])
        events = list(several.events())
    assert outcomes(events) == {("linear", 0): "done", ("relu", 0): "failed", ("tanh", 0): "done", ("elu", 0): "done"}


def test_a_worker_that_dies_while_it_is_idle_costs_nothing(pool):
    with pool(1) as several:
        several.submit([bundle("relu")])
        (pid,) = {e.value.machine["pid"] for e in several.events() if e.kind == "outcome"}
        time.sleep(0.2)  # until it has said that it is idle
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        several.submit([bundle("tanh")])
        events = list(several.events())
    assert outcomes(events) == {("tanh", 0): "done"}
    assert [e.run for e in events if e.kind == "died"] == [None]


def test_sending_to_a_worker_that_has_just_died_is_survived(pool):
    with pool(1) as several:
        several.submit([bundle("relu")])
        (pid,) = {e.value.machine["pid"] for e in several.events() if e.kind == "outcome"}
        (mine,) = several._workers.values()
        assert mine.pipe.recv() == ("ready", None, None)
        mine.idle = True
        os.kill(pid, signal.SIGKILL)
        psutil.Process(pid).wait(10)
        several.submit([bundle("tanh")])
        assert outcomes(list(several.events())) == {("tanh", 0): "done"}


def test_a_worker_that_hangs_is_ended_and_its_run_tried_once_more(pool):
    with pool(1, relu="wait") as several:
        several.silence = 1.0
        several.submit([bundle("linear", "relu", "tanh")])
        events = list(several.events())
    assert outcomes(events) == {("linear", 0): "done", ("relu", 0): "failed", ("tanh", 0): "done"}
    assert [e.value for e in events if e.kind == "died"] == ["no sign for 1 s, so it was ended"] * 2


def test_time_in_which_all_was_stopped_is_no_silence(pool, tmp_path, monkeypatch):
    """After Ctrl-Z and `fg` the clock has gone on, and no worker could say a word."""
    with pool(1, relu="wait") as several:
        several.silence = 60.0
        several.submit([bundle("relu")])
        kinds = []
        for event in several.events():
            kinds.append(event.kind)
            if event.kind == "started":
                several._looked -= 7200
                threading.Timer(1.5, (tmp_path / "go").touch).start()
    assert kinds == ["started", "epoch", "epoch", "outcome"]


def test_workers_that_cannot_start_end_it_with_the_reason(pool):
    with pool(1, target=trivial.stillborn) as several:
        several.submit([bundle("relu")])
        with pytest.raises(WorkerError, match=r"cannot start \(exit code 3\).*workers\.log"):
            list(several.events())
    assert children() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_no_worker_outlives_the_pool_whatever_ended_it(pool, error):
    def until_both_are_busy(several: Pool) -> None:
        with several:
            several.submit([bundle("relu"), bundle("tanh")])
            busy = 0
            for event in several.events():
                busy += event.kind == "started"
                if busy == 2:
                    assert len(children()) == 2
                    raise error

    with pytest.raises(error):
        until_both_are_busy(pool(2, relu="wait", tanh="wait"))
    assert children() == []


def test_many_bundles_over_two_workers_give_one_outcome_each(pool):
    runs = [a_run(activation=f"a{number}", seed=seed) for number in range(40) for seed in range(3)]
    with pool(2, a7="kill once", a9="raise") as several:
        several.submit(bundles(runs, {"digits": 10}))
        found = outcomes(list(several.events()))
    assert len(found) == len(runs)
    assert Counter(found.values()) == {"done": len(runs) - 3, "failed": 3}


def test_what_libraries_print_goes_to_the_log(pool, tmp_path, capfd):
    with pool(1, relu="chatter") as several:
        several.submit([bundle("relu")])
        assert outcomes(list(several.events())) == {("relu", 0): "done"}
    assert (tmp_path / "workers.log").read_text() == "to output 1to output 2"
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_does_not_disturb_a_worker(pool, tmp_path):
    with pool(1, relu="wait") as several:
        several.submit([bundle("relu")])
        kinds = []
        for event in several.events():
            kinds.append(event.kind)
            if event.kind == "started":
                os.kill(children()[0].pid, signal.SIGINT)
                time.sleep(0.1)
                (tmp_path / "go").touch()
    assert kinds == ["started", "epoch", "epoch", "outcome"]


def test_a_worker_that_has_compiled_its_share_makes_way_for_a_fresh_one(pool, monkeypatch):
    monkeypatch.setattr("experiments.scheduling.pool.CELLS", 2)
    cells = ("relu", "elu", "tanh", "sigmoid", "prelu")
    pids = []
    with pool(1) as several:
        several.submit([bundle(name, seeds=2) for name in cells])
        events = []
        for event in several.events():
            events.append(event)
            if event.kind == "started":
                pids.append(children()[0].pid)
    assert len(outcomes(events)) == 10
    assert not any(event.kind == "died" for event in events)
    assert [pids.index(pid) // 4 for pid in pids] == [0] * 4 + [1] * 4 + [2] * 2  # two cells of two runs each
