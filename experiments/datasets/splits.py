"""How a data set is split: index work that depends on the name and the split seed, on nothing else.

Every draw ranks the examples by random keys, one key an example, and takes the
first of each stratum. The keys are the raw stream of a bit generator, which is
what NumPy promises never to change; ``Generator.permutation`` is not.
"""

import hashlib
import math
import re

import numpy as np

from experiments.datasets import usable
from experiments.datasets.base import UNVERIFIED, Card, Dataset, Part, Whole, fingerprints, read_only
from experiments.errors import DataError

SPLIT_SEED = 0
TEST_SHARE = 0.2
"""Share that becomes the test part where the publisher has not set one apart."""
VALIDATION_SHARE = 0.1
"""Share of the training part that becomes the validation part."""
SUBSET_VALIDATION_SHARE = 0.2
SUBSET_VALIDATION_LEAST = 100
SMALLEST_BY_OUTPUT = 10
BINS = 10
"""Regression is stratified by tenths of the target."""


def parse(name: str) -> tuple[str, int | None]:
    """Base name and number of training examples (None: all of them).

    Example:
        >>> parse("cifar10-5k"), parse("mnist-500"), parse("digits")
        (('cifar10', 5000), ('mnist', 500), ('digits', None))
    """
    match = re.fullmatch(r"(.+?)-([1-9][0-9]{0,8})(k?)", name)
    if match is None:
        return name, None
    base, number, thousand = match.groups()
    return base, int(number) * (1000 if thousand else 1)


def subset_name(base: str, size: int | None) -> str:
    """The one name of a subset, however it was written: ``mnist-5000`` is ``mnist-5k``."""
    if size is None:
        return base
    return f"{base}-{size // 1000}k" if size % 1000 == 0 else f"{base}-{size}"


def strata(y: np.ndarray, regression: bool) -> np.ndarray:
    """The stratum of each example: its label, or the tenth of the target that it lies in."""
    if not regression:
        return y
    rank = np.empty(len(y), np.int64)
    rank[np.argsort(y, kind="stable")] = np.arange(len(y))
    return rank * BINS // len(y)


def quotas(counts: np.ndarray, total: int) -> np.ndarray:
    """Shares of ``total`` in proportion to ``counts``, in whole examples (largest remainder).

    Example:
        >>> quotas(np.array([50, 30, 21]), 10).tolist()
        [5, 3, 2]
    """
    exact = counts * total  # in units of 1 / counts.sum(): whole numbers, so nothing is rounded
    floor, remainder = np.divmod(exact, counts.sum())
    largest = np.argsort(-remainder, kind="stable")[: total - floor.sum()]
    floor[largest] += 1
    return floor


def draw(among: np.ndarray, strata: np.ndarray, total: int, key: str) -> np.ndarray:
    """A stratified draw without replacement.

    Args:
        among: indices to draw from, ``[n]``, increasing.
        strata: stratum of every example of the whole set, ``[N]``.
        total: how many to draw.
        key: names the draw; another key gives another draw.

    Returns:
        Indices, ``[total]``, increasing.
    """
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "little")
    random = np.random.PCG64(seed).random_raw(len(strata))[among]
    by_stratum = among[np.lexsort((random, strata[among]))]
    values, counts = np.unique(strata[among], return_counts=True)
    starts = np.cumsum(counts) - counts
    taken = [by_stratum[start : start + quota] for start, quota in zip(starts, quotas(counts, total), strict=True)]
    return np.sort(np.concatenate(taken)) if values.size else among[:0]


