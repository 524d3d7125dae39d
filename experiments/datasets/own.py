"""Data of your own: a table (CSV), arrays (npz) or a folder of images, named ``own:NAME`` in a plan.

NAME is that of the file or folder in DATA_DIR, without its ending; ``own:NAME:COLUMN`` names the target column of a
CSV file (its last one unless named). No test part is set apart but where an npz file brings one: it is drawn from a
fixed seed, like the validation part, and tables are standardised by their training part.

* ``NAME.csv``: a head line, numbers or words, no gaps. Columns of words become one column a word.
* ``NAME.npz``: ``x`` and ``y``, perhaps ``x_test`` and ``y_test``. Bytes of shape ``[N, H, W]`` or ``[N, H, W, C]`` are
  images.
* ``NAME/``: a folder a class, with images of one size in each.

Words and whole numbers of up to 100 values are classes, other numbers the target of a regression.
"""

import io
import math
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Card, MissingData, Source, Task, Whole
from experiments.errors import DataError
from experiments.names import OWN

PREFIX = "own:"
MOST_CLASSES = 100
MOST_WORDS = 50
LEAST = 30
"""Examples that three parts can be drawn from."""
MOST_BYTES = 2 * 2**30
"""Of a file, and of the arrays that are made of it: small files can ask for very large ones."""
MOST_COLUMNS = 10_000
LONGEST_HEAD = 2**20
LARGEST = 1e100
MOST_PIXELS = 4096 * 4096
"""Of one image."""
IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}
FORMATS = ("PNG", "JPEG", "BMP", "GIF")
"""What an image may really be, whatever its name: Pillow would hand others to programs of the system."""


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
    read = _table if path.suffix == ".csv" else _arrays if path.suffix == ".npz" else _pictures
    return Source(name=re.sub(r"\W", "_", name), place=f"{path.name} of your own", lineage=f"{path.resolve()} {column}",
                  identity=lambda: _identity(path), read=lambda: _checked(path, read(path, column)))  # fmt: skip


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
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return "; ".join(f"{each.name} {each.stat().st_size} {each.stat().st_mtime_ns}" for each in files)


def _table(path: Path, column: str) -> Whole:
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
            _check_held(path, held)
    return Whole(np.concatenate(inputs, axis=1), _target(path, frame[target].to_numpy(), target))


def _check_size(path: Path) -> None:
    """Refuse what would be far larger in memory than it is here, before any of it is read."""
    _check_held(path, path.stat().st_size)
    with path.open("rb") as stream:
        head = stream.readline(LONGEST_HEAD)
    if len(head) == LONGEST_HEAD or head.count(b",") >= MOST_COLUMNS:
        raise DataError(f"{path.name} has more than {MOST_COLUMNS:,} columns (or a head line of 1 MiB): leave some out")


def _check_held(path: Path, count: int) -> None:
    if count > MOST_BYTES:
        raise DataError(f"{path.name} takes more than {MOST_BYTES >> 30} GiB of memory: make it smaller")


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


def _target(path: Path, y: np.ndarray, what: str) -> np.ndarray:
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
            f"{path.name}: {what} has {len(kinds)} different words; a class needs examples: at most {MOST_CLASSES}"
        )
    return np.searchsorted(kinds, y).astype(np.int32)


