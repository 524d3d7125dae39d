"""What a report is told beside the frames: the plan, the command, the data, the machine."""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict


class DataFacts(TypedDict, total=False):
    """One data set.

    ``canonical`` is True or False where published sums were there to check it, else None.
    ``sizes`` maps ``train``, ``validation``, ``test`` to numbers of examples.
    """

    name: str
    title: str
    fingerprint: str
    provenance: str
    canonical: bool | None
    split: str
    sizes: Mapping[str, int]


class Facts(TypedDict, total=False):
    """Everything is optional: what is not told is not claimed.

    Attributes:
        plan: name of the plan. plan_title: what it does. command: the exact command line.
        commit: of the code.
        notices: what a reader has to know first, such as a stand-in for a data set.
        datasets: one entry a data set.
        versions: package -> version. cores: how many were used. engine: its name.
        wall_seconds: wall clock of the sweep.
        planned_runs: how many scoring runs the plan asks for. planned_trials: how many tuning runs.
        tuning: how rates are tuned: ``strategy`` (``none``, ``grid``, ...), ``seeds``, ``points``,
            ``extensions``, ``trials``.
        planned_cells: (dataset, model, activation, optimizer, loss, head) of each cell that was
            asked for, so that one without any run still shows.
        epochs, batch_size: of the plan.
        seeds: the scoring seeds, or how many there are (then 0, 1, ...).
    """

    plan: str
    plan_title: str
    commit: str
    command: str
    notices: Iterable[str]
    datasets: Iterable[DataFacts]
    versions: Mapping[str, str]
    cores: int
    engine: str
    wall_seconds: float
    planned_runs: int
    planned_trials: int
    tuning: Mapping[str, Any]
    planned_cells: Iterable[tuple[str, ...]]
    epochs: int
    batch_size: int
    seeds: Iterable[int] | int


STEADY = ("plan", "plan_title", "command", "commit", "datasets", "versions", "cores", "engine",
          "planned_runs", "planned_trials", "tuning", "epochs", "batch_size", "seeds", "notices")  # fmt: skip
"""The facts that no clock gave: they make ``environment.json``."""


def planned_seeds(facts: Mapping[str, Any]) -> tuple[int, ...]:
    """The scoring seeds of the plan.

    >>> planned_seeds({"seeds": 3}), planned_seeds({"seeds": [4, 1]}), planned_seeds({})
    ((0, 1, 2), (1, 4), ())
    """
    seeds = facts.get("seeds")
    if seeds is None:
        return ()
    if isinstance(seeds, int):
        return tuple(range(seeds))
    return tuple(sorted(int(seed) for seed in seeds))


def steady(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are the same when the same sweep runs again, as plain JSON values."""
    return {name: _plain(facts[name]) for name in STEADY if facts.get(name) is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        named = {str(name): _plain(each) for name, each in value.items()}
        return dict(sorted(named.items()))
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, Iterable):
        return [_plain(each) for each in value]
    return str(value)
