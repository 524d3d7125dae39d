"""How many seeds it takes to see a difference, or to see that there is none that matters."""

import numpy as np
from scipy import stats

from experiments.statistics.scores import check_share

LARGEST_EFFECT = 1000.0
"""Effects beyond this many standard deviations are taken for this many: scipy's series fails there."""


def power_of_difference(difference: float, sd: float, n: np.ndarray | int, alpha: float = 0.05) -> np.ndarray:
    """Chance that a two-sided paired t test of n seeds finds a true difference.

        P(|T| > t₁₋α⁄₂,ₙ₋₁),  T ~ noncentral t with n - 1 degrees of freedom and δ√n/σ

    Args:
        difference: δ, the true mean of the paired differences, in units of the score.
        sd: σ, their standard deviation, above 0.
        n: seeds, two or more; an array gives an array.
        alpha: α, the test's level.

    Example:
        >>> power_of_difference(0.5, 1.0, 34).round(3)
        np.float64(0.808)

    References: Cohen (1988), Statistical power analysis for the behavioral sciences.
    """
    n = np.asarray(n)
    critical = stats.t.isf(alpha / 2, n - 1)
    shift = min(abs(difference) / sd, LARGEST_EFFECT) * np.sqrt(n)
    # Beyond a shift of 5 the far tail is below 3e-7; scipy's series for it gives NaN where it is negligible.
    far_tail = np.where(shift < 5, np.nan_to_num(stats.nct.cdf(-critical, n - 1, np.minimum(shift, 5))), 0)
    return stats.nct.sf(critical, n - 1, shift) + far_tail


def power_of_equivalence(
    difference: float, sd: float, n: np.ndarray | int, margin: float, alpha: float = 0.05
) -> np.ndarray:
    """Chance that two one-sided t tests of n seeds show the difference to be within ±margin.

    At least P(T₊ > t) + P(T₋ < -t) - 1 with t = t₁₋α,ₙ₋₁ and T± noncentral t around
    (δ ± Δ)√n/σ: both tests have to reject, and this is the bound that needs no joint
    distribution (it is close where the chance is high).

    Args:
        difference: δ, the true mean of the paired differences, in units of the score.
        sd: σ, their standard deviation, above 0.
        n: seeds, two or more; an array gives an array.
        margin: Δ, the smallest difference of interest.
        alpha: α, the level of each of the two tests.

    References: Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15.
    """
    n = np.asarray(n)
    critical = stats.t.isf(alpha, n - 1)
    above, below = (
        stats.nct.sf(critical, n - 1, np.clip(room / sd, 0, LARGEST_EFFECT) * np.sqrt(n))
        for room in (margin + difference, margin - difference)
    )
    return np.clip(above + below - 1, 0, 1)


def seeds_needed(difference: float, sd: float, alpha: float = 0.05, power: float = 0.8, *, most: int = 1000) -> float:
    """Seeds that a paired t test needs to find ``difference`` with this power.

    The smallest n with ``power_of_difference(difference, sd, n, alpha)`` ≥ power.

    Args:
        difference: true mean of the paired differences, in units of the score.
        sd: standard deviation of the paired differences, same units.
        alpha: two-sided level of the test.
        power: chance of finding it.
        most: where to stop looking.

    Returns:
        A whole number, two or more; infinity where ``most`` seeds are too few.

    Raises:
        ValueError: a share is not between 0 and 1, or ``sd`` is negative or not finite.

    Deviations: none.

    Example:
        >>> seeds_needed(0.5, 1.0)
        34.0
        >>> seeds_needed(0.0, 1.0)
        inf

    References: Cohen (1988), Statistical power analysis for the behavioral sciences.
    """
    _check(difference, sd, alpha, power, most)
    if sd == 0:
        return 2.0 if difference else np.inf
    n = np.arange(2, most + 1)
    return _first(n, power_of_difference(difference, sd, n, alpha) >= power)


def seeds_for_equivalence(
    difference: float, sd: float, margin: float, alpha: float = 0.05, power: float = 0.8, *, most: int = 1000
) -> float:
    """Seeds that it takes to show that the difference is no larger than ``margin``.

    The smallest n with ``power_of_equivalence(...)`` ≥ power; infinity where ``most``
    seeds are too few, as they always are where the difference is ``margin`` or more.

    Args:
        difference: as in ``seeds_needed``.
        sd: as in ``seeds_needed``.
        margin: smallest difference of interest, above 0, in units of the score.
        alpha: level of each of the two one-sided tests.
        power: chance of showing it.
        most: where to stop looking.

    Raises:
        ValueError: as ``seeds_needed``.

    Example:
        >>> seeds_for_equivalence(0.0, 0.005, margin=0.005)
        11.0
    """
    _check(difference, sd, alpha, power, most)
    if abs(difference) >= margin:
        return np.inf
    if sd == 0:
        return 2.0
    n = np.arange(2, most + 1)
    return _first(n, power_of_equivalence(difference, sd, n, margin, alpha) >= power)


def _first(n: np.ndarray, enough: np.ndarray) -> float:
    return float(n[enough.argmax()]) if enough.any() else np.inf


def _check(difference: float, sd: float, alpha: float, power: float, most: int) -> None:
    check_share(alpha=alpha, power=power)
    if not (np.isfinite(difference) and np.isfinite(sd) and sd >= 0):
        raise ValueError(
            f"difference={difference!r}, sd={sd!r}: both have to be finite and sd not negative. "
            "Give the mean and the standard deviation of the paired differences."
        )
    if most < 2:
        raise ValueError(f"most={most!r}: a paired test takes two seeds; give 2 or more.")
