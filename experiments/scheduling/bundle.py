"""Runs that share a compiled trace, and a rough idea of what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from experiments.records import Run

SECONDS_PER_EXAMPLE = {"mlp": 3e-6, "cnn": 3e-4, "cnn-slim": 1e-4}
"""Order of magnitude of one example's forward and backward pass; the sweep corrects it by what it sees."""
TRACE_SECONDS = 1.5


def trace_of(run: Run) -> tuple:
    """What two runs must share to share a trace: all but seed, rate, initial weights and budget."""
    return (
        run.dataset, run.fingerprint, run.model, run.model_args, run.activation, run.activation_args,
        run.optimizer, run.optimizer_args, run.loss, run.head, run.batch_size, run.precision, run.engine, run.plugin,
    )  # fmt: skip


def block_of(run: Run) -> str:
    """``data set/model``: what runs share whose costs compare."""
    return f"{run.dataset}/{run.model_label}"


@dataclass(frozen=True)
class Bundle:
    """Runs with one trace, trained one after the other by one worker."""

    runs: tuple[Run, ...]
    cost: float

    @property
    def trace(self) -> tuple:
        return trace_of(self.runs[0])

    def split(self, seconds: float) -> tuple["Bundle", "Bundle | None"]:
        """A piece of about so many nominal seconds, at least a run, and the rest; whole where the rest would not be
        worth another trace, since that is what it costs when another worker takes it."""
        each = max(self.cost - TRACE_SECONDS, 0.0) / len(self.runs)
        if each <= 0:
            return self, None
        count = max(1, round((seconds - TRACE_SECONDS) / each))
        rest = self.runs[count:]
        if each * len(rest) < 2 * TRACE_SECONDS:
            return self, None
        return tuple(Bundle(runs, TRACE_SECONDS + each * len(runs)) for runs in (self.runs[:count], rest))  # type: ignore[return-value]


def items(job: Any) -> list[Any]:
    """The runs of a bundle; any other job is one piece."""
    return list(job.runs) if isinstance(job, Bundle) else [job]


def cost(run: Run, examples: int) -> float:
    """Nominal seconds of a run."""
    wider = 2.0 if run.activation == "maxout" else 1.0
    slower = 10.0 if run.engine == "reference" else 1.0
    given = dict(run.model_args)
    deeper = max(1.0, float(given.get("depth", 2)) / 2) * (1.5 if given.get("norm") else 1.0)
    return SECONDS_PER_EXAMPLE.get(run.model, 1e-4) * examples * run.epochs * wider * slower * deeper


def bundles(runs: Iterable[Run], examples: dict[str, int]) -> list[Bundle]:
    """Group runs by trace, in the order of their first run.

    Args:
        runs: what is to be trained.
        examples: training examples of each data set.
    """
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        groups.setdefault(trace_of(run), []).append(run)
    return [bundle(group, examples[group[0].dataset]) for group in groups.values()]


def bundle(runs: list[Run], examples: int) -> Bundle:
    return Bundle(tuple(runs), TRACE_SECONDS + sum(cost(run, examples) for run in runs))
