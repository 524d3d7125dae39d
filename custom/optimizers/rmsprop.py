"""A rate of its own for each weight, from the recent size of its gradients: RMSprop."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer, sqrt
from custom.spec import Spec


def rmsprop(g, t, eta, slots, *, rho=0.9, epsilon=1e-8):  # noqa: ARG001 (every rule takes t)
    """One step of RMSprop: returns delta and (E,)."""
    (E,) = slots
    E = rho * E + (1 - rho) * g**2
    delta = -eta * g / (sqrt(E) + epsilon)
    return delta, (E,)


@keras.saving.register_keras_serializable(package="gradlab")
class RMSprop(RuleOptimizer):
    """Gradient descent with each weight's rate divided by a running root mean square of its gradients.

    Formula: ``E <- ρ E + (1 - ρ) g²``, ``w <- w - η g / (√E + ε)`` with E (from 0) the running mean
    square, ρ ``rho``, ε ``epsilon`` and η ``learning_rate``.

    E is not corrected for its start at 0: the first step has length η / √(1 - ρ), 3.2 η for ρ = .9.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        rho: ρ, number in [0, 1).
        epsilon: ε, number > 0, unit of g; keeps 0/0 away.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        The lecture has no ε. ``keras.optimizers.RMSprop`` takes √(E + ε), ε = 1e-7, and has a
        ``momentum`` and a ``centered`` form, which are other algorithms.

    Example:
        >>> import numpy as np
        >>> delta, (E,) = rmsprop(np.array([2.0]), t=1, eta=0.1, slots=(np.array([0.0]),), rho=0.75)
        >>> delta.round(6).tolist(), E.tolist()
        ([-0.2], [1.0])

    References:
        Tieleman & Hinton (2012), "Lecture 6.5 - RMSProp: Divide the gradient by a running average
        of its recent magnitude", COURSERA: Neural Networks for Machine Learning.
    """

    rule = staticmethod(rmsprop)
    slots: ClassVar = {"mean_square": 0.0}

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.9, epsilon: float = 1e-8, **kwargs: Any):
        super().__init__(learning_rate, {"rho": rho, "epsilon": epsilon}, **kwargs)


SPEC = Spec(
    name="rmsprop",
    kind="optimizer",
    factory=RMSprop,
    formula="E <- ρ E + (1 - ρ) g²; w <- w - η g / (√E + ε)",
    latex=r"E \leftarrow \rho E + (1 - \rho) g^2,\quad w \leftarrow w - \frac{\eta\, g}{\sqrt{E} + \epsilon}",
    derivative="Δw = -η g / (√E + ε)",
    symbols={"η": "learning_rate", "ρ": "rho", "ε": "epsilon"},
    source="Tieleman & Hinton (2012), Lecture 6.5 - RMSProp, COURSERA: Neural Networks for Machine Learning",
    deviations="The lecture has no ε. Keras has ε = 1e-7 inside the root.",
    keras="keras.optimizers.RMSprop",
    function=rmsprop,
    defaults={"learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-8},
)
