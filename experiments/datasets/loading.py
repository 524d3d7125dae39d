"""The one interface to every data set: load, resolve, describe."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments.datasets import cifar10, embedded, mnist, own, splits, spoiled, synthetic
from experiments.datasets.base import Card, Dataset, MissingData, Source, Whole
from experiments.datasets.cache import through_cache
from experiments.errors import DataError
from experiments.names import DATASETS

FILES: dict[str, ModuleType] = {"mnist": mnist, "cifar10": cifar10}
"""The data sets that are files."""

STAND_IN = "digits"

OFFLINE = "GRADLAB_OFFLINE"
"""Environment variable: where it is set, nothing is downloaded."""

_failed: set[tuple[str, Path]] = set()
"""What this process could not download, and into which folder: it is not tried again for every use."""

Folder = str | os.PathLike[str] | None


def cards() -> dict[str, Card]:
    """What is known of every data set without loading it, by name, in the order of ``names.DATASETS``."""
    known = {name: module.card() for name, module in FILES.items()} | embedded.CARDS | synthetic.CARDS
    return {name: known[name] for name in DATASETS}


def load(
    name: str,
    data_dir: Folder = None,
    cache_dir: Folder = None,
    download: bool = True,
    split_seed: int = splits.SPLIT_SEED,
) -> Dataset:
    """A data set by name, split and checked.

    Args:
        name: one of ``names.DATASETS``, or one of them with ``-5k``, ``-500``
            and so on behind it: a stratified subset with that many training examples.
            ``own:NAME`` is data of the user's own in ``data_dir``: see ``own``.
            A regression set also with ``+outliers20`` and so on behind that: see ``spoiled``.
        data_dir: folder with the user's own files; ``$DATA_DIR`` if None.
        cache_dir: folder for converted data; ``$GRADLAB_CACHE``, else
            ``~/.cache/gradlab``, if None.
        download: whether to download what is in no folder.
        split_seed: another seed, another split.

    Raises:
        MissingData: if the data is nowhere to be had.
        DataError: if it is damaged or not what its name says, or the name is unknown.

    Example:
        >>> line = load("noisy_line-100")
        >>> line.title, line.input_shape, line.train.x.shape, line.train.y.dtype.name
        ('Noisy line (100 training examples)', (1,), (100, 1), 'float32')
    """
    clean, percent = spoiled.parse(name)
    if percent:
        return spoiled.spoil(load(clean, data_dir, cache_dir, download, split_seed), percent)
    base, size = splits.parse(name)
    if base.startswith(own.PREFIX):
        source = own.source(base, Path(named).expanduser() if (named := _named(data_dir)) is not None else None)
        whole = _read(source, cache_dir)
        return splits.assemble(own.card(base, whole), whole, size, split_seed, source.place)
    if base not in DATASETS:
        raise DataError(
            f"No data set is called {name!r}. There are: {', '.join(DATASETS)}, and own:NAME for your own;"
            f" each also with a number of training examples behind it, such as mnist-5k or mnist-500."
        )
    whole, place = _whole(base, data_dir, cache_dir, download)
    return splits.assemble(cards()[base], whole, size, split_seed, place)


def whole(name: str, data_dir: Folder = None) -> Whole:
    """A data set as its publisher split and ordered it, no validation part drawn.

    Args:
        name: without a size.
        data_dir: as for ``load``.

    Raises:
        MissingData, DataError: as ``load``.
    """
    if name not in DATASETS:
        raise DataError(f"No data set is called {name!r}. There are: {', '.join(DATASETS)}.")
    return _whole(name, data_dir, None, True)[0]


def resolve(
    name: str, data_dir: Folder = None, cache_dir: Folder = None, download: bool = True
) -> tuple[Dataset, str | None]:
    """The data set by name; if it is a file that is nowhere to be had, the digits, and a notice of one line.

    The digits keep their own name. Data that is there but damaged is an error.

    Args:
        name: as for ``load``.
        data_dir: as for ``load``.
        cache_dir: as for ``load``.
        download: as for ``load``.

    Returns:
        The data set, and None or what to tell people.

    Raises:
        DataError: as ``load``, but not for a missing file.
    """
    try:
        return load(name, data_dir, cache_dir, download), None
    except MissingData:
        base, _ = splits.parse(name)
        if base not in FILES:
            raise
        digits = load(STAND_IN, data_dir, cache_dir)
        images = sum(len(part) for part in digits.parts.values())
        return digits, (
            f"{_absence(base, download)}: the embedded digits (8x8, {images:,} images) stand in."
            f" {_advice(base, data_dir)}"
        )


def describe(data_dir: Folder = None, cache_dir: Folder = None) -> list[dict[str, Any]]:
    """One row for every data set: what it is, and where it is from or why it is not there.

    Nothing is downloaded. Keys: ``name, title, task, outputs, input_shape,
    available, train, validation, test, provenance, canonical, fingerprint,
    split, problem``; those that cannot be known are None.

    Args:
        data_dir: as for ``load``.
        cache_dir: as for ``load``.
    """
    return [_row(card, data_dir, cache_dir) for card in cards().values()]


def _row(card: Card, data_dir: Folder, cache_dir: Folder) -> dict[str, Any]:
    data, problem = None, None
    try:
        data = load(card.name, data_dir, cache_dir, download=False)
    except DataError as error:
        problem = str(error)
    return {
        "name": card.name,
        "title": card.title,
        "task": card.task,
        "outputs": card.outputs,
        "input_shape": card.input_shape,
        "available": data is not None,
        "train": data and len(data.train),
        "validation": data and len(data.validation),
        "test": data and len(data.test),
        "provenance": data and data.provenance,
        "canonical": data and data.canonical,
        "fingerprint": data and data.fingerprint,
        "split": data and data.split,
        "problem": problem,
    }


def _whole(base: str, data_dir: Folder, cache_dir: Folder, download: bool) -> tuple[Whole, str]:
    if base in synthetic.MAKERS:
        return synthetic.MAKERS[base](), f"made by its formula, seed {synthetic.SEEDS[base]}"
    source = embedded.source(base) if base in embedded.CARDS else _file_source(base, data_dir, download)
    return _read(source, cache_dir), source.place


def _read(source: Source, cache_dir: Folder) -> Whole:
    try:
        return through_cache(source, Path(cache_dir) if cache_dir is not None else None)
    except OSError as error:
        raise DataError(f"{source.place} cannot be read ({error}). Let it be read, or remove it.") from None


def _file_source(base: str, data_dir: Folder, download: bool) -> Source:
    """The user's folder, then what Keras keeps, then a download."""
    from experiments.datasets.download import fetch, keras_folder

    wanted = FILES[base].WANTED
    named = _named(data_dir)
    looked = ""
    if named is not None:
        if not Path(named).expanduser().is_dir():
            raise DataError(f"DATA_DIR is {named}, which is no folder. Name the folder that holds {wanted}.")
        source = _find(base, Path(named).expanduser(), "DATA_DIR")
        if source is not None:
            return source
        looked = f"DATA_DIR {named} holds no {wanted}; "
    source = _find(base, keras_folder(), "the Keras cache")
    if source is not None:
        return source
    looked += f"the Keras cache {keras_folder()} holds none"
    if download and not os.environ.get(OFFLINE) and (base, keras_folder()) not in _failed:
        trouble = fetch(base)
        source = _find(base, keras_folder(), "the Keras cache")
        if source is not None:
            return source
        _failed.add((base, keras_folder()))
        looked += f"; download failed: {trouble}"
    raise MissingData(f"{_absence(base, download)} ({looked}). {_advice(base, data_dir)}")


def _find(base: str, folder: Path, place: str) -> Source | None:
    try:
        return FILES[base].find(folder, place)
    except OSError as error:
        raise DataError(f"{place} {folder} cannot be read ({error}). Let it be read, or name another.") from None


def _named(data_dir: Folder) -> Folder:
    return data_dir if data_dir is not None else os.environ.get("DATA_DIR") or None


def _absence(base: str, download: bool) -> str:
    tried = " and cannot be downloaded" if download else ""
    return f"{cards()[base].title} is not on disk{tried}"


def _advice(base: str, data_dir: Folder) -> str:
    named = _named(data_dir)
    not_there = f" ({named} does not hold it)" if named is not None else ""
    return f"Put {FILES[base].WANTED} into a folder and name it with DATA_DIR{not_there}."
