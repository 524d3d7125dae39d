"""Fair comparisons of activations, losses and optimizers; in a notebook start with ``load``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.results import Results

__all__ = ["load"]


def load(folder: str = "results/latest") -> "Results":
    """What came of a sweep: tidy tables, and the figures as functions. See ``experiments.results.Results``.

    Args:
        folder: that of a ledger, or of a report alone.

    Raises:
        ResultsError: there is neither.

    Example:
        >>> results = load("results/showcase")
        >>> sorted(set(results.cells["rates"]))
        ['default', 'tuned']
    """
    from experiments.results import read

    return read(folder)
