"""Checks of what a user wrote: each returns the value, or tells what was given and what is allowed."""

import difflib
import math
from collections.abc import Callable, Iterable
from typing import Any

from experiments.errors import PlanError


def keys(table: dict[str, Any], where: str, allowed: Iterable[str]) -> None:
    for key in table:
        if key not in allowed:
            raise PlanError(unknown(f"key in {where}", key, sorted(allowed)))


def _shown(value: Any) -> str:
    """What was given, short enough for one line."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write out whole numbers of thousands of digits
        return "a very long number"
    return text if len(text) <= 80 else text[:77] + "..."


def unknown(what: str, given: Any, allowed: Iterable[str]) -> str:
    options = list(allowed)
    return f"unknown {what}: {_shown(given)}{hint(given, options)}; allowed: {', '.join(options) or 'nothing'}"


def hint(given: Any, allowed: Iterable[str]) -> str:
    """`` (did you mean 'relu'?)``, or nothing where no name is near. Capitals do not matter."""
    by_lower = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(given.lower(), by_lower, n=1) if isinstance(given, str) else []
    return f" (did you mean {by_lower[near[0]]!r}?)" if near else ""


def one_of(value: Any, where: str, allowed: Iterable[str], more: str = "") -> str:
    if isinstance(value, str) and value.startswith("plugin:") and not any(n.startswith("plugin:") for n in allowed):
        raise PlanError(f"{where}: {_shown(value)} is a part of a plugin, and none is loaded that offers one: name its "
                        "module with --plugin MODULE")  # fmt: skip
    if not isinstance(value, str) or value not in allowed:
        raise PlanError(unknown(where, value, allowed) + more)
    return value


def some_of(value: Any, where: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise PlanError(f"{where} is {_shown(value)}; give a list with at least one of {', '.join(allowed)}")
    chosen = tuple(one_of(each, where, allowed) for each in value)
    if len(set(chosen)) < len(chosen):
        raise PlanError(f"{where} names something twice: {', '.join(chosen)}; name each once")
    return chosen


def whole(value: Any, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise PlanError(f"{where} is {_shown(value)}; allowed: a whole number from {low} to {high}")
    return value


def number(value: Any, where: str, test: Callable[[float], bool], allowed: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:  # a whole number beyond all floats
        number = math.inf
    if not math.isfinite(number) or not test(number):
        raise PlanError(f"{where} is {_shown(value)}; allowed: {allowed}")
    return number


def finite(value: Any, where: str) -> float:
    return number(value, where, lambda _: True, "a finite number")


def positive(value: Any, where: str) -> float:
    return number(value, where, lambda number: number > 0, "a finite number above 0")


def table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"{where} is {_shown(value)}; give a table, such as {{ adam = 0.001 }}")
    return value


def text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise PlanError(f"{where} is {_shown(value)}; give a text")
    return value
