"""The pool on a Ray cluster of three local nodes, with trivial training: deaths, lost nodes, a lost bridge."""

import json
import os
import signal

import pytest

from experiments.scheduling.address import Cluster
from experiments.scheduling.bundle import Bundle
from experiments.scheduling.call import Call, Returned
from experiments.scheduling.pool import Event
from experiments.scheduling.ray_pool import RayPool
from experiments.tuning.cell import Ask
from tests.experiments.processes import until
from tests.experiments.samples import a_run
from tests.experiments.scheduling import trivial
from tests.experiments.scheduling.ray_cluster import NODE, actors, three_nodes


@pytest.fixture(scope="module")
def cluster():
    with three_nodes() as several:
        yield several


@pytest.fixture
def pool(cluster, tmp_path, monkeypatch):
    """A maker of pools: ``pool(activation=behaviour, ...)``."""
    monkeypatch.chdir(tmp_path)  # Ray workers of this machine look for code where the driver is, too

    def make(**behaviours: str) -> RayPool:
        (tmp_path / "behaviour.json").write_text(json.dumps(behaviours))
        return RayPool(Cluster(cluster.address), 1, str(tmp_path), tmp_path / "workers.log", trivial.ray_main)

    return make


def bundle(*activations: str, cost: float = 1.0, seeds: int = 1) -> Bundle:
    # noisy_line is the smallest data set, and each bundle's goes to the object store
    runs = (a_run(dataset="noisy_line", activation=a, seed=seed) for a in activations for seed in range(seeds))
    return Bundle(tuple(runs), cost)


def outcomes(events: list[Event]) -> dict[tuple[str, int], str]:
    found = [((e.run.activation, e.run.seed), e.value.status) for e in events if e.kind == "outcome"]
    assert len(dict(found)) == len(found), "an outcome came twice"
    return dict(found)


def test_each_job_is_done_and_a_run_that_takes_workers_down_fails_alone(pool):
    question = {"strategy": "grid", "space": {"learning_rate": {"choices": [0.1, 0.2]}}, "trials": 0, "epochs": 1,
                "seed": 0, "told": []}  # fmt: skip
    with pool(relu="kill once", tanh="kill", elu="raise", prelu="diverge") as several:
        several.submit([
            bundle("linear", "relu", "sigmoid", seeds=2), bundle("softmax", "tanh", "maxout"), bundle("elu", "prelu"),
            Ask("cell", 0, ("trace",), question), Call("twice", "operator:mul", {}), Call("end", "os:abort"),
            Call("code", "importlib.util:find_spec", {"name": "custom"}),
        ])  # fmt: skip
        events = list(several.events())
    until(lambda: not actors(), seconds=20)
    assert outcomes(events) == {
        **{(name, seed): "done" for name in ("linear", "relu", "sigmoid") for seed in (0, 1)},
        ("softmax", 0): "done", ("tanh", 0): "failed", ("maxout", 0): "done", ("elu", 0): "failed",
        ("prelu", 0): "diverged",
    }  # fmt: skip
    how = "its process ended unexpectedly (often: out of memory)"
    died = [(e.run and e.run.activation, e.value) for e in events if e.kind == "died"]
    assert sorted(died, key=str) == [("relu", how), ("tanh", how), ("tanh", how), (None, how), (None, how)]
    ends = {e.run.activation: e.value for e in events if e.kind == "outcome"}
    assert ends["tanh"].error == f"the worker died: {how}"
    assert ends["elu"].error.startswith("ValueError: the parts do not fit (trivial.py:")
    assert {"ray", "nodes", "commit", "pid"} <= set(ends["linear"].machine)
    answers = {e.value[0].key: e.value[1] for e in events if e.kind == "answer"}
    assert answers["cell:0"] == [{"learning_rate": 0.1}, {"learning_rate": 0.2}]
    assert "py_modules" in answers["code"].value.origin
    assert answers["twice"].error.startswith("TypeError")
    assert answers["end"] == Returned(error=f"the worker died: {how}")
    assert [e.value for e in events if e.kind == "size"] == [(3, "ray: 3 nodes, 3 CPUs")]
    for run in ("linear", "maxout"):
        kinds = [e.kind for e in events if e.run and e.run.activation == run and e.run.seed == 0]
        assert kinds == ["started", "epoch", "epoch", "outcome"]


def test_a_lost_node_costs_its_runs_one_more_try_and_a_new_one_is_used(pool, cluster, tmp_path):
    with pool(relu="wait") as several:
        several.submit([Bundle((run,), 1.0) for run in bundle("relu", seeds=4).runs])
        events, started = [], 0
        for event in several.events():
            events.append(event)
            started += event.kind == "started"
            if started == 3 and event.kind == "started":
                cluster.remove_node(next(iter(cluster.worker_nodes)))
            if event.kind == "died":
                cluster.add_node(**NODE)
            if started == 4:
                (tmp_path / "go").touch()
    assert outcomes(events) == {("relu", seed): "done" for seed in range(4)}
    (died,) = (e.value for e in events if e.kind == "died")
    assert died in ("its node was lost", "neither it nor its node answers")  # whichever Ray finds out first
    sizes = [e.value[0] for e in events if e.kind == "size"]
    assert (sizes[0], min(sizes), sizes[-1]) == (3, 2, 3)


def test_a_lost_bridge_is_built_again_and_an_interrupt_leaves_nothing_on_the_cluster(pool):
    events = []

    def until_it_is_busy_again(several: RayPool) -> None:
        with several:
            several.submit([bundle("relu"), bundle("tanh")])
            for event in several.events():
                events.append(event)
                if event.kind == "started":
                    if any(each.kind == "notice" for each in events):
                        assert actors()
                        raise KeyboardInterrupt
                    os.kill(several._process.pid, signal.SIGKILL)

    with pytest.raises(KeyboardInterrupt):
        until_it_is_busy_again(pool(relu="wait", tanh="wait"))
    until(lambda: not actors(), seconds=10)
    assert [e.kind for e in events if e.kind in ("size", "notice", "died")] == ["size", "notice", "size"]
    notice = next(e.value for e in events if e.kind == "notice")
    assert "is lost (the bridge to it ended with exit code -9): its runs wait" in notice
