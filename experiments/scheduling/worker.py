"""A worker process: takes bundles, trains them, reports. Only here is a training backend imported."""

import os
import signal
import threading
import time
import traceback
from collections import OrderedDict
from multiprocessing.connection import Connection
from typing import Any

from experiments.records import Outcome
from experiments.scheduling import devices
from experiments.scheduling.call import Call, perform
from experiments.tuning.cell import Ask
from experiments.tuning.oracles import propose

STACKED = "stacked"  # the engine that trains a bundle's runs side by side
TRACES = 3  # compiled cells kept at hand: a cell's next round of tuning comes back soon


def main(pipe: Connection, parent: int, data_dir: str | None, log: str, engine: str, number: int) -> None:
    """Serve bundles of one engine until the pipe closes. Whatever libraries print goes to the file ``log``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _redirect(log)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    try:
        trainers = _Trainers(data_dir, engine, devices.gpu_of(number) if engine == STACKED else None)
        pipe.send(("ready", None, None))
        while True:
            job = pipe.recv()
            if isinstance(job, Ask):
                pipe.send(("answer", None, (job, propose(**job.question))))
            elif isinstance(job, Call):
                pipe.send(("answer", None, (job, perform(job))))
            elif engine == STACKED:
                _train_together(trainers, job.runs, pipe)
            else:
                for run in job.runs:
                    pipe.send(("started", run, None))
                    pipe.send(("outcome", run, _train(trainers, run, pipe)))
            pipe.send(("ready", None, None))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _redirect(log: str) -> None:
    """Send standard output and error, those of C++ libraries too, to a file: the terminal is the parent's."""
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


def _die_with(parent: int) -> None:
    """End with the parent, however it ended: a pipe alone is not looked at while training."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


class _Trainers:
    """The data sets and compiled cells that were used last."""

    def __init__(self, data_dir: str | None, engine: str, gpu: str | None):
        from experiments.training import backend

        backend.start(engine, gpu)
        self.data_dir = data_dir
        self.data: OrderedDict[str, Any] = OrderedDict()
        self.cells: OrderedDict[tuple, Any] = OrderedDict()

    def get(self, run) -> Any:
        from experiments.scheduling.bundle import trace_of

        trace = trace_of(run)
        if trace not in self.cells:
            while len(self.cells) >= TRACES:
                self.cells.popitem(last=False)
            self.cells[trace] = self._make(run)
        self.cells.move_to_end(trace)
        return self.cells[trace]

    def forget(self, run) -> None:
        from experiments.scheduling.bundle import trace_of

        self.cells.pop(trace_of(run), None)

    def _make(self, run) -> Any:
        from experiments.training import engines
        from experiments.training.setup import prepare

        return engines.make(run.engine, prepare(run, self._dataset(run)))

    def _dataset(self, run) -> Any:
        from experiments import datasets
        from experiments.errors import DataError
        from experiments.training.setup import Arrays

        if run.dataset not in self.data:
            while len(self.data) >= 2:
                self.data.popitem(last=False)
            self.data[run.dataset] = Arrays(datasets.load(run.dataset, self.data_dir))
        data = self.data[run.dataset]
        if data.fingerprint != run.fingerprint:
            raise DataError(f"{run.dataset} on disk is no longer what the plan was made with: start the sweep again")
        return data


def _train(trainers: _Trainers, run, pipe: Connection):
    """An outcome, whatever happens: one bad cell never stops the others."""
    from experiments.training.loop import train

    try:
        return train(trainers.get(run), run, lambda epoch: pipe.send(("epoch", run, epoch)))
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except BaseException as error:
        trainers.forget(run)
        return _failure(error)


def _train_together(trainers: _Trainers, runs, pipe: Connection) -> None:
    """The same for runs that share a trace, in stacks."""
    from experiments.training import stacks

    left = list(runs)
    try:
        for kind, run, value in stacks.train(trainers.get(runs[0]), runs, devices.stack_size()):
            if kind == "outcome":
                left.remove(run)
            pipe.send((kind, run, value))
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except BaseException as error:
        trainers.forget(runs[0])
        for run in left:
            pipe.send(("outcome", run, _failure(error)))


def _failure(error: BaseException) -> Outcome:
    exhausted = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())[:500]
    return Outcome(
        status="oom" if exhausted else "failed",
        error=f"{type(error).__name__}: {text} ({os.path.basename(where.filename)}:{where.lineno})",
    )
