"""CIFAR-10: photographs, 32x32 colour; 50,000 training and 10,000 test images; ten classes.

Classes 0 to 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship,
truck. Source: A. Krizhevsky, V. Nair, G. Hinton,
https://www.cs.toronto.edu/~kriz/cifar.html; a labelled part of the 80 Million
Tiny Images. No licence is stated; the authors ask for the citation below.

Read from the published archives (for Python or for C), from the folders that
they unpack to, or from ``cifar10.npz`` with the arrays x_train, y_train, x_test
and y_test, in this order: only an archive can be known to be canonical, by its
published checksum. The version for Python is made of pickles, and a pickle can
run code: none is opened unless its checksum is the published one, and then by
an unpickler that knows arrays and nothing else. The version for C is plain bytes.

References:
    Krizhevsky (2009). Learning multiple layers of features from tiny images.
    Technical report, University of Toronto.
"""

import hashlib
import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Card, Source, Whole
from experiments.datasets.checks import NAMES, Layout, check_contents, check_headers
from experiments.datasets.files import files_source
from experiments.errors import DataError

LAYOUT = Layout(
    title="CIFAR-10",
    train=50_000,
    test=10_000,
    image=(32, 32, 3),
    classes=10,
    remedy="Replace it by the original cifar-10-python.tar.gz (or cifar10.npz), or remove it.",
)

PYTHON_MD5 = "c58f30108f718f92721af3b95e74349a"
BINARY_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
"""Of ``cifar-10-python.tar.gz`` and ``cifar-10-binary.tar.gz``, on the authors' page."""

TRAIN_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
BATCHES = (*TRAIN_BATCHES, "test_batch")

