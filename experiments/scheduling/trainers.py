"""What a worker does with a run, a question or a call, wherever the worker is. Only workers use this."""

import os
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from experiments.plugins.offer import Offer
from experiments.records import Outcome, Run
from experiments.scheduling import devices
from experiments.scheduling.bundle import trace_of
from experiments.scheduling.call import Call, perform
from experiments.tuning.cell import Ask
from experiments.tuning.oracles import propose

TRACES = 3  # compiled cells kept at hand: a cell's next round of tuning comes back soon

Send = Callable[[tuple[str, Run | None, Any]], None]


class Trainers:
    """The data sets and compiled cells that were used last. Brings the backend of its engine up.

    Args:
        load: gives a data set by name.
        engine: of all that is trained.
        gpu: the GPU to use, as CUDA names it; None for a CPU.
        plugin: where parts of a user's own come from.
    """

    def __init__(self, load: Callable[[str], Any], engine: str = "compiled", gpu: str | None = None,
                 plugin: Offer | None = None):  # fmt: skip
        from experiments.training import backend

        backend.start(engine, gpu)
        self.load, self.plugin = load, plugin
        self.data: OrderedDict[str, Any] = OrderedDict()
        self.cells: OrderedDict[tuple, Any] = OrderedDict()

    def get(self, run: Run) -> Any:
        trace = trace_of(run)
        if trace not in self.cells:
            while len(self.cells) >= TRACES:
                self.cells.popitem(last=False)
            self.cells[trace] = self._make(run)
        self.cells.move_to_end(trace)
        return self.cells[trace]

    def forget(self, run: Run) -> None:
        self.cells.pop(trace_of(run), None)

    def _make(self, run: Run) -> Any:
        from experiments.training import engines
        from experiments.training.setup import prepare

        if run.plugin:
            from experiments.plugins import parts

            parts.use(self.plugin, run.plugin)
        return engines.make(run.engine, prepare(run, self._dataset(run)))

    def _dataset(self, run: Run) -> Any:
        from experiments.errors import DataError
        from experiments.training.setup import Arrays

        if run.dataset not in self.data:
            while len(self.data) >= 2:
                self.data.popitem(last=False)
            self.data[run.dataset] = Arrays(self.load(run.dataset))
        data = self.data[run.dataset]
        if data.fingerprint != run.fingerprint:
            raise DataError(f"{run.dataset} on disk is no longer what the plan was made with: start the sweep again")
        return data


def work(trainers: Trainers, item: Run | Ask | Call, send: Send) -> None:
    """Train a run, put a question to an oracle or make a call, and send what comes of it."""
    if isinstance(item, Ask):
        send(("answer", None, (item, propose(**item.question))))
    elif isinstance(item, Call):
        send(("answer", None, (item, perform(item))))
    else:
        send(("outcome", item, _train(trainers, item, send)))


def _train(trainers: Trainers, run: Run, send: Send) -> Outcome:
    """An outcome, whatever happens: one bad cell never stops the others."""
    from experiments.training.loop import train

    try:
        return train(trainers.get(run), run, lambda epoch: send(("epoch", run, epoch)))
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except BaseException as error:
        trainers.forget(run)
        return _failure(error)


def train_together(trainers: Trainers, runs: tuple[Run, ...], send: Send) -> None:
    """The same for runs that share a trace, in stacks."""
    from experiments.training import stacks

    left = list(runs)
    try:
        for kind, run, value in stacks.train(trainers.get(runs[0]), runs, devices.stack_size()):
            if kind == "outcome":
                left.remove(run)
            send((kind, run, value))
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except BaseException as error:
        trainers.forget(runs[0])
        for run in left:
            send(("outcome", run, _failure(error)))


def _failure(error: BaseException) -> Outcome:
    exhausted = isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())[:500]
    return Outcome(
        status="oom" if exhausted else "failed",
        error=f"{type(error).__name__}: {text} ({os.path.basename(where.filename)}:{where.lineno})",
    )
