"""The one place where an update rule meets Keras: slots, step count, precision, config."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from custom.optimizers import arguments

Rule = Callable[..., tuple[Any, tuple[Any, ...]]]


def sqrt(x):
    """Square root of a backend's tensor, or of a NumPy array, which stays one (in float64)."""
    return np.sqrt(x) if isinstance(x, np.ndarray | np.generic | float) else ops.sqrt(x)


class RuleOptimizer(keras.optimizers.Optimizer):
    """A Keras optimizer that is nothing but a pure update rule.

    A subclass names its rule, its slots and its constants; everything else stands here
    or in Keras's base class (clipping, weight decay, moving average of the weights,
    gradient accumulation, loss scaling, distribution).

    The rule is ``rule(g, t, eta, slots, **constants) -> (delta, new_slots)``, with gradient g,
    step t counted from 1, learning rate eta, and ``w += delta``.

    Slots have the dtype of the weight. The arithmetic is done in float32 at least: in float16
    an epsilon of 1e-8 is 0, and in bfloat16 a beta_2 of .999 is 1.

    Attributes:
        rule: the update rule, as a ``staticmethod``.
        slots: slot of the weight's shape -> what it starts at: a number, or the name of the
            constant that holds the number.
        scalars: slot of shape () for each weight -> what it starts at. They follow the slots.
    """

    rule: ClassVar[Rule]
    slots: ClassVar[Mapping[str, float | str]] = {}
    scalars: ClassVar[Mapping[str, float]] = {}

    def __init__(self, learning_rate: Any, constants: Mapping[str, Any] | None = None, **kwargs: Any):
        """Check all arguments, and keep each constant as an attribute of its name.

        Args:
            learning_rate: number >= 0, a Keras schedule, or a callable without arguments.
            constants: argument -> value, of the rule and of the slots' starts.
            kwargs: of every Keras optimizer: ``weight_decay``, ``clipnorm``, ``clipvalue``,
                ``global_clipnorm``, ``use_ema``, ``ema_momentum``, ``ema_overwrite_frequency``,
                ``loss_scale_factor``, ``gradient_accumulation_steps``, ``name``.
        """
        owner = type(self).__name__
        given = {name: arguments.number(owner, name, value) for name, value in (constants or {}).items()}
        for name in arguments.LIMITS.keys() & kwargs.keys():
            if kwargs[name] is not None:
                kwargs[name] = arguments.number(owner, name, kwargs[name])
        super().__init__(learning_rate=arguments.rate(owner, learning_rate), **kwargs)
        self._names = tuple(given)
        for name, value in given.items():
            setattr(self, name, value)

    @property
    def constants(self) -> dict[str, float]:
        """The constants of the rule by name, as they are now."""
        return {name: getattr(self, name) for name in self._names if name not in self.slots.values()}

    def _start(self, slot: str) -> float:
        start = self.slots[slot]
        return getattr(self, start) if isinstance(start, str) else start

    def initial_slots(self, w: np.ndarray) -> tuple[np.ndarray, ...]:
        """Slots before the first step for plain weights ``w``, to run ``rule`` on arrays."""
        return (
            *(np.full_like(w, self._start(slot)) for slot in self.slots),
            *(np.asarray(start, w.dtype) for start in self.scalars.values()),
        )

    def build(self, variables: Sequence[Any]) -> None:
        """Create the slots of every weight, once."""
        if self.built:
            return
        super().build(variables)
        starts = [keras.initializers.Constant(self._start(slot)) for slot in self.slots]
        created = list(self.add_optimizer_variables(variables, list(self.slots), starts)) if self.slots else []
        for name, start in self.scalars.items():
            created.append([self._scalar(variable, name, start) for variable in variables])
        self._slots = created

    def _scalar(self, variable: Any, name: str, start: float) -> Any:
        if self._overwrite_variable_with_gradient(variable):
            return None  # as Keras: such a variable takes its gradient as its value, without a rule
        return self.add_variable(
            shape=(),
            initializer=keras.initializers.Constant(start),
            dtype=_precision(variable),
            name=f"{variable.path.replace('/', '_')}_{name}",
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Apply the rule to one weight."""
        dtype = _precision(variable)
        index = self._get_variable_index(variable)
        slots = [slot[index] for slot in self._slots]

        g = ops.cast(_dense(gradient), dtype)
        t = ops.cast(self.iterations + 1, dtype)
        eta = ops.cast(learning_rate, dtype)
        delta, new = self.rule(g, t, eta, tuple(ops.cast(slot, dtype) for slot in slots), **self.constants)

        for slot, value in zip(slots, new, strict=True):
            self.assign(slot, value)
        self.assign_add(variable, delta)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self._names}}

    @property
    def state_bytes(self) -> int:
        """Bytes of the optimizer's state, see ``custom.optimizers.state_bytes``."""
        return state_bytes(self)


def _dense(gradient: Any) -> Any:
    """The gradient as a tensor; an Embedding's on TensorFlow comes as rows and their places."""
    if hasattr(gradient, "indices") and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.convert_to_tensor(gradient)
    return ops.convert_to_tensor(gradient)


def _precision(variable: Any) -> str:
    """The dtype to calculate in: the variable's own, float32 at least."""
    dtype = keras.backend.standardize_dtype(variable.dtype)
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def state_bytes(optimizer: keras.optimizers.Optimizer) -> int:
    """Bytes that a built Keras optimizer keeps beside the weights.

    That is every variable of its own (slots, moving averages, accumulated gradients) but the
    step count and the learning rate.

    Args:
        optimizer: any Keras optimizer, built.

    Returns:
        Bytes; 0 for plain SGD.

    Raises:
        ValueError: the optimizer is not built, so that its slots are not known yet.

    Example:
        >>> import keras
        >>> optimizer = keras.optimizers.Adam()
        >>> optimizer.build([keras.Variable([1.0, 2.0, 3.0])])
        >>> state_bytes(optimizer)  # two slots of three float32
        24
    """
    if not optimizer.built:
        raise ValueError(
            f"state_bytes: the optimizer {optimizer.name!r} is not built, so it has no slots yet. "
            "Call optimizer.build(model.trainable_variables) first."
        )
    own = [v for v in optimizer.variables if v.name not in ("iteration", "learning_rate")]
    return sum(math.prod(v.shape) * _item_bytes(v.dtype) for v in own)


def _item_bytes(dtype: str) -> int:
    """Bytes of one item, from the bits in the dtype's name: ``bfloat16`` has 2, ``bool`` 1."""
    bits = re.search(r"\d+", dtype)
    return max(1, int(bits[0]) // 8) if bits else 1
