"""Rows out of a damaged SQLite file, page by page: what is whole is found though the tree that led to it is not.

Read are the pages of b-trees without row ids, as all tables of a ledger are (https://www.sqlite.org/fileformat2.html,
sections 1.6 and 2.1). Stale pages are read as well, so whoever asks has to choose, and to check what was found.
"""

import struct
from collections.abc import Iterator
from typing import Any

from experiments.schema import PAGE

INTERIOR, LEAF = 2, 10  # kinds of pages that hold rows
_MOST, _LEAST = (PAGE - 12) * 64 // 255 - 23, (PAGE - 12) * 32 // 255 - 23  # bytes of a row inside its page
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of a value by its kind, where it is no text
_FRAME = 24  # bytes before each page in a write-ahead log, which itself begins with 32

Buffer = Any  # bytes, or a file that is mapped


def rows(file: Buffer, ahead: bytes) -> Iterator[tuple[Any, ...]]:
    """Every row that can be decoded, older ones first; texts as bytes.

    Args:
        file: the ledger.
        ahead: its write-ahead log, empty where there is none.
    """
    pages: dict[int, bytes] = {}  # what the log has latest, whether it was ever copied into the file or not
    frames = []
    for start in range(32, len(ahead) - _FRAME - PAGE + 1, _FRAME + PAGE):
        (number,) = struct.unpack_from(">I", ahead, start)
        pages[number] = ahead[start + _FRAME : start + _FRAME + PAGE]
        frames.append(pages[number])

    def page(number: int) -> bytes:
        return pages.get(number) or file[(number - 1) * PAGE : number * PAGE]

    def original(number: int) -> bytes:
        return file[(number - 1) * PAGE : number * PAGE]

    for start in range(PAGE, len(file), PAGE):
        for look in (original, page) if pages else (original,):
            yield from _rows(file[start : start + PAGE], look)
    for frame in frames:
        yield from _rows(frame, page)


def _rows(page: bytes, look: Any) -> Iterator[tuple[Any, ...]]:
    if len(page) < PAGE or page[0] not in (INTERIOR, LEAF):
        return
    first = 12 if page[0] == INTERIOR else 8
    count = min(int.from_bytes(page[3:5], "big"), (PAGE - first) // 2)
    for (cell,) in struct.iter_unpack(">H", page[first : first + 2 * count]):
        try:
            yield _decoded(_payload(page, cell + 4 * (page[0] == INTERIOR), look))
        except (IndexError, ValueError, struct.error):
            continue


def _payload(page: bytes, start: int, look: Any) -> bytes:
    size, start = _varint(page, start)
    if not 0 < size < 1 << 30:
        raise ValueError("no row is so long")
    if size <= _MOST:
        return page[start : start + size]
    here = _LEAST + (size - _LEAST) % (PAGE - 4)
    here = here if here <= _MOST else _LEAST
    found = [page[start : start + here]]
    (further,) = struct.unpack_from(">I", page, start + here)
    left = size - here
    while left > 0:
        more = look(further)
        if len(more) < PAGE:
            raise ValueError("its chain of pages is broken")
        found.append(more[4 : 4 + left])
        left -= PAGE - 4
        (further,) = struct.unpack_from(">I", more)
    return b"".join(found)


def _decoded(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Any] = []
    for kind in kinds:
        size = _SIZES[kind] if kind < 12 else (kind - 12) // 2
        value = payload[at : at + size]
        if len(value) != size:
            raise ValueError("the row is cut")
        at += size
        if kind == 0:
            values.append(None)
        elif kind == 7:
            values.append(struct.unpack(">d", value)[0])
        elif kind in (8, 9):
            values.append(kind - 8)
        else:
            values.append(int.from_bytes(value, "big", signed=True) if kind < 7 else value)
    return tuple(values)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("unreachable")
