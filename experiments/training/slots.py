"""What an optimizer remembers before its first update, for any initial weights."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class Slots:
    """Builds an optimizer's state, and puts it back to what it was before the first update.

    A slot starts at a constant, or as a copy of its weight (as in Keras's ScheduleFreeAdamW). Which of the
    two is found by building it on random weights: so one build serves any initial weights.

    Args:
        optimizer: not yet built.
        variables: the weights that it will train; they keep their values.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, variables: Sequence[Any]):
        values = [_array(variable) for variable in variables]
        rng = np.random.default_rng(0)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(rng.random(value.shape) + 1)
        marks = [_array(variable) for variable in variables]
        optimizer.build(list(variables))
        self._optimizer, self._variables = optimizer, list(variables)
        self._slots = list(optimizer.variables)
        self._starts = [_array(slot) for slot in self._slots]
        self._sources = [
            next((place for place, mark in enumerate(marks) if np.array_equal(start, mark)), None)
            for start in self._starts
        ]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self.reset()

    def reset(self) -> None:
        """As before the first update, with the weights as they are now."""
        for slot, start, source in zip(self._slots, self._starts, self._sources, strict=True):
            slot.assign(start if source is None else self._variables[source].value)

    def stacked(self, weights: Sequence[np.ndarray], rates: np.ndarray) -> list[np.ndarray]:
        """The same for many runs at once, as plain arrays with the axis of the runs first.

        Args:
            weights: of all runs, an array for each of the variables.
            rates: the learning rate of each run.
        """
        rate = self._optimizer.learning_rate
        return [
            rates.astype(start.dtype) if slot is rate
            else weights[source] if source is not None
            else np.repeat(start[None], len(rates), axis=0)
            for slot, start, source in zip(self._slots, self._starts, self._sources, strict=True)
        ]  # fmt: skip


def _array(variable: Any) -> np.ndarray:
    return np.array(ops.convert_to_numpy(variable))
