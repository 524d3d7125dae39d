"""Regression sets with gross outliers among the targets that a net learns from: ``diabetes+outliers20``.

20 is the percentage of the training targets, and of the validation targets, that are replaced by

    y = LEAST + (MOST - LEAST) u,  u ~ U(0, 1)

in standard deviations of the clean training targets: far above everything that is true. All on one side, as a
wrong unit or a stuck sensor gives them; outliers on both sides would cancel in a mean. The test part, the inputs
and the scale of the targets stay as they are, so a score on the test part says what was learned of the truth.

Which examples are hit, and by how much, follows from name, part and percentage alone.
"""

import dataclasses
import hashlib
import re

import numpy as np

from experiments.datasets.base import Dataset, Part, fingerprints, read_only
from experiments.datasets.synthetic import uniform
from experiments.errors import DataError

LEAST, MOST = 5.0, 15.0
"""How far an outlier lies above the mean, in standard deviations of the training targets."""
HIGHEST = 50
"""Highest percentage: beyond it the outliers are the rule."""


def parse(name: str) -> tuple[str, int]:
    """Name of the clean set, and the percentage (0: it is one).

    Example:
        >>> parse("diabetes+outliers20"), parse("diabetes")
        (('diabetes', 20), ('diabetes', 0))
    """
    match = re.fullmatch(r"(.+)\+outliers([1-9][0-9]?)", name)
    return (match[1], int(match[2])) if match else (name, 0)


def spoil(data: Dataset, percent: int) -> Dataset:
    """The same set with outliers among the targets of its training and validation parts.

    Args:
        data: a regression set.
        percent: of the targets of either part, 1 to ``HIGHEST``; rounded to whole examples.

    Raises:
        DataError: the set is no regression, or the percentage is too high.
    """
    name = f"{data.name}+outliers{percent}"
    if data.task != "regression":
        raise DataError(f"{name}: only the targets of a regression can be outliers, {data.name} has classes.")
    if not 1 <= percent <= HIGHEST:
        raise DataError(f"{name} asks for {percent} % of outliers. Give 1 to {HIGHEST}.")
    train = _spoiled(data.train, percent, f"{name}/train")
    validation = _spoiled(data.validation, percent, f"{name}/validation")
    prints, together = fingerprints({"train": train, "validation": validation, "test": data.test})
    share = f"{percent} % of training and validation targets"
    return dataclasses.replace(
        data,
        name=name,
        title=f"{data.title}, outliers in {share}",
        train=train,
        validation=validation,
        fingerprint=together,
        fingerprints=prints,
        split=f"{data.split}, then outliers put in place of {share}",
    )


def _spoiled(part: Part, percent: int, key: str) -> Part:
    bits = np.random.PCG64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "little"))
    order = np.argsort(bits.random_raw(len(part)), kind="stable")
    hit = order[: (len(part) * percent + 50) // 100]
    y = np.array(part.y)
    y[hit] = (LEAST + (MOST - LEAST) * uniform(bits, len(hit))).astype(y.dtype)
    return Part(part.x, read_only(y))
