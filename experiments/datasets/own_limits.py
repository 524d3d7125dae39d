"""What every form of data of one's own is held to: how large it may be, and what is a class."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from experiments.errors import DataError

LEAST = 30
"""Examples that three parts can be drawn from."""
MOST_CLASSES = 100
MOST_BYTES = 2 * 2**30
"""Of a file, and of the arrays that are made of it: small files can ask for very large ones."""


def check_held(path: Path, count: int) -> None:
    """Refuse what would take so many bytes of memory."""
    if count > MOST_BYTES:
        raise DataError(f"{path.name} takes more than {MOST_BYTES >> 30} GiB of memory: make it smaller")


def odd(words: Iterable[object]) -> str:
    """The first that is no number: it may be the one that was not meant."""
    told = [str(word) for word in words]
    return repr(next((word for word in told if not is_number(word)), told[0])[:40])


def is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False


def target_of(path: Path, y: np.ndarray, what: str) -> np.ndarray:
    """Classes as 0, 1, 2 ... in the order of their names, or numbers."""
    kinds = np.unique(y)
    if len(kinds) == 1:
        raise DataError(f"{path.name}: {what} is {kinds.tolist()[0]!r} everywhere: there is nothing to learn")
    if y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        return y.astype(np.float64)
    if y.dtype.kind in "iuf" and len(kinds) > MOST_CLASSES:
        return y.astype(np.float64)
    if len(kinds) > MOST_CLASSES:
        raise DataError(
            f"{path.name}: {what} has {len(kinds)} different words, such as {odd(kinds)}; a class needs examples: "
            f"at most {MOST_CLASSES}; one word makes a column of numbers one of words"
        )
    return np.searchsorted(kinds, y).astype(np.int32)
