"""Which of two levels, or of two cells, is better, and how sure that is.

What is sampled is the seed. The same seed means the same draws in every cell, so
all cells of one seed rise and fall together: they are one observation, not many.
So the other factor is averaged over within each seed first, and n is the number
of seeds, however many cells there are.
"""

import numpy as np
import pandas as pd

from experiments.statistics.paired import holm, paired_test
from experiments.statistics.power import seeds_for_equivalence, seeds_needed
from experiments.statistics.scores import (
    MINIMUM_SEEDS,
    Block,
    balanced,
    blocks,
    check_factor,
    check_scores,
    check_share,
)

MOST_SEEDS = 100
"""Where *about k more seeds* becomes *more than 100*."""

POWER = 0.8
"""Chance of deciding that the k more seeds are worked out for."""


def paired_comparisons(
    frame: pd.DataFrame,
    factor: str = "optimizer",
    *,
    alpha: float = 0.05,
    margin: float = 0.005,
) -> pd.DataFrame:
    """All pairs of levels of one factor within each (dataset, model), paired by seed.

    For levels a and b, other factor's levels o = 1..m and seeds s = 1..n:

        dₛ = (1/m) Σₒ (score[a, o, s] - score[b, o, s])

    and ``paired_test`` of d₁..dₙ, with Holm over all pairs of the (dataset, model):
    one family for *different*, one for *equivalent*. The verdict is

    - *a better* or *b better* where Holm's p is at most α;
    - else *no difference larger than Δ* where Holm's p of equivalence is at most α;
    - else *undecided, about k more seeds needed*: k by the noncentral t for a chance of
      80 % to settle it either way, if the difference and its spread are what they seem
      and the pairs still open all have to pass the next step of Holm's procedure. With
      three seeds the spread is known to a factor of about three, and so is √k.

    Where runs are missing, both arms are compared on the same conditions in the
    same seeds (see ``balanced``): ``conditions`` and ``n`` tell how many are left.

    Args:
        frame: a score frame.
        factor: ``"activation"`` or ``"optimizer"``.
        alpha: α, the chance of any false verdict among all pairs of one (dataset,
            model); 1 - α is also the confidence of each single interval.
        margin: Δ, the smallest difference of interest, in units of the score.

    Returns:
        One row a pair: ``dataset, model, factor, a, b, mean_a, mean_b, conditions`` and
        what ``paired_test`` gives (``n, difference`` = a - b, ``low, high, effect, p,
        p_sign_flip, p_equivalent`` ...), ``p_holm, p_equivalent_holm``, ``more_seeds`` (0 where
        decided, infinite beyond 100), ``outcome`` (``a``, ``b``, ``equivalent`` or
        ``undecided``) and ``verdict`` in words.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: none.

    References: Student (1908); Hedges (1981); Holm (1979); Schuirmann (1987).
    """
    check_factor(factor)
    _check_arguments(alpha, margin)
    parts = [_level_pairs(block, factor, alpha, margin) for block in blocks(check_scores(frame), factor)]
    return pd.concat(parts, ignore_index=True)


def cell_comparisons(frame: pd.DataFrame, *, alpha: float = 0.05, margin: float = 0.005) -> pd.DataFrame:
    """The best cell of each (dataset, model) against every other, paired by seed.

    The best is the cell with the highest mean, among those with three seeds or more
    (or as many as any has). That it was picked as the best flatters it: so Holm goes over *all*
    pairs of cells, which covers whichever pair the data point at. ``may_be_best`` asks
    less, and so can tell more: a cell is out where

        (K - 1) · P(T ≥ t) ≤ α,   t of the best cell minus this one, K cells,

    which throws out the truly best cell with a chance of at most α (multiple
    comparisons with the best, Hsu 1981, by Bonferroni's inequality).

    Args:
        frame: a score frame.
        alpha, margin: as in ``paired_comparisons``.

    Returns:
        One row a cell beside the best: the columns of ``paired_comparisons`` with a the
        best cell and b the other (``"relu + adam"``), and ``activation_a, optimizer_a,
        activation_b, optimizer_b, p_not_best, may_be_best``.

    Raises:
        ValueError: the frame or an argument is not as described.

    Deviations: Bonferroni in place of Hsu's joint distribution, which supposes one
    variance for all cells.

    References: Hsu (1981), Simultaneous confidence intervals for all distances from
    the "best", Annals of Statistics 9; Holm (1979).
    """
    _check_arguments(alpha, margin)
    parts = [_against_best(block, alpha, margin) for block in blocks(check_scores(frame))]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _level_pairs(block: Block, factor: str, alpha: float, margin: float) -> pd.DataFrame:
    first, second = np.triu_indices(len(block.levels), 1)
    differences = np.full((len(first), len(block.seeds)), np.nan)
    facts = []
    for row, (a, b) in enumerate(zip(first, second, strict=True)):
        conditions, seeds = balanced(~np.isnan(block.score[a] - block.score[b]))
        both = block.score[[a, b]][:, conditions][:, :, seeds].mean(axis=1)
        differences[row, seeds] = both[0] - both[1]
        mean_a, mean_b = both.mean(axis=1) if seeds.any() else (np.nan, np.nan)
        names = {"factor": factor, "a": block.levels[a], "b": block.levels[b]}
        facts.append(names | {"mean_a": mean_a, "mean_b": mean_b, "conditions": int(conditions.sum())})
    return _judged(block, facts, differences, alpha, margin)


