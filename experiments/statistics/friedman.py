"""Ranks across data sets and models: Friedman, Nemenyi and the critical difference."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from experiments.statistics.scores import balanced, blocks, check_factor, check_scores, check_share, in_order

MINIMUM_BLOCKS = 6
"""(dataset, model) blocks from which on the test is worth making."""


@dataclass(frozen=True)
class FriedmanNemenyi:
    """What the test found, or why it was not made.

    Attributes:
        possible: whether it was made. If not, only ``reason``, ``blocks`` and ``levels`` are set.
        reason: why not, in words and numbers; empty if it was.
        blocks: names of the blocks, ``"mnist / mlp"`` and so on.
        levels: the compared levels, best mean rank first.
        alpha: level of the test.
        scores: frame ``[block, level]`` of the averages that were ranked.
        ranks: mean rank of each level, 1 best.
        chi2, p: Friedman's statistic and its p.
        f, p_f: Iman and Davenport's F and its p, less conservative.
        critical_difference: mean ranks further apart than this differ.
        p_values: Nemenyi's p of each pair, frame ``[level, level]``.
        cliques: groups of levels that the test cannot tell apart, largest such
            groups only, each best first: the bars of the critical-difference diagram.
    """

    possible: bool
    reason: str
    blocks: list[str]
    levels: list[str]
    alpha: float
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    ranks: dict[str, float] = field(default_factory=dict)
    chi2: float = np.nan
    p: float = np.nan
    f: float = np.nan
    p_f: float = np.nan
    critical_difference: float = np.nan
    p_values: pd.DataFrame = field(default_factory=pd.DataFrame)
    cliques: list[tuple[str, ...]] = field(default_factory=list)


def critical_difference(levels: int, block_count: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of mean ranks.

        CD = q_α √(k(k + 1) / 6N),  q_α the quantile of the studentized range (∞ df) over √2

    Symbols: k is ``levels``, N ``block_count``, α ``alpha``.

    Example:
        >>> round(critical_difference(4, 14, 0.05), 3)
        1.254

    References: Demsar (2006), Statistical comparisons of classifiers over multiple data
    sets, JMLR 7.
    """
    q = stats.studentized_range.ppf(1 - alpha, levels, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(levels * (levels + 1) / (6 * block_count)))


def friedman_nemenyi(
    frame: pd.DataFrame, factor: str = "optimizer", *, alpha: float = 0.05, minimum: int = MINIMUM_BLOCKS
) -> FriedmanNemenyi:
    """Do the levels of one factor rank alike over all (dataset, model) blocks?

    Each block gives every level one number, its average over the other factor and the
    seeds, and is one observation (the cells of one block are not independent). With
    rank Rⱼ averaged over N blocks, k levels:

        χ²_F = 12N / (k(k + 1)) · (Σ Rⱼ² - k(k + 1)²/4)      (and corrected for ties)
        F_F  = (N - 1) χ²_F / (N(k - 1) - χ²_F)
        two levels differ where |Rᵢ - Rⱼ| ≥ CD               (``critical_difference``)

    Args:
        frame: a score frame. A level that a block lacks is left out everywhere.
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
        alpha: level of the test and of the critical difference.
        minimum: fewest blocks; below, the reason comes back in place of the test.

    Returns:
        A ``FriedmanNemenyi``.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: none.

    References: Friedman (1937), JASA 32; Iman and Davenport (1980), Communications in
    Statistics 9; Nemenyi (1963), Distribution-free multiple comparisons; Demsar (2006).
    """
    check_factor(factor)
    check_share(alpha=alpha)
    found = list(blocks(check_scores(frame), factor))
    levels = in_order([level for level in found[0].levels if all(level in block.levels for block in found)])
    names = [f"{block.dataset} / {block.model}" for block in found]
    if len(levels) < 3:
        reason = (
            f"{len(levels)} level{'' if len(levels) == 1 else 's'} of {factor} stand in all {len(found)} "
            "blocks: Friedman's test takes three or more. Two levels are compared by paired differences."
        )
        return FriedmanNemenyi(False, reason, names, levels, alpha)
    averages = {}
    for name, block in zip(names, found, strict=True):
        score = block.score[[block.levels.index(level) for level in levels]]
        conditions, seeds = balanced(~np.isnan(score).any(axis=0))
        if seeds.any():
            averages[name] = score[:, conditions][:, :, seeds].mean(axis=(1, 2))
    scores = pd.DataFrame(averages, index=levels).T
    if len(scores) < minimum:
        return FriedmanNemenyi(False, _too_few(len(scores), minimum, len(levels), alpha), names, levels, alpha)
    return _test(scores, alpha)


def _test(scores: pd.DataFrame, alpha: float) -> FriedmanNemenyi:
    import scikit_posthocs

    block_count, k = scores.shape
    mean = stats.rankdata(-scores.to_numpy(), axis=1).mean(axis=0)
    order = np.argsort(mean, kind="stable")
    scores, mean = scores.iloc[:, order], mean[order]
    levels = list(scores.columns)
    if np.ptp(scores.to_numpy(), axis=1).max() == 0:
        return FriedmanNemenyi(
            False,
            "all levels tie in every block: there is nothing to rank",
            list(scores.index),
            levels,
            alpha,
        )
    chi2, p = stats.friedmanchisquare(*scores.to_numpy().T)
    room = block_count * (k - 1) - chi2
    f = (block_count - 1) * chi2 / room if room > 1e-9 else np.inf
    distance = critical_difference(k, block_count, alpha)
    p_values = scikit_posthocs.posthoc_nemenyi_friedman(scores.to_numpy())
    return FriedmanNemenyi(
        possible=True,
        reason="",
        blocks=list(scores.index),
        levels=levels,
        alpha=alpha,
        scores=scores,
        ranks=dict(zip(levels, mean.tolist(), strict=True)),
        chi2=float(chi2),
        p=float(p),
        f=float(f),
        p_f=float(stats.f.sf(f, k - 1, (k - 1) * (block_count - 1))),
        critical_difference=distance,
        p_values=pd.DataFrame(p_values.to_numpy(), index=levels, columns=levels),
        cliques=_cliques(levels, mean, distance),
    )


def _cliques(levels: list[str], mean: np.ndarray, distance: float) -> list[tuple[str, ...]]:
    """Longest runs of levels, in order of rank, whose ends are less than ``distance`` apart."""
    ends = [int(np.searchsorted(mean, each + distance, side="left")) for each in mean]
    starts = [start for start in range(len(mean)) if start == 0 or ends[start] > ends[start - 1]]
    return [tuple(levels[start : ends[start]]) for start in starts if ends[start] - start > 1]


def _too_few(found: int, minimum: int, k: int, alpha: float) -> str:
    text = f"{found} (data set, model) block{'' if found == 1 else 's'} of the {minimum} needed"
    if found == 0:
        return f"{text}: in no block has any seed all {k} levels"
    distance, gap = critical_difference(k, found, alpha), k - 1
    vain = ": nothing could be told apart" if distance > gap else ""
    return (
        f"{text}. With {found} block{'' if found == 1 else 's'} and {k} levels the critical difference "
        f"of mean ranks is {distance:.1f} (at {alpha:g}), and the largest possible one is {gap}{vain}"
    )
