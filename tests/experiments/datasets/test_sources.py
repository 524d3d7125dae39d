"""Every form that MNIST and CIFAR-10 come in gives the same arrays, and what can be verified is."""

import hashlib
import os
import struct

import numpy as np
import pytest

from experiments.datasets import cifar10, load, mnist
from experiments.datasets.base import UNVERIFIED


def whole_of(data):
    """The training and validation images as a sorted list of bytes with labels: the order is the split's."""
    rows = zip(
        np.concatenate([data.train.x, data.validation.x]),
        np.concatenate([data.train.y, data.validation.y]),
        strict=True,
    )
    return sorted((image.tobytes(), int(label)) for image, label in rows)


def check(data, arrays, shape):
    assert data.train.x.shape == (45, *shape)
    assert data.validation.x.shape == (5, *shape)
    assert data.train.x.dtype == np.uint8
    assert data.train.y.dtype == data.test.y.dtype == np.int32
    assert data.input_shape == shape
    expected = zip(arrays["x_train"], arrays["y_train"], strict=True)
    assert whole_of(data) == sorted((image.tobytes(), int(label)) for image, label in expected)
    np.testing.assert_array_equal(data.test.x.reshape(arrays["x_test"].shape), arrays["x_test"])
    np.testing.assert_array_equal(data.test.y, arrays["y_test"])


def columns(arrays):
    """As older Keras code stores them: a channel axis, labels as a column of int64, images by columns."""
    return {
        name: array.reshape(-1, 1).astype(np.int64) if name[0] == "y" else np.asfortranarray(array[..., np.newaxis])
        for name, array in arrays.items()
    }


MNIST_FORMS = {
    "npz": lambda forms, folder, arrays: forms.write_npz(folder, arrays, "mnist.npz"),
    "npz compressed": lambda forms, folder, arrays: np.savez_compressed(folder / "mnist.npz", **arrays),
    "npz with columns": lambda forms, folder, arrays: forms.write_npz(folder, columns(arrays), "mnist.npz"),
    "idx": lambda forms, folder, arrays: forms.write_idx(folder, arrays),
    "idx gzipped": lambda forms, folder, arrays: forms.write_idx(folder, arrays, zipped=True),
}


@pytest.mark.parametrize("inner", ["", "MNIST/raw"])
@pytest.mark.parametrize("form", MNIST_FORMS)
def test_mnist(form, inner, small, folder, forms):
    (folder / inner).mkdir(parents=True, exist_ok=True)
    MNIST_FORMS[form](forms, folder / inner, small["mnist"])
    data = load("mnist", folder, download=False)
    check(data, small["mnist"], (28, 28, 1))
    assert data.canonical is False
    assert data.provenance.endswith(f"in DATA_DIR, {UNVERIFIED}")
    assert str(folder) not in data.provenance


@pytest.mark.parametrize("form", MNIST_FORMS)
def test_mnist_is_canonical_by_the_sums_of_its_idx_files(form, small, folder, forms, monkeypatch):
    sums = {}
    for name, array in small["mnist"].items():
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
        sums[name] = hashlib.md5(header + array.tobytes()).hexdigest()
    monkeypatch.setattr(mnist, "SUMS", sums)
    MNIST_FORMS[form](forms, folder, small["mnist"])
    data = load("mnist", folder, download=False)
    assert data.canonical is True
    assert UNVERIFIED not in data.provenance


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_one_wrong_sum_is_enough(name, small, folder, forms, monkeypatch):
    arrays = small["mnist"]
    sums = {key: mnist.idx_sum(array, array.shape[1:]) for key, array in arrays.items()}
    monkeypatch.setattr(mnist, "SUMS", {**sums, name: "0" * 32})
    forms.write_npz(folder, arrays, "mnist.npz")
    assert load("mnist", folder, download=False).canonical is False


def unpacked(forms, folder, members):
    for name, content in members.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


