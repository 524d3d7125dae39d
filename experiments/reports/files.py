"""Files that are there in full or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` to write to; it takes ``path``'s place if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> Path:
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n", errors="backslashreplace")
    return path


def pictures(stem: Path) -> list[Path]:
    """The files of a figure."""
    return [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg")]


def save_figure(figure: Any, stem: Path) -> list[Path]:
    """Write a figure in both formats, without dates and versions: the same figure gives the same bytes."""
    plain: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": "gradlab"}}
    for path, (kind, metadata) in zip(pictures(stem), plain.items(), strict=True):
        with atomic(path) as partial:
            figure.savefig(partial, format=kind, metadata=metadata)
    return pictures(stem)
