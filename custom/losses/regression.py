"""Losses of a difference: mean squared error, mean absolute error, Huber."""

import math
from typing import Any

import keras
from keras import ops

from custom.losses.base import FormulaLoss, matched, mean
from custom.spec import Spec


def absolute(e):
    """|e| with slope 0 at 0 on every backend; ``keras.ops.abs`` has slope 1 there on JAX."""
    return e * ops.sign(e)


def mean_squared_error(y_true, y_pred):
    """mean (y - ŷ)² over the last axis."""
    y, y_hat = matched("MeanSquaredError", y_true, y_pred)
    return mean((y - y_hat) ** 2)


def mean_squared_error_gradient(y_true, y_pred):
    """2 (ŷ - y) / d, shaped like ŷ."""
    y, y_hat = matched("MeanSquaredError", y_true, y_pred)
    return 2 * (y_hat - y) / y_hat.shape[-1]


@keras.saving.register_keras_serializable(package="gradlab")
class MeanSquaredError(FormulaLoss):
    """Mean of the squared differences: asks for the conditional mean.

    Formula: ``L = mean (y - ŷ)²`` over the last axis, of size d, with y ``y_true`` and ŷ ``y_pred``.

    Gradient: ``dL/dŷ = 2 (ŷ - y) / d``.

    Args:
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., d), any unit.

    Returns:
        The loss of each sample, shape (batch, ...), unit of y², reduced as asked.

    Raises:
        ValueError: the shapes of ``y_true`` and ``y_pred`` differ.

    Deviations:
        none. ``keras.losses.MeanSquaredError`` does the same, but broadcasts unequal shapes.

    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
        2.0

    References:
        Gauss (1809), "Theoria motus corporum coelestium", book II, section 3.
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return mean_squared_error(y_true, y_pred)


def mean_absolute_error(y_true, y_pred):
    """mean |y - ŷ| over the last axis."""
    y, y_hat = matched("MeanAbsoluteError", y_true, y_pred)
    return mean(absolute(y - y_hat))


def mean_absolute_error_gradient(y_true, y_pred):
    """sign(ŷ - y) / d, shaped like ŷ."""
    y, y_hat = matched("MeanAbsoluteError", y_true, y_pred)
    return ops.sign(y_hat - y) / y_hat.shape[-1]


@keras.saving.register_keras_serializable(package="gradlab")
class MeanAbsoluteError(FormulaLoss):
    """Mean of the absolute differences: asks for the conditional median.

    Formula: ``L = mean |y - ŷ|`` over the last axis, of size d, with y ``y_true`` and ŷ ``y_pred``.

    Gradient: ``dL/dŷ = sign(ŷ - y) / d``, 0 at ŷ = y.

    Args:
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., d), any unit.

    Returns:
        The loss of each sample, shape (batch, ...), unit of y, reduced as asked.

    Raises:
        ValueError: the shapes of ``y_true`` and ``y_pred`` differ.

    Deviations:
        none. ``keras.losses.MeanAbsoluteError`` does the same, but broadcasts unequal shapes.

    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
        1.0

    References:
        Laplace (1774), "Mémoire sur la probabilité des causes par les évènemens".
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: Any = None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return mean_absolute_error(y_true, y_pred)


def huber(y_true, y_pred, delta=1.0):
    """mean of e²/2 where |e| <= δ, of δ (|e| - δ/2) elsewhere, with e = ŷ - y."""
    y, y_hat = matched("Huber", y_true, y_pred)
    e = absolute(y_hat - y)
    c = ops.clip(e, 0, delta)
    # e²/2 for c = e and δ (e - δ/2) for c = δ. No branch can overflow while the other is taken.
    return mean(c * (e - c / 2))


def huber_gradient(y_true, y_pred, delta=1.0):
    """clip(ŷ - y, -δ, δ) / d, shaped like ŷ."""
    y, y_hat = matched("Huber", y_true, y_pred)
    return ops.clip(y_hat - y, -delta, delta) / y_hat.shape[-1]


