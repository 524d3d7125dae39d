"""MNIST: ``mnist.npz`` and the four IDX files, gzipped or not."""

import dataclasses
import functools
import gzip
from unittest import mock

import numpy as np

from experiments.datasets import mnist
from tests.experiments.datasets import forms
from tests.fuzz import npz
from tests.fuzz.choices import Choices, raw
from tests.fuzz.place import fresh

IMAGE = (5, 4)
SMALL = dataclasses.replace(mnist.LAYOUT, train=forms.TRAIN, test=forms.TEST, image=IMAGE)
STEMS = tuple(mnist.IDX_NAMES.values())


@functools.cache
def arrays() -> dict[str, np.ndarray]:
    return forms.image_arrays(IMAGE)


@functools.cache
def _npz() -> bytes:
    return npz.packed({f"{name}.npy": npz.npy(array) for name, array in arrays().items()})


@functools.cache
def _idx() -> dict[str, bytes]:
    folder = fresh("idx")
    forms.write_idx(folder, arrays())
    return {stem: (folder / stem).read_bytes() for stem in STEMS}


def seeds() -> list[bytes]:
    zipped = [gzip.compress(content, mtime=0) for content in _idx().values()]
    huge = b"\0\0\x08\x03" + b"\x7f\xff\xff\xff" * 3
    return [b"\0" + raw(_npz()), b"\1" + bytes(40), b"\1" + bytes(range(90)),
            *(bytes([2, n % 4, 0]) + raw(each) for n, each in enumerate((*_idx().values(), huge))),
            *(bytes([2, n % 4, 1]) + raw(each) for n, each in enumerate((*zipped, gzip.compress(huge))))]  # fmt: skip


def one_case(data: bytes) -> None:
    choices, folder = Choices(data), fresh("mnist")
    kind = choices.below(3)
    if kind == 0:
        (folder / mnist.WANTED).write_bytes(choices.file([_npz()]))
    elif kind == 1:
        (folder / mnist.WANTED).write_bytes(npz.file(choices, arrays()))
    else:
        _write_idx(choices, folder)
    with mock.patch.object(mnist, "LAYOUT", SMALL):
        source = mnist.find(folder, "DATA_DIR")
        assert source is not None
        source.identity()
        whole = source.read()
    assert whole.x.shape == (forms.TRAIN, *IMAGE, 1)
    assert set(whole.y.tolist()) == set(range(10))


def _write_idx(choices: Choices, folder) -> None:
    bad, zipped = choices.of(STEMS), choices.below(2)
    for stem, content in _idx().items():
        content = gzip.compress(content, 1, mtime=0) if zipped else content
        if stem == bad:
            content = choices.file([content])
            if zipped and choices.below(2):  # what is wrong lies inside
                content = gzip.compress(choices.file([_idx()[stem]]), 1, mtime=0)
        (folder / (stem + ".gz" * zipped)).write_bytes(content)
