"""The local pool: persistent worker processes, one a core, fed with bundles by their parent."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from experiments import places
from experiments.errors import WorkerError
from experiments.records import Outcome, Run
from experiments.scheduling import worker
from experiments.scheduling.bundle import Bundle, items
from experiments.scheduling.call import Call, Returned
from experiments.scheduling.queue import Queue
from experiments.scheduling.trainers import TRACES
from experiments.tuning.cell import Ask

CELLS = 40
"""Cells that a worker compiles before a fresh one takes its place: compiled code is never freed, some 14 MB a cell."""
LIVES = 2
"""How many workers a run may take down before it counts as failed."""
SILENCE = 3600.0
"""Seconds without a sign (a run that begins or ends, an epoch that ends) until a worker counts as hung."""
START = 300.0  # seconds that a worker may take to come up in any case
TICK = 1.0  # seconds between two looks, where nothing is heard


@dataclass
class _Worker:
    number: int
    process: Any
    pipe: Connection
    ready: bool = False  # it has come up
    idle: bool = False
    queue: list[Run | Ask | Call] = field(default_factory=list)  # sent, not yet answered
    quiet: float = 0.0  # seconds since its last sign
    compiled: int = 0
    traces: list[tuple] = field(default_factory=list)  # the cells it has compiled, latest last


@dataclass(frozen=True)
class Event:
    """What happened: ``started``, ``epoch`` (value: Epoch), ``outcome`` (value: Outcome), ``answer`` (value:
    the question and the proposals) or ``died`` (value: text); of no worker: ``size`` (value: how many workers there
    can be by now, and a text) or ``notice`` (value: text)."""

    kind: str
    worker: int
    run: Run | None = None
    value: Any = None


class Pool:
    """``with Pool(2, data_dir, log) as pool``: submit bundles, then go through ``pool.events()``.

    More bundles may be submitted while the events are gone through. A worker that dies is replaced; the run
    that it was at is tried once more, then it counts as failed. One that hangs is ended, which is a death.

    Attributes:
        silence: seconds without a sign until a worker counts as hung.

    Args:
        workers: number of processes.
        data_dir: where they find the data.
        log: file for whatever libraries print in them.
        target: what a worker process runs, with the arguments of `worker.main`.
        engine: of all that is submitted.

    Raises:
        LedgerError: the log is something else than a file.
    """

    def __init__(self, workers: int, data_dir: str | None, log: Path, target: Callable[..., None] = worker.main,
                 engine: str = "compiled"):  # fmt: skip
        places.check(log)
        self._count, self._data_dir, self._log, self._target, self._engine = workers, data_dir, log, target, engine
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[int, _Worker] = {}
        self._waiting: Queue[Bundle | Ask | Call] = Queue()
        self._deaths: dict[str, int] = {}
        self.silence = SILENCE
        self._looked = time.monotonic()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._workers.values():
            each.process.kill()
        for each in self._workers.values():
            each.process.join()
            each.pipe.close()
        self._workers.clear()

    def submit(self, jobs: Iterable[Bundle | Ask | Call]) -> None:
        """Add bundles to train, or questions for an oracle."""
        self._waiting.add(jobs)

    def events(self) -> Iterator[Event]:
        """What the workers report, until all that was submitted is done.

        Raises:
            WorkerError: workers die before they have come up, again and again.
        """
        while self._waiting or any(each.queue for each in self._workers.values()):
            self._fill()
            by_sentinel = {each.process.sentinel: each for each in self._workers.values()}
            by_pipe = {each.pipe: each for each in self._workers.values()}
            for ready in wait([*by_pipe, *by_sentinel], timeout=TICK):
                if ready in by_pipe:
                    yield from self._receive(by_pipe[ready])
                elif by_sentinel[ready].number in self._workers and not by_sentinel[ready].pipe.poll():
                    yield from self._bury(by_sentinel[ready])
            yield from self._end_the_hung()

    def _end_the_hung(self) -> Iterator[Event]:
        """End workers that have given no sign for too long."""
        now = time.monotonic()
        # No more than two looks' time: while the whole sweep was stopped (Ctrl-Z), no worker could say anything.
        passed, self._looked = min(now - self._looked, 2 * TICK), now
        for each in [each for each in self._workers.values() if self._owes_a_sign(each)]:
            each.quiet += passed
            limit = self.silence if each.ready else max(self.silence, START)
            if each.quiet > limit:
                each.process.kill()
                each.process.join()
                each.pipe.close()
                yield from self._mourn(each, f"no sign for {limit:g} s, so it was ended")

    def _owes_a_sign(self, each: _Worker) -> bool:
        return bool(each.queue) or not each.ready

    def _fill(self) -> None:
        """Start workers up to the number that is useful, and give the idle ones something to do."""
        wanted = min(self._count, len(self._waiting) + sum(bool(each.queue) for each in self._workers.values()))
        for number in range(wanted):
            if number not in self._workers:
                self._start(number)
        for each in list(self._workers.values()):
            if each.idle and self._waiting:
                # A compiled cell that comes back (its next round of tuning) goes where its trace is.
                job, known = self._waiting.choose(each.traces, self._elsewhere(each))
                if not known and each.compiled >= CELLS:
                    self._retire(each)
                    continue
                each.idle = False
                piece, rest = self._piece(job)
                try:
                    each.pipe.send(piece)
                except OSError:  # it died while it was idle: it is buried when its end is seen
                    continue
                self._waiting.take(job)
                self._waiting.add([rest] if rest else [])
                each.queue, each.quiet = items(piece), 0.0
                each.compiled += job.trace not in each.traces
                if job.trace in each.traces:
                    each.traces.remove(job.trace)
                each.traces = [*each.traces, job.trace][-TRACES:]

    def _piece(self, job: Bundle | Ask | Call) -> tuple[Bundle | Ask | Call, Bundle | None]:
        """What of a job a worker gets now: less as the end comes near (guided self-scheduling), so that none is left
        with a long bundle while the others have nothing. A stack is worth more whole."""
        if not isinstance(job, Bundle) or self._engine == worker.STACKED or self._count < 2:
            return job, None
        return job.split(self._waiting.cost / (2 * self._count))

    def _retire(self, each: _Worker) -> None:
        """End an idle worker; the next round starts a fresh one in its place."""
        each.process.kill()
        each.process.join()
        each.pipe.close()
        del self._workers[each.number]

    def _elsewhere(self, mine: _Worker) -> set[tuple]:
        """The traces that other workers have."""
        return {trace for each in self._workers.values() if each is not mine for trace in each.traces}

    def _start(self, number: int) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=self._target,
            args=(theirs, os.getpid(), self._data_dir, str(self._log), self._engine, number),
            name=f"worker-{number}",
            daemon=True,
        )
        with interrupts_held():
            process.start()
            theirs.close()
            self._workers[number] = _Worker(number, process, ours)

    def _receive(self, each: _Worker) -> Iterator[Event]:
        try:
            kind, run, value = each.pipe.recv()
        except (EOFError, OSError):
            yield from self._bury(each)
            return
        yield from self._take(each, kind, run, value)

    def _take(self, each: _Worker, kind: str, run: Run | None, value: Any) -> Iterator[Event]:
        """What a worker says, put into the books and told."""
        each.quiet = 0.0
        if kind == "ready":
            each.ready = each.idle = True
            self._deaths.pop("start", None)
            return
        if kind == "outcome" and run:
            each.queue.remove(run)
        elif kind == "answer":
            each.queue.remove(value[0])
        yield Event(kind, each.number, run, value)

    def _bury(self, each: _Worker) -> Iterator[Event]:
        """Replace a dead worker."""
        each.process.join(5)
        each.process.kill()
        each.process.join()
        each.pipe.close()
        yield from self._mourn(each, _how(each.process.exitcode))

    def _mourn(self, each: _Worker, how: str) -> Iterator[Event]:
        """Take a dead worker off the books and decide what becomes of the run that it was at."""
        del self._workers[each.number]
        if not each.queue:
            # It died before it was up: many times the same way, and there is no use in going on.
            self._deaths["start"] = self._deaths.get("start", 0) + (not each.ready)
            if self._deaths["start"] > 2 * self._count:
                raise WorkerError(f"the worker processes cannot start ({how}): the end of {self._log} may tell why")
            yield Event("died", each.number, None, how)
            return
        victim, *rest = each.queue
        self._deaths[victim.key] = self._deaths.get(victim.key, 0) + 1
        yield Event("died", each.number, victim if isinstance(victim, Run) else None, how)
        again = self._deaths[victim.key] < LIVES
        if not isinstance(victim, Run):
            self.submit([victim] if again else [])
            if isinstance(victim, Call) and not again:
                yield Event("answer", each.number, None, (victim, Returned(error=f"the worker died: {how}")))
            return
        if not again:
            yield Event("outcome", each.number, victim, Outcome(status="failed", error=f"the worker died: {how}"))
        suspect = (victim,) if again else ()
        others = tuple(run for run in rest if isinstance(run, Run))
        # Of a stack any run may be to blame: the one that is suspected goes on alone.
        parts = (suspect, others) if self._engine == worker.STACKED else ((*suspect, *others),)
        self.submit(Bundle(runs, float(len(runs))) for runs in parts if runs)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Let interrupts wait until a child has all that it starts with; the child itself starts deaf to Ctrl-C.

    It inherits the mask, until it has come to ignore that signal. In the parent a mask is not enough: another
    thread, say of a library for linear algebra, takes the signal for the whole process.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()  # it would be started along with the first child, and lift the mask
    came: list[int] = []
    held = {number: signal.signal(number, lambda number, _: came.append(number))
            for number in (signal.SIGINT, signal.SIGTERM)}  # fmt: skip
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in held.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    if came:
        signal.raise_signal(came[0])


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        return f"killed by {name}" + (" (often: out of memory)" if name == "SIGKILL" else "")
    return f"exit code {exitcode}"
