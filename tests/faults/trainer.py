"""The command line with workers whose training is trivial, written down, and sometimes faulty.

``python -m tests.faults.trainer VERB ...``; training as in `trivial`, and in the data folder

* ``trained.log`` gets a line when a run begins and when it ends: what, key, process, time;
* ``pace`` has the seconds that a run takes;
* ``fault.json`` says what goes wrong: ``{"worker": "eat", ...}`` in a worker at its first run of activation relu
  (``once``: for all workers together), ``{"write": 7}`` at the seventh write to the ledger, ``{"clock": 86400}``
  jumps of the clock.
"""

import json
import os
import resource
import signal
import sqlite3
import sys
import time
import types
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from experiments.records import Outcome, Run
from experiments.scheduling import worker
from tests.experiments.scheduling import trivial

LIMIT = 1 << 30  # bytes of address space that a worker may have more, when memory is short


def faults(folder: Path) -> dict:
    path = folder / "fault.json"
    return json.loads(path.read_text()) if path.exists() else {}


def train(trained: trivial.Trainers, run: Run, on_epoch) -> Outcome:
    """`trivial.train`, written down, and at the pace that was asked for."""
    _note(trained.folder, "begin", run)
    fault = faults(trained.folder)
    if run.activation == "relu" and "worker" in fault and not (fault.get("once") and _came(trained.folder)):
        {"eat": _eat, "hang": _hang, "die": _die}[fault["worker"]]()
    pace = trained.folder / "pace"
    time.sleep(float(pace.read_text()) if pace.exists() else 0)
    outcome = trivial.train(trained, run, on_epoch)
    _note(trained.folder, "end", run)
    return outcome


def _note(folder: Path, what: str, run: Run) -> None:
    line = f"{what} {run.key} {os.getpid()} {time.time():.6f}\n"
    file = os.open(folder / "trained.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, line.encode())
    os.close(file)


def _came(folder: Path) -> bool:
    """Whether another was here before; only one is told that it is the first."""
    try:
        (folder / "came").open("x").close()
    except FileExistsError:
        return True
    return False


def _eat() -> None:
    """Take more memory than there is: NumPy's and Python's allocators both say MemoryError then."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT, resource.RLIM_INFINITY))
    try:
        bytearray(4 * LIMIT)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _hang() -> None:
    signal.pause()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out


def main(pipe: Connection, parent: int, data_dir: str | None, log: str, engine: str, number: int) -> None:
    """`worker.main` with such training."""
    trivial.install()
    sys.modules["experiments.training.loop"] = types.SimpleNamespace(train=train)  # type: ignore[assignment]
    worker.Trainers = lambda *_: trivial.Trainers(data_dir)  # type: ignore[assignment, misc]
    worker.main(pipe, parent, data_dir, log, engine, number)


class Full(sqlite3.Connection):
    """A connection to a disk that is full at the n-th write, and stays so."""

    left = 0

    def execute(self, text, *values):
        return self._guarded(super().execute, text, *values)

    def executemany(self, text, *values):
        return self._guarded(super().executemany, text, *values)

    def executescript(self, text):
        return self._guarded(super().executescript, text)

    def _guarded(self, call, text, *values):
        if text.split()[0] in ("INSERT", "DELETE", "BEGIN;", "UPDATE"):
            Full.left -= 1
            if Full.left <= 0:
                raise sqlite3.OperationalError("database or disk is full")
        return call(text, *values)


def install(folder: Path) -> None:
    """Put the faults of the parent process in place."""
    fault = faults(folder)
    if "write" in fault:
        Full.left = fault["write"]
        connect = sqlite3.connect
        sqlite3.connect = lambda *given, **more: connect(*given, factory=Full, **more)  # type: ignore[assignment]
    if "clock" in fault:
        plain, jump = time.time, fault["clock"]
        times = iter(range(10**9))
        time.time = lambda: plain() + jump * (next(times) // 5 % 2)  # type: ignore[assignment]


if __name__ == "__main__":
    from experiments import cli, sweep
    from experiments.scheduling.pool import Pool
    from tests.faults import trainer

    if "--out" in sys.argv:
        install(Path(sys.argv[sys.argv.index("--out") + 1]).parent)
    sweep.Pool = partial(Pool, target=trainer.main)  # type: ignore[assignment, misc]
    sys.exit(cli.main())
