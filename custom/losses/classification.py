"""Losses of a probability: binary, categorical and sparse categorical cross-entropy."""

from typing import Any

import keras
import numpy as np
from keras import ops

from custom.losses.base import (
    FormulaLoss,
    check_flag,
    check_fraction,
    check_labels,
    matched,
    mean,
    raised,
    raised_with_slope,
    to_floats,
)
from custom.spec import Spec

SHANNON = "Shannon (1948), A Mathematical Theory of Communication, Bell System Technical Journal 27, 379-423"
FLOOR = "p is raised to 1e-7 (2⁻¹⁴ in float16) before the logarithm, and the gradient is the formula's at that p"


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """-[y log p + (1-y) log(1-p)], mean over the last axis; p = sigmoid(z) from logits z."""
    y, p = _binary(y_true, y_pred, label_smoothing)
    if from_logits:
        z = p
        loss = -(y * ops.log_sigmoid(z) + (1 - y) * ops.log_sigmoid(-z))
    else:
        loss = -(y * ops.log(raised_with_slope(p)) + (1 - y) * ops.log(raised_with_slope(1 - p)))
    return mean(loss)


def binary_crossentropy_gradient(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """(p - y) / (p (1-p)) / d with respect to p; (sigmoid(z) - y) / d with respect to logits z."""
    y, p = _binary(y_true, y_pred, label_smoothing)
    if from_logits:
        z = p
        return (ops.sigmoid(z) - y) / p.shape[-1]
    # (p - y) / (p (1-p)), written so that it stays defined at p = y = 0 and at p = y = 1
    return ((1 - y) / raised(1 - p) - y / raised(p)) / p.shape[-1]


def _binary(y_true, y_pred, label_smoothing):
    y, p = matched("BinaryCrossentropy", y_true, y_pred)
    check_labels(
        "BinaryCrossentropy",
        y,
        lambda labels: (labels >= 0) & (labels <= 1),
        "its labels are 0, 1 or a probability between them",
        "Turn labels of -1 and 1 into (y + 1) / 2; for class numbers use SparseCategoricalCrossentropy.",
    )
    return y * (1 - label_smoothing) + label_smoothing / 2, p


@keras.saving.register_keras_serializable(package="gradlab")
class BinaryCrossentropy(FormulaLoss):
    """Negative log-likelihood of independent yes-or-no answers.

    Formula: ``L = -mean [y log p + (1-y) log(1-p)]`` over the last axis, of size d, with y ``y_true`` and
    p ``y_pred``, or ``p = sigmoid(z)`` with z ``y_pred`` if ``from_logits``.

    Gradient: ``dL/dp = (p - y) / (p (1-p)) / d``; ``dL/dz = (sigmoid(z) - y) / d``, which neither
    vanishes nor overflows for a confident mistake.

    Args:
        from_logits: whether ``y_pred`` holds z in place of p.
        label_smoothing: s in [0, 1]; replaces y by ``(1-s) y + s/2``.
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., d); labels in [0, 1]; p in [0, 1].

    Returns:
        The loss of each sample, shape (batch, ...), in nats, reduced as asked.

    Raises:
        ValueError: an argument is outside of its range, the shapes differ, or, as far as the values
            can be seen (not in compiled code), a label is outside of [0, 1].

    Deviations:
        p and 1-p are raised to 1e-7 (2⁻¹⁴ in float16) before the logarithm; the gradient
        is the formula's at that p. ``keras.losses.BinaryCrossentropy`` clips too, but its gradient is
        0 there, and in float16 it is NaN at p = 1 (TensorFlow and JAX).

    Example:
        >>> round(float(BinaryCrossentropy()([[1.0]], [[0.25]])), 4)  # log 4
        1.3863

    References:
        Shannon (1948), "A Mathematical Theory of Communication", Bell System Technical Journal 27.
    """

    arguments = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = check_flag("BinaryCrossentropy", "from_logits", from_logits)
        self.label_smoothing = check_fraction("BinaryCrossentropy", "label_smoothing", label_smoothing)

    def call(self, y_true, y_pred):
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """-Σ y log p over the last axis; p = softmax(z) from logits z."""
    y, p = _categorical(y_true, y_pred, label_smoothing)
    if from_logits:
        z = p
        return -ops.sum(y * ops.log_softmax(z), axis=-1)
    return -ops.sum(y * ops.log(raised_with_slope(p)), axis=-1)


def categorical_crossentropy_gradient(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """-y / p with respect to p; softmax(z) - y with respect to logits z."""
    y, p = _categorical(y_true, y_pred, label_smoothing)
    if from_logits:
        z = p
        return ops.softmax(z) - y
    return -y / raised(p)


def _categorical(y_true, y_pred, label_smoothing):
    y, p = matched("CategoricalCrossentropy", y_true, y_pred)
    check_labels(
        "CategoricalCrossentropy",
        y,
        lambda labels: (labels >= 0) & (abs(labels.sum(axis=-1, keepdims=True) - 1) < 0.01),
        "each row of labels has to be one-hot or a distribution: numbers of at least 0 that sum to 1",
        "For class numbers use SparseCategoricalCrossentropy or keras.utils.to_categorical.",
    )
    return y * (1 - label_smoothing) + label_smoothing / p.shape[-1], p


@keras.saving.register_keras_serializable(package="gradlab")
class CategoricalCrossentropy(FormulaLoss):
    """Negative log-likelihood of the right class, for one-hot labels or distributions.

    Formula: ``L = -Σ yₖ log pₖ`` over the K classes of the last axis, with y ``y_true`` and p ``y_pred``, or
    ``p = softmax(z)`` with z ``y_pred`` if ``from_logits``.

    Gradient: ``dL/dp = -y / p``; ``dL/dz = p - y``.

    Args:
        from_logits: whether ``y_pred`` holds z in place of p.
        label_smoothing: s in [0, 1]; replaces y by ``(1-s) y + s/K``.
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., K); each row of labels sums to 1.

    Returns:
        The loss of each sample, shape (batch, ...), in nats, reduced as asked.

    Raises:
        ValueError: an argument is outside of its range, the shapes differ, or, as far as the values
            can be seen (not in compiled code), a row of labels is no distribution.

    Deviations:
        p is raised to 1e-7 (2⁻¹⁴ in float16) before the logarithm; the gradient is the
        formula's at that p. ``keras.losses.CategoricalCrossentropy`` clips too, with gradient 0 there,
        and divides p by its sum first, which the formula does not: p has to be a distribution.

    Example:
        >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]])), 4)  # log 4
        1.3863

    References:
        Shannon (1948), "A Mathematical Theory of Communication", Bell System Technical Journal 27.
        Szegedy et al. (2016), "Rethinking the Inception Architecture", CVPR, for the smoothing.
    """

    arguments = ("from_logits", "label_smoothing")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = check_flag("CategoricalCrossentropy", "from_logits", from_logits)
        self.label_smoothing = check_fraction("CategoricalCrossentropy", "label_smoothing", label_smoothing)

    def call(self, y_true, y_pred):
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False):
    """-log p_y, with the class number y; p = softmax(z) from logits z."""
    y, p = _sparse(y_true, y_pred)
    if from_logits:
        log_p = ops.log_softmax(p)
    else:
        log_p = ops.log(raised_with_slope(p))
    K = p.shape[-1]
    loss = -ops.sum(ops.one_hot(y, K, dtype=log_p.dtype) * log_p, axis=-1)
    # No error can be raised in compiled code, and without this the loss of an unknown class were 0.
    return ops.where((y >= 0) & (y < K), loss, float("nan"))


def sparse_categorical_crossentropy_gradient(y_true, y_pred, from_logits=False):
    """-1 / p_y at the class y and 0 elsewhere; softmax(z) - onehot(y) with respect to logits z."""
    y, p = _sparse(y_true, y_pred)
    one_hot = ops.one_hot(y, p.shape[-1], dtype=p.dtype)
    if from_logits:
        return ops.softmax(p) - one_hot
    return -one_hot / raised(p)


def _sparse(y_true, y_pred):
    """Class numbers as integers, and predictions; (batch, 1) is taken for (batch,)."""
    loss = "SparseCategoricalCrossentropy"
    p, y = to_floats(y_pred), ops.convert_to_tensor(y_true)
    if len(y.shape) == len(p.shape) > 0 and y.shape[-1] == 1:
        y = ops.squeeze(y, axis=-1)
    wanted = tuple(p.shape[:-1])
    fits = len(y.shape) == len(wanted) == len(p.shape) - 1
    if not fits or any(a != b for a, b in zip(y.shape, wanted, strict=True) if None not in (a, b)):
        raise ValueError(
            f"{loss}: y_true has shape {tuple(y.shape)} and y_pred {tuple(p.shape)}. y_true has to be one "
            f"class number for each row of y_pred: shape {wanted}. "
            "For one-hot labels use CategoricalCrossentropy."
        )
    K = p.shape[-1]
    check_labels(
        loss,
        y,
        lambda labels: (labels >= 0) & (labels < K) & (labels == np.floor(labels)),
        f"its labels are the class numbers 0 to {K - 1}, as y_pred has {K} columns",
        "Count classes from 0 and give the output layer as many units as there are classes.",
    )
    return ops.cast(y, "int32"), p


@keras.saving.register_keras_serializable(package="gradlab")
class SparseCategoricalCrossentropy(FormulaLoss):
    """Negative log-likelihood of the right class, for class numbers.

    Formula: ``L = -log p_y`` with the class number y ``y_true`` from 0 to K-1, p ``y_pred``, or
    ``p = softmax(z)`` with z ``y_pred`` if ``from_logits``. Same as -Σ yₖ log pₖ for one-hot y.

    Gradient: ``dL/dp = -1 / p_y`` at class y, 0 elsewhere; ``dL/dz = p - onehot(y)``.

    Args:
        from_logits: whether ``y_pred`` holds z in place of p.
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in. Keras turns the labels into it: float16 counts to 2,048.

    Called with ``y_true`` of shape (batch, ...) or (batch, ..., 1) and ``y_pred`` of (batch, ..., K).

    Returns:
        The loss of each sample, shape (batch, ...), in nats, reduced as asked.

    Raises:
        ValueError: an argument is outside of its range, the shapes do not fit, or, as far as the
            values can be seen, a label is no class number. In compiled code its loss is NaN.

    Deviations:
        p is raised to 1e-7 (2⁻¹⁴ in float16) before the logarithm; the gradient is the
        formula's at that p. ``keras.losses.SparseCategoricalCrossentropy`` clips too, with gradient 0
        there, divides p by its sum (on TensorFlow as a softmax of log p), which changes the gradient, and
        has ``ignore_class``, which a sample weight of 0 does here.

    Example:
        >>> round(float(SparseCategoricalCrossentropy()([1], [[0.75, 0.25]])), 4)  # log 4
        1.3863

    References:
        Shannon (1948), "A Mathematical Theory of Communication", Bell System Technical Journal 27.
    """

    arguments = ("from_logits",)

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = check_flag("SparseCategoricalCrossentropy", "from_logits", from_logits)

    def call(self, y_true, y_pred):
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)


