"""Whether anything can be learned from a data set, and scored on it: one clear line before the training if not."""

import numpy as np

from experiments.datasets.base import Dataset, Part
from experiments.errors import DataError


def check(data: Dataset) -> None:
    """Look through all parts.

    Raises:
        DataError: a part is empty, inputs have no columns, a number is beyond float32, all inputs of the training part
            are alike, a label is none of the task's classes, the training part has one class only, or a part's target
            of a regression is one value throughout: R² is not defined there.
    """

    def refuse(what: str, remedy: str) -> None:
        raise DataError(f"{data.name} cannot be trained on: {what}; {remedy}")

    for name, part in data.parts.items():
        if not part.x.size:
            refuse(f"its {name} part has inputs of shape {part.x.shape}", "give at least one example and one number")
        for what, array in (("inputs", part.x), ("targets", part.y)):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                refuse(f"{what} of its {name} part are no numbers, or too large for float32", "scale or mend them")
        if name == "train" and all(np.array_equal(each, part.x[0]) for each in part.x):
            refuse(
                "all inputs of its train part are alike, so there is nothing to learn from", "give inputs that differ"
            )
        _check_targets(data, name, part, refuse)


def _check_targets(data: Dataset, name: str, part: Part, refuse) -> None:
    low, high = part.y.min(), part.y.max()
    if data.task == "regression":
        if low == high:
            refuse(f"the target is one value in all of its {name} part, where R² is not defined",
                   "give more examples, or another target")  # fmt: skip
        return
    most = data.outputs - 1 if data.task == "classes" else 1
    if low < 0 or high > most:
        refuse(f"a label of its {name} part is {high if high > most else low}", f"allowed: 0 to {most}")
    if name == "train" and low == high:
        refuse(f"all labels of its train part are {low}", "give examples of two classes or more")
