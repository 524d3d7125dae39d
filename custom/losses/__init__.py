"""Losses, each a plain function, its gradient with respect to the prediction, and a Keras class."""

from custom.losses import classification as _classification
from custom.losses import margin as _margin
from custom.losses import regression as _regression
from custom.losses.base import FormulaLoss
from custom.losses.classification import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_crossentropy_gradient,
    categorical_crossentropy,
    categorical_crossentropy_gradient,
    sparse_categorical_crossentropy,
    sparse_categorical_crossentropy_gradient,
)
from custom.losses.margin import (
    CategoricalHinge,
    Hinge,
    categorical_hinge,
    categorical_hinge_gradient,
    hinge,
    hinge_gradient,
)
from custom.losses.regression import (
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    huber,
    huber_gradient,
    mean_absolute_error,
    mean_absolute_error_gradient,
    mean_squared_error,
    mean_squared_error_gradient,
)

SPECS = (*_classification.SPECS, *_regression.SPECS, *_margin.SPECS)

__all__ = [
    "SPECS",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "FormulaLoss",
    "Hinge",
    "Huber",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_crossentropy_gradient",
    "categorical_crossentropy",
    "categorical_crossentropy_gradient",
    "categorical_hinge",
    "categorical_hinge_gradient",
    "hinge",
    "hinge_gradient",
    "huber",
    "huber_gradient",
    "mean_absolute_error",
    "mean_absolute_error_gradient",
    "mean_squared_error",
    "mean_squared_error_gradient",
    "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy_gradient",
]
