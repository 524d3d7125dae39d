"""Adam with Nesterov's momentum: Nadam."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer, sqrt
from custom.spec import Spec


def nadam(g, t, eta, slots, *, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """One step of Nadam: returns delta and (m, v, Π), Π the product of all μ so far."""
    m, v, product = slots
    mu = beta_1 * (1 - 0.5 * 0.96 ** (t / 250))
    mu_next = beta_1 * (1 - 0.5 * 0.96 ** ((t + 1) / 250))
    product = product * mu
    g_hat = g / (1 - product)
    m = beta_1 * m + (1 - beta_1) * g
    m_hat = m / (1 - product * mu_next)
    v = beta_2 * v + (1 - beta_2) * g**2
    v_hat = v / (1 - beta_2**t)
    m_bar = (1 - mu) * g_hat + mu_next * m_hat
    delta = -eta * m_bar / (sqrt(v_hat) + epsilon)
    return delta, (m, v, product)


@keras.saving.register_keras_serializable(package="gradlab")
class Nadam(RuleOptimizer):
    """Adam whose momentum looks one step ahead, as Nesterov's does.

    Formula: ``μₜ = β₁ (1 - ½ 0.96^(t/250))``, ``ĝ = g / (1 - μ₁ … μₜ)``, ``m <- β₁ m + (1 - β₁) g``,
    ``m̂ = m / (1 - μ₁ … μₜ₊₁)``, ``v <- β₂ v + (1 - β₂) g²``, ``v̂ = v / (1 - β₂ᵗ)``,
    ``w <- w - η ((1 - μₜ) ĝ + μₜ₊₁ m̂) / (√v̂ + ε)`` with t the step from 1, m and v from 0,
    β₁ ``beta_1``, β₂ ``beta_2``, ε ``epsilon`` and η ``learning_rate``.

    The momentum μ starts at about β₁ / 2 and rises to β₁ over some ten thousand steps. The product
    of all μ has no closed form, so each weight keeps it as a slot of shape ().

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        beta_1: β₁, number in [0, 1).
        beta_2: β₂, number in [0, 1).
        epsilon: ε, number > 0, unit of g; keeps 0/0 away.
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        none from the algorithm of the report (m with the constant β₁, its corrections with μ).
        ``keras.optimizers.Nadam`` has 0.96ᵗ where the report has 0.96^(t/250), so that its μ rises
        250 times faster, η = .001 and ε = 1e-7.

    Example:
        >>> import numpy as np
        >>> slots = (np.array([0.0]), np.array([0.0]), np.array(1.0))
        >>> delta, (m, v, product) = nadam(np.array([1.0]), t=1, eta=0.1, slots=slots)
        >>> delta.round(4).tolist(), m.round(4).tolist(), v.round(4).tolist(), product.round(4).tolist()
        ([-0.1056], [0.1], [0.001], 0.4501)

    References:
        Dozat (2015), "Incorporating Nesterov Momentum into Adam", Stanford CS229 report 054.
    """

    rule = staticmethod(nadam)
    slots: ClassVar = {"momentum": 0.0, "velocity": 0.0}
    scalars: ClassVar = {"mu_product": 1.0}

    def __init__(
        self,
        learning_rate: Any = 0.002,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}, **kwargs)


SPEC = Spec(
    name="nadam",
    kind="optimizer",
    factory=Nadam,
    formula="μₜ = β₁ (1 - ½ 0.96^(t/250)); m, v as Adam; w <- w - η ((1 - μₜ) ĝ + μₜ₊₁ m̂) / (√v̂ + ε), "
    "ĝ = g / (1 - μ₁…μₜ), m̂ = m / (1 - μ₁…μₜ₊₁), v̂ = v / (1 - β₂ᵗ)",
    latex=r"\mu_t = \beta_1 (1 - \tfrac12\, 0.96^{t/250}),\quad "
    r"\hat g = \frac{g}{1 - \prod_{i=1}^{t} \mu_i},\quad "
    r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad \hat m = \frac{m}{1 - \prod_{i=1}^{t+1} \mu_i},\quad "
    r"v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad \hat v = \frac{v}{1 - \beta_2^t},\quad "
    r"w \leftarrow w - \eta\, \frac{(1 - \mu_t) \hat g + \mu_{t+1} \hat m}{\sqrt{\hat v} + \epsilon}",
    derivative="Δw = -η ((1 - μₜ) ĝ + μₜ₊₁ m̂) / (√v̂ + ε)",
    symbols={"η": "learning_rate", "β₁": "beta_1", "β₂": "beta_2", "ε": "epsilon"},
    source="Dozat (2015), Incorporating Nesterov Momentum into Adam, Stanford CS229 report 054",
    deviations="none from the report's algorithm. Keras's schedule is 0.96ᵗ, which decays 250 times faster.",
    keras="keras.optimizers.Nadam",
    function=nadam,
    defaults={"learning_rate": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
)
