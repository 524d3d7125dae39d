"""One writer a ledger: a lock that the system lets go of when its process ends, even by a kill."""

import contextlib
import os
import time
from pathlib import Path
from typing import TextIO

from experiments.errors import LedgerError

try:
    import fcntl
except ImportError:  # no such locks on this system
    fcntl = None  # type: ignore[assignment]


def hold(path: Path) -> TextIO:
    """Hold the lock of the ledger at ``path`` until what is returned is closed.

    Raises:
        LedgerError: another process holds it.
    """
    handle = open(path.with_suffix(".lock"), "a+")  # noqa: SIM115 - held open on purpose
    if fcntl is None:
        return handle
    for wait in (0.05, 0.1, 0.2, 0):  # one who asks `is_held` holds it for a blink
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        time.sleep(wait)
    else:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        handle.close()
        raise LedgerError(
            f"another sweep (process {owner}) is writing {path}: wait for it, stop it, "
            "or choose another folder with --out"
        )
    handle.seek(0)
    handle.truncate()
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def is_held(path: Path) -> bool:
    """Whether a sweep is writing the ledger at ``path`` now."""
    if fcntl is None:
        return True
    try:
        with open(path.with_suffix(".lock")) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
