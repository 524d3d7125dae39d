"""Worker processes whose training is trivial: they are real, and come up without TensorFlow in a blink.

What becomes of a run is said by ``behaviour.json`` in the data folder: activation -> behaviour, see `train`.

``python -m tests.experiments.scheduling.trivial VERB ...`` is the command line with such workers.
"""

import json
import os
import signal
import sys
import time
import types
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.records import Epoch, Outcome, Run
from experiments.scheduling import bridge, trainers, worker
from experiments.scheduling.address import Cluster
from experiments.scheduling.bundle import trace_of
from experiments.scheduling.ray_worker import RayWorker
from experiments.tuning.oracles import propose as _propose

PATIENCE = 300.0


class Trainers:
    """In place of `trainers.Trainers`: keeps the traces it has made."""

    def __init__(self, data_dir: str | None):
        self.folder = Path(data_dir or ".")
        self.cells: list[tuple] = []
        table = self.folder / "behaviour.json"
        self.behaviours = json.loads(table.read_text()) if table.exists() else {}

    def get(self, run: Run) -> "Trainers":
        if trace_of(run) not in self.cells:
            self.cells.append(trace_of(run))
        return self

    def forget(self, run: Run) -> None:
        self.cells.remove(trace_of(run))


def train(trained: Trainers, run: Run, on_epoch) -> Outcome:
    """An outcome that follows from the run alone, unless its activation has a behaviour.

    ``raise``, ``memory``: that exception; ``kill``: the worker kills itself, each time; ``kill once``: the
    first time; ``exit``: the worker ends in the middle; ``meet``: waits until two processes do so with this
    seed; ``wait``: until the file ``go`` is there; ``chatter``: writes to both
    outputs; ``diverge``.
    """
    behaviour = trained.behaviours.get(run.activation, "done")
    mark = trained.folder / f"{behaviour}-{os.getpid()}"
    first = not list(trained.folder.glob(f"{behaviour}-*"))
    if behaviour != "done":
        mark.touch()
    if behaviour == "raise":
        raise ValueError("the parts do not\n  fit")
    if behaviour == "memory":
        raise MemoryError("no more")
    if behaviour == "kill" or (behaviour == "kill once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "exit":
        os._exit(7)
    if behaviour == "meet":
        (trained.folder / f"met-{run.seed}-{os.getpid()}").touch()
        _until(lambda: len(list(trained.folder.glob(f"met-{run.seed}-*"))) >= 2)
    if behaviour == "wait":
        _until((trained.folder / "go").exists)
    if behaviour == "chatter":
        for output in (1, 2):
            os.write(output, b"to output %d" % output)
    score = int(run.key, 16) / 16**16
    curve = tuple(
        Epoch(
            epoch=number,
            train_loss=score / number,
            train_metric=score,
            validation_loss=score,
            validation_metric=score,
            seconds=0.0,
        )
        for number in range(1, run.epochs + 1)
    )
    for epoch in curve:
        on_epoch(epoch)
    machine = {"pid": os.getpid(), "traces": len(trained.cells)}
    if behaviour == "diverge":
        return Outcome(status="diverged", step=5, machine=machine)
    tests = (
        {}
        if run.tuning
        else {"test_loss": score, "test_metric": score, "last_test_loss": score, "last_test_metric": score}
    )
    return Outcome(status="done", curve=curve, best_epoch=1, validation_metric=score, machine=machine, **tests)


def train_stack(trained: Trainers, runs: tuple[Run, ...], size: int):
    """In place of `stacks.train`: all outcomes come at the end, or none."""
    yield from [("outcome", run, train(trained, run, lambda _: None)) for run in runs]


def _until(there) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        if time.monotonic() > end:
            raise TimeoutError("nobody came")
        time.sleep(0.01)


def propose(**question) -> list[dict]:
    """`oracles.propose`, without bringing up KerasTuner for a plain grid of rates, which is taken in one round."""
    space = question["space"]
    if question["strategy"] == "grid" and set(space) == {"learning_rate"}:
        return [] if question["told"] else [{"learning_rate": rate} for rate in space["learning_rate"]["choices"]]
    return _propose(**question)


def install() -> None:
    """Put the above in place of training, in this process."""
    sys.modules["experiments.training.loop"] = types.SimpleNamespace(train=train)  # type: ignore[assignment]
    sys.modules["experiments.training.stacks"] = types.SimpleNamespace(train=train_stack)  # type: ignore[assignment]
    sys.modules["experiments.training.backend"] = types.SimpleNamespace(start=lambda *_: None)  # type: ignore[assignment]
    trainers.propose = propose


def main(pipe: Connection, parent: int, data_dir: str | None, log: str, engine: str, number: int) -> None:
    """`worker.main` with trivial training."""
    install()
    worker.Trainers = lambda *_: Trainers(data_dir)  # type: ignore[assignment, misc]
    worker.main(pipe, parent, data_dir, log, engine, number)


def ray_main(pipe: Connection, parent: int, cluster: Cluster, cores: int, data_dir: str | None, log: str) -> None:
    """`bridge.main` with workers whose training is trivial."""

    class TrivialWorker(RayWorker):
        def _start(self):
            install()
            return Trainers(data_dir)

    bridge.main(pipe, parent, cluster, cores, data_dir, log, TrivialWorker)


def stillborn(*_: object) -> None:
    """A worker that ends before it is up."""
    sys.exit(3)


if __name__ == "__main__":
    from experiments import cli, sweep
    from experiments.claims import runner
    from experiments.scheduling.pool import Pool
    from experiments.scheduling.ray_pool import RayPool
    from tests.experiments.scheduling import trivial

    sweep.Pool = runner.Pool = partial(Pool, target=trivial.main)  # type: ignore[assignment, misc]
    sweep.RayPool = partial(RayPool, target=trivial.ray_main)  # type: ignore[assignment, misc]
    sys.exit(cli.main())
