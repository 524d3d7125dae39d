"""From scores to what they show and how sure that is. Pure: frame in, frame out.

Nothing here reads a clock, a file or a hidden random state; whatever draws takes a
``numpy.random.Generator``. What a frame has to hold is told in ``scores``.
"""

from experiments.statistics.budgets import comparison_at
from experiments.statistics.checks import self_check
from experiments.statistics.comparisons import cell_comparisons, paired_comparisons
from experiments.statistics.friedman import FriedmanNemenyi, critical_difference, friedman_nemenyi
from experiments.statistics.intervals import cell_summary, interquartile_mean
from experiments.statistics.paired import holm, paired_test
from experiments.statistics.power import (
    power_of_difference,
    power_of_equivalence,
    seeds_for_equivalence,
    seeds_needed,
)
from experiments.statistics.profiles import cost_profile, performance_profile, probability_of_improvement
from experiments.statistics.rankings import ranking_change, rankings
from experiments.statistics.variance import variance_decomposition

__all__ = [
    "FriedmanNemenyi",
    "cell_comparisons",
    "cell_summary",
    "comparison_at",
    "cost_profile",
    "critical_difference",
    "friedman_nemenyi",
    "holm",
    "interquartile_mean",
    "paired_comparisons",
    "paired_test",
    "performance_profile",
    "power_of_difference",
    "power_of_equivalence",
    "probability_of_improvement",
    "ranking_change",
    "rankings",
    "seeds_for_equivalence",
    "seeds_needed",
    "self_check",
    "variance_decomposition",
]
