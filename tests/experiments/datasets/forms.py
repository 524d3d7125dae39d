"""Small image sets in every form that the real ones come in."""

import gzip
import io
import pickle
import struct
import tarfile

import numpy as np

from experiments.datasets import mnist

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
