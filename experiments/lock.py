"""One writer a ledger: a lock that the system lets go of when its process ends, even by a kill.

Two files are locked: ``ledger.lock``, and the list of keys, which a sweep holds open to add to it."""

import contextlib
import os
import time
from pathlib import Path
from typing import TextIO

from experiments import places
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
    handle = os.fdopen(places.opened(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT), "r+")
    try:
        # Somebody may have taken the lock of a running sweep for litter: then its list of keys tells that it is there.
        if not claim(handle.fileno()) or _is_claimed(path.with_suffix(".keys")):
            handle.seek(0)
            raise refusal(path, handle.read().strip())
    except BaseException:
        handle.close()
        raise
    handle.seek(0)
    handle.truncate()
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def claim(file: int) -> bool:
    """Lock an open file for this process, as long as it is open; False where another process has it."""
    if fcntl is None:
        return True
    for wait in (0.05, 0.1, 0.2, 0):  # one who asks `is_held` holds it for a blink
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(wait)
    return False


def refusal(path: Path, owner: str = "") -> LedgerError:
    return LedgerError(
        f"another sweep (process {owner or 'unknown'}) is writing {path}: wait for it, stop it, "
        "or choose another folder with --out"
    )


def is_held(path: Path) -> bool:
    """Whether a sweep is writing the ledger at ``path`` now."""
    return fcntl is None or any(_is_claimed(path.with_suffix(suffix)) for suffix in (".lock", ".keys"))


def _is_claimed(path: Path) -> bool:
    if fcntl is None:
        return False
    try:
        handle = places.opened(path, os.O_RDONLY)
    except (FileNotFoundError, PermissionError):
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
