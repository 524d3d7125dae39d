"""What an experiment is given: its budget, its ingredients, its data and its random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from experiments.datasets import Dataset

SEEDS = {"quick": 5, "full": 10}
"""Scoring seeds of every trained arm, by budget."""

BUDGETS = tuple(SEEDS)


@dataclass(frozen=True)
class Lab:
    """
    Attributes:
        budget: ``quick`` or ``full``.
        parts: the claim's ingredients.
        data_dir: where data sets are looked for first.
        seed: where all random numbers of a probe come from.
        opened: titles of the data sets that were loaded, in order; filled by `load`.
    """

    budget: str = "quick"
    parts: Mapping[str, Any] = field(default_factory=dict)
    data_dir: str | None = None
    seed: int = 0
    opened: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def seeds(self) -> int:
        return SEEDS[self.budget]

    def pick(self, quick: Any, full: Any) -> Any:
        """One of two, by the budget."""
        return full if self.budget == "full" else quick

    def part(self, name: str) -> Any:
        return self.parts[name]

    def rng(self, *salt: int) -> np.random.Generator:
        """Random numbers that depend on the lab's seed and ``salt`` alone."""
        import numpy as np

        return np.random.default_rng([self.seed, *salt])

    def load(self, name: str) -> Dataset:
        """A data set by name; the digits stand in for one that is not there, under their own name."""
        from experiments import datasets

        data, _ = datasets.resolve(name, self.data_dir)
        self.opened[data.name] = data.title
        return data
