"""Small image sets in every form that the real ones come in."""

import dataclasses
import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from experiments.datasets import cifar10, mnist

TRAIN, TEST, CLASSES = 50, 30, 10


def image_arrays(shape, train=TRAIN, test=TEST):
    """Noise around one pattern for each class: easy to tell apart, every class there."""
    random = np.random.default_rng(5)
    patterns = random.integers(40, 216, (CLASSES, *shape))

    def part(count):
        y = np.arange(count) % CLASSES
        noise = random.integers(-40, 40, (count, *shape))
        return (patterns[y] + noise).astype(np.uint8), y.astype(np.uint8)

    (x_train, y_train), (x_test, y_test) = part(train), part(test)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture
def small(monkeypatch):
    """Both image sets with few images; gives the right arrays of each by name."""
    for module in (mnist, cifar10):
        layout = dataclasses.replace(module.LAYOUT, train=TRAIN, test=TEST)
        monkeypatch.setattr(module, "LAYOUT", layout)
    return {"mnist": image_arrays((28, 28)), "cifar10": image_arrays((32, 32, 3))}


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    """No test sees the machine's own data, caches or network."""
    for name, folder in {"KERAS_HOME": "keras", "GRADLAB_CACHE": "cache"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("DATA_DIR", raising=False)
    for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture
def folder(tmp_path):
    """An empty DATA_DIR."""
    made = tmp_path / "data"
    made.mkdir()
    return made


def write_npz(folder, arrays, name):
    np.savez(folder / name, **arrays)


def write_idx(folder, arrays, name="", zipped=False):
    for key, stem in mnist.IDX_NAMES.items():
        array = arrays[key]
        # Written from the format's definition, not with the code under test.
        content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()
        path = folder / (stem + ".gz" if zipped else stem)
        path.write_bytes(gzip.compress(content, mtime=0) if zipped else content)


def batches(arrays):
    """The arrays as CIFAR's authors cut them: five training batches and a test batch."""
    planes = {part: arrays[f"x_{part}"].transpose(0, 3, 1, 2).reshape(len(arrays[f"x_{part}"]), -1)
              for part in ("train", "test")}  # fmt: skip
    cut = len(planes["train"]) // 5
    made = {
        f"data_batch_{i + 1}": (
            planes["train"][i * cut : (i + 1) * cut],
            arrays["y_train"][i * cut : (i + 1) * cut],
        )
        for i in range(5)
    }
    made["test_batch"] = (planes["test"], arrays["y_test"])
    return made


def pickled(images, labels):
    return pickle.dumps({b"data": images, b"labels": labels.tolist(), b"filenames": []}, protocol=4)


def tar(path, members):
    """A gzipped tar of name -> bytes."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def python_members(arrays):
    return {
        f"cifar-10-batches-py/{name}": pickled(images, labels) for name, (images, labels) in batches(arrays).items()
    }


def binary_members(arrays):
    return {
        f"cifar-10-batches-bin/{name}.bin": np.column_stack([labels, images]).astype(np.uint8).tobytes()
        for name, (images, labels) in batches(arrays).items()
    }


class Forms:
    """The writers, for test modules (which cannot import one another)."""

    image_arrays = staticmethod(image_arrays)
    write_npz = staticmethod(write_npz)
    write_idx = staticmethod(write_idx)
    tar = staticmethod(tar)
    python_members = staticmethod(python_members)
    binary_members = staticmethod(binary_members)


@pytest.fixture
def forms():
    return Forms
