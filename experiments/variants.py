"""Activations that only an experiment needs, to take apart what a catalogued one does at once.

A run names them as ``variant:NAME``. They are no components of ``custom``: nobody should want them for a
net of their own.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from custom import catalog

PREFIX = "variant:"


@keras.saving.register_keras_serializable(package="experiments")
class Variant(keras.layers.Layer):
    """The layer of a named variant."""

    def __init__(self, variant: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.variant = variant

    def call(self, z):
        return VARIANTS[self.variant](z)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "variant": self.variant}


def centred_sigmoid(z):
    """sigmoid(z) - 1/2: sigmoid's slope, tanh's centre. Taken as tanh(z/2)/2, which is the same without the
    cancellation near 0, where layers of a deep net live."""
    return ops.tanh(z / 2) / 2


def tanh_plus_one(z):
    """tanh(z) + 1: tanh's slope, and never negative. (It is 2 sigmoid(2z).)"""
    return ops.tanh(z) + 1


def tanh_plus_ten(z):
    """tanh(z) + 10: so far from 0 that it must do harm."""
    return ops.tanh(z) + 10


def mixed(*names: str) -> Callable[[Any], Any]:
    """The units of a layer in as many equal groups, one activation each."""

    def apply(z):
        groups = ops.array_split(z, len(names), axis=-1)
        functions: list[Any] = [catalog.ACTIVATIONS[name].function for name in names]
        return ops.concatenate([f(group) for f, group in zip(functions, groups, strict=True)], axis=-1)

    return apply


VARIANTS: dict[str, Callable[[Any], Any]] = {
    "centred_sigmoid": centred_sigmoid,
    "tanh_plus_one": tanh_plus_one,
    "tanh_plus_ten": tanh_plus_ten,
    "relu+relu": mixed("relu", "relu"),
    "relu+tanh": mixed("relu", "tanh"),
    "relu+sigmoid": mixed("relu", "sigmoid"),
    "relu+tanh+sigmoid": mixed("relu", "tanh", "sigmoid"),
}
