"""Two sweeps on one ledger at once, and the lock of one that was killed."""

import os
import random
import signal
import time

from tests.experiments.processes import alive, family, until
from tests.faults.scene import Content, Trial, scene


def at_once(calm: Content, rng: random.Random) -> Trial:
    """The second is refused in one line, and the first goes on."""
    with scene() as made:
        made.pace(0.03)
        with made.start() as first:
            until((made.out / "ledger.lock").exists, first)
            time.sleep(rng.uniform(0.2, 0.5))
            code, _, err = made.sweep()
            before = made.recorded()
            refused = code == 4 and err.count("\n") == 1 and f"another sweep (process {first.pid}) is writing" in err
            first.communicate(timeout=60)
        judged = made.judged(calm, before, err)
        judged.same = judged.same and refused and first.returncode == 0
        return judged


def stale_lock(calm: Content, rng: random.Random) -> Trial:
    """A lock file that a killed sweep left, with a process number that another process may have by now."""
    with scene() as made:
        made.pace(0.01)
        with made.start() as first:
            until(lambda: len(made.recorded()) > rng.randrange(30), first)
            several = family(first)
            os.killpg(first.pid, signal.SIGKILL)
            until(lambda: not alive(several))
        before = made.recorded()
        (made.out / "ledger.lock").write_text("1")
        code, _, err = made.sweep()
        judged = made.judged(calm, before, err)
        judged.same = judged.same and code == 0
        return judged
