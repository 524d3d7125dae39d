"""Watches one command as a whole: its lines with their time, its wall clock, the memory of all its processes."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import psutil

from experiments.errors import UserError

EVERY = 1.0  # seconds between looks at the memory


@dataclass
class Watched:
    """
    Attributes:
        lines: JSON objects that it printed, each with ``at``: seconds since the command was given.
        seconds: from start to end.
        peak_bytes: most memory of its processes together; what they share is counted once.
        started: by the wall clock, seconds since the epoch.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    peak_bytes: int = 0
    started: float = 0.0


def watch(command: list[str], environment: dict[str, str]) -> Watched:
    """Run a command to its end.

    Raises:
        UserError: it fails; the text has the last line of its own.
    """
    seen, begun = Watched(started=time.time()), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **environment})  # fmt: skip
    errors: list[str] = []
    ended = threading.Event()
    threads = [threading.Thread(target=lambda: errors.extend(process.stderr or ())),
               threading.Thread(target=_weigh, args=(process.pid, seen, ended))]  # fmt: skip
    for thread in threads:
        thread.start()
    try:
        for line in process.stdout or ():
            if line.startswith("{"):
                told = json.loads(line)
                # A rival may give the wall clock of a run that it tells later.
                told["at"] = told["at"] - seen.started if "at" in told else time.perf_counter() - begun
                seen.lines.append(told)
        process.wait()
        seen.seconds = time.perf_counter() - begun
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        ended.set()
        for thread in threads:
            thread.join()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode:
        last = next((line.strip() for line in reversed(errors) if line.strip()), "it says nothing")
        raise UserError(f"{' '.join(command[1:4])} failed with exit code {process.returncode}: {last}")
    return seen


def _weigh(pid: int, seen: Watched, ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        total = 0
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return
        for process in tree:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", memory.uss)
        seen.peak_bytes = max(seen.peak_bytes, total)
