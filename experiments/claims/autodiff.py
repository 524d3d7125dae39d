"""Activations as functions, and their slopes by automatic differentiation, for the probes."""

from collections.abc import Callable
from typing import Any

import numpy as np


def activation(name: str) -> Callable[[Any], Any]:
    """The function of a component of the catalog."""
    from custom import catalog

    function = catalog.ACTIVATIONS[name].function
    if function is None:
        raise ValueError(f"{name} has weights of its own and is no plain function")
    return function


def slope(function: Callable[[Any], Any], z: np.ndarray) -> np.ndarray:
    """dy/dz of an elementwise function at each entry of ``z``, in the precision of ``z``.

    Args:
        function: tensor -> tensor of the same shape.
        z: of any shape.
    """
    import tensorflow as tf

    x = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return np.array(tape.gradient(y, x, unconnected_gradients="zero"))


def ulps(found: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Distance in units of the last place of ``found``'s precision, at the reference.

    Args:
        found: float32 or float64.
        reference: float64, rounded to that precision only to know how long a unit is there.
    """
    unit = np.spacing(np.abs(reference).astype(found.dtype)).astype(float)
    return np.abs(found.astype(float) - reference) / unit
