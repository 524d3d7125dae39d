"""Adaptive moments: Adam."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer, sqrt
from custom.spec import Spec


def adam(g, t, eta, slots, *, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """One step of Adam (Algorithm 1 of the paper): returns delta and (m, v)."""
    m, v = slots
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    delta = -eta * m_hat / (sqrt(v_hat) + epsilon)
    return delta, (m, v)


@keras.saving.register_keras_serializable(package="gradlab")
class Adam(RuleOptimizer):
    """Momentum over the root mean square of the gradients, both corrected for their start at 0.

    Formula: ``m <- β₁ m + (1 - β₁) g``, ``v <- β₂ v + (1 - β₂) g²``, ``m̂ = m / (1 - β₁ᵗ)``,
    ``v̂ = v / (1 - β₂ᵗ)``, ``w <- w - η m̂ / (√v̂ + ε)`` with t the step from 1, m and v from 0,
    β₁ ``beta_1``, β₂ ``beta_2``, ε ``epsilon`` and η ``learning_rate``.

    The first step has length η wherever g is far above ε, whatever the size of g.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        beta_1: β₁, number in [0, 1).
        beta_2: β₂, number in [0, 1).
        epsilon: ε, number > 0, unit of g; keeps 0/0 away.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        none. ``keras.optimizers.Adam`` adds ε = 1e-7 to the root of the uncorrected v ("epsilon hat"
        in the paper), which is an ε of 1e-7 / √(1 - β₂ᵗ) here: 3.2e-6 in the first step.

    Example:
        >>> import numpy as np
        >>> slots = (np.array([0.0]), np.array([0.0]))
        >>> delta, (m, v) = adam(np.array([50.0]), t=1, eta=0.1, slots=slots, beta_1=0.5, beta_2=0.75)
        >>> delta.round(6).tolist(), m.tolist(), v.tolist()
        ([-0.1], [25.0], [625.0])

    References:
        Kingma & Ba (2015), "Adam: A Method for Stochastic Optimization", ICLR, arXiv:1412.6980.
    """

    rule = staticmethod(adam)
    slots: ClassVar = {"momentum": 0.0, "velocity": 0.0}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}, **kwargs)


SPEC = Spec(
    name="adam",
    kind="optimizer",
    factory=Adam,
    formula="m <- β₁ m + (1 - β₁) g; v <- β₂ v + (1 - β₂) g²; "
    "w <- w - η m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ)",
    latex=r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad "
    r"\hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t},\quad "
    r"w \leftarrow w - \frac{\eta\, \hat m}{\sqrt{\hat v} + \epsilon}",
    derivative="Δw = -η m̂ / (√v̂ + ε)",
    symbols={"η": "learning_rate", "β₁": "beta_1", "β₂": "beta_2", "ε": "epsilon"},
    source="Kingma & Ba (2015), Adam: A Method for Stochastic Optimization, ICLR, arXiv:1412.6980",
    deviations="none from Algorithm 1. Keras adds ε = 1e-7 to the root of the uncorrected v (epsilon hat).",
    keras="keras.optimizers.Adam",
    function=adam,
    defaults={"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
)
