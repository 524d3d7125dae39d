"""The tidy frame of scores: what it must hold, and how it becomes arrays.

A score frame has one row a run and the columns ``dataset, model, activation,
optimizer, seed, score, status``, and ``loss`` where losses are compared. Higher scores are better. A diverged run is a
row like any other, whose score is already chance level; a run that failed or
ran out of memory is no result and is passed over.

All arithmetic of this package sees arrays ``score[level, other, seed]``, with
NaN where a run is missing; ``other`` goes over the levels of the other factor, or over the pairs of levels
where there are two others. A *block* is one (dataset, model): nothing is paired
or averaged across blocks unless a function says so.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.names import ACTIVATIONS, OPTIMIZERS, OUTPUTS
from experiments.records import RESULTS

BLOCK = ["dataset", "model"]
FACTORS = ("activation", "optimizer")
LOSS = "loss"
"""A third factor, of frames that have its column."""

COLUMNS = [*BLOCK, *FACTORS, "seed", "score", "status"]
MINIMUM_SEEDS = 3
"""Fewer seeds than this are not worth giving up a level of the other factor for."""

ORDER = {name: place for place, name in enumerate((*ACTIVATIONS, *OPTIMIZERS, *OUTPUTS))}


@dataclass(frozen=True)
class Block:
    """The scores of one (dataset, model).

    Attributes:
        dataset, model: of the block.
        levels: names of the factor's levels, in the order of every table.
        others: names of the other factor's levels, likewise; ``"adam, hinge"`` where there are two.
        seeds: the seeds, ascending.
        score: array ``[level, other, seed]``, NaN where there is no result.
    """

    dataset: str
    model: str
    levels: list[str]
    others: list[str]
    seeds: list[int]
    score: np.ndarray

    @property
    def names(self) -> dict[str, str]:
        return {"dataset": self.dataset, "model": self.model}


def check_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """The results in ``frame``, or an error that tells what is wrong with them.

    Raises:
        ValueError: a column is missing, a result has no finite score, or one
            cell has two rows for one seed.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise ValueError(
            f"the score frame lacks the columns {missing}; it has {list(frame.columns)}. "
            f"Give one row a run with the columns {COLUMNS}."
        )
    results = frame[frame["status"].isin(RESULTS)]
    if results.empty:
        raise ValueError(
            f"no row of the score frame is a result: its statuses are {sorted(set(frame['status']))}, "
            f"results are {list(RESULTS)}. Run the sweep first."
        )
    bad = results[~np.isfinite(results["score"].to_numpy(float))]
    if len(bad):
        raise ValueError(
            f"{len(bad)} results have no finite score, the first: {_describe(bad)}. "
            "Give diverged runs their chance level, and runs without a result another status."
        )
    twice = results[results.duplicated([*BLOCK, *factors(results), "seed"])]
    if len(twice):
        raise ValueError(
            f"more than one score for {_describe(twice)}. "
            "Keep one row a cell and seed: select one loss, rate or budget first."
        )
    return results


def factors(frame: pd.DataFrame) -> list[str]:
    """What is compared in the frame: activations and optimizers, and losses where it has them."""
    return [*FACTORS, *([LOSS] if LOSS in frame.columns else [])]


def check_factor(factor: str) -> None:
    if factor not in (*FACTORS, LOSS):
        raise ValueError(f"factor={factor!r} is not one of {[*FACTORS, LOSS]}; give one of those.")


def check_one_loss(results: pd.DataFrame) -> pd.DataFrame:
    """For what takes a cell to be an activation with an optimizer."""
    if LOSS in results.columns and results[LOSS].nunique() > 1:
        raise ValueError(f"the score frame has the losses {in_order(results[LOSS])}; select one of them first.")
    return results.drop(columns=LOSS, errors="ignore")


def check_share(**named: float) -> None:
    """Each argument has to lie strictly between 0 and 1."""
    for name, value in named.items():
        if not 0 < value < 1:
            raise ValueError(f"{name}={value!r} is not between 0 and 1; give a share such as 0.05.")


def in_order(names: Sequence[str]) -> list[str]:
    """Names of components in the order of every table; strangers follow alphabetically."""
    return sorted(set(names), key=lambda name: (ORDER.get(name, len(ORDER)), name))


def blocks(results: pd.DataFrame, factor: str = "activation") -> Iterator[Block]:
    """Each (dataset, model) of checked results, as an array with ``factor`` first.

    Raises:
        ValueError: the frame lacks the column of the factor.
    """
    check_factor(factor)
    if factor not in results.columns:
        raise ValueError(f"the score frame lacks the column {factor!r}; it has {list(results.columns)}.")
    rest = [name for name in factors(results) if name != factor]
    for (dataset, model), rows in results.groupby(BLOCK, sort=True):
        levels = in_order(rows[factor])
        pairs = [*zip(*(rows[name] for name in rest), strict=True)]
        there = set(pairs)
        ordered = [each for each in itertools.product(*(in_order(rows[name]) for name in rest)) if each in there]
        others = [", ".join(each) for each in ordered]
        place = {each: number for number, each in enumerate(ordered)}
        seeds = sorted(int(seed) for seed in rows["seed"].unique())
        score = np.full((len(levels), len(others), len(seeds)), np.nan)
        score[
            pd.Index(levels).get_indexer(rows[factor]),
            [place[each] for each in pairs],
            pd.Index(seeds).get_indexer(rows["seed"]),
        ] = rows["score"]
        yield Block(str(dataset), str(model), levels, others, seeds, score)


def balanced(present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which conditions and which seeds to keep, so that none is missing.

    The average over the conditions has to be the same average in every seed. So a
    seed is left out where a kept condition lacks it, and a condition is left out
    only where keeping it would leave fewer than three seeds (or fewer than the
    fullest condition has, where that is less).

    Args:
        present: booleans ``[condition, seed]``.

    Returns:
        Booleans ``[condition]`` and ``[seed]``.
    """
    by_fullness = np.argsort(-present.sum(axis=1), kind="stable")
    shared = np.logical_and.accumulate(present[by_fullness], axis=0)
    enough = shared.sum(axis=1) >= max(1, min(MINIMUM_SEEDS, int(present.sum(axis=1).max(initial=0))))
    kept = np.zeros(len(present), bool)
    kept[by_fullness[enough]] = True
    return kept, np.logical_and.reduce(present[kept], axis=0) & kept.any()


def _describe(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return ", ".join(f"{name} {first[name]}" for name in [*BLOCK, *factors(rows), "seed"])