def without(among: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    return np.setdiff1d(among, drawn, assume_unique=True)


def subset_sizes(card: Card, available: int) -> tuple[int, int]:
    """Smallest and largest number of training examples that a subset can have."""
    largest = int(available / (1 + SUBSET_VALIDATION_SHARE)) + 1
    while largest + subset_validation(largest, available) > available:
        largest -= 1
    return min(SMALLEST_BY_OUTPUT * max(card.outputs, 2), largest), largest


def subset_validation(size: int, available: int) -> int:
    """20 % of the subset, but at least 100 where there are as many left."""
    share = math.floor(SUBSET_VALIDATION_SHARE * size + 0.5)
    return max(share, min(SUBSET_VALIDATION_LEAST, available - size), 1)


def indices(
    card: Card, y: np.ndarray, official_test: bool, size: int | None, split_seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Indices of the training, validation and test part, and the split in words.

    The indices of the test part are empty where there is an official test set.

    Raises:
        DataError: if a subset of ``size`` is smaller or larger than there can be.
    """
    layer = strata(y, card.task == "regression")

    def key(what: str) -> str:
        return f"{card.name}/{what}/{split_seed}"

    train, words = np.arange(len(y)), ""
    test = train[:0]
    if not official_test:
        test = draw(train, layer, round(TEST_SHARE * len(train)), key("test"))
        train, words = without(train, test), f"test {TEST_SHARE * 100:.0f} % stratified, "
    validation = draw(train, layer, round(VALIDATION_SHARE * len(train)), key("validation"))
    train = without(train, validation)
    if size is None:
        words += f"validation {VALIDATION_SHARE * 100:.0f} %{'' if official_test else ' of the rest'} stratified"
    else:
        smallest, largest = subset_sizes(card, len(train))
        if not smallest <= size <= largest:
            raise DataError(
                f"{subset_name(card.name, size)} asks for {size:,} training {card.noun}; a subset of"
                f" {card.title} has {smallest:,} to {largest:,}."
                f" Name one of these sizes, such as {subset_name(card.name, largest)},"
                f" or {card.name} for all of them."
            )
        everything = train
        train = draw(everything, layer, size, key("subset"))
        rest = without(everything, train)
        count = subset_validation(size, len(everything))
        validation = draw(rest, layer, count, key("subset validation"))
        words += f"{size:,} training and {count:,} validation {card.noun} stratified from the training part"
    return train, validation, test, f"{words}, split seed {split_seed}"


def standardised(train: np.ndarray, others: list[np.ndarray]) -> list[np.ndarray]:
    """``(x - mean) / deviation`` by column, with the mean and deviation of ``train``, as float32.

    ``math.fsum`` adds without rounding, so that the result does not depend on
    the order in which some machine's vector unit adds. What is too large for that
    comes out as NaN or infinite, for ``usable.check`` to find.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        columns = np.atleast_2d(train.astype(np.float64).T)
        mean = np.array([_sum(column) / len(column) for column in columns])
        spread = np.array(
            [
                math.sqrt(_sum((column - centre) ** 2) / len(column))
                for column, centre in zip(columns, mean, strict=True)
            ]
        )
        spread[spread == 0] = 1  # a constant column becomes zeros
        spread[np.isinf(spread)] = np.nan
        if train.ndim == 1:
            mean, spread = mean[0], spread[0]
        return [((part - mean) / spread).astype(np.float32) for part in [train, *others]]


def _sum(numbers: np.ndarray) -> float:
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.nan


def assemble(
    card: Card, whole: Whole, size: int | None = None, split_seed: int = SPLIT_SEED, place: str = ""
) -> Dataset:
    """Split a whole data set, standardise it if it is a table, take its fingerprints, and see that it can be used.

    Raises:
        DataError: there is no such subset, or nothing can be learned from it.
    """
    official = whole.x_test is not None
    train, validation, test, words = indices(card, whole.y, official, size, split_seed)
    xs = [whole.x[train], whole.x[validation], whole.x_test if official else whole.x[test]]
    ys = [whole.y[train], whole.y[validation], whole.y_test if official else whole.y[test]]
    if xs[0].dtype != np.uint8:
        xs = standardised(xs[0], xs[1:])
    if card.task == "regression":
        ys = standardised(ys[0], ys[1:])
    else:
        ys = [y.astype(np.int32, copy=False) for y in ys]
    parts = {
        name: Part(read_only(x), read_only(y))
        for name, x, y in zip(("train", "validation", "test"), xs, ys, strict=True)
    }
    prints, together = fingerprints(parts)
    made = Dataset(
        name=subset_name(card.name, size),
        title=card.title if size is None else f"{card.title} ({size:,} training {card.noun})",
        task=card.task,
        outputs=card.outputs,
        **parts,
        fingerprint=together,
        fingerprints=prints,
        split=words,
        canonical=whole.canonical,
        provenance=place + (f", {UNVERIFIED}" if whole.canonical is False else ""),
    )
    usable.check(made)
    return made
