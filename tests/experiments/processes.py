"""The command line as a process of its own, with real workers or with trivial ones."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
REAL, TRIVIAL = "experiments", "tests.experiments.scheduling.trivial"
PATIENCE = 300.0  # seconds; on a loaded machine TensorFlow alone takes a minute to come up


def start(*arguments: object, module: str = TRIVIAL) -> subprocess.Popen:
    """``python -m MODULE ARGUMENTS`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)], cwd=ROOT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def call(*arguments: object, module: str = TRIVIAL, patience: float = PATIENCE) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself, within so many seconds."""
    with started(*arguments, module=module) as process:
        out, err = process.communicate(timeout=patience)
    return process.returncode, out, err


@contextlib.contextmanager
def started(*arguments: object, module: str = TRIVIAL) -> Iterator[subprocess.Popen]:
    process = start(*arguments, module=module)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def until(there: Callable[[], object], process: subprocess.Popen | None = None, seconds: float = PATIENCE) -> None:
    """Wait for something, as long as the process that should bring it lives."""
    end = time.monotonic() + seconds
    while not there():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"ended early with {process.returncode}: {process.stderr.read()}")
        if time.monotonic() > end:
            raise TimeoutError("it never came")
        time.sleep(0.02)


def family(process: subprocess.Popen) -> list[psutil.Process]:
    """The process and all its children."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run (an orphan that is dead and waits to be reaped does not count)."""
    found = []
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if each.is_running() and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found
