"""Bytes read as decisions: both engines draw bytes, and a target makes of them a table, a file, a command line."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar

T = TypeVar("T")

TEXTS = ("", "relu", "adam", "mnist", "own:a", "../../etc/passwd", "a/b", "x" * 300, "\x1b[2J\x1b]0;title\x07",
         "line\nbreak", "\u202egnp", "激活", "=1+1", "<script>alert(1)</script>", "\ud800", "%s{0}", "keras:gelu",
         "0x10", "-1", "nan")  # fmt: skip
NUMBERS = (0, 1, 2, 5, -1, 7.5, 0.001, 1e308, -1e-320, float("nan"), float("inf"), float("-inf"), 2**31, 2**63,
           -(2**63), 10**18, 10**400, True, False)  # fmt: skip
TIMES = (date(1, 1, 1), datetime(9999, 12, 31, 23, 59), time(0, 0))


class Choices:
    """What the bytes decide; where they have come to an end, the first of all there is."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def below(self, count: int) -> int:
        """A whole number from 0 to ``count`` - 1."""
        width = max(1, (count.bit_length() + 7) // 8)
        read = self.data[self.at : self.at + width]
        self.at += width
        return int.from_bytes(read, "little") % count if count else 0

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def rest(self) -> bytes:
        read = self.data[self.at :]
        self.at = len(self.data)
        return read

    def text(self) -> str:
        """One of the odd texts, or one spelt out by the bytes."""
        if self.below(3):
            return self.of(TEXTS)
        length = self.below(24)
        read = self.data[self.at : self.at + length]
        self.at += length
        return read.decode("utf-8", "replace")

    def value(self, depth: int = 3) -> Any:
        """Whatever a TOML or JSON file can hold."""
        kind = self.below(8)
        if kind < 3:
            return self.of(NUMBERS)
        if kind < 5 or depth == 0:
            return self.text()
        if kind == 5:
            return [self.value(depth - 1) for _ in range(self.below(4))]
        if kind == 6:
            return {self.text(): self.value(depth - 1) for _ in range(self.below(4))}
        return self.of(TIMES)

    def damaged(self, content: bytes) -> bytes:
        """The content after a few changes: bytes replaced, cut out, put in, doubled; the end cut off."""
        changed = bytearray(content)
        for _ in range(1 + self.below(4)):
            kind, at = self.below(5), self.below(len(changed) + 1)
            if kind == 0:
                changed[at : at + 1] = bytes([self.below(256)])
            elif kind == 1:
                del changed[at : at + 1 + self.below(64)]
            elif kind == 2:
                size = 1 + self.below(16)
                changed[at:at] = self.data[self.at : self.at + size]
                self.at += size
            elif kind == 3:
                changed[at:at] = changed[at : at + 1 + self.below(512)]
            else:
                del changed[at:]
        return bytes(changed)

    def file(self, valid: Sequence[bytes]) -> bytes:
        """A file: one of the valid ones with damage, or just the bytes that are left."""
        return self.damaged(self.of(valid)) if self.below(4) else self.rest()


def raw(content: bytes) -> bytes:
    """The bytes of which ``Choices.file`` makes this very content."""
    return b"\0" + content
