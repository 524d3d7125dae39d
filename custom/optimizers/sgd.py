"""Gradient descent: SGD."""

from typing import Any

import keras

from custom.optimizers.base import RuleOptimizer
from custom.spec import Spec


def sgd(g, t, eta, slots=()):  # noqa: ARG001 (every rule takes t)
    """One step of gradient descent, without state: returns delta and the empty slots."""
    delta = -eta * g
    return delta, slots


@keras.saving.register_keras_serializable(package="gradlab")
class SGD(RuleOptimizer):
    """Gradient descent along the gradient of the batch.

    Formula: ``w <- w - η g`` with w the weights, g the gradient of the mean loss over the batch,
    and η ``learning_rate``.

    "Batch gradient descent", "mini-batch SGD" and "SGD" are this one rule, with a batch of all N
    examples, of B examples, and of one.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        none. ``keras.optimizers.SGD`` does the same.

    Example:
        >>> import numpy as np
        >>> delta, _ = sgd(np.array([2.0]), t=1, eta=0.1)
        >>> delta.tolist()
        [-0.2]

    References:
        Robbins & Monro (1951), "A Stochastic Approximation Method",
        Annals of Mathematical Statistics 22(3), 400-407.
    """

    rule = staticmethod(sgd)

    def __init__(self, learning_rate: Any = 0.01, **kwargs: Any):
        super().__init__(learning_rate, **kwargs)


SPEC = Spec(
    name="sgd",
    kind="optimizer",
    factory=SGD,
    formula="w <- w - η g",
    latex=r"w \leftarrow w - \eta\, g",
    derivative="Δw = -η g",
    symbols={"η": "learning_rate"},
    source="Robbins & Monro (1951), A Stochastic Approximation Method, Ann. Math. Stat. 22(3), 400-407",
    deviations="none",
    keras="keras.optimizers.SGD",
    function=sgd,
    defaults={"learning_rate": 0.01},
)