CIFAR_FORMS = {
    "npz": lambda forms, folder, arrays: forms.write_npz(folder, arrays, "cifar10.npz"),
    "python archive": lambda forms, folder, arrays: forms.tar(
        folder / "cifar-10-python.tar.gz", forms.python_members(arrays)
    ),
    "as Keras stores it": lambda forms, folder, arrays: forms.tar(
        folder / "cifar-10-batches-py-target_archive", forms.python_members(arrays)
    ),
    "python folder": lambda forms, folder, arrays: unpacked(forms, folder, forms.python_members(arrays)),
    "binary archive": lambda forms, folder, arrays: forms.tar(
        folder / "cifar-10-binary.tar.gz", forms.binary_members(arrays)
    ),
    "binary folder": lambda forms, folder, arrays: unpacked(forms, folder, forms.binary_members(arrays)),
}
PICKLES = ("python archive", "as Keras stores it", "python folder")


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("form", CIFAR_FORMS)
def test_cifar10(form, published, small, folder, forms, monkeypatch):
    CIFAR_FORMS[form](forms, folder, small["cifar10"])
    if published or form in PICKLES:
        files = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
        archive = next(iter(files.values()))
        monkeypatch.setattr(cifar10, "PYTHON_MD5", archive)
        monkeypatch.setattr(cifar10, "BINARY_MD5", archive)
        monkeypatch.setattr(cifar10, "BATCH_MD5", files)
        published = True
    data = load("cifar10", folder, download=False)
    check(data, small["cifar10"], (32, 32, 3))
    assert data.canonical is (published and form not in ("npz", "binary folder"))


def test_what_can_be_verified_is_preferred(small, folder, forms):
    forms.write_npz(folder, small["cifar10"], "cifar10.npz")
    forms.tar(folder / "cifar-10-binary.tar.gz", forms.binary_members(small["cifar10"]))
    assert load("cifar10", folder, download=False).provenance.startswith("cifar-10-binary.tar.gz")


def test_the_keras_cache_comes_after_the_users_folder(small, folder, forms, tmp_path):
    kept = tmp_path / "keras" / "datasets"
    kept.mkdir(parents=True)
    forms.write_npz(kept, small["mnist"], "mnist.npz")
    assert load("mnist", folder, download=False).provenance.startswith("mnist.npz in the Keras cache")
    forms.write_idx(folder, small["mnist"])
    assert load("mnist", folder, download=False).provenance.startswith("IDX files in DATA_DIR")


def test_the_same_arrays_have_the_same_fingerprint_from_any_source(small, tmp_path, forms):
    prints = set()
    for form, write in MNIST_FORMS.items():
        folder = tmp_path / form
        folder.mkdir()
        write(forms, folder, small["mnist"])
        prints.add(load("mnist", folder, download=False).fingerprint)
    assert len(prints) == 1


REAL = os.environ.get("DATA_DIR")


@pytest.mark.skipif(not REAL, reason="DATA_DIR names no folder with real data")
@pytest.mark.parametrize(
    ("name", "first", "sizes"),
    [
        # First labels of the official test files; they need not be those of a release that is not canonical.
        ("mnist", [7, 2, 1, 0, 4], (54_000, 6_000, 10_000)),
        ("cifar10", [3, 8, 8, 0, 6], (45_000, 5_000, 10_000)),
    ],
)
def test_the_real_files(name, first, sizes):
    data = load(name, REAL, download=False)
    assert (data.test.y[:5].tolist() == first) >= bool(data.canonical)
    assert tuple(len(part) for part in data.parts.values()) == sizes
    for part in (data.train, data.validation):
        counts = np.bincount(part.y, minlength=10) / len(part)
        whole = np.bincount(np.concatenate([data.train.y, data.validation.y])) / (sizes[0] + sizes[1])
        np.testing.assert_allclose(counts, whole, atol=1 / len(part))
