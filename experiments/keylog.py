"""The keys of all finished runs, in a text file beside the ledger: when rows are lost, it names them.

A line a key, added after its run is in the ledger. It shares no page with the ledger, and needs no reader of SQLite.
"""

import os
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

from experiments import lock, places
from experiments.schema import SCHEMA

NAMED = 5  # lost keys that are named in a line
_TITLE = b"keys of the finished runs of a ledger, schema "


def path_of(ledger: Path) -> Path:
    return ledger.with_suffix(".keys")


def read(ledger: Path) -> tuple[int, set[str]]:
    """The schema that the ledger had (0: not known) and the keys; damaged lines are passed over."""
    try:
        with os.fdopen(places.opened(path_of(ledger), os.O_RDONLY), "rb") as file:
            title, *lines = file.read().split(b"\n")
    except OSError:
        return 0, set()
    number = title.removeprefix(_TITLE)
    schema = int(number) if title.startswith(_TITLE) and number.isdigit() else 0
    return schema, {line[:16].decode() for line in lines if len(line) == 24 and line == _line(line[:16])[:-1]}


def most(ledger: Path) -> int:
    """How many keys there can be, without reading them."""
    path = path_of(ledger)
    head, each = len(_TITLE) + 2, len(_line(bytes(16)))
    return max(0, path.stat().st_size - head) // each if path.is_file() else 0


def told(missing: Collection[str]) -> str:
    """What there is to say of keys whose runs are not in the ledger; nothing where there are none."""
    if not missing:
        return ""
    named = ", ".join(sorted(missing)[:NAMED]) + f" and {len(missing) - NAMED} more" * (len(missing) > NAMED)
    return (f"{len(missing)} finished runs that ledger.keys names are not here ({named}): the next `sweep` saves what "
            "can be saved, names what is lost and trains it again")  # fmt: skip


def write(ledger: Path, keys: Iterable[str]) -> None:
    """Write the file anew, whole or not at all."""
    partial = path_of(ledger).with_suffix(".keys.part")
    with places.fresh(partial).open("xb") as file:
        file.write(_TITLE + b"%d\n" % SCHEMA + b"".join(_line(key.encode()) for key in sorted(keys)))
    partial.replace(path_of(ledger))


def opened(ledger: Path) -> BinaryIO:
    """Open the file to add keys, for this process alone; what is added is with the system at once.

    Raises:
        LedgerError: another sweep has it.
    """
    number = places.opened(path_of(ledger), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    if not lock.claim(number):
        os.close(number)
        raise lock.refusal(ledger)
    return os.fdopen(number, "ab", buffering=0)


def add(file: BinaryIO, key: str) -> None:
    file.write(_line(key.encode()))


def _line(key: bytes) -> bytes:
    return b"%s%08x\n" % (key, zlib.crc32(key))
