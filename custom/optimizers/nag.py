"""Nesterov's accelerated gradient: NAG."""

from typing import Any, ClassVar

import keras

from custom.optimizers.base import RuleOptimizer
from custom.spec import Spec


def nag(g, t, eta, slots, *, momentum=0.9):  # noqa: ARG001 (every rule takes t)
    """One step in the look-ahead variable, where g was evaluated: returns delta and (v,)."""
    (v,) = slots
    v = momentum * v - eta * g
    delta = momentum * v - eta * g
    return delta, (v,)


@keras.saving.register_keras_serializable(package="gradlab")
class NAG(RuleOptimizer):
    """Momentum whose gradient is taken where the velocity is about to lead.

    Formula of the paper: ``v <- β v - η ∇L(θ + β v)``, ``θ <- θ + v``.

    Implemented is the look-ahead form, the only one open to a Keras optimizer, which is handed a
    gradient that was evaluated at the variable itself. The variable w is the look-ahead point
    ``w = θ + β v``, hence ``g = ∇L(w)`` and

    ``v <- β v - η g``, ``w <- w + β v - η g`` with the new v, β ``momentum`` and η ``learning_rate``.

    Both forms walk the same path while η and β are constant: at every step w - β v is the paper's θ
    (v starts at 0, so that w = θ in the beginning). They differ in which point is the model.

    Args:
        learning_rate: η, number >= 0, or a Keras schedule, or a callable.
        momentum: β, number in [0, 1).
        kwargs: what every Keras optimizer takes, such as ``clipnorm``, ``weight_decay``, ``name``.

    Raises:
        ValueError: an argument is outside of its range.

    Deviations:
        The model holds the look-ahead point θ + β v in place of θ. ``keras.optimizers.SGD(momentum=β,
        nesterov=True)`` does the same as this class.

    Example:
        >>> import numpy as np
        >>> delta, (v,) = nag(np.array([1.0]), t=1, eta=0.5, slots=(np.array([0.0]),), momentum=0.5)
        >>> delta.tolist(), v.tolist()
        ([-0.75], [-0.5])

    References:
        Nesterov (1983), "A method for solving the convex programming problem with convergence rate
        O(1/k^2)", Doklady Akademii Nauk SSSR 269, 543-547.
        Sutskever et al. (2013), "On the importance of initialization and momentum in deep
        learning", ICML, for the form in v. Bengio et al. (2013), "Advances in optimizing recurrent
        networks", ICASSP, for the look-ahead variable.
    """

    rule = staticmethod(nag)
    slots: ClassVar = {"velocity": 0.0}

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.9, **kwargs: Any):
        super().__init__(learning_rate, {"momentum": momentum}, **kwargs)


SPEC = Spec(
    name="nag",
    kind="optimizer",
    factory=NAG,
    formula="v <- β v - η g(w); w <- w + β v - η g(w), with w = θ + β v the look-ahead point",
    latex=r"v \leftarrow \beta v - \eta\, g(w),\quad w \leftarrow w + \beta v - \eta\, g(w),"
    r"\quad w = \theta + \beta v",
    derivative="Δw = β v' - η g, v' = β v - η g",
    symbols={"η": "learning_rate", "β": "momentum"},
    source="Nesterov (1983), A method for solving the convex programming problem with convergence rate "
    "O(1/k^2), Dokl. Akad. Nauk SSSR 269, 543-547; Sutskever et al. (2013), ICML",
    deviations="The variable is the look-ahead point θ + β v; the path is the paper's while η and β are "
    "constant. Keras has it as an argument of SGD, with the same values.",
    keras="keras.optimizers.SGD",
    function=nag,
    defaults={"learning_rate": 0.01, "momentum": 0.9},
)
