"""A published number against our own seeds: would it be surprising as one more of them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
SAME = 1e-12


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
        reach: half of that interval, in sigmas.
        score: Φ⁻¹(F(T)), the published number as a standard normal draw if it is one more run of ours, with
            T = (published - mean) / (s √(1 + 1/n)) and F Student's distribution with n - 1 degrees of freedom.
        values: our numbers, in the order of the seeds.
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
    reach: float = float("nan")
    score: float = float("nan")
    values: tuple[float, ...] = ()


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
    if sd < SAME * max(1.0, abs(mean)):  # equal numbers, whose mean is rounded
        mean, sd = float(finite[0]), 0.0
    t = float(stats.t.ppf((1 + LEVEL) / 2, n - 1))
    half, reach = t * sd / np.sqrt(n), t * sd * np.sqrt(1 + 1 / n) + rounding
    gap = published - mean
    sigmas = gap / sd if sd else (0.0 if abs(gap) <= rounding else float(np.copysign(np.inf, gap)))
    root = np.sqrt(1 + 1 / n)
    # From the upper tail where it is the smaller one: 1 - 1e-17 is 1.
    score = -np.sign(gap) * stats.norm.ppf(stats.t.sf(abs(sigmas) / root, n - 1)) if sd else nan
    return Comparison(published, n, lost, mean, mean - half, mean + half, sd, float(sigmas), bool(abs(gap) <= reach),
                      float(reach / sd) if sd else nan, float(score), tuple(finite.tolist()))  # fmt: skip


@dataclass(frozen=True)
class Together:
    """
    Attributes:
        above, below: published numbers that lie above and below the mean of ours.
        lines: of the table, each with a score.
        z: of all lines together; positive where the published numbers lie above ours.
        p: two-sided.
    """

    above: int
    below: int
    lines: int
    z: float
    p: float


def together(found: Mapping[tuple[str, str], Comparison]) -> Together:
    """Whether the published numbers of a table lie to one side of ours, which no single one may show.

        Z = Σₗ z̄ₗ / √L      Stouffer's sum over the L lines, z̄ₗ the mean score of a line's numbers

    Args:
        found: comparisons by line and column.

    Deviations: a line's numbers come from the same runs, so they are averaged first; their mean varies by one at most,
    which makes p too large rather than too small. Numbers without a spread of ours have no score and are left out.

    Example:
        >>> low = {(str(i), "score"): compare(0.90, [0.91, 0.92, 0.93]) for i in range(9)}
        >>> together(low).below, together(low).p < 0.05
        (9, True)

    References: Stouffer et al. (1949), The American soldier, vol. 1, p. 45.
    """
    scores: dict[str, list[float]] = {}
    for (line, _), each in found.items():
        if np.isfinite(each.score):
            scores.setdefault(line, []).append(each.score)
    means = [float(np.mean(each)) for each in scores.values()]
    z = float(np.sum(means) / np.sqrt(len(means))) if means else float("nan")
    gaps = [each.published - each.mean for each in found.values() if each.n]
    return Together(sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps), len(means), z,
                    float(2 * stats.norm.sf(abs(z))))  # fmt: skip
