"""Every bad file gives one clear line: what was found, what is expected, what to do."""

import gzip
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.datasets import cifar10, load, mnist, readers
from experiments.errors import DataError


def refused(name, folder, match):
    with pytest.raises(DataError, match=match) as caught:
        load(name, folder, download=False)
    said = str(caught.value)
    assert "\n" not in said
    assert str(folder) in said
    assert any(word in said for word in ("Replace it", "Download it again", "Unpack the archive again"))


def swap(one, other):
    def change(arrays):
        return {**arrays, one: arrays[other], other: arrays[one]}

    return change


def both(first, second):
    return lambda arrays: second(first(arrays))


def put(name, value):
    """Replace an array by what ``value`` makes of it."""
    return lambda arrays: {**arrays, name: value(arrays[name])}


def with_first(label):
    return lambda y: np.concatenate([[label], y[1:].astype(np.int64)])


CHANGES = {
    "images and labels exchanged": (
        both(swap("x_train", "y_train"), swap("x_test", "y_test")),
        "images and labels are exchanged",
    ),
    "training and test exchanged": (
        both(swap("x_train", "x_test"), swap("y_train", "y_test")),
        "training and test images are exchanged",
    ),
    "labels of the other part": (swap("y_train", "y_test"), "50 images but 30 labels"),
    "a label too few": (put("y_train", lambda y: y[1:]), "50 images but 49 labels in the train part"),
    "an image too few": (
        both(put("y_train", lambda y: y[1:]), put("x_train", lambda x: x[1:])),
        r"x_train has shape \(49,",
    ),
    "no array": (lambda arrays: {k: v for k, v in arrays.items() if k != "y_test"}, "no array y_test"),
    "other names": (lambda arrays: {"a": arrays["x_train"]}, "no array x_train.*there is: a"),
    "pixels as floats": (put("x_test", lambda x: x / np.float32(255)), "x_test has type float32"),
    "labels as floats": (put("y_train", lambda y: y * 1.0), "y_train has type float64"),
    "labels one-hot": (put("y_train", lambda y: np.eye(10, dtype=np.uint8)[y]), r"shape \(50, 10\)"),
    "pixels 0 and 1": (put("x_train", lambda x: x // 128), "pixels of x_train run from 0 to 1"),
    "a black test set": (put("x_test", np.zeros_like), "pixels of x_test run from 0 to 0"),
    "a label too large": (put("y_train", with_first(10)), "labels of y_train run from 0 to 10"),
    "labels that wrap to right ones": (put("y_train", with_first(256)), "from 0 to 256"),
    "a negative label": (put("y_test", with_first(-1)), "labels of y_test run from -1"),
    "all one label": (put("y_train", lambda y: np.full_like(y, 3)), "every label of y_train is 3"),
    "a class missing": (put("y_test", lambda y: np.where(y == 7, 6, y)), "no test image has label 7"),
    "training images in the test set": (
        lambda arrays: {**arrays, "x_test": arrays["x_train"][:30]},
        "100% of the test images are training images",
    ),
    "labels of other images": (
        put("y_train", lambda y: np.roll(y, 1)),
        "images and labels do not belong together",
    ),
}


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
@pytest.mark.parametrize("change", CHANGES)
def test_wrong_contents(name, change, small, folder, forms):
    make, match = CHANGES[change]
    forms.write_npz(folder, make(small[name]), f"{name}.npz")
    refused(name, folder, match)


@pytest.mark.parametrize(
    ("name", "other", "match"), [("cifar10", "mnist", "are MNIST"), ("mnist", "cifar10", "are CIFAR-10")]
)
def test_another_data_set_under_this_name(name, other, match, small, folder, forms):
    forms.write_npz(folder, small[other], f"{name}.npz")
    refused(name, folder, match)


def test_channels_first(small, folder, forms):
    arrays = {k: (v.transpose(0, 3, 1, 2) if k[0] == "x" else v) for k, v in small["cifar10"].items()}
    forms.write_npz(folder, arrays, "cifar10.npz")
    refused("cifar10", folder, "channels first")


def test_fashion_mnist_is_known(small, folder, forms, monkeypatch):
    forms.write_npz(folder, small["mnist"], "mnist.npz")
    known = {"x_train": mnist.idx_sum(small["mnist"]["x_train"], (28, 28))}
    monkeypatch.setattr(mnist, "FASHION_SUMS", known)
    refused("mnist", folder, "this is Fashion-MNIST")


@pytest.mark.parametrize("content", [b"", b"PK", b"not found", b"\0" * 5000], ids=["empty", "PK", "page", "zeros"])
@pytest.mark.parametrize("name", ["mnist.npz", "cifar10.npz", "train-images-idx3-ubyte.gz"])
def test_no_such_format(content, name, small, folder, forms):
    if name.startswith("train"):
        forms.write_idx(folder, small["mnist"], zipped=True)
    (folder / name).write_bytes(content)
    refused("cifar10" if name.startswith("cifar") else "mnist", folder, "truncated or damaged")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_npz_is_refused_or_read_rightly(data, small, folder, forms):
    """A byte changed or the end cut off, anywhere: an error, or (in a date, say) the very same arrays."""
    path = folder / "mnist.npz"
    forms.write_npz(folder, small["mnist"], path.name)
    content = bytearray(path.read_bytes())
    # Half of the places near the ends, where the directory and the first header are.
    near = st.one_of(st.integers(0, 200), st.integers(len(content) - 700, len(content) - 1))
    at = data.draw(near | st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    path.write_bytes(content)
    try:
        whole = mnist.read_npz(path)
    except DataError:
        pass
    else:
        np.testing.assert_array_equal(whole.x[..., 0], small["mnist"]["x_train"])
        np.testing.assert_array_equal(whole.y_test, small["mnist"]["y_test"])


def npy_with_header(header):
    text = repr(header).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("shape", [(10**12, 28, 28), (2**62, 4), (50, 28, 28)])
def test_a_header_that_lies_about_the_size(shape, small, folder):
    """Believing it would ask for up to 784 TB."""
    content = npy_with_header({"descr": "|u1", "fortran_order": False, "shape": shape}) + b"\0" * 100
    with zipfile.ZipFile(folder / "mnist.npz", "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", content)
    refused("mnist", folder, "not the size that its header states")


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_a_pickle_in_an_npz_is_never_loaded(small, folder, forms, tmp_path):
    harmful = np.array([Payload(tmp_path / "mark")], dtype=object)
    forms.write_npz(folder, {**small["mnist"], "y_test": harmful}, "mnist.npz")
    refused("mnist", folder, "holds Python objects")
    assert not (tmp_path / "mark").exists()


def test_a_python_archive_with_another_checksum_is_never_opened(small, folder, forms, tmp_path):
    members = forms.python_members(small["cifar10"])
    members["cifar-10-batches-py/data_batch_1"] = pickle.dumps({b"data": Payload(tmp_path / "mark")})
    forms.tar(folder / "cifar-10-python.tar.gz", members)
    refused("cifar10", folder, f"has the MD5 .* Expected: {cifar10.PYTHON_MD5}")
    assert not (tmp_path / "mark").exists()


def test_even_a_vouched_pickle_gives_nothing_but_arrays(small, folder, forms, tmp_path, monkeypatch):
    members = forms.python_members(small["cifar10"])
    members["cifar-10-batches-py/data_batch_1"] = pickle.dumps({b"data": Payload(tmp_path / "mark")})
    path = folder / "cifar-10-python.tar.gz"
    forms.tar(path, members)
    monkeypatch.setattr(cifar10, "PYTHON_MD5", cifar10.file_md5(path))
    refused("cifar10", folder, "a pickle asks for")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("missing", ["data_batch_3", "test_batch"])
def test_an_archive_without_a_batch(missing, small, folder, forms):
    members = forms.binary_members(small["cifar10"])
    del members[f"cifar-10-batches-bin/{missing}.bin"]
    forms.tar(folder / "cifar-10-binary.tar.gz", members)
    refused("cifar10", folder, f"has no {missing}")


def test_a_folder_without_a_batch(small, folder):
    (folder / "cifar-10-batches-py").mkdir()
    (folder / "cifar-10-batches-py" / "data_batch_1").write_bytes(b"")
    refused("cifar10", folder, "has no data_batch_2, ")


def test_a_folder_of_other_pickles(small, folder, forms):
    (folder / "cifar-10-batches-py").mkdir()
    for name, content in forms.python_members(small["cifar10"]).items():
        (folder / name).write_bytes(content)
    refused("cifar10", folder, "data_batch_1 has the MD5")


def test_nothing_is_written_outside_the_folder(small, folder, forms, tmp_path):
    """A member with a path upward is read like any other, and a link is refused; neither reaches the disk."""
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    members = forms.binary_members(small["cifar10"])
    members["../../outside.bin"] = b"?"
    members = {name.replace("cifar-10-batches-bin/", "../../"): content for name, content in members.items()}
    path = folder / "cifar-10-binary.tar.gz"
    forms.tar(path, members)
    assert len(load("cifar10", folder, download=False).train) == 45
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    refused("cifar10", folder, "is no plain file")
    after = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    assert after == before | {path}


def test_an_archive_that_unpacks_to_far_too_much(small, folder, forms):
    zeros = b"\0" * (cifar10.total_limit() + 1)
    forms.tar(folder / "cifar-10-binary.tar.gz", {"readme.html": zeros})
    refused("cifar10", folder, "unpacks to far more")
    batch = zeros[: cifar10.batch_limit()]
    forms.tar(folder / "cifar-10-binary.tar.gz", {"cifar-10-batches-bin/data_batch_1.bin": batch})
    refused("cifar10", folder, "no plain file of at most")


IDX_DAMAGE = {
    "cut": (lambda content: content[:-1], "promises .* bytes, there are"),
    "longer": (lambda content: content + b"\0", "promises .* bytes, there are more"),
    "other type": (lambda content: b"\0\0\x0d\x03" + content[4:], "no IDX file of bytes"),
    "half a header": (lambda content: content[:9], "truncated or damaged"),
    "a header that lies": (lambda content: content[:4] + b"\x7f\xff\xff\xff" + content[8:], "2,147,483,647"),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("damage", IDX_DAMAGE)
def test_damaged_idx_files(damage, zipped, small, folder, forms):
    forms.write_idx(folder, small["mnist"], zipped=zipped)
    path = folder / ("train-images-idx3-ubyte" + (".gz" if zipped else ""))
    change, match = IDX_DAMAGE[damage]
    content = path.read_bytes()
    content = gzip.compress(change(gzip.decompress(content))) if zipped else change(content)
    path.write_bytes(content)
    refused("mnist", folder, match)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_truncated_gzip(keep, small, folder, forms):
    forms.write_idx(folder, small["mnist"], zipped=True)
    path = folder / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    refused("mnist", folder, "truncated or damaged")


def test_idx_files_exchanged_or_missing(small, folder, forms):
    forms.write_idx(folder, small["mnist"])
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "aside")
    refused("mnist", folder, "train-images-idx3-ubyte is missing beside train-labels-idx1-ubyte")
    labels.rename(images)
    (folder / "aside").rename(labels)
    refused("mnist", folder, "images and labels are exchanged")


def test_bounded_streams_end_in_an_error(tmp_path):
    path = tmp_path / "zeros"
    path.write_bytes(b"\0" * 100)
    with open(path, "rb") as stream:
        bounded = readers.Bounded(stream, 50)
        assert len(bounded.read(50)) == 50
        with pytest.raises(ValueError, match="far more"):
            bounded.read(1)