BATCH_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""Of the files in ``cifar-10-python.tar.gz``, as torchvision publishes them."""

WANTED = "cifar-10-python.tar.gz or cifar10.npz"
PYTHON_ARCHIVES = (
    "cifar-10-python.tar.gz",
    "cifar-10-batches-py-target_archive",
    "cifar-10-batches-py.tar.gz",
)
"""The name that the authors gave it, and the two that Keras stores it under."""
PYTHON_FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py")


def card() -> Card:
    return Card(
        name="cifar10",
        title="CIFAR-10",
        task="classes",
        outputs=LAYOUT.classes,
        noun="images",
        input_shape=LAYOUT.image,
        train=LAYOUT.train,
        test=LAYOUT.test,
    )


def find(folder: Path, place: str) -> Source | None:
    """The source of CIFAR-10 in a folder, or None. What can be verified comes first.

    Args:
        folder: where to look.
        place: what people call that folder: ``"DATA_DIR"``.
    """
    for inner in ("", "cifar10", "cifar-10"):
        base = folder / inner
        for name in PYTHON_ARCHIVES:
            if (base / name).is_file():
                return files_source("cifar10", f"{name} in {place}", [base / name], read_python_archive)
        if (base / "cifar-10-binary.tar.gz").is_file():
            archive = base / "cifar-10-binary.tar.gz"
            return files_source("cifar10", f"{archive.name} in {place}", [archive], read_binary_archive)
        for name in PYTHON_FOLDERS:
            if (base / name).is_dir():
                files = [base / name / batch for batch in BATCHES]
                return files_source("cifar10", f"{name} in {place}", present(files), read_python_folder)
        if (base / "cifar-10-batches-bin").is_dir():
            files = [base / "cifar-10-batches-bin" / f"{batch}.bin" for batch in BATCHES]
            return files_source("cifar10", f"cifar-10-batches-bin in {place}", present(files), read_binary_folder)
        if (base / "cifar10.npz").is_file():
            return files_source("cifar10", f"cifar10.npz in {place}", [base / "cifar10.npz"], read_npz)
    return None


def present(files: list[Path]) -> list[Path]:
    absent = [path.name for path in files if not path.is_file()]
    if absent:
        raise DataError(
            f"{files[0].parent} has no {', '.join(absent)}."
            f" Expected: {', '.join(path.name for path in files)}. {LAYOUT.remedy}"
        )
    return files


def read_npz(path: Path) -> Whole:
    with readers.damage(path, LAYOUT.remedy):
        headers = readers.npz_headers(path)
    check_headers(headers, LAYOUT, str(path))
    with readers.damage(path, LAYOUT.remedy):
        arrays = readers.npz_arrays(path, NAMES)
    return checked(arrays, str(path), canonical=False)


def read_python_archive(path: Path) -> Whole:
    with readers.damage(path, LAYOUT.remedy):
        found = file_md5(path)
    if found != PYTHON_MD5:
        raise DataError(
            f"{path} has the MD5 {found}. Expected: {PYTHON_MD5}, the published one; it is made of pickles,"
            f" so nothing else is opened. Download it again, or give cifar-10-binary.tar.gz or cifar10.npz."
        )
    wanted = dict.fromkeys(BATCHES, batch_limit())
    with readers.damage(path, LAYOUT.remedy):
        contents = readers.tar_members(path, wanted.get, total_limit())
        batches = {name: unpickled(content) for name, content in contents.items()}
    return from_batches(batches, str(path), canonical=True)


def read_python_folder(*paths: Path) -> Whole:
    batches = {}
    for path in paths:
        with readers.damage(path, LAYOUT.remedy):
            content = path.read_bytes() if path.stat().st_size <= batch_limit() else b""
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != BATCH_MD5[path.name]:
            raise DataError(
                f"{path} has the MD5 {found}. Expected: {BATCH_MD5[path.name]}, the published one; it is a"
                f" pickle, so nothing else is opened. Unpack the archive again, or give cifar10.npz."
            )
        with readers.damage(path, LAYOUT.remedy):
            batches[path.name] = unpickled(content)
    return from_batches(batches, str(paths[0].parent), canonical=True)


def read_binary_archive(path: Path) -> Whole:
    wanted = {f"{batch}.bin": record_bytes() * batch_images(batch) for batch in BATCHES}
    with readers.damage(path, LAYOUT.remedy):
        contents = readers.tar_members(path, wanted.get, total_limit())
        batches = {name.removesuffix(".bin"): records(content) for name, content in contents.items()}
        canonical = file_md5(path) == BINARY_MD5
    return from_batches(batches, str(path), canonical)


def read_binary_folder(*paths: Path) -> Whole:
    batches = {}
    for path in paths:
        with readers.damage(path, LAYOUT.remedy):
            expected = record_bytes() * batch_images(path.stem)
            if path.stat().st_size != expected:
                raise ValueError(f"{path.stat().st_size:,} bytes, expected {expected:,}")
            batches[path.stem] = records(path.read_bytes())
    return from_batches(batches, str(paths[0].parent), canonical=False)


Batch = tuple[np.ndarray, np.ndarray]
"""Images ``[n, 3072]``, all reds of an image first, then greens, then blues; and labels ``[n]``."""


def from_batches(batches: Mapping[str, Batch], where: str, canonical: bool) -> Whole:
    absent = [name for name in BATCHES if name not in batches]
    if absent:
        raise DataError(f"{where} has no {', '.join(absent)}. Expected: {', '.join(BATCHES)}. {LAYOUT.remedy}")
    height, width, channels = LAYOUT.image

    def images(flat: np.ndarray) -> np.ndarray:
        return flat.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)

    with readers.damage(Path(where), LAYOUT.remedy):
        arrays = {
            "x_train": images(np.concatenate([batches[name][0] for name in TRAIN_BATCHES])),
            "y_train": np.concatenate([batches[name][1] for name in TRAIN_BATCHES]),
            "x_test": images(batches["test_batch"][0]),
            "y_test": batches["test_batch"][1],
        }
    check_headers({name: (array.shape, array.dtype) for name, array in arrays.items()}, LAYOUT, where)
    return checked(arrays, where, canonical)


def checked(arrays: dict[str, np.ndarray], where: str, canonical: bool) -> Whole:
    check_contents(arrays, LAYOUT, where)
    return Whole(
        x=np.ascontiguousarray(arrays["x_train"]),
        y=arrays["y_train"].ravel().astype(np.int32),
        x_test=np.ascontiguousarray(arrays["x_test"]),
        y_test=arrays["y_test"].ravel().astype(np.int32),
        canonical=canonical,
    )


def records(content: bytes) -> Batch:
    """A batch of the version for C: one byte of label, then 3,072 of image, and so on."""
    table = np.frombuffer(content, np.uint8).reshape(-1, record_bytes())
    return table[:, 1:], table[:, 0]


def unpickled(content: bytes) -> Batch:
    """A batch of the version for Python: a dictionary with ``data`` and ``labels``."""
    batch = ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    return np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])


class ArraysOnly(pickle.Unpickler):
    """Knows what an array is made of, and refuses every other name that a pickle can ask for."""

    KNOWN: Mapping[str, Any] = {
        "_reconstruct": np.empty(0).__reduce__()[0],  # type: ignore[index]
        "ndarray": np.ndarray,
        "dtype": np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy", "numpy.core.multiarray", "numpy._core.multiarray") and name in self.KNOWN:
            return self.KNOWN[name]
        raise ValueError(f"a pickle asks for {module}.{name}")


def record_bytes() -> int:
    return 1 + int(np.prod(LAYOUT.image))


def batch_images(batch: str) -> int:
    return LAYOUT.test if batch == "test_batch" else LAYOUT.train // len(TRAIN_BATCHES)


def batch_limit() -> int:
    """The most bytes that a batch may have: labels and file names come on top of the images."""
    return 11 * record_bytes() * max(batch_images(batch) for batch in BATCHES) // 10 + 65_536


def total_limit() -> int:
    return len(BATCHES) * batch_limit() + 2**20


def file_md5(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
