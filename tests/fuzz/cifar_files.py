"""CIFAR-10: the archives and folders of its authors, and ``cifar10.npz``."""

import dataclasses
import functools
import gzip
import io
import tarfile
from unittest import mock

import numpy as np

from experiments.datasets import cifar10
from tests.experiments.datasets import forms
from tests.fuzz import npz
from tests.fuzz.choices import Choices, raw
from tests.fuzz.place import fresh

IMAGE = (4, 4, 3)
SMALL = dataclasses.replace(cifar10.LAYOUT, train=forms.TRAIN, test=forms.TEST, image=IMAGE)
NAMES = (
    "../data_batch_1.bin",
    "/data_batch_1.bin",
    "x" * 300,
    "data_batch_1.bin\x1b[2J",
    "test_batch.bin",
    "readme.html",
)
KINDS = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE,
         tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE)  # fmt: skip


@functools.cache
def arrays() -> dict[str, np.ndarray]:
    return forms.image_arrays(IMAGE)


@functools.cache
def _batches() -> dict[str, bytes]:
    return {name.rpartition("/")[2]: content for name, content in forms.binary_members(arrays()).items()}


@functools.cache
def _tar() -> bytes:
    """The archive, not gzipped."""
    return _tarred([(f"cifar-10-batches-bin/{name}", tarfile.REGTYPE, content) for name, content in _batches().items()])


@functools.cache
def _pickles() -> dict[str, bytes]:
    return {name.rpartition("/")[2]: content for name, content in forms.python_members(arrays()).items()}


@functools.cache
def _npz() -> bytes:
    return npz.packed({f"{name}.npy": npz.npy(array) for name, array in arrays().items()})


def _tarred(members) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content) if kind == tarfile.REGTYPE else 0, "/dev/zero"
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def seeds() -> list[bytes]:
    return [b"\0" + raw(_tar()), b"\1" + raw(gzip.compress(_tar(), mtime=0)), b"\2" + bytes(range(60)),
            *(b"\3" + bytes([n]) + raw(each) for n, each in enumerate(_batches().values())),
            b"\4" + raw(_npz()), b"\5" + bytes(range(60)), b"\6" + raw(_pickles()["test_batch"])]  # fmt: skip


def one_case(data: bytes) -> None:
    choices, folder = Choices(data), fresh("cifar")
    kind = choices.below(7)
    archive = folder / "cifar-10-binary.tar.gz"
    if kind == 0:
        archive.write_bytes(gzip.compress(choices.file([_tar()]), 1, mtime=0))
    elif kind == 1:
        archive.write_bytes(choices.file([gzip.compress(_tar(), 1, mtime=0)]))
    elif kind == 2:
        archive.write_bytes(gzip.compress(_odd_tar(choices), 1, mtime=0))
    elif kind == 3:
        batches = folder / "cifar-10-batches-bin"
        batches.mkdir()
        bad = choices.of(tuple(_batches()))
        for name, content in _batches().items():
            if content := choices.file([content]) if name == bad else content:
                (batches / name).write_bytes(content)
    elif kind < 6:
        content = choices.file([_npz()]) if kind == 4 else npz.file(choices, arrays())
        (folder / "cifar10.npz").write_bytes(content)
    else:
        (folder / cifar10.PYTHON_ARCHIVES[0]).write_bytes(choices.file(list(_pickles().values())))
    with mock.patch.object(cifar10, "LAYOUT", SMALL):
        source = cifar10.find(folder, "DATA_DIR")
        assert source is not None
        source.identity()
        whole = source.read()
    assert whole.x.shape == (forms.TRAIN, *IMAGE)
    assert set(whole.y.tolist()) == set(range(10))


def _odd_tar(choices: Choices) -> bytes:
    """An archive with members that no archive of data has."""
    members = []
    for name, content in _batches().items():
        if kind := choices.below(6):
            members.append((name, choices.of(KINDS) if kind == 1 else tarfile.REGTYPE, content))
        if choices.below(4) == 0:
            members.append((choices.of(NAMES), choices.of(KINDS), choices.of((b"", b"?" * 600, content))))
    return _tarred(members)
