"""Tables of one's own: a CSV file with a head line, of numbers and words."""

import codecs
import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Whole
from experiments.datasets.own_limits import LEAST, check_held, is_number, odd, target_of
from experiments.errors import DataError

MOST_WORDS = 50
MOST_COLUMNS = 10_000
MOST_ENTRIES = 25_000_000
"""Of a table: on its way to float32, each takes 40 to 120 bytes of memory."""
LONGEST = 2**29
"""Bytes of a file: words take more than numbers do."""
LONGEST_HEAD = 2**20
NAME_THEM = "put a line before it that names the columns"
NAMELESS = re.compile(r"(Unnamed: \d+)?")
"""What a column is called that pandas wrote without a name, and what pandas calls it when it writes it again."""


def read(path: Path, column: str) -> Whole:
    """The table of a CSV file, with ``column`` (its last one, where that is empty) as the target.

    Raises:
        DataError: it is no such table.
    """
    import pandas as pd

    if path.stat().st_size > LONGEST:
        raise DataError(f"{path.name} is longer than {LONGEST >> 20} MiB: leave lines or columns out")
    separator, names = _head(path)
    target = column or names[-1]
    _check_names(path, names, target)
    _check_entries(path, separator)
    try:
        frame = pd.read_csv(path, sep=separator, skipinitialspace=True, low_memory=False)
    except (ValueError, OSError, OverflowError, pd.errors.ParserError) as error:  # a UnicodeDecodeError is a ValueError
        raise _unreadable(path, error) from None
    if not isinstance(frame.index, pd.RangeIndex):  # pandas would take the columns without a name for labels of lines
        raise DataError(f"{path.name} has lines with more entries than its head line: give each column a name")
    if len(frame.columns) != len(names):
        raise _unreadable(path, "its head line can be read in two ways")
    if len(frame) < LEAST:
        raise DataError(f"{path.name} has {len(frame)} examples; at least {LEAST} are needed for three parts")
    series = [_stripped(frame.iloc[:, place]) for place in range(len(names))]
    _check_head(path, names, series)
    gaps = np.array([each.isna().to_numpy() for each in series])
    if gaps.any():
        row, place = np.argwhere(gaps.T)[0]
        raise DataError(
            f"{path.name} has {int(gaps.sum())} gaps, the first in column {names[place]!r}, line {row + 2}: fill them "
            "or leave these lines out (words such as NA, None and null are read as gaps, too: call them otherwise)"
        )
    inputs, held = [], 0
    for name, each in zip(names, series, strict=True):
        if name != target:
            inputs.append(_columns(path, name, each, held))
            held += inputs[-1].nbytes
    y = series[names.index(target)]
    _check_commas(path, target, y)
    return Whole(np.concatenate(inputs, axis=1), target_of(path, y.to_numpy(), target))


def _head(path: Path) -> tuple[str, list[str]]:
    """What separates the columns, and their names as they stand in the file: pandas would mend some of them."""
    with path.open("rb") as stream:
        block = stream.read(LONGEST_HEAD)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(block)
        for separator in (",", ";", "\t"):
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
            names = [each.strip() for each in next((line for line in lines if "".join(line).strip() or line[1:]), [])]
            if len(names) > 1:
                break
    except (ValueError, csv.Error) as error:
        raise _unreadable(path, error) from None
    if len(names) > MOST_COLUMNS or (len(block) == LONGEST_HEAD and next(lines, None) is None):
        raise DataError(f"{path.name} has more than {MOST_COLUMNS:,} columns (or a head line of 1 MiB): leave some out")
    if not names:
        raise _unreadable(path, "it is empty")
    return (separator, names) if len(names) > 1 else (",", [" ".join(names)])


def _unreadable(path: Path, why: object) -> DataError:
    told = readers.reason(why) if isinstance(why, BaseException) else why
    return DataError(f"{path.name} is no CSV file that can be read ({told}): give a head line and commas")


def _check_names(path: Path, names: list[str], target: str) -> None:
    told = ", ".join(names)[:300]
    for place, name in enumerate(names, 1):
        if NAMELESS.fullmatch(name):
            raise DataError(
                f"{path.name}: column {place} has no name: if it only counts the lines, leave it out (index=False), "
                "else name it"
            )
    if target not in names or len(names) < 2:
        raise DataError(f"{path.name} has no column {target!r}: there are {told}")
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        if all(is_number(name) for name in names):
            raise _headless(path, names)
        example = f"; if this is an example, {NAME_THEM}" if any(is_number(name) for name in twice) else ""
        raise DataError(f"{path.name} has columns of one name: rename one of {told}{example}")


def _check_head(path: Path, names: list[str], series: list[Any]) -> None:
    """Refuse a first line that is an example like the others: each of its entries is a value of its column.

    Columns that are counted, as pandas and NumPy do and as years are, have numbers for names, and are let through.
    """
    if all(name.isdecimal() for name in names):
        steps = np.diff([float(name) for name in names])
        if set(steps) == {1.0} and (len(names) > 2 or names[0] in ("0", "1")):
            return
    if all(_is_value(name, each) for name, each in zip(names, series, strict=True)):
        raise _headless(path, names)


def _headless(path: Path, names: list[str]) -> DataError:
    told = ", ".join(names)[:60]
    return DataError(
        f"{path.name} has no head line: its first line ({told}) looks like an example; {NAME_THEM} (if these are "
        "their names, rename them: no word or number that is a value, too)"
    )


def _is_value(name: str, column: Any) -> bool:
    if column.dtype.kind == "b":
        return name.lower() in ("true", "false")
    return is_number(name) if _numeric(column) else bool((column == name).any())


def _numeric(column: Any) -> bool:
    return column.dtype.kind in "iufb"


def _check_entries(path: Path, separator: str) -> None:
    """Refuse what would be far larger in memory than it is here, before any of it is read."""
    entries = 0
    with path.open("rb") as stream:
        while block := stream.read(2**24):
            entries += sum(block.count(each) for each in (separator.encode(), b"\n", b"\r"))
    if entries > MOST_ENTRIES:
        raise DataError(f"{path.name} has more than {MOST_ENTRIES:,} entries: leave lines or columns out")


def _stripped(column: Any) -> Any:
    """Words without blanks around them; numbers as they are. pandas tells numbers and words in one column as words."""
    if _numeric(column):
        return column
    words = column.astype("str").str.strip()
    return words.mask((words == "") | column.isna())


def _columns(path: Path, name: str, column: Any, held: int) -> np.ndarray:
    """One column of numbers, or one a word; ``held`` bytes are taken by those before."""
    if _numeric(column):
        return column.to_numpy(np.float64)[:, None]
    _check_commas(path, name, column)
    words = sorted(column.unique())
    if len(words) > MOST_WORDS:
        raise DataError(
            f"{path.name}: column {name!r} has {len(words)} different words, such as {odd(words)}; at most "
            f"{MOST_WORDS} can be used: leave it out, or make it a number"
        )
    check_held(path, held + 8 * len(column) * len(words))
    return (column.to_numpy()[:, None] == np.array(words)).astype(np.float64)


def _check_commas(path: Path, name: str, column: Any) -> None:
    """Numbers with a comma in them would be words, and so classes."""
    if _numeric(column) or not column.str.contains(",").any():
        return
    if column.str.fullmatch(r"[+-]?\d+(,\d+)*(\.\d*)?").all():
        raise DataError(f"{path.name}: column {name!r} has numbers with a comma in them: write 1234.5, with a point")
