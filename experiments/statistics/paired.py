"""The arithmetic of paired differences: one row a pair of arms, one column a seed."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln

from experiments.statistics.intervals import spread

EXACT_UP_TO = 15
"""Seeds up to which all 2ⁿ flips of sign are counted; the t test needs no company beyond."""

_TESTED = ("sd", "low", "high", "effect", "t", "p", "p_sign_flip", "p_equivalent")
TEST_COLUMNS = ("n", "difference", *_TESTED)
"""What ``paired_test`` tells of each pair."""


def paired_test(differences: np.ndarray, *, margin: float = 0.005, confidence: float = 0.95) -> pd.DataFrame:
    """Test, row by row, whether the mean of paired differences is zero, and whether it is small.

        t = d̄ / (s/√n)                       two-sided p by Student's t, n - 1 degrees of freedom
        d̄ ± t₍₁₊c₎⁄₂,ₙ₋₁ s/√n                 interval
        g = J(n - 1) d̄/s                     Cohen's d_z with Hedges' correction J
        p_sign_flip = #{|Σ ±dᵢ| ≥ |Σ dᵢ|} / 2ⁿ   exact, over all flips of sign
        p_equivalent = max of P(T ≥ (d̄ + Δ)/(s/√n)) and P(T ≤ (d̄ - Δ)/(s/√n))   (TOST)

    Symbols: d is a row of ``differences``, d̄ its mean, s its standard deviation
    (divisor n - 1), n the number of its seeds, Δ ``margin``, c ``confidence``.

    The sign-flip p assumes only that differences are symmetric about zero if the
    arms are alike; it cannot go below 2/2ⁿ: .25 with 3 seeds, .0625 with 5.

    Where all differences are equal their spread cannot be estimated: there is no
    interval and no effect size, and exact counting stands in for t (p is the
    sign-flip p, p_equivalent is 1/2ⁿ).

    Args:
        differences: array ``[pair, seed]`` in units of the score, NaN where an arm
            lacks the seed.
        margin: smallest difference of interest, same units.
        confidence: of each single interval.

    Returns:
        One row a pair with ``n, difference, sd, low, high, effect, t, p, p_sign_flip,
        p_equivalent``; NaN where there are too few seeds.

    Deviations: the effect size needs three seeds (its correction is 0 with two).

    Example:
        >>> paired_test(np.array([[0.01, 0.02, 0.03]]))[["difference", "p", "p_sign_flip"]].round(4)
           difference       p  p_sign_flip
        0        0.02  0.0742         0.25

    References: Student (1908); Hedges (1981), J. Educational Statistics 6; Fisher (1935),
    The design of experiments, §21; Schuirmann (1987).
    """
    parts = []
    present = ~np.isnan(differences)
    for n in np.unique(present.sum(axis=1)):
        rows = np.flatnonzero(present.sum(axis=1) == n)
        d = differences[rows][present[rows]].reshape(len(rows), n)
        parts.append(_same_length(d, margin, confidence).set_axis(rows, axis=0))
    return pd.concat(parts).sort_index()


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment: below α with a chance of at most α for any false rejection.

        p̃₍ᵢ₎ = max over j ≤ i of min(1, (m - j + 1) p₍ⱼ₎)

    Args:
        p: the m p values of one family; NaN (no test was possible) stays NaN and
            does not count in m.

    Deviations: none. By hand, since statsmodels' ``multipletests`` (to which a test holds
    this) collects garbage at each call, a tenth of a second.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])

    References: Holm (1979), A simple sequentially rejective multiple test procedure,
    Scandinavian J. Statistics 6.
    """
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")  # NaN comes last
    steps = np.arange((~np.isnan(p)).sum(), 0, -1)
    adjusted = np.full(len(p), np.nan)
    adjusted[order[: len(steps)]] = np.minimum(1, np.maximum.accumulate(steps * p[order[: len(steps)]]))
    return adjusted


def hedges_correction(df: int) -> float:
    """J(m) = Γ(m/2) / (√(m/2) Γ((m - 1)/2)), which makes d_z unbiased; NaN below m = 2."""
    if df < 2:
        return np.nan
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def sign_flip_p(d: np.ndarray) -> np.ndarray:
    """Exact two-sided sign-flip p of each row of ``d`` [pair, seed]; NaN beyond 15 seeds."""
    n = d.shape[1]
    if n > EXACT_UP_TO:
        return np.full(len(d), np.nan)
    # The sign of the last seed may stay: flipping all signs changes no absolute sum.
    flips = 1.0 - 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1)
    p = np.empty(len(d))
    for row, each in enumerate(d):
        rounding = 1e-9 * np.abs(each).sum()
        p[row] = np.mean(np.abs(flips @ each) >= abs(each.sum()) - rounding)
    return p


def _same_length(d: np.ndarray, margin: float, confidence: float) -> pd.DataFrame:
    pairs, n = d.shape
    if n == 0:
        return pd.DataFrame({"n": 0, "difference": np.nan} | dict.fromkeys(_TESTED, np.nan), index=range(pairs))
    mean = d.mean(axis=1)
    if n == 1:
        return pd.DataFrame({"n": 1, "difference": mean} | dict.fromkeys(_TESTED, np.nan))
    sd = spread(d)
    flat = sd == 0
    s = np.where(flat, np.nan, sd)
    error = s / np.sqrt(n)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * error
    flip = sign_flip_p(d)
    equal_p = np.where(np.all(np.isclose(d, 0, atol=1e-15), axis=1), 1.0, 2.0 ** (1 - n))
    too_large = stats.t.sf((mean + margin) / error, n - 1)
    too_small = stats.t.cdf((mean - margin) / error, n - 1)
    return pd.DataFrame(
        {
            "n": n,
            "difference": mean,
            "sd": sd,
            "low": mean - half,
            "high": mean + half,
            "effect": hedges_correction(n - 1) * mean / s,
            "t": mean / error,
            "p": np.where(flat, equal_p, 2 * stats.t.sf(np.abs(mean / error), n - 1)),
            "p_sign_flip": flip,
            "p_equivalent": np.where(
                flat, np.where(np.abs(mean) < margin, 0.5**n, 1.0), np.maximum(too_large, too_small)
            ),
        }
    )
