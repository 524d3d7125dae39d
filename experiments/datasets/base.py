"""What a data set is to everyone else: three parts, a task, a fingerprint, and where it is from."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.errors import DataError

Task = Literal["classes", "binary", "regression"]

UNVERIFIED = "not verified as the canonical release"


class MissingData(DataError):
    """The data is nowhere to be had. (Data that is there but damaged is a plain ``DataError``.)"""


@dataclass(frozen=True, eq=False)
class Part:
    """One split: ``x`` with the examples along its first axis, ``y`` with one entry for each. Read-only."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a data set without its file.

    Attributes:
        name: as in a plan: ``"mnist"``.
        title: what people see: ``"MNIST"``.
        task: ``"classes"``, ``"binary"`` or ``"regression"``.
        outputs: number of classes, or 1.
        noun: what one example is called: ``"images"``, ``"examples"``.
        input_shape: of one example.
        train, test: official sizes; ``test`` is 0 where there is no official test set.
    """

    name: str
    title: str
    task: Task
    outputs: int
    noun: str
    input_shape: tuple[int, ...]
    train: int
    test: int = 0


@dataclass(frozen=True, eq=False)
class Whole:
    """A data set as its publisher split it: before any validation part is drawn.

    ``x_test`` and ``y_test`` are None where there is no official test set.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    canonical: bool | None = None

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that are there, by name, in a fixed order."""
        named = {"x": self.x, "y": self.y, "x_test": self.x_test, "y_test": self.y_test}
        return {name: array for name, array in named.items() if array is not None}


@dataclass(frozen=True)
class Source:
    """One place that a data set can be read from.

    Attributes:
        name: of the data set.
        place: what people see: ``"mnist.npz in DATA_DIR"``.
        lineage: what stays the same when the source's content changes: its paths.
        identity: called anew each time: what changes with the content (paths, sizes, times).
        read: reads, checks and converts all of it; raises ``DataError``.
    """

    name: str
    place: str
    lineage: str
    identity: Callable[[], str]
    read: Callable[[], Whole]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """A data set, split and ready to train on.

    Images are uint8 ``[N, H, W, C]``, 0 to 255. Tables are float32 ``[N, d]``,
    standardised with the mean and deviation of the training part. Labels are
    int32 ``[N]`` (0 or 1 for a binary task); the target of a regression is
    float32 ``[N]``, standardised by the training part as well.

    Attributes:
        name: ``"mnist"``, ``"cifar10-5k"``.
        title: what people see: ``"CIFAR-10 (5,000 training images)"``.
        task: ``"classes"``, ``"binary"`` or ``"regression"``.
        outputs: number of classes, or 1.
        train, validation, test: the parts, disjoint.
        fingerprint: sha256 in hex over the fingerprints of the three parts.
        fingerprints: the fingerprint of each part, see ``fingerprint``.
        split: in words, how it was split.
        canonical: True if checked against published sums; False if it could be and
            does not match; None where nothing is published to check against.
        provenance: one line: where it is from.
    """

    name: str
    title: str
    task: Task
    outputs: int
    train: Part
    validation: Part
    test: Part
    fingerprint: str
    fingerprints: Mapping[str, str]
    split: str
    canonical: bool | None
    provenance: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example: ``(28, 28, 1)``, ``(30,)``."""
        return self.train.x.shape[1:]

    @property
    def parts(self) -> dict[str, Part]:
        """The three parts by name, always in this order."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """Sha256 in hex over named arrays: names, shapes, types and bytes, in the order given.

    The bytes are those of the C-contiguous, little-endian array, so that the
    fingerprint says the same on every machine.

    Example:
        >>> one = fingerprint({"x": np.zeros((2, 3), np.float32)})
        >>> one == fingerprint({"x": np.zeros((3, 2), np.float32)})
        False
        >>> len(one)
        64
    """
    digest = hashlib.sha256()
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        digest.update(f"{name} {plain.dtype.str} {plain.shape}\n".encode())
        digest.update(plain.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def fingerprints(parts: Mapping[str, Part]) -> tuple[dict[str, str], str]:
    """The fingerprint of each part, and the one of the data set over them."""
    prints = {name: fingerprint({"x": part.x, "y": part.y}) for name, part in parts.items()}
    together = "".join(f"{name} {digest}\n" for name, digest in prints.items())
    return prints, hashlib.sha256(together.encode()).hexdigest()


def read_only(array: np.ndarray) -> np.ndarray:
    """A view that nobody can write to by mistake (and that is no ``np.memmap``)."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view
