"""Sources that are files: what identifies them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.datasets.base import Source, Whole


def files_source(name: str, place: str, paths: Sequence[Path], read: Callable[..., Whole]) -> Source:
    """A source made of files, identified by their paths, sizes and times of change.

    Args:
        name: of the data set.
        place: what people see.
        paths: all the files that it is read from.
        read: called with ``paths``.
    """
    absolute = [path.absolute() for path in paths]

    def identity() -> str:
        facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in absolute]
        return repr(facts)

    return Source(
        name=name,
        place=place,
        lineage=repr([str(path) for path in absolute]),
        identity=identity,
        read=lambda: read(*absolute),
    )
