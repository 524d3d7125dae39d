"""Mean ranks of levels, and whether tuning the learning rate turns them."""

import numpy as np
import pandas as pd
from scipy import stats

from experiments.statistics.intervals import interval, student_interval
from experiments.statistics.scores import (
    BLOCK,
    Block,
    balanced,
    blocks,
    check_factor,
    check_scores,
    check_share,
    factors,
)


def rankings(
    frame: pd.DataFrame,
    factor: str,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> pd.DataFrame:
    """Mean rank of every level of one factor within each (dataset, model); 1 is best.

    Levels are ranked within each level of the other factor and each seed (ties share
    the mean of their ranks), ranks are averaged over the other factor within each
    seed, and the seeds give mean and interval: Student's t below ten, BCa bootstrap
    from ten on, cut to [1, number of levels]. Only conditions in which every level has
    a result are ranked.

    Args:
        frame: a score frame.
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
        rng: where the bootstrap's resamples come from.
        confidence: of each single interval.
        resamples: of the bootstrap, from ten seeds on.

    Returns:
        One row a level, best first: ``dataset, model, factor, level, position,
        mean_rank, low, high, interval`` (the method, in words), ``conditions, n``
        (levels of the other factor, seeds); NaN where no condition is complete.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: none.
    """
    check_factor(factor)
    check_share(confidence=confidence)
    parts = []
    for block in blocks(check_scores(frame), factor):
        ranks, conditions = _ranks_by_seed(block)
        n = ranks.shape[1]
        low, high, method = interval(ranks, rng, confidence, resamples) if n else ([np.nan], [np.nan], "none")
        mean = ranks.mean(axis=1) if n else np.full(len(block.levels), np.nan)
        table = pd.DataFrame({"level": block.levels, "position": _positions(mean), "mean_rank": mean})
        table["low"] = np.clip(low, 1, len(block.levels)) if n else np.nan
        table["high"] = np.clip(high, 1, len(block.levels)) if n else np.nan
        table["interval"] = method if n else "none: no condition has all levels"
        table["conditions"], table["n"] = conditions, n
        parts.append(_named(block, factor, table).sort_values("mean_rank", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def ranking_change(
    tuned: pd.DataFrame, defaults: pd.DataFrame, factor: str = "optimizer", *, confidence: float = 0.95
) -> pd.DataFrame:
    """The ranking with tuned rates beside the ranking at default rates.

    Both frames are cut to the runs that both have. Kendall's τ_b compares the two
    orders of mean ranks within each (dataset, model):

        τ_b = (concordant - discordant pairs) / √((pairs - ties in one)(pairs - ties in the other))

    A level *moves* if its position differs, and moves *surely* if moreover Student's
    interval of its change of rank, paired by seed, leaves out zero.

    Args:
        tuned: score frame with tuned rates.
        defaults: score frame of the same grid at default rates.
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
        confidence: of each single interval.

    Returns:
        One row a level, in the tuned order: ``dataset, model, factor, level,
        rank_tuned, rank_defaults, position_tuned, position_defaults, moves, change``
        (of rank; below zero: better when tuned), ``low, high, surely, n, kendall_tau,
        kendall_p`` (the last two are of the whole block).

    Raises:
        ValueError: a frame or an argument is not as described, or no run is in both.

    Deviations: none.

    References: Kendall (1938), A new measure of rank correlation, Biometrika 30.
    """
    check_factor(factor)
    check_share(confidence=confidence)
    one, two = check_scores(tuned), check_scores(defaults)
    identity = [*BLOCK, *factors(one), "seed"]
    both = one[identity].merge(two[identity])
    if both.empty:
        raise ValueError(
            f"the {len(one)} tuned runs and the {len(two)} runs at defaults share no cell and seed. "
            "Give two score frames of the same grid and the same seeds."
        )
    parts = []
    for block, other in zip(blocks(one.merge(both), factor), blocks(two.merge(both), factor), strict=True):
        (ranks, _), (default_ranks, _) = _ranks_by_seed(block), _ranks_by_seed(other)
        n = ranks.shape[1]
        if n == 0:
            continue
        mean, default_mean = ranks.mean(axis=1), default_ranks.mean(axis=1)
        table = pd.DataFrame(
            {
                "level": block.levels,
                "rank_tuned": mean,
                "rank_defaults": default_mean,
                "position_tuned": _positions(mean),
                "position_defaults": _positions(default_mean),
            }
        )
        table["moves"] = table["position_tuned"] != table["position_defaults"]
        table["change"] = mean - default_mean
        ends = student_interval(ranks - default_ranks, confidence) if n > 1 else (np.nan, np.nan)
        table["low"], table["high"] = ends
        table["surely"] = table["moves"] & ((table["low"] > 0) | (table["high"] < 0))
        table["n"] = n
        tau = stats.kendalltau(mean, default_mean) if len(mean) > 1 else None
        table["kendall_tau"] = tau.statistic if tau else np.nan
        table["kendall_p"] = tau.pvalue if tau else np.nan
        parts.append(_named(block, factor, table).sort_values("rank_tuned", kind="stable"))
    if not parts:
        raise ValueError(
            f"in no (dataset, model) does a seed have all levels of {factor} in both frames. "
            "Finish the sweeps, or select the levels that both have."
        )
    return pd.concat(parts, ignore_index=True)


def _ranks_by_seed(block: Block) -> tuple[np.ndarray, int]:
    """Ranks [level, seed], averaged over the kept conditions, and how many those are."""
    conditions, seeds = balanced(~np.isnan(block.score).any(axis=0))
    score = block.score[:, conditions][:, :, seeds]
    if score.size == 0:
        return np.empty((len(block.levels), 0)), 0
    return stats.rankdata(-score, axis=0).mean(axis=1), int(conditions.sum())


def _positions(mean_rank: np.ndarray) -> pd.Series:
    """1 for the best; equals share the better place; missing where there is no rank."""
    return pd.Series(mean_rank.round(9)).rank(method="min").astype("Int64")


def _named(block: Block, factor: str, table: pd.DataFrame) -> pd.DataFrame:
    for name, value in (("factor", factor), ("model", block.model), ("dataset", block.dataset)):
        table.insert(0, name, value)
    return table
