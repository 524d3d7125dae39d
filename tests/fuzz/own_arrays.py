"""Data of the user's own in an npz file."""

import functools

import numpy as np

from experiments.datasets import loading
from tests.fuzz import npz
from tests.fuzz.choices import Choices, raw
from tests.fuzz.own_tables import loaded
from tests.fuzz.place import fresh


@functools.cache
def _arrays() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {"x": draw.normal(size=(50, 3)), "y": np.arange(50) % 2}


@functools.cache
def _images() -> dict[str, np.ndarray]:
    x, y = np.random.default_rng(0).integers(0, 256, (50, 5, 4), np.uint8), np.arange(50) % 5
    return {"x": x, "y": y, "x_test": x[:20], "y_test": y[:20]}


@functools.cache
def _files() -> list[bytes]:
    return [
        npz.packed({f"{name}.npy": npz.npy(array) for name, array in each.items()}) for each in (_arrays(), _images())
    ]


def seeds() -> list[bytes]:
    return [b"\0" + raw(_files()[0]), b"\0" + raw(_files()[1]), b"\1" + bytes(30), b"\2" + bytes(range(4, 80))]


def one_case(data: bytes) -> None:
    choices, folder = Choices(data), fresh("own")
    kind = choices.below(3)
    content = choices.file(_files()) if kind == 0 else npz.file(choices, (_arrays(), _images())[kind - 1])
    (folder / "mine.npz").write_bytes(content)
    loaded(loading.load("own:mine", folder))
