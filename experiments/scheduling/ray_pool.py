"""The pool on a Ray cluster: the books of the local pool, and a bridge in place of its processes."""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from experiments.errors import WorkerError
from experiments.records import Run
from experiments.scheduling import bridge
from experiments.scheduling.address import Cluster
from experiments.scheduling.bundle import Bundle
from experiments.scheduling.pool import Event, Pool, _Worker, interrupts_held

START = 120.0  # seconds that a connection may take
PATIENCE = 600.0  # seconds that a lost cluster is waited for
RETRY, REMIND = 2.0, 60.0  # seconds between two attempts, between two lines about them
GOODBYE = 5.0  # seconds that the bridge may take to leave


class _Actor:
    """Stands where the local pool has a worker's process and pipe."""

    def __init__(self, bridge: Connection, serial: int):
        self.bridge, self.serial = bridge, serial
        self.bridge.send(("start", serial))

    def send(self, job: Any) -> None:
        self.bridge.send(("job", self.serial, job))

    def kill(self) -> None:
        self.bridge.send(("end", self.serial))

    def join(self) -> None:
        """Nothing to wait for: what an actor that was ended says is not listened to."""

    def close(self) -> None:
        """Nothing to close: the bridge is of all workers."""


class RayPool(Pool):
    """As `Pool`, with one worker for each CPU of a Ray cluster, as nodes come and go.

    A worker that dies, with its node or alone, is replaced, and its run tried once more. Where the cluster is lost as
    a whole, or the bridge to it, no run is to blame: all go back to the queue, and the cluster is waited for.

    Args:
        cluster: which one.
        cores: CPUs of a cluster that is started for this pool.
        data_dir: where this machine has the data.
        log: file for whatever Ray prints, and workers through it.
        target: what the bridge runs, with the arguments of `bridge.main`.
    """

    def __init__(self, cluster: Cluster, cores: int, data_dir: str | None, log: Path,
                 target: Callable[..., None] = bridge.main):  # fmt: skip
        super().__init__(0, data_dir, log, target)
        self._cluster, self._cores = cluster, cores
        self._serials = itertools.count()
        self._process: Any = None
        self._pipe: Connection | None = None
        self._there = self._known = False  # whether the cluster has answered this bridge, and ever
        self._began = self._said = 0.0
        self._deadline: float | None = None  # until when a lost cluster is waited for

    def __exit__(self, *_: object) -> None:
        self._workers.clear()
        self._leave(GOODBYE)

    def events(self) -> Iterator[Event]:
        """What the workers report, until all that was submitted is done.

        Raises:
            WorkerError: the cluster cannot be reached or does not come back, or workers cannot start on it.
            UserError: the cluster is not safe to use, or the data is gone.
        """
        while self._waiting or any(each.queue for each in self._workers.values()):
            pipe = self._pipe or self._reach()
            yield from self._end_the_hung()
            try:
                self._fill()
                if not wait([pipe], timeout=1.0):
                    if not self._there and time.monotonic() > self._began + START:
                        yield from self._lost(f"no answer in {START:.0f} s")
                    continue
                kind, *told = pipe.recv()
            except (EOFError, OSError):
                self._process.join(GOODBYE)
                yield from self._lost(f"the bridge to it ended with exit code {self._process.exitcode}")
                continue
            yield from self._hear(kind, *told)

    def _hear(self, kind: str, *told: Any) -> Iterator[Event]:
        """Take what the bridge tells."""
        if kind == "size":
            nodes, cpus = told
            self._count = min(cpus, self._cluster.workers or cpus)
            text = f"ray: {nodes} node{'s' * (nodes != 1)}, {cpus} CPU{'s' * (cpus != 1)}"
            self._there = self._known = True
            yield Event("size", -1, None, (self._count, text))
        elif kind == "unreachable":
            yield from self._lost(*told)
        elif kind == "refused":
            raise told[0]
        else:
            serial, what = told
            each = next((each for each in self._workers.values() if each.process.serial == serial), None)
            if each is None:  # it was retired meanwhile
                return
            if kind == "died":
                yield from self._mourn(each, what)
                return
            if what[0] in ("outcome", "answer"):
                self._deadline = None  # only work shows that it is really back
            yield from self._take(each, *what)

    def _reach(self) -> Connection:
        """Start a bridge; whether it reaches the cluster shows later."""
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=self._target,
            args=(theirs, os.getpid(), self._cluster, self._cores, self._data_dir, str(self._log)),
            name="bridge",
            daemon=True,
        )
        with interrupts_held():
            self._process.start()
            theirs.close()
            self._pipe = ours
        self._began = time.monotonic()
        return ours

    def _start(self, number: int) -> None:
        assert self._pipe is not None
        actor = _Actor(self._pipe, next(self._serials))
        self._workers[number] = _Worker(number, actor, actor)  # type: ignore[arg-type]

    def _owes_a_sign(self, each: _Worker) -> bool:
        return bool(each.queue)  # one that is not up may wait for a place on the cluster

    def _lost(self, why: str) -> Iterator[Event]:
        """Take back all runs, and try again until patience is at its end."""
        self._leave(0)
        queues = [each.queue for each in self._workers.values()]
        self._workers.clear()
        self._count, self._there = 0, False
        self.submit(job for queue in queues for job in _again(queue))
        where = f"the Ray cluster ({self._cluster.address})"
        if not self._known:
            raise WorkerError(
                f"{where} cannot be reached ({why}): start one by `ray start --head` and say --address HOST:PORT, with "
                "RAY_AUTH_MODE=token where it asks for a token; or leave --address out for one of this machine alone; "
                f"the end of {self._log} may tell more"
            )
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + PATIENCE
            self._said = now
            yield Event("notice", -1, None, f"! {where} is lost ({why}): its runs wait, and it is looked for again "
                                            f"for {PATIENCE / 60:.0f} min")  # fmt: skip
        elif now >= self._deadline:
            raise WorkerError(
                f"{where} did not come back in {PATIENCE / 60:.0f} min ({why}): what was finished is kept; start the "
                "cluster again, and the same command resumes, or go on without --engine ray"
            )
        elif now - self._said >= REMIND:
            self._said = now
            yield Event(
                "notice", -1, None, f"! {where} is still away ({why}), {(self._deadline - now) / 60:.0f} min left"
            )
        time.sleep(RETRY)

    def _leave(self, patience: float) -> None:
        """End the bridge, and with it all that this sweep has on the cluster."""
        if self._pipe is not None:
            self._pipe.close()
            self._process.join(patience)
            self._process.kill()
            self._process.join()
            self._pipe = None


def _again(queue: list[Any]) -> Iterable[Any]:
    """Jobs that hold what a worker had not answered."""
    runs = tuple(item for item in queue if isinstance(item, Run))
    return [*([Bundle(runs, float(len(runs)))] if runs else []), *(item for item in queue if not isinstance(item, Run))]
