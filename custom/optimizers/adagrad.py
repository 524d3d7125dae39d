"""A rate of its own for each weight, from the sum of squared gradients: Adagrad."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer, sqrt
from custom.spec import Spec


def adagrad(g, t, eta, slots, *, epsilon=1e-8):  # noqa: ARG001 (every rule takes t)
    """One step of Adagrad: returns delta and (G,)."""
    (G,) = slots
    G = G + g**2
    delta = -eta * g / (sqrt(G) + epsilon)
    return delta, (G,)


@keras.saving.register_keras_serializable(package="gradlab")
class Adagrad(RuleOptimizer):
    """Gradient descent with each weight's rate divided by the norm of all its gradients so far.

    Formula: ``G <- G + g²``, ``w <- w - η g / (√G + ε)`` with G from ``initial_accumulator_value``,
    ε ``epsilon`` and η ``learning_rate``.

    The first step has length η wherever g is not 0, whatever the size of g (with G from 0).

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        initial_accumulator_value: what G starts at, number >= 0, unit of g².
        epsilon: ε, number > 0, unit of g; keeps 0/0 away.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        The diagonal form of the paper; its small constant δ is ε here, added to the root.
        ``keras.optimizers.Adagrad`` starts G at 0.1 and takes √(G + ε), ε = 1e-7, which shortens
        the first steps of small gradients: for g = .01 the first one by a factor of 32.

    Example:
        >>> import numpy as np
        >>> delta, (G,) = adagrad(np.array([3.0]), t=1, eta=0.1, slots=(np.array([16.0]),))
        >>> delta.round(6).tolist(), G.tolist()
        ([-0.06], [25.0])

    References:
        Duchi, Hazan & Singer (2011), "Adaptive Subgradient Methods for Online Learning and
        Stochastic Optimization", Journal of Machine Learning Research 12, 2121-2159.
    """

    rule = staticmethod(adagrad)
    slots: ClassVar = {"accumulator": "initial_accumulator_value"}

    def __init__(
        self,
        learning_rate: Any = 0.01,
        initial_accumulator_value: float = 0.0,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ):
        constants = {"initial_accumulator_value": initial_accumulator_value, "epsilon": epsilon}
        super().__init__(learning_rate, constants, **kwargs)


SPEC = Spec(
    name="adagrad",
    kind="optimizer",
    factory=Adagrad,
    formula="G <- G + g²; w <- w - η g / (√G + ε)",
    latex=r"G \leftarrow G + g^2,\quad w \leftarrow w - \frac{\eta\, g}{\sqrt{G} + \epsilon}",
    derivative="Δw = -η g / (√G + ε)",
    symbols={"η": "learning_rate", "G₀": "initial_accumulator_value", "ε": "epsilon"},
    source="Duchi, Hazan & Singer (2011), Adaptive Subgradient Methods, JMLR 12, 2121-2159",
    deviations="The paper's δ is ε. Keras starts G at 0.1 and has ε = 1e-7 inside the root.",
    keras="keras.optimizers.Adagrad",
    function=adagrad,
    defaults={"learning_rate": 0.01, "initial_accumulator_value": 0.0, "epsilon": 1e-8},
)
