"""What the checks of all kinds of component share: backends, tolerances, round trips, autodiff.

A check is a plain function of one case; it raises ``AssertionError`` where the component
fails. ``run_checks`` runs a list of them and puts the name of the check before its message.
"""

import contextlib
import inspect
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

BACKEND: str = keras.backend.backend()
"""``tensorflow``, ``jax`` or ``torch``."""

DTYPES = ("float16", "bfloat16", "float32", "float64")

ROUNDING = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
"""Distance from 1 to the next number of each format."""

SMALLEST = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
"""The smallest normal number of each format."""


def run_checks(checks: Iterable[Callable[[Any], None]], case: Any) -> None:
    """Run every check on ``case``; the first that fails is named in the ``AssertionError``."""
    for check in checks:
        try:
            check(case)
        except Exception as error:
            raise AssertionError(f"{check.__name__}: {type(error).__name__}: {error}") from error


def tolerance(dtype: str, units: float = 8.0) -> dict[str, float]:
    """Keywords for ``numpy.testing.assert_allclose``: so many units of rounding of ``dtype``.

    The absolute part is the smallest normal number of the format: below, digits are lost or
    flushed to 0.
    """
    return {"rtol": units * ROUNDING[dtype], "atol": SMALLEST[dtype]}


def assert_close(actual: Any, desired: Any, dtype: str = "float32", what: str = "", units: float = 8.0) -> None:
    """Fail unless two arrays or tensors agree to ``units`` of rounding of ``dtype``."""
    allowed = tolerance(dtype, units)
    np.testing.assert_allclose(
        to_numpy(actual), to_numpy(desired), rtol=allowed["rtol"], atol=allowed["atol"], err_msg=what
    )


def to_numpy(tensor: Any) -> np.ndarray:
    """Any tensor, variable, array or number as float64."""
    if ops.is_tensor(tensor) and dtype_of(tensor) == "bfloat16":
        tensor = ops.cast(tensor, "float32")  # exact; a bfloat16 scalar would not get out of TensorFlow
    return np.asarray(ops.convert_to_numpy(tensor)).astype("float64")


def to_tensor(array: Any, dtype: str = "float32") -> Any:
    return ops.convert_to_tensor(np.asarray(array, "float64"), dtype=dtype)


def dtype_of(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Let the backend compute in float64: JAX has to be asked, the others just do."""
    if BACKEND == "jax":
        import jax

        with jax.enable_x64(True):
            yield
    else:
        yield


def gradient(f: Callable[[Any], Any], x: Any, dtype: str = "float32") -> np.ndarray:
    """d(sum of f(x))/dx by the backend's own automatic differentiation, shaped like ``x``.

    To weight the outputs, let ``f`` return ``weights * outputs``.
    """
    if BACKEND == "tensorflow":
        import tensorflow as tf

        z = to_tensor(x, dtype)
        with tf.GradientTape() as tape:
            tape.watch(z)
            total = ops.sum(f(z))
        return to_numpy(tape.gradient(total, z))
    if BACKEND == "jax":
        import jax

        return to_numpy(jax.grad(lambda z: ops.sum(f(z)))(to_tensor(x, dtype)))
    if BACKEND == "torch":
        import torch

        z = to_tensor(x, dtype).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(ops.sum(f(z)), z)
        return to_numpy(slope.detach())
    raise NotImplementedError(f"backend {BACKEND!r} has no gradient: use tensorflow, jax or torch.")


def finite_difference(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central difference of an elementwise ``f`` on float64 arrays."""
    return (f(x + step) - f(x - step)) / (2 * step)


def constructor_arguments(make: Callable[..., Any]) -> dict[str, Any]:
    """The named arguments of a class's own constructor with their defaults.

    The keywords that every Keras component has (``name``, ``dtype`` and so on) are left out.

    >>> def make(rate=0.1, *rest, name="make", **others): ...
    >>> constructor_arguments(make)
    {'rate': 0.1}
    """
    parameters = inspect.signature(make).parameters.values()
    common = {"name", "dtype", "trainable", "reduction"}
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {each.name: each.default for each in parameters if each.name not in common and each.kind not in rest}


def config_round_trip(component: Any) -> Any:
    """The same component made anew from its configuration; both configurations have to agree."""
    config = component.get_config()
    again = type(component).from_config(config)
    if again.get_config() != config:
        raise AssertionError(f"get_config gave {config} and, after from_config, {again.get_config()}.")
    return again


def assert_arguments_survive(make: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Every argument of the constructor, set away from its default, has to survive the configuration.

    ``arguments`` has to name all of them, or there would be one that nobody looked at.
    """
    defaults = constructor_arguments(make)
    if missing := sorted(defaults.keys() - arguments.keys()):
        raise AssertionError(f"arguments lacks {missing}: give each a value away from its default.")
    if unchanged := sorted(name for name in defaults if same(arguments[name], defaults[name])):
        raise AssertionError(f"{unchanged} have their default value in arguments: give another one.")
    component = make(**arguments)
    config, again = component.get_config(), config_round_trip(component)
    if absent := sorted(defaults.keys() - config.keys()):
        raise AssertionError(f"get_config lacks {absent}: it has {sorted(config)}.")
    plain = (bool, int, float, str, tuple, list)
    for name, value in arguments.items():
        for source, kept in (("get_config", config[name]), ("the copy", getattr(again, name, value))):
            if isinstance(value, plain) and isinstance(kept, plain) and not same(kept, value):
                raise AssertionError(f"{name} was given as {value!r}, but {source} has {kept!r}.")


def same(one: Any, other: Any) -> bool:
    """Equal, where lists and tuples count as alike and numbers may come back as float32."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return list(one) == list(other)
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-6, atol=0.0))
    return type(one) is type(other) and bool(one == other)


def save_load_round_trip(model: keras.Model) -> keras.Model:
    """The model after ``.keras`` save and load, optimizer and its state included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path)


def weights_round_trip(model: keras.Model, other: keras.Model) -> None:
    """Save the weights of ``model`` alone and load them into ``other``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        other.load_weights(path)


def mirrored_strategy() -> Any:
    """TensorFlow's strategy over all logical CPUs there are.

    It sums on one device: the default, collective operations, mixes up the strategies of one
    process as soon as their variables differ in shape.
    """
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices("CPU")],
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )
