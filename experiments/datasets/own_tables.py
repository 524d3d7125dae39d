"""Tables of one's own: a CSV file with a head line, of numbers and words."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Whole
from experiments.datasets.own_limits import LEAST, check_held, target_of
from experiments.errors import DataError

MOST_WORDS = 50
MOST_COLUMNS = 10_000
LONGEST_HEAD = 2**20


def read(path: Path, column: str) -> Whole:
    """The table of a CSV file, with ``column`` (its last one, where that is empty) as the target.

    Raises:
        DataError: it is no such table.
    """
    import pandas as pd

    _check_size(path)
    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (ValueError, OSError, OverflowError, pd.errors.ParserError) as error:  # a UnicodeDecodeError is a ValueError
        why = readers.reason(error)
        raise DataError(f"{path.name} is no CSV file that can be read ({why}): give a head line and commas") from None
    if not isinstance(frame.index, pd.RangeIndex):  # pandas would take the columns without a name for labels of lines
        raise DataError(f"{path.name} has lines with more entries than its head line: give each column a name")
    frame.columns = [str(each).strip() for each in frame.columns]
    target = column or (frame.columns[-1] if len(frame.columns) else "")
    if target not in frame.columns or len(frame.columns) < 2:
        raise DataError(f"{path.name} has no column {target!r}: there are {', '.join(frame.columns)[:300] or 'none'}")
    if not frame.columns.is_unique:
        raise DataError(f"{path.name} has columns of one name: rename one of {', '.join(frame.columns)[:300]}")
    if len(frame) < LEAST:
        raise DataError(f"{path.name} has {len(frame)} examples; at least {LEAST} are needed for three parts")
    gaps = frame.isna()
    if gaps.to_numpy().any():
        row, place = np.argwhere(gaps.to_numpy())[0]
        raise DataError(
            f"{path.name} has {int(gaps.to_numpy().sum())} gaps, the first in column {frame.columns[place]!r}, line "
            f"{row + 2}: fill them or leave these lines out"
        )
    inputs, held = [], 0
    for name in frame.columns:
        if name != target:
            inputs.append(_columns(path, frame[name]))
            held += inputs[-1].nbytes
            check_held(path, held)
    return Whole(np.concatenate(inputs, axis=1), target_of(path, frame[target].to_numpy(), target))


def _check_size(path: Path) -> None:
    """Refuse what would be far larger in memory than it is here, before any of it is read."""
    check_held(path, path.stat().st_size)
    with path.open("rb") as stream:
        head = stream.readline(LONGEST_HEAD)
    if len(head) == LONGEST_HEAD or head.count(b",") >= MOST_COLUMNS:
        raise DataError(f"{path.name} has more than {MOST_COLUMNS:,} columns (or a head line of 1 MiB): leave some out")


def _columns(path: Path, column: Any) -> np.ndarray:
    """One column of numbers, or one a word."""
    if column.dtype.kind in "iufb":
        return column.to_numpy(np.float64)[:, None]
    words = sorted(map(str, column.unique()))
    if len(words) > MOST_WORDS:
        raise DataError(
            f"{path.name}: column {column.name!r} has {len(words)} different words, such as {words[0][:40]!r}; at most "
            f"{MOST_WORDS} can be used: leave it out, or make it a number"
        )
    return (column.astype(str).to_numpy()[:, None] == np.array(words)).astype(np.float64)
