"""Numbers that nobody can learn from are told in one line before anything is trained: `docs/stress.md`."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from experiments import datasets
from experiments.datasets import usable
from experiments.errors import DataError
from tests.experiments.training.toy import toy

DRAW = np.random.default_rng(0)
X, Y, Z = DRAW.normal(size=(80, 3)), np.arange(80) % 2, DRAW.normal(size=80)


def own(tmp_path, monkeypatch, **arrays):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))
    np.savez(tmp_path / "mine.npz", **arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return datasets.load("own:mine", tmp_path)


REFUSED = {
    "a sum beyond float64": ({"x": np.where(X > 0, 1.7e308, X), "y": Y}, "numbers beyond 1e.100"),
    "a square beyond float64": ({"x": np.where(X > 0, 1e200, X), "y": Y}, "numbers beyond 1e.100"),
    "an outlier beyond float32": (
        {"x": X, "y": Y, "x_test": np.full((9, 3), 1e60), "y_test": Y[:9]}, "inputs of its test part .* too large"
    ),
    "a target beyond float64": ({"x": X, "y": np.append(Z[:79] / 8, 1e300)}, "numbers beyond 1e.100"),
    "no columns": ({"x": X[:, :0], "y": Y}, r"x is of shape \(80, 0\)"),
    "no test examples": ({"x": X, "y": Y, "x_test": X[:0], "y_test": Y[:0]}, r"x_test is of shape \(0, 3\)"),
    "one test example": ({"x": X, "y": Z, "x_test": X[:1], "y_test": Z[:1]}, "all of its test part, where R²"),
    "one target in the test part": (
        {"x": X, "y": Z, "x_test": X[:9], "y_test": np.full(9, 0.5)}, "all of its test part, where R²"
    ),
    "constant inputs": ({"x": np.ones((80, 3)), "y": Y}, "all inputs of its train part are alike, so there is nothing"),
    "inputs that hardly vary": ({"x": X * 1e-200, "y": Z}, "all inputs of its train part are alike"),
    "constant images": ({"x": np.full((80, 4, 4), 7, np.uint8), "y": Y}, "all inputs of its train part are alike"),
    "one target in the validation part": ({"x": X, "y": np.where(np.arange(80) == 0, 0.7, 0.5)}, "validation part"),
}  # fmt: skip


@pytest.mark.parametrize(("arrays", "text"), REFUSED.values(), ids=REFUSED)
def test_what_nothing_can_be_learned_from_is_one_line(tmp_path, monkeypatch, arrays, text):
    with pytest.raises(DataError, match=text) as told:
        own(tmp_path, monkeypatch, **arrays)
    assert str(told.value).startswith(("own:mine cannot be trained on: ", "mine.npz: "))
    assert "\n" not in str(told.value)


USED = {
    "float16": ({"x": X.astype(np.float16), "y": Y}, "binary"),
    "a target in float16": ({"x": X, "y": Z.astype(np.float16)}, "regression"),
    "labels of -1 and 1": ({"x": X, "y": 2 * Y - 1}, "binary"),
    "a constant column": ({"x": X * [1, 0, 1], "y": Y}, "binary"),
    "a hardly varying column": ({"x": X * [1, 1e-200, 1], "y": Y}, "binary"),
    "one image that differs": (
        {"x": np.where(np.arange(80)[:, None, None] == 40, 8, np.full((80, 4, 4), 7)).astype(np.uint8), "y": Y},
        "binary",
    ),
}


@pytest.mark.parametrize(("arrays", "task"), USED.values(), ids=USED)
def test_what_is_odd_and_usable_is_used(tmp_path, monkeypatch, arrays, task):
    data = own(tmp_path, monkeypatch, **arrays)
    assert data.task == task
    for part in data.parts.values():
        assert part.x.dtype == (np.uint8 if part.x.ndim == 4 else np.float32)
        assert np.isfinite(part.x).all()
        assert task == "regression" or set(part.y.tolist()) == {0, 1}


@pytest.mark.parametrize(("task", "label", "allowed"), [("classes", 3, "0 to 2"), ("classes", -1, "0 to 2"),
                                                       ("binary", 2, "0 to 1")])  # fmt: skip
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_labels_out_of_range_are_found_whoever_made_the_data(task, label, allowed, part):
    """Each loader counts its classes itself; this is the net below them."""
    data = toy(task)
    usable.check(data)
    y = getattr(data, part).y.copy()
    y[3] = label
    with pytest.raises(DataError, match=f"a label of its {part} part is {label}; allowed: {allowed}"):
        usable.check(replace(data, **{part: replace(getattr(data, part), y=y)}))


def test_one_class_in_the_training_part_is_refused():
    data = toy()
    with pytest.raises(DataError, match="all labels of its train part are 1; give examples of two"):
        usable.check(replace(data, train=replace(data.train, y=np.ones_like(data.train.y))))