SPECS = (
    Spec(
        name="binary_crossentropy",
        kind="loss",
        factory=BinaryCrossentropy,
        formula="L = -mean [y log p + (1-y) log(1-p)]; from logits p = sigmoid(z)",
        latex=r"L = -\frac1d \sum_{i=1}^d \left[ y_i \log p_i + (1 - y_i) \log(1 - p_i) \right]",
        derivative="dL/dp = (p - y) / (p (1-p)) / d; dL/dz = (sigmoid(z) - y) / d",
        symbols={"p or z": "from_logits", "s": "label_smoothing"},
        source=SHANNON,
        deviations=f"{FLOOR}. Keras clips too, with gradient 0 there.",
        keras="keras.losses.BinaryCrossentropy",
        function=binary_crossentropy,
        gradient=binary_crossentropy_gradient,
        defaults={"from_logits": False, "label_smoothing": 0.0},
    ),
    Spec(
        name="categorical_crossentropy",
        kind="loss",
        factory=CategoricalCrossentropy,
        formula="L = -Σ y log p; from logits p = softmax(z)",
        latex=r"L = -\sum_{k=1}^K y_k \log p_k",
        derivative="dL/dp = -y / p; dL/dz = p - y",
        symbols={"p or z": "from_logits", "s": "label_smoothing"},
        source=SHANNON,
        deviations=f"{FLOOR}. Keras clips too, with gradient 0 there, and divides p by its sum first.",
        keras="keras.losses.CategoricalCrossentropy",
        function=categorical_crossentropy,
        gradient=categorical_crossentropy_gradient,
        defaults={"from_logits": False, "label_smoothing": 0.0},
    ),
    Spec(
        name="sparse_categorical_crossentropy",
        kind="loss",
        factory=SparseCategoricalCrossentropy,
        formula="L = -log p_y; from logits p = softmax(z)",
        latex=r"L = -\log p_y",
        derivative="dL/dp = -1 / p_y at y, 0 elsewhere; dL/dz = p - onehot(y)",
        symbols={"p or z": "from_logits"},
        source=SHANNON,
        deviations=f"{FLOOR}. Keras clips too, with gradient 0 there, and divides p by its sum; it has ignore_class.",
        keras="keras.losses.SparseCategoricalCrossentropy",
        function=sparse_categorical_crossentropy,
        gradient=sparse_categorical_crossentropy_gradient,
        defaults={"from_logits": False},
    ),
)
