"""A worker process: takes bundles, trains them, reports. Only in workers is a training backend imported."""

import os
import signal
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from experiments import datasets, places
from experiments.plugins.offer import Offer
from experiments.records import Run
from experiments.scheduling import devices
from experiments.scheduling.bundle import Bundle, items
from experiments.scheduling.trainers import Trainers, train_together, work

STACKED = "stacked"  # the engine that trains a bundle's runs side by side


def main(pipe: Connection, parent: int, data_dir: str | None, log: str, engine: str, number: int,
         plugin: Offer | None = None) -> None:  # fmt: skip
    """Serve bundles of one engine until the pipe closes. Whatever libraries print goes to the file ``log``.

    Args:
        pipe: to the parent.
        parent: its process.
        data_dir: where the data is.
        log: path of the file.
        engine: of all that is trained.
        number: of this worker.
        plugin: the one that the command line named, imported for the first run that has a part of it.
    """
    settle(parent, log)
    try:
        gpu = devices.gpu_of(number) if engine == STACKED else None
        trainers = Trainers(partial(datasets.load, data_dir=data_dir), engine, gpu, plugin)
        pipe.send(("ready", None, None))
        while True:
            job = pipe.recv()
            together = engine == STACKED and isinstance(job, Bundle)
            if together:
                train_together(trainers, job.runs, pipe.send)
            for item in () if together else items(job):
                if isinstance(item, Run):
                    pipe.send(("started", item, None))
                work(trainers, item, pipe.send)
            pipe.send(("ready", None, None))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def settle(parent: int, log: str) -> None:
    """What a child does first: leave Ctrl-C to its parent, and the terminal too, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _redirect(log)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _redirect(log: str) -> None:
    """Send standard output and error, those of C++ libraries too, to a file: the terminal is the parent's."""
    target = places.opened(Path(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


def _die_with(parent: int) -> None:
    """End with the parent, however it ended: a pipe alone is not looked at while training."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
