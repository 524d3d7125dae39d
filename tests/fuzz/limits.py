"""What one case may cost and how it may end: well, or in a user's error of one line."""

import contextlib
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

from experiments.errors import UserError

SECONDS = 30.0
"""By the clock, on a machine that may have other work."""
BYTES = 128 * 2**20
LONGEST_LINE = 4000


class Hang(BaseException):
    """No ``Exception``: nothing that is fuzzed catches it."""


class Finding(AssertionError):
    """A case that ended as none may."""


@dataclass
class Cost:
    seconds: float
    peak: int
    refused: bool


def guarded(case: Callable[[bytes], None], data: bytes) -> Cost:
    """Run one case.

    Raises:
        Finding: it took too long or too much memory, or its error is not one clear line.
        Exception: whatever else it raised: a traceback that a user would see.
    """
    refused = False
    tracemalloc.start()
    started = perf_counter()
    try:
        with _alarm():
            case(data)
    except UserError as error:
        refused = True
        one_line(str(error))
        hidden: BaseException | None = error
        while hidden is not None:
            if isinstance(hidden, MemoryError):
                raise Finding("it asked for more memory than there is") from error
            hidden = hidden.__context__
    except Hang:
        raise Finding(f"it took more than {SECONDS:g} s") from None
    finally:
        seconds, (_, peak) = perf_counter() - started, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    if peak > BYTES:
        raise Finding(f"it held {peak / 2**20:.0f} MiB")
    return Cost(seconds, peak, refused)


def one_line(said: str) -> None:
    if not said.strip() or not said.isprintable() or len(said) > LONGEST_LINE:
        raise Finding(f"no clear line: {said[:300]!r}")


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
