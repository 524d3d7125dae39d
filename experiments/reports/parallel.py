"""The same function over many jobs, a process a core, where processes can be forked: all they need is there at once."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

FEWEST = 8  # jobs for which processes are worth their start

_at_hand: list[tuple[Callable[..., Any], Sequence[tuple]]] = []
"""What the children find in their memory: figures hold functions and frames, which need not go through a pipe."""


def in_parallel(function: Callable[..., Any], jobs: Sequence[tuple]) -> list[Any]:
    """``[function(*job) for job in jobs]``, in that order. What a job raises is raised here.

    One after the other where there are few jobs or one core, where threads run (a fork would leave them out), and on
    systems that cannot fork safely.
    """
    cores = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, len(jobs) // 2)
    alone = cores < 2 or len(jobs) < FEWEST or sys.platform != "linux" or threading.active_count() > 1
    if alone or multiprocessing.current_process().daemon:
        return [function(*job) for job in jobs]
    _at_hand.append((function, jobs))
    try:
        with ProcessPoolExecutor(cores, multiprocessing.get_context("fork"), _deaf) as pool:
            return list(pool.map(_at, range(len(jobs))))
    finally:
        _at_hand.pop()


def _deaf() -> None:
    """Ctrl-C is the parent's: it reaches the whole group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _at(place: int) -> Any:
    function, jobs = _at_hand[-1]
    return function(*jobs[place])
