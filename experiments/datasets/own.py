"""Data of your own: a table (CSV), arrays (npz) or a folder of images, named ``own:NAME`` in a plan.

NAME is that of the file or folder in DATA_DIR, without its ending; ``own:NAME:COLUMN`` names the target column of a
CSV file (its last one unless named). No test part is set apart but where an npz file brings one: it is drawn from a
fixed seed, like the validation part, and tables are standardised by their training part.

* ``NAME.csv``: a head line, numbers or words, no gaps; commas, semicolons or tabs between. Columns of words become one
  column a word.
* ``NAME.npz``: ``x`` and ``y``, perhaps ``x_test`` and ``y_test``. Bytes of shape ``[N, H, W]`` or ``[N, H, W, C]`` are
  images.
* ``NAME/``: a folder a class, with images of one size in each.

Words and whole numbers of up to 100 values are classes, other numbers the target of a regression.
"""

import re
from pathlib import Path

import numpy as np

from experiments.datasets import own_arrays, own_images, own_tables
from experiments.datasets.base import Card, MissingData, Source, Task, Whole
from experiments.datasets.own_limits import LEAST
from experiments.errors import DataError
from experiments.names import OWN

PREFIX = "own:"
LARGEST = 1e100


def parts_of(name: str) -> tuple[str, str]:
    """NAME and COLUMN (empty where none is named).

    >>> parts_of("own:wine:quality"), parts_of("own:wine")
    (('wine', 'quality'), ('wine', ''))
    """
    if not re.fullmatch(OWN, name):
        raise DataError(
            f"{name!r} names no data of your own: say own:NAME or own:NAME:COLUMN, NAME with letters, digits and _"
        )
    stem, _, column = name.removeprefix(PREFIX).partition(":")
    return stem, column


def source(name: str, folder: Path | None) -> Source:
    """Where the data is read from.

    Raises:
        MissingData: it is not in the folder, or no folder is named.
        DataError: the name is not allowed.
    """
    stem, column = parts_of(name)
    if folder is None:
        raise MissingData(
            f"{name} needs to know where it is: give the folder with --data-dir (DATA_DIR=), or --data FILE"
        )
    there = [path for path in (folder / f"{stem}.csv", folder / f"{stem}.npz", folder / stem) if path.exists()]
    if len(there) != 1:
        what = "both " + " and ".join(path.name for path in there) if there else f"no {stem}.csv, {stem}.npz or {stem}/"
        raise MissingData(f"{name}: {folder} holds {what}; it has to hold one of them")
    (path,) = there
    if not path.is_file() and not path.is_dir():
        raise DataError(f"{name}: {path.name} in {folder} is neither a file nor a folder: put one there")
    if column and path.suffix != ".csv":
        raise DataError(f"{name} names a column, but {path.name} is no CSV file: say {PREFIX}{stem}")

    def read() -> Whole:
        if path.suffix == ".csv":
            return own_tables.read(path, column)
        return own_arrays.read(path) if path.suffix == ".npz" else own_images.read(path)

    return Source(name=re.sub(r"\W", "_", name), place=f"{path.name} of your own", lineage=f"{path.resolve()} {column}",
                  identity=lambda: _identity(path), read=lambda: _checked(path, read()))  # fmt: skip


def card(name: str, whole: Whole) -> Card:
    """What the data itself says of it."""
    stem, column = parts_of(name)
    task: Task = "regression" if whole.y.dtype.kind == "f" else "classes"
    classes = int(whole.y.max()) + 1 if task == "classes" else 1
    if task == "classes" and classes == 2:
        task, classes = "binary", 1
    noun = "images" if whole.x.dtype == np.uint8 else "examples"
    return Card(name=name, title=f"{stem}{f', {column}' if column else ''} (own data)", task=task, outputs=classes,
                noun=noun, input_shape=whole.x.shape[1:], train=len(whole.y),
                test=0 if whole.y_test is None else len(whole.y_test))  # fmt: skip


def _identity(path: Path) -> str:
    """Where each file is belongs to it: an image that moved to another class is another example."""
    path = path.resolve()
    told = []
    for each in [path, *sorted(path.rglob("*"))]:
        told.append(str(each))
        if each.is_file():
            told.append(f"{each.stat().st_size} {each.stat().st_mtime_ns}")
    return "; ".join(told)


def _checked(path: Path, whole: Whole) -> Whole:
    """The same, if three parts can be drawn from it."""
    for x, y, what in ((whole.x, whole.y, "x"), (whole.x_test, whole.y_test, "x_test")):
        if x is None or y is None:
            continue
        if len(x) != len(y):
            raise DataError(f"{path.name}: {what} has {len(x)} examples, but there are {len(y)} targets")
        for array in (x, y):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise DataError(
                    f"{path.name}: {what} or its target holds values that are no numbers or infinite: mend them"
                )
            if array.dtype.kind == "f" and np.abs(array).max() > LARGEST:  # their squares could not be added
                raise DataError(f"{path.name}: {what} or its target holds numbers beyond {LARGEST:g}: scale them down")
    if len(whole.y) < LEAST:
        raise DataError(f"{path.name} has {len(whole.y)} examples; at least {LEAST} are needed for three parts")
    if whole.y.dtype.kind != "f":
        counts = np.bincount(whole.y)
        if counts.min() < 5:
            few, least = f"class {counts.argmin() + 1} of {len(counts)} (in the order of their names)", counts.min()
            said = (
                " (--target COLUMN names what is learned; else it is the last column)" if path.suffix == ".csv" else ""
            )
            raise DataError(
                f"{path.name}: {few} has {least} example{'s' if least != 1 else ''}; each needs 5 or more to be in all "
                f"parts: leave it out, or is the target another?{said}"
            )
    if whole.x_test is not None and whole.x_test.shape[1:] != whole.x.shape[1:]:
        raise DataError(f"{path.name}: x is of shape {whole.x.shape}, x_test of {whole.x_test.shape}")
    return whole
