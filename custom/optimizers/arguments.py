"""What the arguments of an optimizer may be, and the error that says so."""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple


class Limit(NamedTuple):
    """A test that a finite number has to pass, and how to say it."""

    holds: Callable[[float], bool]
    words: str


NON_NEGATIVE = Limit(lambda x: x >= 0, "a finite number of at least 0")
POSITIVE = Limit(lambda x: x > 0, "a finite number above 0")
ANY = Limit(math.isfinite, "a finite number")
FRACTION = Limit(lambda x: 0 <= x < 1, "a number in [0, 1)")

LIMITS = {
    "learning_rate": NON_NEGATIVE,
    "momentum": FRACTION,
    "rho": FRACTION,
    "beta_1": FRACTION,
    "beta_2": FRACTION,
    "epsilon": POSITIVE,
    "initial_accumulator_value": NON_NEGATIVE,
    "weight_decay": NON_NEGATIVE,
    "clipnorm": POSITIVE,
    "clipvalue": POSITIVE,
    "global_clipnorm": POSITIVE,
    "loss_scale_factor": POSITIVE,
}
"""By the name of the argument: the same name means the same in every optimizer."""


def number(owner: str, name: str, value: Any) -> float:
    """Return ``value`` as a float, or say what the argument ``name`` of ``owner`` may be.

    Raises:
        ValueError: it is not a finite number, or outside of ``LIMITS[name]``.

    Example:
        >>> number("Adam", "beta_1", 1)
        Traceback (most recent call last):
        ...
        ValueError: Adam: beta_1 = 1 is not allowed. Give a number in [0, 1).
    """
    limit = LIMITS.get(name, ANY)
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not limit.holds(float(value)):
        raise ValueError(f"{owner}: {name} = {value!r} is not allowed. Give {limit.words}.")
    return float(value)


def rate(owner: str, value: Any) -> Any:
    """Check a learning rate; a schedule or another callable passes unchanged."""
    if callable(value):
        return value
    try:
        return number(owner, "learning_rate", value)
    except ValueError as error:
        raise ValueError(f"{error} A keras LearningRateSchedule or a callable will do, too.") from None
