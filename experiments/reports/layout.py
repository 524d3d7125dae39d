"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> str:
    """A Markdown table; the columns whose place in ``right`` is ``r`` are set to the right."""
    marks = ["---:" if mark == "r" else "---" for mark in right.ljust(len(head), "l")]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
