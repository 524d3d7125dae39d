"""The values that tuning may try: half decades around the default rate, more where the best is at the edge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

STRATEGIES = ("none", "grid", "random", "bayesian", "hyperband")


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the cells of a plan are tuned.

    Attributes:
        strategy: ``none`` (default rates only), ``grid``, ``random``, ``bayesian`` or ``hyperband``.
        seeds: tuning seeds of each trial; never the scoring seeds.
        confirm: further tuning seeds for the best rate alone, which loses its place if they say so: a rate at
            the brink of divergence can be lucky once.
        points: width of the first grid, in half decades; odd, so that the default is in the middle.
        extensions: how often a grid may grow by two half decades.
        trials: budget of the strategies that are not grids.
    """

    strategy: str = "none"
    seeds: int = 1
    confirm: int = 2
    points: int = 5
    extensions: int = 2
    trials: int = 12


def half_decade(exponent: int) -> float:
    """10^(exponent / 2) to three digits, so that equal rates are equal numbers: 0.001, 0.00316, 0.01 ...

    >>> [half_decade(k) for k in (-6, -5, -4, 0, 1)]
    [0.001, 0.00316, 0.01, 1.0, 3.16]
    """
    return float(f"{10 ** (exponent / 2):.3g}")


def exponent(rate: float) -> int:
    """The half decade nearest to a rate.

    >>> exponent(0.001), exponent(0.002), exponent(1.0)
    (-6, -5, 0)
    """
    return round(2 * math.log10(rate))


def grid(default_rate: float, points: int) -> list[float]:
    """``points`` half decades around the default.

    >>> grid(0.01, 5)
    [0.001, 0.00316, 0.01, 0.0316, 0.1]
    """
    middle = exponent(default_rate)
    return [half_decade(middle + step) for step in range(-(points // 2), points - points // 2)]


def extension(tried: Sequence[float], best: float) -> list[float]:
    """Two half decades beyond the edge that the best rate sits at; none where it is inside.

    >>> extension([0.001, 0.00316, 0.01], 0.01), extension([0.001, 0.00316, 0.01], 0.00316)
    ([0.0316, 0.1], [])
    """
    if best == max(tried):
        return [half_decade(exponent(best) + step) for step in (1, 2)]
    if best == min(tried):
        return [half_decade(exponent(best) - step) for step in (2, 1)]
    return []


Space = dict[str, dict[str, Any]]
"""Name -> ``{"choices": [...]}`` or ``{"low": a, "high": b}`` (searched by its logarithm)."""


def space(tuning: Tuning, default_rate: float, constants: dict[str, list[float]]) -> Space:
    """What the oracle of a cell searches at first.

    Args:
        tuning: the strategy.
        default_rate: of the optimizer.
        constants: choices for momentum, betas and so on; empty where only the rate is tuned.
    """
    rates = grid(default_rate, tuning.points)
    if tuning.strategy == "grid":
        rate: dict[str, Any] = {"choices": rates}
    else:
        rate = {"low": min(rates), "high": max(rates)}
    return {"learning_rate": rate} | {name: {"choices": values} for name, values in sorted(constants.items())}
