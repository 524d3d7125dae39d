"""The interface: names, what stands in for what is missing, fingerprints, and what an import costs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments import names
from experiments.datasets import MissingData, base, cards, describe, load, resolve
from experiments.datasets.base import fingerprint
from experiments.errors import DataError

EMBEDDED = ("digits", "breast_cancer", "diabetes", "spirals", "noisy_line")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One cache for the embedded sets, so that scikit-learn is imported once."""
    return tmp_path_factory.mktemp("kept")


EXPECTED = {
    # task, outputs, input shape, sizes of train, validation, test
    "digits": ("classes", 10, (8, 8, 1), (1294, 144, 359)),
    "breast_cancer": ("binary", 1, (30,), (409, 46, 114)),
    "diabetes": ("regression", 1, (10,), (319, 35, 88)),
    "spirals": ("binary", 1, (2,), (1440, 160, 400)),
    "noisy_line": ("regression", 1, (1,), (720, 80, 200)),
}


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_sets(name, kept):
    data = load(name, cache_dir=kept)
    task, outputs, shape, sizes = EXPECTED[name]
    assert (data.task, data.outputs, data.input_shape) == (task, outputs, shape)
    assert tuple(len(part) for part in data.parts.values()) == sizes
    card = cards()[name]
    assert (card.task, card.outputs, card.input_shape, card.train) == (task, outputs, shape, sum(sizes))
    for part in data.parts.values():
        assert part.x.shape == (len(part), *shape)
        assert part.y.shape == (len(part),)
        assert part.x.dtype == (np.uint8 if name == "digits" else np.float32)
        assert part.y.dtype == (np.float32 if task == "regression" else np.int32)
        assert np.isfinite(part.x).all()
        assert not part.x.flags.writeable
    if task != "regression":
        assert sorted(set(data.train.y.tolist())) == list(range(max(outputs, 2)))
    if name == "digits":
        assert (data.train.x.min(), data.train.x.max()) == (0, 255)
    assert data.canonical is None


@pytest.mark.parametrize("name", EMBEDDED)
def test_no_example_is_in_two_parts(name, kept):
    """Also for a subset. (Only diabetes and breast_cancer could have twins; they have none.)"""
    for data in (load(name, cache_dir=kept), load(f"{name}-100", cache_dir=kept)):
        rows = [{(x.tobytes(), y.tobytes()) for x, y in zip(p.x, p.y, strict=True)} for p in data.parts.values()]
        assert sum(map(len, rows)) == len(set.union(*rows))
        assert sum(map(len, rows)) == sum(map(len, data.parts.values()))


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("spirals", "67429298a1df"),
        ("noisy_line", "c30f46b5646e"),
        ("digits", "b2d9f2fa13e6"),
    ],
)
def test_fingerprints_are_the_same_on_every_machine(name, digest, kept):
    """As first seen on Linux, x86-64, NumPy 2, scikit-learn 1.9; a change here orphans every ledger."""
    assert load(name, cache_dir=kept).fingerprint[:12] == digest


def test_the_spirals_need_a_curve():
    data = load("spirals")
    x, y = data.train.x, 2.0 * data.train.y - 1
    plane = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]
    straight = np.sign(np.column_stack([data.test.x, np.ones(len(data.test))]) @ plane)
    nearest = np.linalg.norm(data.test.x[:, None] - x[None], axis=2).argmin(axis=1)
    assert np.mean(straight == 2 * data.test.y - 1) < 0.7
    assert np.mean(data.train.y[nearest] == data.test.y) > 0.98


def test_the_line_has_the_noise_that_it_states():
    data = load("noisy_line")
    slope = float(data.train.x[:, 0] @ data.train.y / (data.train.x[:, 0] @ data.train.x[:, 0]))
    left = data.test.y - slope * data.test.x[:, 0]
    r2 = 1 - left.var() / data.test.y.var()
    assert r2 == pytest.approx(4 / 4.25, abs=0.03)


def test_every_name_is_there():
    assert tuple(cards()) == names.DATASETS


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("mnst", "No data set is called 'mnst'.*mnist, cifar10"),
        ("mnst-5k", "No data set is called 'mnst-5k'"),
        ("mnist-5K", "No data set is called"),
        ("digits-2k", r"digits-2k asks for 2,000 training images.*has 100 to 1,078\..*digits-1078"),
        ("spirals-7", "has 20 to "),
    ],
)
def test_names_that_are_none(name, match, kept):
    with pytest.raises(DataError, match=match):
        load(name, cache_dir=kept)


