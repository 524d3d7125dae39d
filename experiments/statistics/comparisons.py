"""Which of two levels, or of two cells, is better, and how sure that is.

What is sampled is the seed. The same seed means the same draws in every cell, so
all cells of one seed rise and fall together: they are one observation, not many.
So the other factor is averaged over within each seed first, and n is the number
of seeds, however many cells there are.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiments.statistics.paired import TEST_COLUMNS, holm, paired_test
from experiments.statistics.power import seeds_for_equivalence, seeds_needed
from experiments.statistics.scores import (
    MINIMUM_SEEDS,
    Block,
    balanced,
    blocks,
    check_factor,
    check_one_loss,
    check_scores,
    check_share,
)

MOST_SEEDS = 100
"""Where *about k more seeds* becomes *more than 100*."""

PAIR_COLUMNS = [
    *("dataset", "model", "factor", "a", "b", "mean_a", "mean_b", "conditions"),
    *TEST_COLUMNS,
    *("p_holm", "p_equivalent_holm", "outcome", "more_seeds", "verdict"),
]
CELL_COLUMNS = [
    *PAIR_COLUMNS,
    *("activation_a", "optimizer_a", "activation_b", "optimizer_b", "p_not_best", "may_be_best"),
]

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

    For levels a and b, levels o = 1..m of the other factor (or pairs of levels of the other two, where losses are
    compared too) and seeds s = 1..n:

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
        factor: ``"activation"``, ``"optimizer"`` or ``"loss"``.
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
    return _together(parts, PAIR_COLUMNS)


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
        alpha: as in ``paired_comparisons``, over all pairs of cells.
        margin: as in ``paired_comparisons``.

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
    parts = [_against_best(block, alpha, margin) for block in blocks(check_one_loss(check_scores(frame)))]
    return _together(parts, CELL_COLUMNS)


def _level_pairs(block: Block, factor: str, alpha: float, margin: float) -> pd.DataFrame:
    first, second = np.triu_indices(len(block.levels), 1)
    differences = np.full((len(first), len(block.seeds)), np.nan)
    facts = []
    for row, (a, b) in enumerate(zip(first, second, strict=True)):
        conditions, seeds = balanced(~np.isnan(block.score[a] - block.score[b]))
        mean_a, mean_b = np.nan, np.nan
        if seeds.any():
            both = block.score[[a, b]][:, conditions][:, :, seeds].mean(axis=1)
            differences[row, seeds] = both[0] - both[1]
            mean_a, mean_b = both.mean(axis=1)
        names = block.names | {"factor": factor, "a": block.levels[a], "b": block.levels[b]}
        facts.append(names | {"mean_a": mean_a, "mean_b": mean_b, "conditions": int(conditions.sum())})
    return _judged(facts, differences, alpha, margin)


def _against_best(block: Block, alpha: float, margin: float) -> pd.DataFrame:
    place = np.argwhere(~np.isnan(block.score).all(axis=2))
    cells = block.score[place[:, 0], place[:, 1]]
    n = (~np.isnan(cells)).sum(axis=1)
    best = int(np.where(n >= min(MINIMUM_SEEDS, n.max()), np.nanmean(cells, axis=1), -np.inf).argmax())
    first, second = np.triu_indices(len(cells), 1)
    others = [cell for cell in range(len(cells)) if cell != best]
    facts = []
    for cell in others:
        both = ~np.isnan(cells[best] - cells[cell])
        mean_a, mean_b = cells[[best, cell]][:, both].mean(axis=1) if both.any() else (np.nan, np.nan)
        (activation_a, optimizer_a), (activation_b, optimizer_b) = (
            (block.levels[i], block.others[j]) for i, j in place[[best, cell]]
        )
        labels = {"a": f"{activation_a} + {optimizer_a}", "b": f"{activation_b} + {optimizer_b}"}
        means = {"mean_a": mean_a, "mean_b": mean_b, "conditions": 1}
        arms_a = {"activation_a": activation_a, "optimizer_a": optimizer_a}
        arms_b = {"activation_b": activation_b, "optimizer_b": optimizer_b}
        facts.append(block.names | {"factor": "cell"} | labels | means | arms_a | arms_b)
    rest = (first != best) & (second != best)
    family = np.concatenate([cells[best] - cells[others], cells[first[rest]] - cells[second[rest]]])
    table = _judged(facts, family, alpha, margin)
    if len(table):
        one_sided = np.where(table["difference"] > 0, table["p"] / 2, 1 - table["p"] / 2)
        table["p_not_best"] = np.minimum(1, len(others) * one_sided)
        table["may_be_best"] = ~(table["p_not_best"] <= alpha)
    return table


def _judged(facts: list[dict], differences: np.ndarray, alpha: float, margin: float) -> pd.DataFrame:
    """Test all rows [pair, seed] as one family, and tell of those that ``facts`` describe, the first ones."""
    if not facts:
        return pd.DataFrame()
    tests = paired_test(differences, margin=margin, confidence=1 - alpha)
    tests["p_holm"] = holm(tests["p"].to_numpy())
    tests["p_equivalent_holm"] = holm(tests["p_equivalent"].to_numpy())
    different = (tests["p_holm"] <= alpha).to_numpy()
    equivalent = (tests["p_equivalent_holm"] <= alpha).to_numpy()
    tested = int((tests["n"] > 1).sum())
    next_step = alpha / max(1, tested - different.sum())
    next_equivalence = alpha / max(1, tested - equivalent.sum())
    better = np.where(tests["difference"] > 0, "a", "b")
    tests["outcome"] = np.where(different, better, np.where(equivalent, "equivalent", "undecided"))
    table = pd.concat([pd.DataFrame(facts), tests.iloc[: len(facts)]], axis=1)
    table["more_seeds"] = [
        _more_seeds(n, difference, sd, margin, next_step, next_equivalence) if outcome == "undecided" else 0.0
        for n, difference, sd, outcome in _rows(table, "n", "difference", "sd", "outcome")
    ]
    table["verdict"] = [
        _verdict({"a": a, "b": b}, outcome, n, k, margin)
        for a, b, outcome, n, k in _rows(table, "a", "b", "outcome", "n", "more_seeds")
    ]
    return table


def _together(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """One table; with its columns even where no block has a pair."""
    filled = [part[columns] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def _rows(table: pd.DataFrame, *columns: str) -> Iterator[tuple]:
    return zip(*(table[column].tolist() for column in columns), strict=True)


def _more_seeds(n: int, difference: float, sd: float, margin: float, alpha: float, alpha_equivalence: float) -> float:
    if n < 2:
        return float(MINIMUM_SEEDS - n)
    most = n + MOST_SEEDS
    if sd == 0:
        # Only counting is left: 2/2ⁿ for a difference, 1/2ⁿ for none that matters.
        needed = float(np.ceil(np.log2(1 / alpha_equivalence if abs(difference) < margin else 2 / alpha)))
    else:
        needed = min(
            seeds_needed(difference, sd, alpha, POWER, most=most),
            seeds_for_equivalence(difference, sd, margin, alpha_equivalence, POWER, most=most),
        )
    return max(1.0, needed - n)


def _verdict(arms: dict[str, str], outcome: str, n: int, k: float, margin: float) -> str:
    if outcome in arms:
        return f"{arms[outcome]} better"
    if outcome == "equivalent":
        return f"no difference larger than {margin:g}"
    if n < 2:
        seen = "one seed in common" if n else "no seed in common"
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
