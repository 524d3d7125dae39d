"""The statistics checked on data whose truth is known: A/A, coverage, power, family-wise error."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from experiments.statistics.comparisons import cell_comparisons, paired_comparisons
from experiments.statistics.intervals import interval
from experiments.statistics.paired import paired_test
from experiments.statistics.power import seeds_needed
from experiments.statistics.variance import variance_decomposition

SEEDS = (3, 5, 10, 20)
SPREAD = 0.01
"""Standard deviation of simulated scores: one point of accuracy."""

ALPHA = 0.05

DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "normal": lambda rng, shape: SPREAD * rng.standard_normal(shape),
    # Accuracies have their long tail below: skewness -2.
    "skewed (1 - exponential)": lambda rng, shape: SPREAD * (1 - rng.standard_exponential(shape)),
}
"""Name -> draws with mean 0 and standard deviation ``SPREAD``."""


def self_check(rng: np.random.Generator, replications: int = 2000, blocks: int = 200) -> pd.DataFrame:
    """How often the statistics are right, on simulated scores.

    - *A/A*: two arms that are the same are called different (nominal: 5 %), by
      ``paired_test``, and by ``paired_comparisons`` of a whole frame.
    - *coverage*: the interval of a cell's mean, and of the variance shares, holds the truth (95 %).
    - *power*: a difference is found, with the seeds that ``seeds_needed`` asks for (80 %).
    - *family-wise*: any of the ten pairs of five equal arms is called different (at most 5 %),
      and any cell of nine equal ones is called worse than the best (at most 5 %).

    Args:
        rng: where the data come from.
        replications: data sets a row of the vectorised checks.
        blocks: data sets a row of the checks that go through frames.

    Returns:
        One row a check: ``check, distribution, n`` (seeds), ``nominal, observed``
        (shares), ``low, high`` (99 % Clopper-Pearson interval of the observed share),
        ``replications``.

    Example:
        >>> found = self_check(np.random.default_rng(0), replications=50, blocks=5)
        >>> sorted(set(found["check"].str.split(":").str[0]))
        ['A/A', 'coverage', 'family-wise', 'power']
    """
    rows = []
    for distribution, draw in DISTRIBUTIONS.items():
        for n in SEEDS:
            a, b = draw(rng, (2, replications, n))
            called = paired_test(a - b)["p"].to_numpy() <= ALPHA
            rows.append(_row("A/A: paired t", distribution, n, ALPHA, called))
            low, high, _ = interval(a, rng, resamples=1000)
            rows.append(_row("coverage: mean of a cell", distribution, n, 0.95, (low <= 0) & (high >= 0)))
    for effect in (0.5, 1.0, 2.0):
        n = int(seeds_needed(effect * SPREAD, SPREAD))
        d = effect * SPREAD + DISTRIBUTIONS["normal"](rng, (replications, n))
        found = paired_test(d)["p"].to_numpy() <= ALPHA
        rows.append(_row(f"power: difference of {effect:g} sd", "normal", n, 0.8, found))
    for n in (3, 5):
        rows += _through_frames(rng, n, blocks)
    return pd.DataFrame(rows)


def simulate(
    rng: np.random.Generator,
    blocks: int,
    activations: int,
    optimizers: int,
    seeds: int,
    effect: np.ndarray | float = 0.0,
    seed_spread: float = SPREAD,
) -> pd.DataFrame:
    """A score frame: 0.9 + effect [activation, optimizer] + seed's share + noise, normal.

    Returns:
        ``blocks`` data sets ``d0, d1, ...`` of one model, arms ``a0, ...`` and ``o0, ...``.
    """
    shape = (blocks, activations, optimizers, seeds)
    index = np.indices(shape).reshape(4, -1)
    score = 0.9 + np.broadcast_to(effect, shape[1:3])[..., None] + SPREAD * rng.standard_normal(shape)
    score = score + seed_spread * rng.standard_normal((blocks, 1, 1, seeds))
    named = {
        name: np.array([f"{name[0]}{place}" for place in range(size)])[index[axis]]
        for axis, (name, size) in enumerate(zip(("dataset", "activation", "optimizer"), shape, strict=False))
    }
    return pd.DataFrame({"model": "mlp", "seed": index[3], "score": score.ravel(), "status": "done"} | named)


def _through_frames(rng: np.random.Generator, n: int, blocks: int) -> list[dict]:
    pairs = paired_comparisons(simulate(rng, blocks, 2, 2, n), "optimizer", alpha=ALPHA)
    rows = [_row("A/A: paired_comparisons", "normal", n, ALPHA, pairs["outcome"].isin(["a", "b"]))]
    many = paired_comparisons(simulate(rng, blocks, 2, 5, n), "optimizer", alpha=ALPHA)
    any_called = many["outcome"].isin(["a", "b"]).groupby(many["dataset"]).any()
    rows.append(_row("family-wise: any of 10 pairs", "normal", n, ALPHA, any_called))
    cells = cell_comparisons(simulate(rng, blocks, 3, 3, n), alpha=ALPHA)
    any_called = cells["outcome"].isin(["a", "b"]).groupby(cells["dataset"]).any()
    rows.append(_row("family-wise: best of 9 cells", "normal", n, ALPHA, any_called))
    effect = SPREAD * np.add.outer([-3.0, 0.0, 3.0], [-1.0, 0.0, 1.0])
    variance = np.array([np.var(effect.mean(axis=1)), np.var(effect.mean(axis=0)), 0, SPREAD**2, SPREAD**2])
    shares = variance_decomposition(simulate(rng, blocks, 3, 3, n, effect))
    for term, truth in zip(
        ("activation", "optimizer", "interaction", "seed", "residual"), variance / variance.sum(), strict=True
    ):
        of = shares[shares["term"] == term]
        rows.append(_row(f"coverage: share of {term}", "normal", n, 0.95, of["low"].le(truth) & of["high"].ge(truth)))
    return rows


def _row(check: str, distribution: str, n: int, nominal: float, hits: np.ndarray | pd.Series) -> dict:
    k, total = int(np.sum(hits)), len(hits)
    ends = stats.binomtest(k, total).proportion_ci(0.99)
    return {
        "check": check,
        "distribution": distribution,
        "n": n,
        "nominal": nominal,
        "observed": k / total,
        "low": ends.low,
        "high": ends.high,
        "replications": total,
    }
