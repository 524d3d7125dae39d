"""Outliers among the targets: how many, where, how large, and that all else stays as it was."""

import numpy as np
import pytest

from experiments.datasets import load, resolve
from experiments.datasets.spoiled import HIGHEST, LEAST, MOST, parse
from experiments.errors import DataError, PlanError
from experiments.plan import check_dataset


@pytest.mark.parametrize("base", ["noisy_line", "noisy_line-100", "diabetes"])
@pytest.mark.parametrize("percent", [2, 10, 30, HIGHEST])
def test_only_that_share_of_the_targets_is_replaced(base, percent):
    clean, spoiled = load(base), load(f"{base}+outliers{percent}")
    for name in ("train", "validation"):
        before, after = getattr(clean, name), getattr(spoiled, name)
        hit = before.y != after.y
        assert hit.sum() == (len(before) * percent + 50) // 100
        assert after.y[hit].min() >= LEAST
        assert after.y[hit].max() <= MOST
        assert after.y.dtype == np.float32
        assert np.array_equal(before.x, after.x)
        assert not after.y.flags.writeable
    assert np.array_equal(clean.test.x, spoiled.test.x)
    assert np.array_equal(clean.test.y, spoiled.test.y)


def test_it_says_so():
    clean, data = load("noisy_line"), load("noisy_line+outliers20")
    assert data.name == "noisy_line+outliers20"
    assert data.title == "Noisy line, outliers in 20 % of training and validation targets"
    assert data.split.startswith(clean.split)
    assert (data.task, data.outputs, data.input_shape) == (clean.task, clean.outputs, clean.input_shape)
    assert data.fingerprints["test"] == clean.fingerprints["test"]
    prints = {load(f"noisy_line+outliers{percent}").fingerprint for percent in (10, 20, 30)}
    assert len({clean.fingerprint, *prints}) == 4


def test_the_fingerprint_is_the_same_on_every_machine():
    """As first seen on Linux, x86-64, NumPy 2; a change here orphans every ledger."""
    assert load("noisy_line+outliers20").fingerprint[:12] == "958af3157b4b"


def test_it_resolves_under_its_own_name():
    data, notice = resolve("noisy_line+outliers10")
    assert (data.name, notice) == ("noisy_line+outliers10", None)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("digits+outliers10", "only the targets of a regression"),
        ("noisy_line+outliers60", "asks for 60 % of outliers"),
        ("noisy_line+outliers0", "No data set is called"),
        ("noisy_line+outliers", "No data set is called"),
        ("noisy_lime+outliers10", "No data set is called 'noisy_lime'"),
    ],
)
def test_names_that_are_none(name, match):
    with pytest.raises(DataError, match=match):
        load(name)


def test_a_plan_may_not_name_it():
    with pytest.raises(PlanError):
        check_dataset("noisy_line+outliers10", "dataset")


def test_parsing():
    assert parse("noisy_line-100+outliers5") == ("noisy_line-100", 5)
    assert parse("noisy_line") == ("noisy_line", 0)