def test_a_subset_says_so(kept):
    data = load("digits-500", cache_dir=kept)
    assert (data.name, data.title) == ("digits-500", "Digits 8x8 (500 training images)")
    assert (len(data.train), len(data.validation), len(data.test)) == (500, 100, 359)
    assert "500 training and 100 validation images stratified" in data.split
    assert load("spirals-1000").name == "spirals-1k"


def test_another_split_seed_is_another_split():
    assert load("spirals", split_seed=1).fingerprint != load("spirals").fingerprint


@pytest.mark.parametrize("name", ["mnist", "mnist-5k", "cifar10", "cifar10-500"])
def test_digits_stand_in_under_their_own_name(name, folder, kept):
    data, notice = resolve(name, folder, kept, download=False)
    assert data.name == "digits"
    title, wanted = ("MNIST", "mnist.npz") if "mnist" in name else ("CIFAR-10", "cifar-10-python.tar.gz or")
    assert notice is not None
    assert notice.startswith(f"{title} is not on disk: the embedded digits (8x8, 1,797 images) stand in. Put {wanted}")
    assert f"({folder} does not hold it)" in notice
    assert "\n" not in notice


def test_no_network_fails_at_once(kept):
    data, notice = resolve("mnist", cache_dir=kept)
    assert data.name == "digits"
    assert notice == (
        "MNIST is not on disk and cannot be downloaded: the embedded digits (8x8, 1,797 images) stand in."
        " Put mnist.npz into a folder and name it with DATA_DIR."
    )


def test_what_is_there_has_no_notice(small, folder, forms, monkeypatch):
    forms.write_npz(folder, small["mnist"], "mnist.npz")
    data, notice = resolve("mnist", folder)
    assert (data.name, notice) == ("mnist", None)
    monkeypatch.setenv("DATA_DIR", str(folder))
    assert resolve("mnist")[0].fingerprint == data.fingerprint


def test_damaged_data_is_never_replaced(small, folder):
    (folder / "mnist.npz").write_bytes(b"")
    with pytest.raises(DataError, match="truncated or damaged") as caught:
        resolve("mnist", folder, download=False)
    assert not isinstance(caught.value, MissingData)


def test_a_data_dir_that_is_none(tmp_path):
    with pytest.raises(DataError, match=r"DATA_DIR is .*gone, which is no folder\. Name the folder"):
        resolve("mnist", tmp_path / "gone", download=False)


def test_an_unreadable_file_is_one_line(small, folder):
    (folder / "mnist.npz").symlink_to(folder / "mnist.npz")  # a link to itself
    with pytest.raises(DataError) as caught:
        load("mnist", folder, download=False)
    assert "\n" not in str(caught.value)


def test_describe(small, folder, forms, kept):
    forms.write_npz(folder, small["mnist"], "mnist.npz")
    rows = {row["name"]: row for row in describe(folder, kept)}
    assert tuple(rows) == names.DATASETS
    assert rows["mnist"]["available"]
    assert (rows["mnist"]["train"], rows["mnist"]["canonical"]) == (45, False)
    assert rows["mnist"]["fingerprint"] == load("mnist", folder, kept).fingerprint
    missing = rows["cifar10"]
    assert (missing["available"], missing["train"], missing["fingerprint"]) == (False, None, None)
    assert "CIFAR-10 is not on disk" in missing["problem"]
    assert all(row["available"] for name, row in rows.items() if name != "cifar10")
    assert len({tuple(row) for row in rows.values()}) == 1, "the same keys in each row"


ARRAY = np.arange(6, dtype=np.int32).reshape(2, 3)


@pytest.mark.parametrize(
    "other",
    [
        {"z": ARRAY},
        {"x": ARRAY.reshape(3, 2)},
        {"x": ARRAY.astype(np.int64)},
        {"x": ARRAY.view(np.float32)},
        {"x": ARRAY + 1},
        {"x": ARRAY, "y": ARRAY},
    ],
    ids=["name", "shape", "size", "type", "bytes", "number"],
)
def test_a_fingerprint_holds_names_shapes_types_and_bytes(other):
    assert fingerprint({"x": ARRAY}) != fingerprint(other)


def test_a_fingerprint_does_not_hold_the_memory_layout():
    assert fingerprint({"x": ARRAY}) == fingerprint({"x": np.asfortranarray(ARRAY)})
    assert fingerprint({"x": ARRAY}) == fingerprint({"x": ARRAY.astype(">i4")})


def test_importing_and_loading_imports_no_backend():
    code = (
        "import sys; from experiments.datasets import load; load('spirals');"
        "print([m for m in ('keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'pandas') if m in sys.modules])"
    )
    root = Path(base.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
