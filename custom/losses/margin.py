"""Losses of a margin: hinge and categorical hinge."""

from typing import Any

import keras
import numpy as np
from keras import ops

from custom.losses.base import FormulaLoss, check_flag, check_labels, matched, mean
from custom.spec import Spec


def hinge(y_true, y_pred):
    """mean max(0, 1 - y ŷ) over the last axis."""
    y, y_hat = _signs(y_true, y_pred)
    return mean(ops.relu(1 - y * y_hat))


def hinge_gradient(y_true, y_pred):
    """-y / d where the margin is broken (y ŷ < 1), 0 elsewhere, shaped like ŷ."""
    y, y_hat = _signs(y_true, y_pred)
    return ops.where(y * y_hat < 1, -y, 0.0) / y_hat.shape[-1]


def _signs(y_true, y_pred):
    y, y_hat = matched("Hinge", y_true, y_pred)
    check_labels(
        "Hinge",
        y,
        lambda labels: abs(labels) == 1,
        "its labels are -1 and 1",
        "Turn labels of 0 and 1 into 2 y - 1.",
    )
    return y, y_hat


@keras.saving.register_keras_serializable(package="gradlab")
class Hinge(FormulaLoss):
    """Asks for the right sign with a margin of 1, and then for nothing more.

    Formula: ``L = mean max(0, 1 - y ŷ)`` over the last axis, of size d, with y ``y_true`` in {-1, 1} and
    ŷ ``y_pred``, a score (not a probability).

    Gradient: ``dL/dŷ = -y / d`` where the margin is broken (y ŷ < 1), 0 elsewhere and at y ŷ = 1.

    Args:
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., d); labels -1 or 1.

    Returns:
        The loss of each sample, shape (batch, ...), without unit, reduced as asked.

    Raises:
        ValueError: the shapes differ, or, as far as the values can be seen (not in compiled code), a
            label is neither -1 nor 1.

    Deviations:
        none. ``keras.losses.Hinge`` turns labels into {-1, 1} if all of a batch are 0 or 1, so that
        what a label of 1 beside a 0 means depends on the rest of the batch; here 0 is an error.

    Example:
        >>> float(Hinge()([[-1.0]], [[0.5]]))
        1.5

    References:
        Cortes & Vapnik (1995), "Support-vector networks", Machine Learning 20, 273-297.
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "hinge", dtype: Any = None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return hinge(y_true, y_pred)


def categorical_hinge(y_true, y_pred, strict=False):
    """max(0, 1 + wrong - right), right = Σ y ŷ, wrong = max (1-y) ŷ; strict: max over y = 0 only."""
    y, y_hat = _one_hot(y_true, y_pred)
    right = ops.sum(y * y_hat, axis=-1)
    wrong = ops.max(_wrong_scores(y, y_hat, strict), axis=-1)
    return ops.relu(1 + wrong - right)


def categorical_hinge_gradient(y_true, y_pred, strict=False):
    """1 at the best wrong class and -1 at the right one where the margin is broken, else 0.

    Without ``strict``, a right class that wins with its 0 takes no gradient for it. Equal winners
    share theirs.
    """
    y, y_hat = _one_hot(y_true, y_pred)
    right = ops.sum(y * y_hat, axis=-1, keepdims=True)
    scores = _wrong_scores(y, y_hat, strict)
    wrong = ops.max(scores, axis=-1, keepdims=True)
    wins = ops.cast(scores == wrong, y.dtype)
    wins = wins / ops.sum(wins, axis=-1, keepdims=True)
    return ops.where(1 + wrong - right > 0, (1 - y) * wins - y, 0.0)


def _wrong_scores(y, y_hat, strict):
    return ops.where(y > 0, -float("inf"), y_hat) if strict else (1 - y) * y_hat


def _one_hot(y_true, y_pred):
    y, y_hat = matched("CategoricalHinge", y_true, y_pred)
    if y_hat.shape[-1] == 1:
        raise ValueError(
            f"CategoricalHinge: y_pred has shape {tuple(y_hat.shape)}, a single class. Give at least two, or use Hinge."
        )
    check_labels(
        "CategoricalHinge",
        y,
        lambda labels: ((labels == 0) | (labels == 1)) & (np.sum(labels, axis=-1, keepdims=True) == 1),
        "each row of labels has to be one-hot: a single 1, and 0 elsewhere",
        "For class numbers use keras.utils.to_categorical first.",
    )
    return y, y_hat


@keras.saving.register_keras_serializable(package="gradlab")
class CategoricalHinge(FormulaLoss):
    """Asks the right class's score to exceed every wrong one by 1.

    Formula: ``L = max(0, 1 + wrong - right)`` with ``right = Σ y ŷ``, y ``y_true`` one-hot over the K
    classes of the last axis, ŷ ``y_pred`` the scores, and

    - ``wrong = max (1-y) ŷ`` over all classes by default, which is Keras's form. It includes the
      right class with a 0, so that wrong scores below 0 count as 0;
    - ``wrong = max ŷ`` over the wrong classes alone with ``strict=True``, which is the paper's form.

    Gradient: where the margin is broken (L > 0), 1 at the best wrong class and -1 at the right one.

    Args:
        strict: whether the maximum is over the wrong classes only.
        reduction: over the samples, as in every Keras loss.
        name: of the loss.
        dtype: to calculate in.

    Called with ``y_true`` and ``y_pred`` of shape (batch, ..., K), K at least 2.

    Returns:
        The loss of each sample, shape (batch, ...), without unit, reduced as asked.

    Raises:
        ValueError: ``strict`` is not a truth value, the shapes differ, K is 1, or, as far as the
            values can be seen (not in compiled code), a row of labels is not one-hot.

    Deviations:
        The default is ``keras.losses.CategoricalHinge``. It differs from the paper's form
        (``strict=True``) where all wrong scores are negative: there it asks for right >= 1.

    Example:
        >>> scores, label = [[-3.0, 0.5, -2.0]], [[0.0, 1.0, 0.0]]
        >>> float(CategoricalHinge()(label, scores)), float(CategoricalHinge(strict=True)(label, scores))
        (0.5, 0.0)

    References:
        Crammer & Singer (2001), "On the Algorithmic Implementation of Multiclass Kernel-based
        Vector Machines", Journal of Machine Learning Research 2, 265-292.
    """

    arguments = ("strict",)

    def __init__(
        self,
        strict: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.strict = check_flag("CategoricalHinge", "strict", strict)

    def call(self, y_true, y_pred):
        return categorical_hinge(y_true, y_pred, self.strict)


SPECS = (
    Spec(
        name="hinge",
        kind="loss",
        factory=Hinge,
        formula="L = mean max(0, 1 - y ŷ), y in {-1, 1}",
        latex=r"L = \frac1d \sum_{i=1}^d \max(0, 1 - y_i \hat y_i),\quad y_i \in \{-1, 1\}",
        derivative="dL/dŷ = -y / d where y ŷ < 1, 0 elsewhere",
        source="Cortes & Vapnik (1995), Support-vector networks, Machine Learning 20, 273-297",
        deviations="none. Keras turns labels of 0 and 1 into -1 and 1, batch by batch.",
        keras="keras.losses.Hinge",
        kinks=(1.0,),  # of y ŷ
        function=hinge,
        gradient=hinge_gradient,
    ),
    Spec(
        name="categorical_hinge",
        kind="loss",
        factory=CategoricalHinge,
        formula="L = max(0, 1 + max (1-y) ŷ - Σ y ŷ); strict: the first max over y = 0 only",
        latex=r"L = \max\left(0,\ 1 + \max_k (1 - y_k) \hat y_k - \sum_k y_k \hat y_k\right)",
        derivative="dL/dŷ = 1 at the best wrong class, -1 at the right one where L > 0, 0 elsewhere",
        symbols={"strict": "strict"},
        source="Crammer & Singer (2001), On the Algorithmic Implementation of Multiclass Kernel-based Vector "
        "Machines, JMLR 2, 265-292",
        deviations="By default Keras's form, whose max includes a 0 for the right class. strict=True is the "
        "paper's, over the wrong classes only; they differ where all wrong scores are negative.",
        keras="keras.losses.CategoricalHinge",
        kinks=(0.0,),  # of 1 + wrong - right
        function=categorical_hinge,
        gradient=categorical_hinge_gradient,
        defaults={"strict": False},
    ),
)
