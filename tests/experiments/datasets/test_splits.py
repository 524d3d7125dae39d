"""Splits: disjoint, stratified, nested, and made of the name and the split seed alone."""

import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.datasets import splits
from experiments.datasets.base import Card, Whole
from experiments.errors import DataError

CARD = Card(name="toy", title="Toy", task="classes", outputs=4, noun="examples", input_shape=(1,), train=0)
LABELS = np.repeat(np.arange(4), [100, 200, 300, 401])[np.arange(1001) * 370 % 1001]


@pytest.mark.parametrize(
    ("name", "parsed", "written"),
    [
        ("mnist", ("mnist", None), "mnist"),
        ("mnist-5k", ("mnist", 5000), "mnist-5k"),
        ("mnist-5000", ("mnist", 5000), "mnist-5k"),
        ("cifar10-500", ("cifar10", 500), "cifar10-500"),
        ("breast_cancer-1500", ("breast_cancer", 1500), "breast_cancer-1500"),
        ("mnist-0", ("mnist-0", None), "mnist-0"),
        ("mnist-05", ("mnist-05", None), "mnist-05"),
        ("mnist-", ("mnist-", None), "mnist-"),
        ("mnist-5K", ("mnist-5K", None), "mnist-5K"),
        ("-5k", ("-5k", None), "-5k"),
    ],
)
def test_names(name, parsed, written):
    assert splits.parse(name) == parsed
    assert splits.subset_name(*parsed) == written


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20), st.data())
def test_quotas_are_proportional(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    got = splits.quotas(counts, total)
    assert got.sum() == total
    assert np.all(got <= counts)
    assert np.all(np.abs(got - counts * total / counts.sum()) < 1)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.data())
@settings(max_examples=50)
def test_a_draw_is_stratified_and_without_replacement(labels, data):
    labels = np.array(labels)
    among = np.flatnonzero(np.arange(len(labels)) % data.draw(st.integers(2, 5)) != 0)
    total = data.draw(st.integers(0, len(among)))
    got = splits.draw(among, labels, total, "key")
    assert len(got) == total == len(set(got.tolist()))
    assert set(got.tolist()) <= set(among.tolist())
    for label in np.unique(labels[among]):
        share = np.mean(labels[among] == label) * total
        assert abs(np.sum(labels[got] == label) - share) < 1


def test_a_draw_takes_the_smallest_keys_of_each_label():
    """The definition once more, in plain Python."""
    among, total = np.arange(0, 1001, 3), 97
    seed = int.from_bytes(hashlib.sha256(b"toy/what/0").digest()[:16], "little")
    keys = np.random.PCG64(seed).random_raw(1001).tolist()
    expected = []
    for label, quota in enumerate(splits.quotas(np.bincount(LABELS[among]), total)):
        ranked = sorted((keys[i], i) for i in among.tolist() if LABELS[i] == label)
        expected += [i for _, i in ranked[:quota]]
    assert splits.draw(among, LABELS, total, "toy/what/0").tolist() == sorted(expected)


def shares(labels, part):
    return np.bincount(labels[part], minlength=4) / len(part)


@pytest.mark.parametrize("official", [True, False])
@pytest.mark.parametrize("size", [None, 40, 333, 500])
def test_parts_are_disjoint_and_stratified(official, size):
    train, validation, test, words = splits.indices(CARD, LABELS, official, size, 0)
    together = np.concatenate([train, validation, test])
    assert len(set(together.tolist())) == len(together)
    if size is None:
        assert len(together) == len(LABELS)
    else:
        assert len(train) == size
        assert len(validation) == max(round(size / 5), 100)
    assert (len(test) == 0) is official
    for part in (train, validation, *([] if official else [test])):
        np.testing.assert_allclose(shares(LABELS, part), shares(LABELS, np.arange(1001)), atol=1.5 / len(part))
        assert np.all(np.diff(part) > 0)
    assert words.endswith("split seed 0")


def test_subsets_nest_in_the_training_part():
    train, validation, test, _ = splits.indices(CARD, LABELS, False, None, 0)
    larger: set[int] = set(train.tolist())
    for size in (400, 200, 40):
        smaller, its_validation, its_test, _ = splits.indices(CARD, LABELS, False, size, 0)
        assert set(smaller.tolist()) < larger
        assert set(its_validation.tolist()) < set(train.tolist())
        np.testing.assert_array_equal(its_test, test)
        assert not set(smaller.tolist()) & set(validation.tolist())
        larger = set(smaller.tolist())


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one[:3], other[:3], strict=True))


def test_a_split_depends_on_name_and_seed_alone():
    first = splits.indices(CARD, LABELS, False, 200, 0)
    np.random.seed(1)  # noqa: NPY002 (global state must not matter)
    assert same(first, splits.indices(CARD, LABELS, False, 200, 0))
    assert same(first, splits.indices(dataclasses.replace(CARD, title="Other"), LABELS, False, 200, 0))
    assert not same(first, splits.indices(CARD, LABELS, False, 200, 1))
    assert not same(first, splits.indices(dataclasses.replace(CARD, name="tot"), LABELS, False, 200, 0))


def test_a_split_is_the_same_on_every_machine():
    """As first drawn: another NumPy or another machine must not draw otherwise."""
    train, validation, test, _ = splits.indices(CARD, LABELS, False, 40, 0)
    got = [part[:6].tolist() for part in (train, validation, test)]
    assert got == [[31, 52, 65, 93, 95, 129], [0, 1, 2, 10, 25, 53], [5, 8, 9, 13, 15, 19]]


def test_regression_is_stratified_by_tenths():
    y = np.random.default_rng(1).normal(size=500)
    card = dataclasses.replace(CARD, task="regression", outputs=1)
    for part in splits.indices(card, y, False, None, 0)[:3]:
        tenths = np.searchsorted(np.quantile(y, np.arange(1, 10) / 10), y[part])
        counts = np.bincount(tenths, minlength=10)
        assert counts.max() - counts.min() <= 2


@pytest.mark.parametrize("available", [50, 100, 119, 120, 121, 600, 601, 54_000])
def test_the_largest_subset_is_the_largest(available):
    smallest, largest = splits.subset_sizes(CARD, available)

    def fits(size):
        return size + splits.subset_validation(size, available) <= available

    assert 1 <= smallest <= largest
    assert fits(largest)
    assert not fits(largest + 1)


@pytest.mark.parametrize("size", [1, 39, 751, 10_000])
def test_a_subset_that_cannot_be_tells_what_can(size):
    with pytest.raises(DataError, match=r"a subset of Toy has 40 to 751\..*such as toy-751") as caught:
        splits.indices(CARD, LABELS, True, size if size != 751 else 752, 0)
    assert "\n" not in str(caught.value)


def test_tables_are_standardised_by_the_training_part():
    random = np.random.default_rng(2)
    x = np.column_stack([random.normal(7, 3, 1001), np.full(1001, 4.0)])
    card = dataclasses.replace(CARD, task="regression", outputs=1)
    data = splits.assemble(card, Whole(x, random.normal(-5, 2, 1001)))
    assert data.train.x.dtype == data.train.y.dtype == np.float32
    np.testing.assert_allclose(data.train.x.mean(axis=0), [0, 0], atol=1e-6)
    np.testing.assert_allclose(data.train.x.std(axis=0), [1, 0], atol=1e-6)
    np.testing.assert_allclose([data.train.y.mean(), data.train.y.std()], [0, 1], atol=1e-6)
    assert abs(data.test.x[:, 0].mean()) > 1e-4, "the test part must not have been used"
