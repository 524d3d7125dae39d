"""What the pool makes of what its bridge tells: bridges without a cluster behind them."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from experiments.errors import DataError, WorkerError
from experiments.scheduling import ray_pool
from experiments.scheduling.address import Cluster
from experiments.scheduling.bridge import _how
from experiments.scheduling.bundle import Bundle, items
from experiments.scheduling.ray_pool import RayPool
from tests.experiments.samples import DONE, a_run


def tells(several, pipe, parent, cluster, cores, data_dir, log):
    """A bridge that tells these things and ends."""
    for message in several:
        pipe.send(message)


def works(losses: int, silence: float, pipe, parent, cluster, cores, data_dir, log):
    """A bridge whose first lives end in the middle of a run; the last one does its work, after some silence."""
    life = len(list(Path(data_dir).glob("life-*")))
    (Path(data_dir) / f"life-{life}").touch()
    pipe.send(("size", 2, 7))
    while True:
        kind, worker, *job = pipe.recv()
        if kind == "start":
            pipe.send(("said", worker, ("ready", None, None)))
            continue
        for run in items(job[0]):
            pipe.send(("said", worker, ("started", run, None)))
            time.sleep(silence)
            if life < losses:
                os._exit(9)
            pipe.send(("said", worker, ("outcome", run, DONE)))
        pipe.send(("said", worker, ("ready", None, None)))


@pytest.fixture
def pool(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_pool, "RETRY", 0.01)
    return lambda target, **cluster: RayPool(
        Cluster("127.0.0.1:7", **cluster), 1, str(tmp_path), tmp_path / "workers.log", target
    )


RUNS = tuple(a_run(seed=seed) for seed in range(3))


def test_runs_that_were_at_work_when_the_cluster_was_lost_are_not_to_blame(pool):
    with pool(partial(works, 3, 0), workers=1) as several:  # more often than the lives of a run
        several.submit([Bundle(RUNS, 1.0)])
        events = list(several.events())
    assert [e.run.seed for e in events if e.kind == "outcome"] == [0, 1, 2]
    assert {e.kind for e in events} == {"size", "notice", "started", "outcome"}
    assert [e.value for e in events if e.kind == "size"] == [(1, "ray: 2 nodes, 7 CPUs")] * 4
    (notice,) = (e.value for e in events if e.kind == "notice")
    assert notice == (
        "! the Ray cluster (127.0.0.1:7) is lost (the bridge to it ended with exit code 9): its runs wait, and it is "
        "looked for again for 10 min"
    )


def test_a_cluster_that_does_not_come_back_ends_the_sweep_and_says_how_to_go_on(pool, monkeypatch):
    monkeypatch.setattr(ray_pool, "PATIENCE", 2.0)
    monkeypatch.setattr(ray_pool, "REMIND", 0.5)
    with pool(partial(works, 10**6, 0)) as several:
        several.submit([Bundle(RUNS, 1.0)])
        events = []
        with pytest.raises(WorkerError, match=r"did not come back in 0 min .*the same command resumes, or go on witho"):
            events.extend(iter(several.events().__next__, None))
        assert several._process is None or not several._process.is_alive()


@pytest.mark.parametrize(
    ("told", "error", "text"),
    [
        (
            [("unreachable", "nobody there")],
            WorkerError,
            r"cannot be reached \(nobody there\): start one by `ray start",
        ),
        ([], WorkerError, r"cannot be reached \(the bridge to it ended with exit code 0\).*workers\.log may tell more"),
        ([("size", 1, 1), ("refused", DataError("gone"))], DataError, "gone"),
    ],
)
def test_what_ends_it_at_once(pool, told, error, text):
    with pool(partial(tells, told)) as several:
        several.submit([Bundle(RUNS, 1.0)])
        with pytest.raises(error, match=text):
            list(several.events())


def test_a_bridge_that_says_nothing_is_not_waited_for_without_end(pool, monkeypatch):
    monkeypatch.setattr(ray_pool, "START", 0.5)
    with pool(hangs) as several:
        several.submit([Bundle(RUNS, 1.0)])
        with pytest.raises(WorkerError, match=r"cannot be reached \(no answer in 0 s\)"):
            list(several.events())


def test_a_bridge_that_has_reached_the_cluster_may_be_silent(pool, monkeypatch):
    with pool(partial(works, 0, 1.5)) as several:
        several.submit([Bundle(RUNS[:1], 1.0)])
        kinds = []
        for event in several.events():
            kinds.append(event.kind)
            monkeypatch.setattr(ray_pool, "START", 0.0)
            monkeypatch.setattr(ray_pool, "PATIENCE", 0.0)
    assert kinds == ["size", "started", "outcome"]


def hangs(pipe, *_):
    pipe.poll(None)


def test_a_real_bridge_tells_that_nobody_answers(tmp_path):
    with RayPool(Cluster("127.0.0.1:1"), 1, None, tmp_path / "workers.log") as several:
        several.submit([Bundle(RUNS, 1.0)])
        with pytest.raises(WorkerError, match=r"cannot be reached \(ConnectionRefusedError: "):
            list(several.events())


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RuntimeError("The actor died because its node has died. Node Id: ab"), "its node was lost"),
        (RuntimeError("Task was killed due to the node running low on memory.\n"), "killed by Ray: its node was"),
        (
            RuntimeError("The actor died because of an error raised in its creation task, \x1b[36mray::W()\x1b[39m\n"
                         "Traceback ...\nModuleNotFoundError: No module named 'keras'"),
            "ModuleNotFoundError: No module named 'keras'",
        ),
        (ValueError("what\nelse"), "ValueError: what else"),
    ],
)  # fmt: skip
def test_how_a_worker_died_is_told_in_a_line(error, line):
    assert _how(error).startswith(line)
    assert "\n" not in _how(error)
