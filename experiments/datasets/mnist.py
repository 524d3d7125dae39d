"""MNIST: handwritten digits, 28x28 grey; 60,000 training and 10,000 test images; classes 0 to 9.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten
digits", 1998, made from NIST Special Databases 1 and 3. Licence: Creative
Commons Attribution-ShareAlike 3.0 (as stated by Keras, which distributes it).

Read from ``mnist.npz`` (as Keras distributes it) or from the four IDX files of
the original, gzipped or not. Canonical if the MD5 of each array, written as an
IDX file, is the published one of the unpacked original file.

References:
    LeCun, Bottou, Bengio, Haffner (1998). Gradient-based learning applied to
    document recognition. Proceedings of the IEEE 86(11).
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Card, Source, Whole
from experiments.datasets.checks import NAMES, Layout, check_contents, check_headers
from experiments.datasets.files import files_source
from experiments.errors import DataError

LAYOUT = Layout(
    title="MNIST",
    train=60_000,
    test=10_000,
    image=(28, 28),
    classes=10,
    remedy="Replace it by the original mnist.npz or the four original IDX files, or remove it.",
)

SUMS = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}
"""MD5 of the four unpacked IDX files."""

FASHION_SUMS = {"x_train": "f4a8712d7a061bf5bd6d2ca38dc4d50a", "x_test": "8181f5470baa50b63fa0f6fddb340f0a"}
"""The same of Fashion-MNIST, whose files have the same names and shapes and are mixed up with these."""

IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}

FOLDERS = ("", "mnist", "MNIST", "MNIST/raw")
"""Where below a folder the files may lie."""

WANTED = "mnist.npz"


def card() -> Card:
    return Card(
        name="mnist",
        title="MNIST",
        task="classes",
        outputs=LAYOUT.classes,
        noun="images",
        input_shape=(*LAYOUT.image, 1),
        train=LAYOUT.train,
        test=LAYOUT.test,
    )


def find(folder: Path, place: str) -> Source | None:
    """The source of MNIST in a folder, or None.

    Args:
        folder: where to look.
        place: what people call that folder: ``"DATA_DIR"``.
    """
    for inner in FOLDERS:
        base = folder / inner
        if (base / WANTED).is_file():
            return files_source("mnist", f"{WANTED} in {place}", [base / WANTED], read_npz)
        found = {name: idx_path(base, stem) for name, stem in IDX_NAMES.items()}
        files = {name: path for name, path in found.items() if path is not None}
        if files:
            paths = list(files.values())
            return files_source("mnist", f"IDX files in {place}", paths, partial(read_idx, files))
    return None


def idx_path(folder: Path, stem: str) -> Path | None:
    variants = (stem, f"{stem}.gz", stem.replace("-idx", ".idx"), stem.replace("-idx", ".idx") + ".gz")
    return next((folder / name for name in variants if (folder / name).is_file()), None)


def read_npz(path: Path) -> Whole:
    with readers.damage(path, LAYOUT.remedy):
        headers = readers.npz_headers(path)
    check_headers(headers, LAYOUT, str(path))
    with readers.damage(path, LAYOUT.remedy):
        arrays = readers.npz_arrays(path, NAMES)
    return checked(arrays, str(path))


def read_idx(files: Mapping[str, Path], first: Path, *_: Path) -> Whole:
    absent = [IDX_NAMES[name] for name in NAMES if name not in files]
    if absent:
        raise DataError(
            f"{first.parent}: {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing beside"
            f" {first.name}. Expected: all four IDX files, gzipped or not. {LAYOUT.remedy}"
        )
    headers = {}
    for name, path in files.items():
        with readers.damage(path, LAYOUT.remedy), readers.opened(path) as stream:
            headers[name] = (readers.idx_header(stream), np.dtype(np.uint8))
    check_headers(headers, LAYOUT, str(first.parent))
    arrays = {}
    for name, path in files.items():
        with readers.damage(path, LAYOUT.remedy):
            arrays[name] = readers.idx_array(path)
    return checked(arrays, str(first.parent))


def checked(arrays: dict[str, np.ndarray], where: str) -> Whole:
    """Check the contents, compare the sums, and bring the arrays into their final form."""
    sums = {name: idx_sum(array, LAYOUT.image if name[0] == "x" else ()) for name, array in arrays.items()}
    if any(sums[name] == fashion for name, fashion in FASHION_SUMS.items()):
        raise DataError(f"{where}: this is Fashion-MNIST. Expected: MNIST. {LAYOUT.remedy}")
    check_contents(arrays, LAYOUT, where)
    return Whole(
        x=arrays["x_train"].reshape(LAYOUT.train, *LAYOUT.image, 1),
        y=arrays["y_train"].ravel().astype(np.int32),
        x_test=arrays["x_test"].reshape(LAYOUT.test, *LAYOUT.image, 1),
        y_test=arrays["y_test"].ravel().astype(np.int32),
        canonical=sums == SUMS,
    )


def idx_sum(array: np.ndarray, example: tuple[int, ...]) -> str:
    """MD5 of the IDX file that would hold this array, each of whose examples has the shape ``example``."""
    plain = array.reshape(len(array), *example).astype(np.uint8)
    digest = hashlib.md5(readers.idx_bytes(plain.shape), usedforsecurity=False)
    digest.update(np.ascontiguousarray(plain).data)
    return digest.hexdigest()
