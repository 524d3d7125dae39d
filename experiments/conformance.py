"""How far each component is from the nearest Keras built-in, measured here and now, both at their own defaults.

Runs on whatever backend Keras has; NumPy's is enough, and needs no start.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from custom.spec import Spec

REACH, POINTS = 10.0, 4001
"""Inputs of an activation: that far to both sides of zero, so many of them."""
EXAMPLES, CLASSES = 1000, 10
STEPS = 100
CURVATURES = (0.1, 1.0, 10.0)
"""Of the quadratic w -> Σ h w² / 2 that optimizers go down, from w = 1."""
BESIDE: dict[str, dict[str, Any]] = {"momentum": {"momentum": 0.9}, "nag": {"momentum": 0.9, "nesterov": True}}
"""What makes Keras's SGD the same rule."""


def measured(spec: "Spec") -> str:
    """The largest difference, and over what, in one sentence; empty where Keras has nothing to compare with.

    Args:
        spec: a component's card.
    """
    if spec.keras == "none":
        return ""
    own, where = {"activation": _activation, "loss": _loss, "optimizer": _optimizer}[spec.kind](spec)
    return f"at most {own:.2g} apart {where}"


def _activation(spec: "Spec") -> tuple[float, str]:
    import keras

    draw = np.random.default_rng(0)
    rows = spec.name == "softmax"
    z = draw.normal(0, 3, (EXAMPLES, CLASSES)) if rows else np.linspace(-REACH, REACH, POINTS)[:, None]
    z = z.astype(np.float32)
    kind, name = spec.keras.split(".")[1:]
    theirs = getattr(getattr(keras, kind), name)
    values = [keras.ops.convert_to_numpy(each(keras.ops.convert_to_tensor(z)))
              for each in (spec.factory(), theirs() if kind == "layers" else theirs)]  # fmt: skip
    where = f"over {EXAMPLES} rows of normal z" if rows else f"for z from -{REACH:g} to {REACH:g}"
    return float(np.abs(values[0] - values[1]).max()), where


def _loss(spec: "Spec") -> tuple[float, str]:
    import keras

    y, p = _examples(spec.name)
    theirs = getattr(keras.losses, spec.keras.rpartition(".")[2])
    values = [keras.ops.convert_to_numpy(kind(reduction=None)(y, p)) for kind in (spec.factory, theirs)]
    return float(np.abs(values[0] - values[1]).max()), f"over {EXAMPLES} examples"


def _examples(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions that a loss is made for."""
    draw = np.random.default_rng(0)
    label, scores = draw.integers(0, CLASSES, EXAMPLES), draw.normal(0, 2, (EXAMPLES, CLASSES))
    one_hot = np.eye(CLASSES)[label]
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    bit = draw.integers(0, 2, (EXAMPLES, 1))
    pairs = {
        "binary_crossentropy": (bit, draw.uniform(0.001, 0.999, (EXAMPLES, 1))),
        "categorical_crossentropy": (one_hot, shares),
        "sparse_categorical_crossentropy": (label, shares),
        "hinge": (2 * bit - 1, draw.normal(0, 2, (EXAMPLES, 1))),
        "categorical_hinge": (one_hot, scores),
    }
    y, p = pairs.get(name, (draw.normal(0, 2, (EXAMPLES, 1)), draw.normal(0, 2, (EXAMPLES, 1))))
    return (y if name.startswith("sparse") else y.astype(np.float32)), p.astype(np.float32)


def _optimizer(spec: "Spec") -> tuple[float, str]:
    import keras

    rate = spec.defaults["learning_rate"]
    theirs = getattr(keras.optimizers, spec.keras.rpartition(".")[2])
    paths = [_path(make) for make in (spec.factory(learning_rate=rate),
                                      theirs(learning_rate=rate, **BESIDE.get(spec.name, {})))]  # fmt: skip
    return float(np.abs(paths[0] - paths[1]).max()), f"in {STEPS} steps down a quadratic from 1, both at rate {rate:g}"


def _path(optimizer: Any) -> np.ndarray:
    """Where each step of an optimizer ends: ``[step, curvature]``."""
    import keras

    h = np.array(CURVATURES, np.float32)
    w = keras.Variable(np.ones_like(h))
    optimizer.build([w])
    found = []
    for _ in range(STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(h * keras.ops.convert_to_numpy(w))], [w])
        found.append(np.array(keras.ops.convert_to_numpy(w)))
    return np.array(found)
