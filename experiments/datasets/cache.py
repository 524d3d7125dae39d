"""Data sets converted once to plain ``.npy`` files, which load at once and share their pages.

One folder an entry: ``x.npy``, ``y.npy`` and so on, and ``entry.json`` with the
source's identity and each array's checksum. An entry is written elsewhere and
renamed when it is complete. A source that has changed gets a new entry; an entry
that is damaged is made anew; a folder that cannot be written to is done without.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

from experiments.datasets.base import Source, Whole

FORMAT = 1
"""Raise it when the conversion changes: older entries are then made anew."""

ABANDONED_SECONDS = 24 * 3600


def default_folder() -> Path:
    """``$GRADLAB_CACHE``, else ``~/.cache/gradlab``."""
    named = os.environ.get("GRADLAB_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "gradlab"


def through_cache(source: Source, folder: Path | None = None) -> Whole:
    """The data set of a source, from the cache if it holds this very content.

    Args:
        source: where it is read from otherwise.
        folder: of the cache; the default one if None.

    Raises:
        DataError: if the source has to be read and is damaged.
    """
    folder = folder or default_folder()
    identity = source.identity()
    line = f"{source.name}-{_short(source.lineage)}"
    entry = folder / f"{line}-{_short(identity)}"
    whole = _open(entry, identity)
    if whole is not None:
        return whole
    whole = source.read()
    if source.identity() != identity:  # it was being written while we read: not worth keeping
        return whole
    try:
        _store(entry, line, whole, identity)
    except OSError:
        return whole
    return _open(entry, identity) or whole


def _short(text: str) -> str:
    return hashlib.sha256(f"{FORMAT} {text}".encode()).hexdigest()[:12]


def _open(entry: Path, identity: str) -> Whole | None:
    """The entry, memory-mapped; None if it is not there or not whole."""
    try:
        facts = json.loads((entry / "entry.json").read_text())
        if facts["identity"] != identity:
            return None
        arrays = {}
        for name, checksum in facts["checksums"].items():
            array = np.load(entry / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            if zlib.crc32(array.reshape(-1).view(np.uint8).data, _header_sum(array)) != checksum:
                return None
            arrays[name] = array
        return Whole(**arrays, canonical=facts["canonical"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError):
        return None


def _store(entry: Path, line: str, whole: Whole, identity: str) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    _forget(entry.parent, line, keep=entry)
    fresh = Path(tempfile.mkdtemp(prefix=f"{line}.", dir=entry.parent))
    try:
        checksums = {}
        for name, array in whole.arrays.items():
            array = np.ascontiguousarray(array)
            np.save(fresh / f"{name}.npy", array, allow_pickle=False)
            checksums[name] = zlib.crc32(array.reshape(-1).view(np.uint8).data, _header_sum(array))
        facts = {"identity": identity, "canonical": whole.canonical, "checksums": checksums}
        (fresh / "entry.json").write_text(json.dumps(facts, indent=1))
        if entry.exists():
            os.rename(entry, fresh / "damaged")  # a folder can only be renamed onto an empty one
        os.rename(fresh, entry)
        shutil.rmtree(entry / "damaged", ignore_errors=True)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _header_sum(array: np.ndarray) -> int:
    return zlib.crc32(f"{array.dtype.str} {array.shape}".encode())


def _forget(folder: Path, line: str, keep: Path) -> None:
    """Remove what the same source has left behind: entries of older content, and abandoned halves."""
    for old in folder.glob(f"{line}-*"):
        if old != keep:
            shutil.rmtree(old, ignore_errors=True)
    for half in folder.glob(f"{line}.*"):
        if time.time() - half.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(half, ignore_errors=True)
