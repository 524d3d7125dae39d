"""A published number against our own seeds: would it be surprising as one more of them?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True)
class Comparison:
    """
    Attributes:
        published: the number from outside.
        n: our seeds that gave a number.
        lost: our seeds that gave none (not a number, infinite).
        mean, low, high: of ours, with Student's interval of the mean.
        sd: of ours, over seeds.
        sigmas: (published - mean) / sd: how far it lies from ours in standard deviations of single runs.
        agrees: whether it lies in the prediction interval of one more run; None where that cannot be told.
    """

    published: float
    n: int
    lost: int
    mean: float
    low: float
    high: float
    sd: float
    sigmas: float
    agrees: bool | None


def compare(published: float, ours: Sequence[float], rounding: float = 0.0) -> Comparison:
    """Hold one published number, itself a run of some seed, against runs of our own.

        mean ± t₍₁₊c₎⁄₂,ₙ₋₁ s √(1 + 1/n)      prediction interval of one more run

    Symbols: s is the standard deviation of our runs (divisor n - 1), n their number, c = 0.95.

    Args:
        published: the number.
        ours: one number a seed; those that are not finite are counted and left out.
        rounding: half the last printed digit, which the interval is widened by.

    Returns:
        see `Comparison`. With fewer than two numbers of ours nothing is decided.

    Deviations: none. The interval takes runs to be normal; they are single draws on both sides.

    Example:
        >>> found = compare(0.98, [0.97, 0.975, 0.98])
        >>> found.agrees, round(found.sigmas, 2)
        (True, 1.0)

    References: Hahn & Meeker (1991), Statistical intervals, §4.7.
    """
    values = np.asarray(ours, float)
    finite = values[np.isfinite(values)]
    n, lost = len(finite), len(values) - len(finite)
    nan = float("nan")
    if n < 2:
        mean = float(finite[0]) if n else nan
        return Comparison(published, n, lost, mean, nan, nan, nan, nan, None)
    mean, sd = float(finite.mean()), float(finite.std(ddof=1))
    t = float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
    half, reach = t * sd / np.sqrt(n), t * sd * np.sqrt(1 + 1 / n) + rounding
    gap = published - mean
    sigmas = gap / sd if sd else (0.0 if abs(gap) <= rounding else float(np.copysign(np.inf, gap)))
    return Comparison(published, n, lost, mean, mean - half, mean + half, sd, float(sigmas), bool(abs(gap) <= reach))
