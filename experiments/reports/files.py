"""Files that are there in full or not at all."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; it takes ``path``'s place if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)  # a link there would lead elsewhere
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n", errors="backslashreplace")
    return path


PLAIN: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "gradlab"},
    "pdf": {"CreationDate": None, "Creator": "gradlab", "Producer": None},
}
"""Neither dates nor versions: the same figure gives the same bytes."""


def pictures(stem: Path, kinds: Sequence[str] = ("png", "svg")) -> list[Path]:
    """The files of a figure."""
    return [stem.with_name(f"{stem.name}.{kind}") for kind in kinds]


def save_figure(figure: Any, stem: Path, kinds: Sequence[str] = ("png", "svg")) -> list[Path]:
    """Write a figure as files of these kinds."""
    for path, kind in zip(pictures(stem, kinds), kinds, strict=True):
        with atomic(path) as partial:
            figure.savefig(partial, format=kind, metadata=PLAIN[kind])
    return pictures(stem, kinds)
