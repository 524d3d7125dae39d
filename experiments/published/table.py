"""What a table from outside is: its source, its set-up, what it does not say, its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACCURACY, LOSS = "accuracy", "loss"
"""What a column holds: a share that is shown in percent, or a number that is shown as it is."""


@dataclass(frozen=True)
class Row:
    """One line of a published table.

    Attributes:
        name: as the source calls it.
        settings: what the training function is told of it.
        published: column -> the number as printed there; shares, not percent.
        remark: what is known about this line beforehand.
    """

    name: str
    settings: Mapping[str, Any]
    published: Mapping[str, float]
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """
    Attributes:
        id: its name here.
        title: for people.
        source: who published it, where.
        url: of the source.
        data: name of the data set that is needed as a file, or empty: what comes with scikit-learn.
        setup: what the source states.
        assumed: what it does not state, and what is taken here.
        columns: name -> ``ACCURACY`` or ``LOSS``.
        digits: decimals of the printed shares (of the fraction) or losses: half of the last one is rounding.
        rows: its lines.
        train: ``package.module:function``; called in a worker with a row's settings, a seed and the data folder, it
            returns a number for each column.
        seeds: how often each line is trained, unless told otherwise.
        seconds: about what one training takes on one core.
    """

    id: str
    title: str
    source: str
    url: str
    data: str
    setup: str
    assumed: tuple[str, ...]
    columns: Mapping[str, str]
    digits: int
    rows: tuple[Row, ...]
    train: str
    seeds: int = 5
    seconds: float = 30.0
