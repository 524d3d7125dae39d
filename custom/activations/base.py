"""What the layers of all activations share, and how an argument is refused."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import keras

register = keras.saving.register_keras_serializable("gradlab")
"""Makes a class or function known to ``keras.models.load_model`` as ``gradlab>Name``."""


class ActivationLayer(keras.layers.Layer):
    """A layer without weights whose output has the shape and the mask of its input."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        # Stated, since the one that Keras makes up fails where dtype is a policy object.
        return super().get_config()


def real(name: str, value: Any, holds: Callable[[float], bool], allowed: str) -> float:
    """``value`` as a float if it is a finite number and ``holds(value)``; else a ValueError."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and holds(float(value))):
        raise ValueError(f"{name}={value!r} is not allowed: give {allowed}.")
    return float(value)


def whole_number(name: str, value: Any) -> int:
    """``value`` as an int if it is a whole number; else a ValueError."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{name}={value!r} is not allowed: give a whole number.")
    return int(value)


def at_least(name: str, value: Any, least: int) -> int:
    """``value`` as an int if it is a whole number of ``least`` or more; else a ValueError."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"{name}={value!r} is not allowed: give a whole number of {least} or more.")
    return int(value)
