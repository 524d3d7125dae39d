"""Data of the user's own: three forms of it, what it is taken for, and one line where it cannot be used."""

import os

import numpy as np
import pytest
from PIL import Image

from experiments import datasets
from experiments.datasets import MissingData
from experiments.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))


def table(path, target="quality", rows=60, head=None, change=lambda row, n: row):
    """Three columns, one of words; the target follows from the first."""
    lines = [head or f"acid,colour,sugar,{target}"]
    for n in range(rows):
        row = [f"{n / 7:.3f}", ("red", "white")[n % 2], str(n % 5), ("bad", "fair", "good")[n * 3 // rows]]
        lines.append(",".join(change(row, n)))
    path.write_text("\n".join(lines) + "\n")


def test_a_table_with_words_and_classes(tmp_path):
    table(tmp_path / "wine.csv")
    data = datasets.load("own:wine", tmp_path)
    assert (data.name, data.task, data.outputs, data.input_shape) == ("own:wine", "classes", 3, (4,))
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 43, "validation": 5, "test": 12}
    assert data.canonical is None
    assert data.provenance == "wine.csv of your own"
    np.testing.assert_allclose(data.train.x.mean(axis=0), 0, atol=1e-6)
    assert set(data.train.y.tolist()) == {0, 1, 2}


def test_the_target_may_be_named_and_numbers_are_a_regression(tmp_path):
    table(tmp_path / "wine.csv")
    data = datasets.load("own:wine:acid", tmp_path)
    assert (data.task, data.outputs, data.input_shape) == ("regression", 1, (6,))
    assert data.title == "wine, acid (own data)"
    assert datasets.load("own:wine:colour", tmp_path).task == "binary"


def test_changed_data_is_another_data_set(tmp_path):
    table(tmp_path / "wine.csv")
    before = datasets.load("own:wine", tmp_path).fingerprint
    table(tmp_path / "wine.csv", change=lambda row, n: [str(n), *row[1:]])
    assert datasets.load("own:wine", tmp_path).fingerprint != before


def test_arrays_with_a_test_part_of_their_own(tmp_path):
    draw = np.random.default_rng(0)
    x = draw.integers(0, 256, (80, 6, 5), np.uint8)
    np.savez(tmp_path / "mine.npz", x=x, y=np.arange(80) % 4, x_test=x[:20], y_test=np.arange(20) % 4)
    data = datasets.load("own:mine", tmp_path)
    assert (data.task, data.outputs, data.input_shape, len(data.test)) == ("classes", 4, (6, 5, 1), 20)
    assert data.train.x.dtype == np.uint8


def test_a_folder_of_images_by_class(tmp_path):
    draw = np.random.default_rng(0)
    for label in ("cat", "dog", "emu"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for n in range(20):
            Image.fromarray(draw.integers(0, 256, (8, 9, 3), np.uint8)).save(tmp_path / "pets" / label / f"{n}.png")
    data = datasets.load("own:pets", tmp_path)
    assert (data.task, data.outputs, data.input_shape) == ("classes", 3, (8, 9, 3))


def test_images_that_move_to_another_class_are_other_data(tmp_path):
    """Their names, sizes, times and order stay: the cache has to look at their folders."""
    draw = np.random.default_rng(0)
    for label, first in (("cat", 10), ("dog", 30)):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for n in range(first, first + 20):
            path = tmp_path / "pets" / label / f"{n}.png"
            Image.fromarray(draw.integers(0, 256, (4, 4), np.uint8)).save(path)
            os.utime(path, (1_700_000_000, 1_700_000_000))
    before = datasets.load("own:pets", tmp_path)
    for n in range(25, 30):
        (tmp_path / "pets" / "cat" / f"{n}.png").rename(tmp_path / "pets" / "dog" / f"{n}.png")
    after = datasets.load("own:pets", tmp_path)
    assert after.fingerprint != before.fingerprint
    assert sum(int(part.y.sum()) for part in after.parts.values()) == 25


def bad_table(**given):
    return lambda folder: table(folder / "mine.csv", **given)


def bad_arrays(**arrays):
    return lambda folder: np.savez(folder / "mine.npz", **arrays)


X, Y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2


@pytest.mark.parametrize(
    ("name", "make", "text"),
    [
        ("own:mine", lambda folder: None, "holds no mine.csv, mine.npz or mine/"),
        ("own:mi ne", lambda folder: None, "names no data of your own"),
        ("own:mine:prize", bad_table(), "has no column 'prize': there are acid, colour, sugar, quality"),
        ("own:mine", bad_table(rows=9), "has 9 examples; at least 30"),
        ("own:mine", bad_table(change=lambda row, n: ["", *row[1:]] if n == 4 else row), "column 'acid', line 6"),
        ("own:mine", bad_table(change=lambda row, n: [row[0], f"word{n}", *row[2:]]), "words, such as 'word0'"),
        ("own:mine", bad_table(change=lambda row, n: [*row[:3], "same"]), "is 'same' everywhere"),
        ("own:mine", bad_table(change=lambda row, n: [*row[:3], "rare" if n == 9 else "b"]), "has 1 example; each"),
        ("own:mine", bad_table(change=lambda row, n: ["inf", *row[1:]]), "no numbers or infinite"),
        ("own:mine", lambda folder: (folder / "mine.csv").write_bytes(b"\xff\xfe\x00\x00"), "no CSV file that can be"),
        ("own:mine", lambda folder: (folder / "mine.npz").write_bytes(b"PK\x03\x04junk"), "no npz file that can"),
        ("own:mine", bad_arrays(x=X), "it has to hold x and y"),
        ("own:mine", bad_arrays(x=X, y=Y[:50]), "x has 60 examples, but there are 50 targets"),
        ("own:mine", bad_arrays(x=X, y=np.array([{}] * 60, object)), "no npz file that can be read"),
        ("own:mine", bad_arrays(x=np.full((60, 3), np.nan), y=Y), "no numbers or infinite"),
        ("own:mine", bad_arrays(x=np.zeros(60), y=Y), "it has to be numbers [N, d]"),
        ("own:mine", bad_arrays(x=X, y=np.full(60, 0.5)), "y is 0.5 everywhere"),
        ("own:mine", bad_arrays(x=X, y=Y, x_test=X[:9], y_test=np.full(9, 7)), "y_test holds 7, which y never does"),
        ("own:mine", bad_arrays(x=X, y=Y * 0, x_test=X[:9], y_test=Y[:9]), "y_test holds 1, which y never does"),
        ("own:mine", bad_arrays(x=X.astype(np.longdouble) * np.longdouble("1e4000"), y=Y), "no numbers or infinite"),
        ("own:mine:y", bad_arrays(x=X, y=Y), "names a column, but mine.npz is no CSV"),
        ("own:mine", lambda folder: (folder / "mine" / "cat").mkdir(parents=True), "has 1 folders"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_line(tmp_path, name, make, text):
    make(tmp_path)
    with pytest.raises(DataError) as told:
        datasets.load(name, tmp_path)
    assert text in str(told.value)
    assert "\n" not in str(told.value)


def test_without_a_folder_it_is_said_where_to_put_it(monkeypatch):
    monkeypatch.delenv("DATA_DIR", raising=False)
    with pytest.raises(MissingData, match="give the folder with --data-dir"):
        datasets.load("own:wine")