def _arrays(path: Path, _column: str) -> Whole:
    try:
        headers = readers.npz_headers(path)
        wanted = {name: headers[name] for name in ("x", "y", "x_test", "y_test") if name in headers}
        # Numbers other than those of images become float64.
        _check_held(path, sum(8 * math.prod(shape) if len(shape) < 3 else math.prod(shape) * dtype.itemsize
                              for shape, dtype in wanted.values()))  # fmt: skip
        found = readers.npz_arrays(path, wanted)
    except readers.BROKEN as error:
        why = readers.reason(error)
        raise DataError(f"{path.name} is no npz file that can be read ({why}): write it with numpy.savez") from None
    if "x" not in found or "y" not in found or ("x_test" in found) != ("y_test" in found):
        raise DataError(
            f"{path.name} holds {', '.join(headers)[:200] or 'nothing'}: it has to hold x and y, and both or none of "
            "x_test and y_test"
        )
    for name, array in found.items():
        if not array.size:
            raise DataError(f"{path.name}: {name} is of shape {array.shape}: there is nothing in it")
    targets = [found[name].reshape(-1) for name in ("y", "y_test") if name in found]
    if any(y.dtype.kind not in "iufbU" for y in targets) or len({y.dtype.kind == "U" for y in targets}) > 1:
        kinds = " and ".join(str(y.dtype) for y in targets)
        raise DataError(f"{path.name}: y is of type {kinds}; it has to hold numbers or words")
    target = _target(path, np.concatenate(targets), "y")
    count = len(targets[0])
    if target.dtype.kind == "i" and (strange := np.setdiff1d(target[count:], target[:count])).size:
        odd = np.unique(np.concatenate(targets)).tolist()[strange[0]]
        raise DataError(f"{path.name}: y_test holds {odd!r}, which y never does: test what is trained")
    tests = (_inputs(path, found["x_test"]), target[count:]) if "x_test" in found else (None, None)
    return Whole(_inputs(path, found["x"]), target[:count], *tests)


def _inputs(path: Path, x: np.ndarray) -> np.ndarray:
    if x.dtype == np.uint8 and x.ndim in (3, 4):
        return x if x.ndim == 4 else x[..., None]
    if x.dtype.kind not in "iufb" or x.ndim < 2:
        raise DataError(
            f"{path.name}: x is {x.dtype} of shape {x.shape}; it has to be numbers [N, d] or images in bytes [N, H, W] "
            "or [N, H, W, C]"
        )
    with np.errstate(over="ignore"):  # a longdouble beyond float64 becomes infinite, and is refused as such
        return x.reshape(len(x), int(np.prod(x.shape[1:]))).astype(np.float64)


def _pictures(path: Path, _column: str) -> Whole:
    classes = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    if len(classes) < 2:
        raise DataError(f"{path.name}/ has {len(classes)} folders: it needs one for each class, with images in it")
    arrays, labels, first = [], [], None
    for label, folder in enumerate(classes):
        for file in sorted(each for each in folder.iterdir() if each.suffix.lower() in IMAGES and each.is_file()):
            array = _picture(file)
            array = array[..., None] if array.ndim == 2 else array
            first = first or (file, array.shape)
            if array.shape != first[1]:
                other = f"{first[0].parent.name}/{first[0].name} {_size(first[1])}"
                raise DataError(
                    f"{folder.name}/{file.name} is {_size(array.shape)}, {other}: all images need one size and kind"
                )
            arrays.append(array)
            labels.append(label)
            if len(arrays) * array.size > MOST_BYTES:
                raise DataError(
                    f"{path.name}/ holds more than {MOST_BYTES >> 30} GiB of pixels: make the images smaller"
                )
    if not arrays:
        raise DataError(f"{path.name}/ holds no images ({', '.join(sorted(IMAGES))}) in its folders")
    return Whole(np.stack(arrays), np.array(labels, np.int32))


def _picture(file: Path) -> np.ndarray:
    """Its pixels, once its size is known to be sensible."""
    from PIL import Image

    try:
        if file.stat().st_size > 4 * MOST_PIXELS:
            raise ValueError(f"it is longer than {4 * MOST_PIXELS >> 20} MiB")
        content = io.BytesIO(file.read_bytes())  # a chunk that says it has 4 GiB: from a file, Pillow makes room for it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            image = Image.open(content, formats=FORMATS)
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"it has {image.width}x{image.height} pixels, more than {MOST_PIXELS:,}")
            grey = image.mode in ("1", "L", "I", "I;16")
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (*readers.BROKEN, SyntaxError, Image.DecompressionBombError) as error:
        why = readers.reason(error)
        raise DataError(f"{file.parent.name}/{file.name} is no image that can be read ({why}): remove it") from None


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]} {'grey' if shape[2] == 1 else 'RGB'}"


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
            raise DataError(
                f"{path.name}: a class has {counts.min()} examples; each needs 5 or more to be in all parts"
            )
    if whole.x_test is not None and whole.x_test.shape[1:] != whole.x.shape[1:]:
        raise DataError(f"{path.name}: x is of shape {whole.x.shape}, x_test of {whole.x_test.shape}")
    return whole
