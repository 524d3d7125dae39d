"""Whole distributions in place of means: performance profiles, probability of improvement."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.statistics.scores import Block, balanced, blocks, check_factor, check_scores, check_share


def performance_profile(
    frame: pd.DataFrame,
    factor: str,
    rng: np.random.Generator,
    *,
    thresholds: Sequence[float] | None = None,
    confidence: float = 0.95,
    resamples: int = 500,
) -> pd.DataFrame:
    """Share of runs that score above each threshold, by level.

        F̂(τ) = mean over conditions m of (1/n) #{seeds s : score[m, s] > τ}

    A condition is a (dataset, model, level of the other factor); each (dataset, model)
    counts alike. One curve above another everywhere is better whatever threshold one
    cares for. The bands are percentiles over resampled seeds, drawn once for all cells
    of a (dataset, model), since those share them; with three seeds a band is too narrow.

    Args:
        frame: a score frame.
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
        rng: where the resamples come from.
        thresholds: τ; 101 from the least to the greatest score if None.
        confidence: of the band at each threshold.
        resamples: of the bootstrap.

    Returns:
        One row a level and threshold: ``factor, level, threshold, share, low, high,
        blocks, n_seeds`` (the fewest that any block has); none where no condition has all levels.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: seeds are resampled jointly over the cells that share them, where
    rliable resamples each task by itself.

    References: Agarwal et al. (2021), Deep reinforcement learning at the edge of the
    statistical precipice, NeurIPS; Dolan and Moré (2002), see ``cost_profile``.
    """
    check_factor(factor)
    check_share(confidence=confidence)
    results = check_scores(frame)
    if thresholds is None:
        tau = np.linspace(results["score"].min(), results["score"].max(), 101)
    else:
        tau = np.asarray(thresholds, float)
    found = [_complete(block) for block in blocks(results, factor)]
    rows = []
    for level in dict.fromkeys(name for block in found for name in block.levels):
        having = [block for block in found if level in block.levels and block.seeds]
        if not having:
            continue
        share, drawn = np.zeros(len(tau)), np.zeros((resamples, len(tau)))
        for block in having:
            score = block.score[block.levels.index(level)]
            above = np.mean(score[:, :, None] > tau, axis=0)  # [seed, threshold]
            share += above.mean(axis=0) / len(having)
            drawn += _seed_weights(rng, len(block.seeds), resamples) @ above / len(having)
        low, high = _band(drawn, confidence)
        facts = {"blocks": len(having), "n_seeds": min(len(block.seeds) for block in having)}
        names = {"factor": factor, "level": level}
        rows.append(pd.DataFrame(names | {"threshold": tau, "share": share, "low": low, "high": high} | facts))
    if not rows:
        columns = ["factor", "level", "threshold", "share", "low", "high", "blocks", "n_seeds"]
        return pd.DataFrame(columns=columns)
    return pd.concat(rows, ignore_index=True)


def cost_profile(costs: pd.DataFrame, ratios: Sequence[float] | None = None) -> pd.DataFrame:
    """Dolan and Moré's performance profile: who is within a factor τ of the cheapest, how often.

        rₚₛ = cₚₛ / min over s of cₚₛ,    ρₛ(τ) = #{p : rₚₛ ≤ τ} / number of problems

    Symbols: p are rows (problems), s columns (solvers) of ``costs``, τ ``ratios``.

    Args:
        costs: frame ``[problem, solver]`` of costs above 0 (seconds, epochs, error rates);
            infinite or NaN where a solver failed, which no τ forgives.
        ratios: τ, 1 or more; all ratios that occur if None.

    Returns:
        One row a solver and ratio: ``level, ratio, share``.

    Raises:
        ValueError: a cost is not above 0.

    Deviations: a problem that nobody solved counts as failed for all.

    Example:
        >>> cost_profile(pd.DataFrame({"adam": [1.0, 2.0], "sgd": [3.0, 1.0]}), [1, 2])
          level  ratio  share
        0  adam      1    0.5
        1  adam      2    1.0
        2   sgd      1    0.5
        3   sgd      2    0.5

    References: Dolan and Moré (2002), Benchmarking optimization software with
    performance profiles, Mathematical Programming 91.
    """
    c = costs.to_numpy(float)
    if not np.all((c > 0) | np.isnan(c)):
        raise ValueError(
            f"costs has a value that is not above 0 (the least is {np.nanmin(c):g}); ratios of costs "
            "make sense above 0 only. Give seconds, epochs or error rates, and infinity for failed."
        )
    c = np.where(np.isnan(c), np.inf, c)
    least = c.min(axis=1, keepdims=True)
    ratio = np.divide(c, least, out=np.full_like(c, np.inf), where=np.isfinite(c))
    if ratios is None:
        ratios = np.unique(ratio[np.isfinite(ratio)]).tolist()
    share = [
        {"level": level, "ratio": tau, "share": float(np.mean(ratio[:, place] <= tau))}
        for place, level in enumerate(costs.columns)
        for tau in ratios
    ]
    return pd.DataFrame(share, columns=["level", "ratio", "share"])


def probability_of_improvement(
    frame: pd.DataFrame,
    factor: str,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> pd.DataFrame:
    """How likely a run with level a beats a run with level b, on a condition at random.

        P(a > b) = mean over conditions of (1/n²) Σₛ Σₜ S(score[a, s], score[b, t]),
        S(x, y) = 1 if x > y, ½ if x = y, 0 if x < y      (Mann and Whitney's U / n²)

    A condition is a (dataset, model, level of the other factor); each (dataset, model)
    counts alike. The interval is of percentiles over resampled seeds, the same for both
    arms, since they share them. It tells how often a wins, not by how much; and with
    three seeds it is too narrow.

    Args:
        frame: a score frame; select one (dataset, model) to ask about that one.
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
        rng: where the resamples come from.
        confidence: of each single interval.
        resamples: of the bootstrap.

    Returns:
        One row a pair: ``factor, a, b, probability, low, high, blocks, n_seeds`` (the
        fewest that any block has); pairs that no block has in common seeds are absent.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: seeds are resampled jointly, where rliable resamples each arm and task.

    References: Mann and Whitney (1947), Annals of Mathematical Statistics 18; Agarwal
    et al. (2021).
    """
    check_factor(factor)
    check_share(confidence=confidence)
    found = list(blocks(check_scores(frame), factor))
    levels = list(dict.fromkeys(name for block in found for name in block.levels))
    rows = []
    for place, a in enumerate(levels):
        for b in levels[place + 1 :]:
            wins = [_wins(block, a, b) for block in found if a in block.levels and b in block.levels]
            wins = [each for each in wins if len(each)]
            if not wins:
                continue
            probability = np.mean([each.mean() for each in wins])
            drawn = np.zeros(resamples)
            for each in wins:
                w = _seed_weights(rng, len(each), resamples)
                drawn += np.einsum("rs,st,rt->r", w, each, w, optimize=True) / len(wins)
            low, high = _band(drawn, confidence)
            names = {"factor": factor, "a": a, "b": b, "probability": probability, "low": low, "high": high}
            rows.append(names | {"blocks": len(wins), "n_seeds": min(map(len, wins))})
    return pd.DataFrame(rows, columns=["factor", "a", "b", "probability", "low", "high", "blocks", "n_seeds"])


def _complete(block: Block) -> Block:
    """The conditions and seeds of a block in which no level is missing."""
    conditions, seeds = balanced(~np.isnan(block.score).any(axis=0))
    others = [name for name, kept in zip(block.others, conditions, strict=True) if kept]
    kept_seeds = [seed for seed, kept in zip(block.seeds, seeds, strict=True) if kept]
    score = block.score[:, conditions][:, :, seeds]
    return Block(block.dataset, block.model, block.levels, others, kept_seeds, score)


def _wins(block: Block, a: str, b: str) -> np.ndarray:
    """Share of conditions in which a's seed s beats b's seed t, [s, t]."""
    x, y = block.score[block.levels.index(a)], block.score[block.levels.index(b)]
    conditions, seeds = balanced(~np.isnan(x - y))
    if not seeds.any():
        return np.empty((0, 0))
    gap = x[conditions][:, seeds, None] - y[conditions][:, None, seeds]
    return ((np.sign(gap) + 1) / 2).mean(axis=0)


def _seed_weights(rng: np.random.Generator, n: int, resamples: int) -> np.ndarray:
    """How large a share each of n seeds has in each bootstrap sample, [resample, seed]."""
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n


def _band(drawn: np.ndarray, confidence: float) -> np.ndarray:
    tail = (1 - confidence) / 2
    return np.quantile(drawn, [tail, 1 - tail], axis=0)
