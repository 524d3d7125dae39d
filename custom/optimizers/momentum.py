"""Gradient descent with momentum (the heavy ball): Momentum."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer
from custom.spec import Spec


def momentum_rule(g, t, eta, slots, *, momentum=0.9):  # noqa: ARG001 (every rule takes t)
    """One step of the heavy ball: returns delta and (v,)."""
    (v,) = slots
    v = momentum * v - eta * g
    delta = v
    return delta, (v,)


@keras.saving.register_keras_serializable(package="gradlab")
class Momentum(RuleOptimizer):
    """Gradient descent with a velocity that forgets slowly.

    Formula: ``v <- β v - η g``, ``w <- w + v`` with v the velocity (from 0), β ``momentum`` and
    η ``learning_rate``.

    Under a constant gradient the velocity grows to -η g / (1 - β): ten plain steps for β = .9.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        momentum: β, number in [0, 1).
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        Polyak writes the difference of the last two weights for v, which is the same path while η
        is constant. ``keras.optimizers.SGD(momentum=β)`` does the same as this class.

    Example:
        >>> import numpy as np
        >>> delta, (v,) = momentum_rule(np.array([1.0]), t=1, eta=0.1, slots=(np.array([1.0]),), momentum=0.5)
        >>> delta.tolist()
        [0.4]

    References:
        Polyak (1964), "Some methods of speeding up the convergence of iteration methods",
        USSR Computational Mathematics and Mathematical Physics 4(5), 1-17.
        Sutskever et al. (2013), "On the importance of initialization and momentum in deep
        learning", ICML, for this form.
    """

    rule = staticmethod(momentum_rule)
    slots: ClassVar = {"velocity": 0.0}

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.9, **kwargs: Any):
        super().__init__(learning_rate, {"momentum": momentum}, **kwargs)


SPEC = Spec(
    name="momentum",
    kind="optimizer",
    factory=Momentum,
    formula="v <- β v - η g; w <- w + v",
    latex=r"v \leftarrow \beta v - \eta\, g,\quad w \leftarrow w + v",
    derivative="Δw = β v - η g",
    symbols={"η": "learning_rate", "β": "momentum"},
    source="Polyak (1964), Some methods of speeding up the convergence of iteration methods, "
    "USSR Comput. Math. Math. Phys. 4(5), 1-17",
    deviations="Polyak writes the last change of w for v: the same path while η is constant. "
    "Keras has it as an argument of SGD, with the same values.",
    keras="keras.optimizers.SGD",
    function=momentum_rule,
    defaults={"learning_rate": 0.01, "momentum": 0.9},
)
