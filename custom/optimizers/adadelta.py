"""Steps in the unit of the weights, without a rate to tune: Adadelta."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer, sqrt
from custom.spec import Spec


def adadelta(g, t, eta, slots, *, rho=0.95, epsilon=1e-6):  # noqa: ARG001 (every rule takes t)
    """One step of Adadelta: returns delta and (E, D)."""
    E, D = slots
    E = rho * E + (1 - rho) * g**2
    d = -sqrt(D + epsilon) / sqrt(E + epsilon) * g
    D = rho * D + (1 - rho) * d**2
    delta = eta * d
    return delta, (E, D)


@keras.saving.register_keras_serializable(package="gradlab")
class Adadelta(RuleOptimizer):
    """Gradient descent whose rate is the ratio of the recent steps to the recent gradients.

    Formula: ``E <- ρ E + (1 - ρ) g²``, ``d = -√(D + ε) / √(E + ε) g``, ``D <- ρ D + (1 - ρ) d²``,
    ``w <- w + η d`` with E and D (both from 0) the running mean squares of gradients and of steps,
    ρ ``rho``, ε ``epsilon`` and η ``learning_rate``.

    The step has the unit of w. It starts small, at √(ε / (1 - ρ)), and finds its size from there.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable. The paper has none, that is 1.
        rho: ρ, number in [0, 1).
        epsilon: ε, number > 0; starts the steps.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        The factor η, 1 by default, is not in the paper. ``keras.optimizers.Adadelta`` has η = .001 and
        ε = 1e-7: its first steps are three thousand times shorter.

    Example:
        >>> import numpy as np
        >>> slots = (np.array([0.0]), np.array([0.0]))
        >>> delta, (E, D) = adadelta(np.array([4.0]), t=1, eta=1.0, slots=slots, rho=0.75, epsilon=4.0)
        >>> delta.round(6).tolist(), E.tolist(), D.round(6).tolist()
        ([-2.828427], [4.0], [2.0])

    References:
        Zeiler (2012), "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701.
    """

    rule = staticmethod(adadelta)
    slots: ClassVar = {"mean_square_gradient": 0.0, "mean_square_step": 0.0}

    def __init__(self, learning_rate: Any = 1.0, rho: float = 0.95, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(learning_rate, {"rho": rho, "epsilon": epsilon}, **kwargs)


SPEC = Spec(
    name="adadelta",
    kind="optimizer",
    factory=Adadelta,
    formula="E <- ρ E + (1 - ρ) g²; d = -√(D + ε) / √(E + ε) g; D <- ρ D + (1 - ρ) d²; w <- w + η d",
    latex=r"E \leftarrow \rho E + (1 - \rho) g^2,\quad "
    r"d = -\frac{\sqrt{D + \epsilon}}{\sqrt{E + \epsilon}}\, g,\quad "
    r"D \leftarrow \rho D + (1 - \rho) d^2,\quad w \leftarrow w + \eta\, d",
    derivative="Δw = -η √(D + ε) / √(E + ε) g",
    symbols={"η": "learning_rate", "ρ": "rho", "ε": "epsilon"},
    source="Zeiler (2012), ADADELTA: An Adaptive Learning Rate Method, arXiv:1212.5701",
    deviations="The factor η, 1 by default, is not in the paper. Keras has η = .001 and ε = 1e-7.",
    keras="keras.optimizers.Adadelta",
    function=adadelta,
    defaults={"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-6},
)