@keras.saving.register_keras_serializable(package="gradlab")
class Huber(FormulaLoss):
    """Squared error for small differences, absolute error for large ones.

    Formula: ``L = mean h(ŷ - y)`` over the last axis, of size d, with ``h(e) = e²/2`` for ``|e| <= δ``
    and ``h(e) = δ (|e| - δ/2)`` elsewhere, y ``y_true``, ŷ ``y_pred`` and δ ``delta``.

    Gradient: ``dL/dŷ = clip(ŷ - y, -δ, δ) / d``.

    Args:
        delta: δ, finite number > 0, unit of y; where the parabola becomes a line.
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., d), any unit.

    Returns:
        The loss of each sample, shape (batch, ...), unit of y², reduced as asked.

    Raises:
        ValueError: ``delta`` is not a finite number above 0, or the shapes differ.

    Deviations:
        none. ``keras.losses.Huber`` has the same values; its configuration loses ``delta``.

    Example:
        >>> float(Huber(delta=1.0)([[0.0]], [[3.0]]))
        2.5

    References:
        Huber (1964), "Robust Estimation of a Location Parameter", Annals of Mathematical
        Statistics 35(1), 73-101.
    """

    arguments = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = "sum_over_batch_size",
        name: str = "huber",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if isinstance(delta, bool) or not isinstance(delta, int | float) or not 0 < delta < math.inf:
            raise ValueError(f"Huber: delta = {delta!r} is not allowed. Give a finite number above 0.")
        self.delta = float(delta)

    def call(self, y_true, y_pred):
        return huber(y_true, y_pred, self.delta)


SPECS = (
    Spec(
        name="mean_squared_error",
        kind="loss",
        factory=MeanSquaredError,
        formula="L = mean (y - ŷ)²",
        latex=r"L = \frac1d \sum_{i=1}^d (y_i - \hat y_i)^2",
        derivative="dL/dŷ = 2 (ŷ - y) / d",
        source="Gauss (1809), Theoria motus corporum coelestium, book II, section 3",
        deviations="none. Keras broadcasts unequal shapes.",
        keras="keras.losses.MeanSquaredError",
        function=mean_squared_error,
        gradient=mean_squared_error_gradient,
    ),
    Spec(
        name="mean_absolute_error",
        kind="loss",
        factory=MeanAbsoluteError,
        formula="L = mean |y - ŷ|",
        latex=r"L = \frac1d \sum_{i=1}^d |y_i - \hat y_i|",
        derivative="dL/dŷ = sign(ŷ - y) / d, 0 at ŷ = y",
        source="Laplace (1774), Mémoire sur la probabilité des causes par les évènemens",
        deviations="none. Keras broadcasts unequal shapes.",
        keras="keras.losses.MeanAbsoluteError",
        kinks=(0.0,),  # of ŷ - y
        function=mean_absolute_error,
        gradient=mean_absolute_error_gradient,
    ),
    Spec(
        name="huber",
        kind="loss",
        factory=Huber,
        formula="L = mean h(ŷ - y), h(e) = e²/2 for |e| <= δ, δ (|e| - δ/2) else",
        latex=r"L = \frac1d \sum_{i=1}^d h(\hat y_i - y_i),\quad "
        r"h(e) = \begin{cases} e^2/2 & |e| \le \delta \\ \delta (|e| - \delta/2) & \text{else} \end{cases}",
        derivative="dL/dŷ = clip(ŷ - y, -δ, δ) / d",
        symbols={"δ": "delta"},
        source="Huber (1964), Robust Estimation of a Location Parameter, Ann. Math. Stat. 35(1), 73-101",
        deviations="none. Keras has the same values; its configuration loses delta.",
        keras="keras.losses.Huber",
        function=huber,
        gradient=huber_gradient,
        defaults={"delta": 1.0},
    ),
)