def _against_best(block: Block, alpha: float, margin: float) -> pd.DataFrame:
    place = np.argwhere(~np.isnan(block.score).all(axis=2))
    cells = block.score[place[:, 0], place[:, 1]]
    n = (~np.isnan(cells)).sum(axis=1)
    means = np.where(n >= min(MINIMUM_SEEDS, n.max()), np.nanmean(cells, axis=1), -np.inf)
    best = int(means.argmax())
    first, second = np.triu_indices(len(cells), 1)
    first, second = np.where(second == best, second, first), np.where(second == best, first, second)
    facts = []
    for a, b in zip(first, second, strict=True):
        both = ~np.isnan(cells[a] - cells[b])
        names = {
            f"{factor}_{arm}": (block.levels, block.others)[axis][place[cell][axis]]
            for arm, cell in (("a", a), ("b", b))
            for axis, factor in enumerate(("activation", "optimizer"))
        }
        labels = {arm: f"{names[f'activation_{arm}']} + {names[f'optimizer_{arm}']}" for arm in "ab"}
        average = {
            f"mean_{arm}": cells[cell, both].mean() if both.any() else np.nan
            for arm, cell in zip("ab", (a, b), strict=True)
        }
        facts.append({"factor": "cell"} | labels | average | {"conditions": 1} | names)
    found = _judged(block, facts, cells[first] - cells[second], alpha, margin, only=first == best)
    one_sided = np.where(found["difference"] > 0, found["p"] / 2, 1 - found["p"] / 2)
    found["p_not_best"] = np.minimum(1, (len(cells) - 1) * one_sided)
    found["may_be_best"] = ~(found["p_not_best"] <= alpha)
    return found


def _judged(
    block: Block,
    facts: list[dict],
    differences: np.ndarray,
    alpha: float,
    margin: float,
    only: np.ndarray | None = None,
) -> pd.DataFrame:
    """Test all rows as one family; then return those that ``only`` names."""
    if not facts:
        return pd.DataFrame()
    tests = paired_test(differences, margin=margin, confidence=1 - alpha)
    tests["p_holm"] = holm(tests["p"].to_numpy())
    tests["p_equivalent_holm"] = holm(tests["p_equivalent"].to_numpy())
    different = (tests["p_holm"] <= alpha).to_numpy()
    equivalent = (tests["p_equivalent_holm"] <= alpha).to_numpy()
    next_step = alpha / max(1, (tests["n"] > 1).sum() - different.sum())
    next_equivalence = alpha / max(1, (tests["n"] > 1).sum() - equivalent.sum())
    table = pd.concat([pd.DataFrame(facts), tests], axis=1)
    table.insert(0, "model", block.model)
    table.insert(0, "dataset", block.dataset)
    sign = np.where(table["difference"] > 0, "a", "b")
    table["outcome"] = np.where(different, sign, np.where(equivalent, "equivalent", "undecided"))
    table = table if only is None else table[only].reset_index(drop=True)
    table["more_seeds"] = [
        _more_seeds(row, margin, next_step, next_equivalence) if row["outcome"] == "undecided" else 0.0
        for row in table.to_dict("records")
    ]
    table["verdict"] = [_verdict(row, margin) for row in table.to_dict("records")]
    return table


def _more_seeds(row: dict, margin: float, alpha: float, alpha_equivalence: float) -> float:
    n, difference, sd = int(row["n"]), row["difference"], row["sd"]
    if n < 2:
        return float(MINIMUM_SEEDS - n)
    most = n + MOST_SEEDS
    if sd == 0:
        # Only counting is left: 2/2ⁿ for a difference, 1/2ⁿ for none that matters.
        needed = np.ceil(np.log2(1 / alpha_equivalence if abs(difference) < margin else 2 / alpha))
    else:
        needed = min(
            seeds_needed(difference, sd, alpha, POWER, most=most),
            seeds_for_equivalence(difference, sd, margin, alpha_equivalence, POWER, most=most),
        )
    return max(1.0, needed - n)


def _verdict(row: dict, margin: float) -> str:
    k = row["more_seeds"]
    if row["outcome"] in ("a", "b"):
        return f"{row[row['outcome']]} better"
    if row["outcome"] == "equivalent":
        return f"no difference larger than {margin:g}"
    if row["n"] < 2:
        seen = "one seed in common" if row["n"] else "no seed in common"
        return f"undecided, {seen}: at least {k:.0f} more seeds needed"
    if np.isinf(k):
        return f"undecided, more than {MOST_SEEDS} more seeds needed"
    return f"undecided, about {k:.0f} more seed{'' if k == 1 else 's'} needed"


def _check_arguments(alpha: float, margin: float) -> None:
    check_share(alpha=alpha)
    if not margin > 0:
        raise ValueError(
            f"margin={margin!r} is not above 0; give the smallest difference that would matter, "
            "in units of the score, such as 0.005 for half a point of accuracy."
        )
