"""The cache never gives anything but what the source holds now."""

import concurrent.futures
import json
import os
import shutil

import numpy as np
import pytest

from experiments.datasets import cache, load
from experiments.datasets.base import Source, Whole


class Counted:
    """A source in memory that counts how often it is read."""

    def __init__(self):
        self.reads = 0
        self.version = 1
        self.source = Source(
            name="toy", place="memory", lineage="toy", identity=lambda: f"v{self.version}", read=self.read
        )

    def read(self):
        self.reads += 1
        x = np.arange(600, dtype=np.uint8).reshape(50, 12) + np.uint8(self.version)
        return Whole(x, np.arange(50, dtype=np.int32), x[:5], None, canonical=True)


def content(whole):
    return {name: (array.dtype.str, array.tolist()) for name, array in whole.arrays.items()}


def test_read_once(tmp_path):
    counted = Counted()
    first = cache.through_cache(counted.source, tmp_path)
    again = cache.through_cache(counted.source, tmp_path)
    assert counted.reads == 1
    assert content(first) == content(again) == content(counted.read())
    assert again.canonical is True
    assert isinstance(again.x, np.memmap), "pages are shared between processes"


def test_a_changed_source_is_converted_anew_and_the_old_entry_goes(tmp_path):
    counted = Counted()
    cache.through_cache(counted.source, tmp_path)
    counted.version = 2
    assert cache.through_cache(counted.source, tmp_path).x[0, 0] == 2
    assert counted.reads == 2
    assert len(list(tmp_path.iterdir())) == 1


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


DAMAGE = {
    "array cut": lambda entry: (entry / "x.npy").write_bytes((entry / "x.npy").read_bytes()[:-1]),
    "array empty": lambda entry: (entry / "y.npy").write_bytes(b""),
    "array gone": lambda entry: (entry / "x_test.npy").unlink(),
    "bit flipped": lambda entry: flip(entry / "x.npy"),
    "another shape": lambda entry: np.save(entry / "x.npy", np.load(entry / "x.npy").reshape(100, 6)),
    "an object array": lambda entry: np.save(entry / "x.npy", np.array([{}], dtype=object)),
    "facts empty": lambda entry: (entry / "entry.json").write_text(""),
    "facts no text": lambda entry: (entry / "entry.json").write_bytes(b"\xff\xfe\xfd"),
    "facts no object": lambda entry: (entry / "entry.json").write_text("[]"),
    "facts of another source": lambda entry: edit(entry / "entry.json", identity="v7"),
    "no checksums": lambda entry: edit(entry / "entry.json", checksums={}),
    "everything gone": lambda entry: (shutil.rmtree(entry), entry.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_made_anew(damage, tmp_path):
    counted = Counted()
    expected = content(cache.through_cache(counted.source, tmp_path))
    (entry,) = tmp_path.iterdir()
    DAMAGE[damage](entry)
    assert content(cache.through_cache(counted.source, tmp_path)) == expected
    assert counted.reads == 2
    assert content(cache.through_cache(counted.source, tmp_path)) == expected
    assert counted.reads == 2, "the entry is whole again"
    assert [path.name for path in tmp_path.iterdir()] == [entry.name]
    assert sorted(path.name for path in entry.iterdir()) == ["entry.json", "x.npy", "x_test.npy", "y.npy"]


def test_without_a_folder_to_write_to(tmp_path):
    (tmp_path / "file").write_text("")
    counted = Counted()
    expected = content(counted.read())
    assert content(cache.through_cache(counted.source, tmp_path / "file" / "cache")) == expected


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, array, **options):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "save", full)
    counted = Counted()
    assert content(cache.through_cache(counted.source, tmp_path)) == content(counted.read())
    assert list(tmp_path.iterdir()) == []


def test_halves_of_killed_processes_go_after_a_day(tmp_path):
    counted = Counted()
    line = f"toy-{cache._short('toy')}"
    for name, age in {"old": 2 * cache.ABANDONED_SECONDS, "new": 0}.items():
        half = tmp_path / f"{line}.{name}"
        half.mkdir()
        os.utime(half, (os.stat(half).st_mtime - age,) * 2)
    cache.through_cache(counted.source, tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", ".new"]


def test_a_source_that_changes_while_it_is_read_is_not_kept(tmp_path):
    counted = Counted()
    plain_read = counted.read

    def read():
        counted.version += 1
        return plain_read()

    source = Source("toy", "memory", "toy", counted.source.identity, read)
    cache.through_cache(source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_workers_that_start_together(tmp_path):
    """Each gets the right arrays, whoever converts first, and one whole entry is left."""
    counted = Counted()
    expected = content(counted.read())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: content(cache.through_cache(counted.source, tmp_path)), range(40)))
    assert all(each == expected for each in got)
    assert len(list(tmp_path.iterdir())) == 1
    before = counted.reads
    assert content(cache.through_cache(counted.source, tmp_path)) == expected
    assert counted.reads == before


def test_a_changed_file_is_noticed(small, folder, forms):
    arrays = small["mnist"]
    forms.write_npz(folder, arrays, "mnist.npz")
    first = load("mnist", folder, download=False)
    shown = {**arrays, "x_test": arrays["x_test"][::-1], "y_test": arrays["y_test"][::-1]}
    forms.write_npz(folder, shown, "mnist.npz")
    second = load("mnist", folder, download=False)
    assert first.fingerprints["train"] == second.fingerprints["train"]
    assert first.fingerprints["test"] != second.fingerprints["test"]
    assert first.fingerprint != second.fingerprint


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path))
    assert cache.default_folder() == tmp_path
    monkeypatch.delenv("GRADLAB_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.default_folder() == tmp_path / ".cache" / "gradlab"
