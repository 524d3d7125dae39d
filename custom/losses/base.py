"""What every loss shares: shapes that match, labels inside their domain, a complete config."""

from typing import Any

import keras
import numpy as np
from keras import ops


class FormulaLoss(keras.losses.Loss):
    """A Keras loss that calls a plain function; reduction, weights and masks are Keras's.

    Attributes set by a subclass's constructor beside ``reduction``, ``name`` and ``dtype`` are named in
    ``arguments``, and so get into the configuration.
    """

    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        """All constructor arguments. Keras's own losses leave out some, and ``dtype`` always."""
        own = {name: getattr(self, name) for name in self.arguments}
        return {**super().get_config(), "dtype": self.dtype, **own}


def to_floats(y_pred: Any) -> Any:
    """Predictions as a tensor of floating point numbers."""
    y_pred = ops.convert_to_tensor(y_pred)
    is_float = "float" in keras.backend.standardize_dtype(y_pred.dtype)
    return y_pred if is_float else ops.cast(y_pred, keras.config.floatx())


def matched(loss: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets and predictions as tensors of one shape and one dtype, that of the predictions.

    A missing last axis of size 1 is added, so that targets ``(n,)`` go with predictions ``(n, 1)``.
    Nothing else is broadcast: ``(n, 1)`` against ``(n, k)`` is an error, not n k numbers.

    Raises:
        ValueError: the shapes differ; it tells both.
    """
    y_pred = to_floats(y_pred)
    y_true = ops.cast(ops.convert_to_tensor(y_true), y_pred.dtype)
    given = f"y_true has shape {tuple(y_true.shape)} and y_pred {tuple(y_pred.shape)}"
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        y_true = ops.expand_dims(y_true, -1)
    elif len(y_pred.shape) == len(y_true.shape) - 1 and y_true.shape[-1] == 1:
        y_pred = ops.expand_dims(y_pred, -1)
    if not _agree(y_true.shape, y_pred.shape):
        raise ValueError(
            f"{loss}: {given}. They have to be equal (a last axis of size 1 may be missing). "
            "Reshape or one-hot encode y_true."
        )
    if len(y_pred.shape) == 0:
        raise ValueError(f"{loss}: y_pred is a single number. Give it an axis to average over: shape (1,).")
    return y_true, y_pred


def check_labels(loss: str, y: Any, holds: Any, allowed: str, remedy: str) -> None:
    """Raise where a label is outside of the loss's domain, if the values can be seen now.

    Args:
        loss: name for the message.
        y: labels, a tensor.
        holds: function of the labels as a NumPy array -> array of truth values.
        allowed: the domain in words.
        remedy: what to do.

    Raises:
        ValueError: a label is outside; it tells the first such label.
    """
    labels = seen(y)
    if labels is None:
        return
    fine = np.broadcast_to(holds(labels), labels.shape)
    if not fine.all():
        first = labels[~fine][0]
        raise ValueError(f"{loss}: y_true holds {first:g}, but {allowed}. {remedy}")


def seen(tensor: Any) -> np.ndarray | None:
    """The values of a tensor where they can be looked at for free, else None.

    They can not inside a compiled or traced function, nor on an accelerator, which would have to be
    waited for.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow" and not (hasattr(tensor, "numpy") and "CPU" in tensor.device):
        return None
    if backend == "jax":
        import jax

        if isinstance(tensor, jax.core.Tracer) or any(d.platform != "cpu" for d in tensor.devices()):
            return None
    if backend == "torch":
        import torch

        if tensor.device.type != "cpu" or torch.compiler.is_compiling():
            return None
    return np.asarray(ops.convert_to_numpy(tensor)).astype("float64")


def mean(x: Any) -> Any:
    """Mean over the last axis, in the dtype of x.

    ``keras.ops.mean`` alone rounds float64 to float32 on JAX and PyTorch. In float16 it sums in
    float32, which keeps a sum of large losses finite.
    """
    if keras.backend.standardize_dtype(x.dtype) == "float64":
        return ops.sum(x, axis=-1) / x.shape[-1]
    return ops.mean(x, axis=-1)


def smallest_probability(dtype: Any) -> float:
    """What a probability is raised to before its logarithm is taken.

    Keras's 1e-7, but 2⁻¹⁴ in float16, whose range ends before the gradient 1e7 of that.
    """
    is_half = keras.backend.standardize_dtype(dtype) == "float16"
    return 2.0**-14 if is_half else keras.config.epsilon()


def raised(p: Any) -> Any:
    """max(p, smallest probability), in the dtype of p (``keras.ops.maximum`` turns float64 into float32)."""
    least = smallest_probability(p.dtype)
    return ops.where(p < least, least, p)


def raised_with_slope(p: Any) -> Any:
    """``raised(p)`` in value, with the slope 1 of p everywhere.

    A plain maximum would stop the gradient of the most confident mistakes, those at p = 0.
    """
    return p + ops.stop_gradient(raised(p) - p)


def check_fraction(loss: str, name: str, value: float) -> float:
    """``value`` as a float in [0, 1], or a ValueError that names it."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating) or not 0 <= value <= 1:
        raise ValueError(f"{loss}: {name} = {value!r} is not allowed. Give a number in [0, 1].")
    return float(value)


def check_flag(loss: str, name: str, value: bool) -> bool:
    """``value`` if it is True or False, or a ValueError that names it."""
    if not isinstance(value, bool):
        raise ValueError(f"{loss}: {name} = {value!r} is not allowed. Give True or False.")
    return value


def _agree(one: tuple, other: tuple) -> bool:
    """Whether two shapes are equal as far as they are known."""
    one, other = tuple(one), tuple(other)
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in pairs)
