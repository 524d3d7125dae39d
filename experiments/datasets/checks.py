"""Is this really the data set that the file's name says? One clear line if not.

Layouts are checked from the headers alone, before anything large is read;
contents afterwards, once, when a file is converted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments.errors import DataError

Shape = tuple[int, ...]
Headers = Mapping[str, tuple[Shape, np.dtype]]

NAMES = ("x_train", "y_train", "x_test", "y_test")

KNOWN = {
    (28, 28): "MNIST",
    (32, 32, 3): "CIFAR-10",
    (3, 32, 32): "CIFAR-10 with the channels first (transpose it with axes 0, 2, 3, 1)",
}
"""What images of a shape usually are."""

LEAKED_SHARE = 0.05
"""CIFAR-10 has a few training images again in its test set; a copied test set has all."""
PROBE = 2000
ABOVE_CHANCE = 0.05


@dataclass(frozen=True)
class Layout:
    """What the four arrays of an image set have to look like.

    Attributes:
        title: what people see.
        train, test: how many images.
        image: shape of one image; a trailing axis of length 1 may be there or not.
        classes: labels are 0 to ``classes - 1``.
        remedy: what to do about a bad file.
    """

    title: str
    train: int
    test: int
    image: Shape
    classes: int
    remedy: str

    @property
    def sizes(self) -> dict[str, int]:
        return {"x_train": self.train, "y_train": self.train, "x_test": self.test, "y_test": self.test}

    @property
    def words(self) -> str:
        return (
            f"{self.title} has x_train {(self.train, *self.image)}, y_train {(self.train,)},"
            f" x_test {(self.test, *self.image)}, y_test {(self.test,)}"
        )


def squeezed(shape: Shape) -> Shape:
    """Without a trailing axis of length 1: images may have a channel axis, labels a column axis."""
    return shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape


def check_headers(headers: Headers, layout: Layout, where: str) -> None:
    """Raise ``DataError`` unless names, shapes and types are those of ``layout``.

    Args:
        headers: name -> shape and type, as the file states them.
        layout: what is expected.
        where: the file, for the message.
    """

    def refuse(found: str, expected: str = layout.words) -> None:
        raise DataError(f"{where}: {found}. Expected: {expected}. {layout.remedy}")

    missing = [name for name in NAMES if name not in headers]
    if missing:
        there = ", ".join(sorted(headers)[:8]) or "nothing"
        refuse(f"no array {', '.join(missing)} (there is: {there})")
    shapes = {name: squeezed(headers[name][0]) for name in NAMES}
    image = shapes["x_train"][1:]
    if image != layout.image and image in KNOWN:
        refuse(f"images of shape {image} are {KNOWN[image]}")
    for part in ("train", "test"):
        if len(shapes[f"x_{part}"]) == 1 and len(shapes[f"y_{part}"]) > 1:
            refuse(f"images and labels are exchanged: x_{part} has shape {shapes[f'x_{part}']}")
    counts = {name: (shape[0] if shape else 0) for name, shape in shapes.items()}
    if (counts["x_train"], counts["x_test"]) == (layout.test, layout.train) != (layout.train, layout.test):
        refuse(f"training and test images are exchanged: x_train has {counts['x_train']:,}")
    for part in ("train", "test"):
        images, labels = counts[f"x_{part}"], counts[f"y_{part}"]
        if images != labels:
            refuse(f"{images:,} images but {labels:,} labels in the {part} part")
    for name in NAMES:
        expected = (layout.sizes[name], *(layout.image if name[0] == "x" else ()))
        if shapes[name] != expected:
            refuse(f"{name} has shape {headers[name][0]}")
    for name in NAMES:
        dtype = headers[name][1]
        if name[0] == "x" and dtype != np.uint8:
            refuse(f"{name} has type {dtype}", "uint8 pixels, 0 to 255")
        if name[0] == "y" and dtype.kind not in "iu":
            refuse(f"{name} has type {dtype}", f"whole numbers, 0 to {layout.classes - 1}")


def check_contents(arrays: Mapping[str, np.ndarray], layout: Layout, where: str) -> None:
    """Raise ``DataError`` unless pixels and labels can be those of ``layout``.

    The last check asks whether images and labels belong together at all: the
    nearest class mean (Fisher's oldest classifier) reads 82 % of MNIST and 28 %
    of CIFAR-10, and 10 % of either if the labels are shuffled.
    """

    def refuse(found: str, expected: str) -> None:
        raise DataError(f"{where}: {found}. Expected: {expected}. {layout.remedy}")

    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"].ravel()
        low, high = int(x.min()), int(x.max())
        if high - low < 128:
            refuse(f"pixels of x_{part} run from {low} to {high}", "0 to 255")
        smallest, largest = int(y.min()), int(y.max())
        if smallest < 0 or largest >= layout.classes:
            refuse(f"labels of y_{part} run from {smallest} to {largest}", f"0 to {layout.classes - 1}")
        if smallest == largest:
            refuse(f"every label of y_{part} is {smallest}", f"all of 0 to {layout.classes - 1}")
        absent = np.flatnonzero(np.bincount(y, minlength=layout.classes) == 0)
        if absent.size:
            refuse(f"no {part} image has label {absent[0]}", f"all of 0 to {layout.classes - 1}")
    leaked = leaked_share(arrays["x_train"], arrays["x_test"])
    if leaked > LEAKED_SHARE:
        refuse(f"{leaked:.0%} of the test images are training images", "two different sets of images")
    reached, chance = nearest_mean_accuracy(arrays, layout.classes)
    probes = min(PROBE, layout.test)
    if reached < chance + max(ABOVE_CHANCE, 4 * np.sqrt(chance * (1 - chance) / probes)):
        refuse(
            f"images and labels do not belong together: the nearest class mean names {reached:.0%} of the"
            f" test images rightly, no better than guessing ({chance:.0%})",
            "each label at the place of its image",
        )


def leaked_share(train: np.ndarray, test: np.ndarray) -> float:
    """Share of the test images that are, byte by byte, among the training images."""
    seen = {hash(image.tobytes()) for image in train}
    return sum(hash(image.tobytes()) in seen for image in test) / len(test)


def nearest_mean_accuracy(arrays: Mapping[str, np.ndarray], classes: int) -> tuple[float, float]:
    """Test accuracy of the nearest class mean on a sample, and the share of the commonest label."""
    step = max(1, len(arrays["x_train"]) // (5 * PROBE))
    x, y = arrays["x_train"][::step], arrays["y_train"].ravel()[::step]
    step = max(1, len(arrays["x_test"]) // PROBE)
    probe, truth = arrays["x_test"][::step], arrays["y_test"].ravel()[::step]
    flat = probe.reshape(len(probe), -1).astype(np.float32)
    means = np.stack([x[y == c].reshape(-1, flat.shape[1]).astype(np.float32).mean(axis=0) for c in np.unique(y)])
    # |x - m|² without |x|², which is the same for every class.
    distance = (means**2).sum(axis=1) - 2 * flat @ means.T
    named = np.unique(y)[distance.argmin(axis=1)]
    return float(np.mean(named == truth)), float(np.bincount(truth, minlength=classes).max() / len(truth))
