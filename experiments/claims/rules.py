"""Decision rules that claims share: what counts as shown, as excluded, and as not decided."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from experiments.claims.finding import Effect, Setting
from experiments.statistics import paired_test, power_of_difference

CONFIDENCE = 0.95


class Compared(NamedTuple):
    """Two arms: the verdict, the paired difference with its interval, and the power to see the least effect."""

    verdict: str
    effect: Effect
    power: float


def identity(passed: bool) -> str:
    return "holds" if passed else "fails"


def compare(higher: np.ndarray, lower: np.ndarray, least: float, what: str, unit: str = "") -> Compared:
    """Whether ``higher`` exceeds ``lower``, seed by seed, by an effect that matters.

    supported: the 95 % interval of the mean paired difference is above 0 and the mean is at least ``least``;
    refuted: the interval is below ``least``, so an effect that matters is excluded;
    undecided: neither. ``power`` is the chance, given the spread seen, to find a true difference of ``least``.

    Args:
        higher: [seed] of the arm that the statement says has more.
        lower: [seed] of the other.
        least: smallest effect of interest, above 0, in the same unit.
        what: what is compared, in words.
        unit: of the difference.
    """
    row = paired_test((np.asarray(higher, float) - np.asarray(lower, float))[None, :]).iloc[0]
    value, low, high, sd, n = (float(row[name]) for name in ("difference", "low", "high", "sd", "n"))
    if n < 2:
        return Compared("undecided", Effect(what, value, None, None, unit), 0.0)
    if sd == 0:  # all seeds agree to the last digit
        low = high = value
    power = 1.0 if sd == 0 else float(power_of_difference(least, sd, int(n)))
    verdict = "supported" if low > 0 and value >= least else "refuted" if high < least else "undecided"
    return Compared(verdict, Effect(what, value, low, high, unit), power)


def ratio(higher: np.ndarray, lower: np.ndarray, least: float, what: str) -> Compared:
    """As `compare`, for positive numbers by their quotient: ``least`` is the smallest factor of interest."""
    logs = compare(np.log(higher), np.log(lower), math.log(least), what)
    value, low, high = (math.exp(each) if each is not None else None for each in logs.effect[1:4])
    return Compared(logs.verdict, Effect(what, float(value or 0), low, high, "x"), logs.power)


def below(values: np.ndarray, limit: float, what: str, unit: str = "") -> Compared:
    """Whether the mean over seeds is under a limit.

    supported: its 95 % interval is below ``limit``; refuted: it is above; undecided: the limit is inside.
    ``power`` is the chance, given the spread seen, to tell a mean of 0 from the limit.

    Args:
        values: [seed].
        limit: above 0.
        what: what is held against it, in words.
        unit: of both.
    """
    effect, x = mean(values, what, unit), np.asarray(values, float)
    sd = float(x.std(ddof=1)) if len(x) > 1 else math.nan
    power = 1.0 if sd == 0 else 0.0 if math.isnan(sd) else float(power_of_difference(limit, sd, len(x)))
    low, high = effect.low, effect.high
    assert low is not None
    assert high is not None
    return Compared("supported" if high < limit else "refuted" if low > limit else "undecided", effect, power)


def slope(x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray, what: str, unit: str = "") -> Effect:
    """Least-squares slope of y over x with its 95 % interval (Student's t, n - 2 degrees of freedom)."""
    fit = stats.linregress(x, y)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2) * fit.stderr if len(x) > 2 else math.nan
    return Effect(what, float(fit.slope), float(fit.slope - half), float(fit.slope + half), unit)


def mean(values: np.ndarray, what: str, unit: str = "") -> Effect:
    """Mean over seeds with its 95 % interval (Student's t)."""
    x = np.asarray(values, float)
    value = float(x.mean())
    if len(x) < 2 or np.ptp(x) == 0:
        return Effect(what, value, value, value, unit)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return Effect(what, value, value - half, value + half, unit)


def share(hits: int, of: int, what: str) -> Effect:
    """A share with its 95 % interval (Wilson)."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, of, alpha=1 - CONFIDENCE, method="wilson")
    return Effect(what, hits / of, float(low), float(high))


def overall(settings: Sequence[Setting]) -> str:
    """One verdict for several settings: the common one; ``depends`` where some support and others refute;
    ``undecided`` where some are and the others do not contradict each other."""
    seen = {setting.verdict for setting in settings}
    if len(seen) == 1:
        return seen.pop()
    if {"supported", "refuted"} <= seen:
        return "depends"
    return "undecided"


def least_power(compared: Sequence[Compared]) -> float:
    return min(each.power for each in compared)
