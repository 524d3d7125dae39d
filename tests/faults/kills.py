"""SIGKILL of the parent, of a worker, of all; SIGTERM; Ctrl-C, and again during the clean stop: at random moments."""

import os
import random
import signal
import time
from collections.abc import Callable
from subprocess import Popen

import psutil

from tests.experiments.processes import alive, family, until
from tests.faults.scene import Content, Scene, Trial, scene

PACE = 0.01  # seconds that a trivial run takes, so that there are moments in between
AGAIN = 0.4  # seconds in which the second Ctrl-C follows the first


def workers(process: Popen) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children()
    return [each for each in children if "resource_tracker" not in " ".join(each.cmdline())]


def kill_parent(process: Popen, _: random.Random) -> None:
    process.kill()


def kill_all(process: Popen, _: random.Random) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def kill_worker(process: Popen, rng: random.Random) -> None:
    """One that there is: at the very start there may be none yet."""
    found: list[psutil.Process] = []
    until(lambda: found.extend(workers(process)) or found, process, seconds=30)
    rng.choice(found).kill()


def terminate(process: Popen, _: random.Random) -> None:
    process.terminate()


def interrupt_twice(process: Popen, rng: random.Random) -> None:
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(rng.uniform(0, AGAIN))
    os.killpg(process.pid, signal.SIGINT)


Blow = Callable[[Popen, random.Random], None]
STOPS = {kill_parent: -signal.SIGKILL, kill_all: -signal.SIGKILL, terminate: 130, interrupt_twice: 130}
"""What ends the command -> its exit code then; a worker's end does not end it."""


def trial(blow: Blow, calm: Content, span: float, rng: random.Random, made: Scene | None = None) -> Trial:
    """Strike at a random moment, then say the same command until all is done."""
    if made is None:
        with scene() as fresh:
            fresh.pace(PACE)
            return trial(blow, calm, span, rng, fresh)
    for _ in range(100):  # until the moment was one at which the sweep was still at work
        with made.start() as process:
            until((made.out / "ledger.lock").exists, process)
            time.sleep(rng.uniform(0, span))
            try:
                several = family(process)
                blow(process, rng)
            except (ProcessLookupError, psutil.NoSuchProcess, AssertionError):
                process.wait()
                made.clear()
                continue
            _, err = process.communicate(timeout=300)
        until(lambda several=several: not alive(several))
        expected = STOPS.get(blow, 0)
        before = made.recorded()
        if "died" not in err if blow is kill_worker else before.keys() >= calm.keys():
            made.clear()  # it came too late: all was done
            continue
        code, out, later = made.sweep()
        said = err if blow not in (kill_parent, kill_all) else out
        judged = made.judged(calm, before, said)
        # A worker that was being started when its parent was killed complains by itself: those are Python's own words.
        told = later if blow is kill_parent else err + later
        clean = "Traceback" not in told and (expected != 130 or "interrupted: what was finished is kept" in err)
        if not (code == 0 and process.returncode == expected and clean):
            judged.same = False
            judged.said = f"{process.returncode} instead of {expected}, then {code}: {err} {later}"
        return judged
    raise RuntimeError("the sweep is always too quick")
