"""Who else computes the same things: what is installed of it, in which version, and its automatic derivative."""

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Source:
    """One library.

    Attributes:
        title: as people call it.
        packages: that have to be there.
        install: what brings them.
    """

    title: str
    packages: tuple[str, ...]
    install: str


SOURCES = {
    "keras": Source("Keras", ("keras",), 'pip install "."'),
    "torch": Source("PyTorch", ("torch",), 'pip install ".[torch]"'),
    "jax": Source("jax.nn", ("jax",), 'pip install ".[jax]"'),
    "optax": Source("optax", ("jax", "optax"), 'pip install ".[conformance]"'),
}

NONE = "none"
"""The name of what a library does not have."""


def installed(source: str) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in SOURCES[source].packages)


def backend() -> str:
    """What Keras computes with here: its NumPy has no derivative, the others have."""
    import keras

    return keras.backend.backend()


def finest() -> str:
    """The precision of all comparisons: float64, but float32 where Keras runs on NumPy, which it holds to that."""
    return "float32" if backend() == "numpy" else "float64"


def versions() -> dict[str, str]:
    """Package -> version, of all that took part."""
    packages = dict.fromkeys(name for source in SOURCES.values() for name in source.packages)
    extra = {"tensorflow": "tensorflow"}.get(backend())
    found = {}
    for package in ("numpy", *packages, *([extra] if extra else [])):
        with contextlib.suppress(metadata.PackageNotFoundError):
            if package in ("numpy", extra) or importlib.util.find_spec(package) is not None:
                found[package] = metadata.version(package)
    return found


def named(dotted: str) -> Any:
    """What a dotted name such as ``torch.nn.functional.elu`` stands for."""
    module, *names = dotted.split(".")
    found = importlib.import_module(module)
    for name in names:
        found = getattr(found, name)
    return found


@contextlib.contextmanager
def precision(dtype: str) -> Iterator[None]:
    """Let every library compute in ``float32`` or ``float64``: JAX is told, PyTorch keeps counters in its default."""
    with contextlib.ExitStack() as stack:
        if installed("jax"):
            import jax

            stack.enter_context(jax.enable_x64(dtype == "float64"))
        if installed("torch"):
            import torch

            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
            torch.set_default_dtype(getattr(torch, dtype))
        yield


def array(tensor: Any) -> np.ndarray:
    """Any tensor as float64."""
    import keras

    if keras.ops.is_tensor(tensor):
        tensor = keras.ops.convert_to_numpy(tensor)
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().numpy()
    return np.asarray(tensor).astype("float64")


Function = Callable[[Any], Any]


def derivative(source: str, function: Function, x: np.ndarray, weights: Any = 1.0) -> np.ndarray | None:
    """The gradient of Σ weights · function(x) by x, by a library's own automatic differentiation.

    Args:
        source: ``keras``, ``torch``, ``jax`` or ``optax``. For Keras that is its backend's.
        function: of a tensor of that library.
        x: where, float32 or float64.
        weights: of the outputs.

    Returns:
        As ``x`` in shape; None where Keras runs on NumPy, which has no derivative.
    """
    engine = backend() if source == "keras" else source
    if engine == "numpy":
        return None
    if engine == "tensorflow":
        import tensorflow as tf

        z = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(z)
            total = tf.reduce_sum(function(z) * tf.constant(np.asarray(weights, x.dtype)))
        return array(tape.gradient(total, z))
    if engine == "torch":
        import torch

        z = torch.tensor(x, requires_grad=True)
        (slope,) = torch.autograd.grad((function(z) * torch.tensor(np.asarray(weights, x.dtype))).sum(), z)
        return array(slope)
    import jax
    import jax.numpy as jnp

    return array(jax.grad(lambda z: (function(z) * np.asarray(weights, x.dtype)).sum())(jnp.asarray(x)))


def tensor(source: str, x: np.ndarray) -> Any:
    """An array as a tensor of a library, in its own precision (Keras would make any float a float32)."""
    if source == "keras":
        import keras

        return keras.ops.convert_to_tensor(x, dtype=x.dtype.name)
    if source == "torch":
        import torch

        return torch.tensor(x)
    import jax.numpy as jnp

    return jnp.asarray(x)
