"""How far a cell has come: a pure function of what the ledger holds, so that a killed sweep resumes for free."""

import functools
import hashlib
import json
import math
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from experiments.records import RESULTS, TUNING_SEEDS, Outcome, Run, arguments
from experiments.scheduling.bundle import trace_of
from experiments.tuning.space import Space, Tuning, exponent, extension, half_decade, space

DEFAULT, TUNED, BOTH, DEEP, TRIAL = "default", "tuned", "both", "deep", "trial"
"""What a planned run is for: scored at the default rate, at the tuned one, at both alike, with other constants
tuned too, or only a trial."""


@dataclass(frozen=True)
class Cell:
    """One activation x optimizer on one (data set, model).

    Attributes:
        template: a run of the cell at the default rate; its seed does not matter.
        seeds: how many scoring seeds, from 0.
        tuning: how it is tuned.
        constants: optimizer arguments that are tuned beside the rate, with their choices. A cell that has some
            stands beside the same cell without, which alone is scored at the default rate and ranked.
        at_default: whether it is scored at the default rate as well as at the tuned one.
    """

    template: Run
    seeds: int
    tuning: Tuning = field(default_factory=Tuning)
    constants: Mapping[str, list[float]] = field(default_factory=dict)
    at_default: bool = True

    @functools.cached_property
    def key(self) -> str:
        """Names the tuning: what is tuned and how, whatever the scoring seeds are."""
        identity = [replace(self.template, seed=0).to_json(), asdict(self.tuning), dict(self.constants)]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]

    @functools.cached_property
    def made(self) -> dict[tuple[str, int], Run]:
        """Its runs by values and seed, each made once: a cell is looked at after each of its trials."""
        return {}


@dataclass(frozen=True)
class Ask:
    """A question to an oracle: the arguments of `oracles.propose`."""

    cell: str
    step: int
    trace: tuple
    question: dict[str, Any]
    cost: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.cell}:{self.step}"


@dataclass(frozen=True)
class Planned:
    run: Run
    role: str


@dataclass(frozen=True)
class Choice:
    """What tuning chose: the values, the score, and whether the rate still sits at an edge of what was tried."""

    values: dict[str, Any]
    score: float
    edge: str = ""  # "", "low" or "high"
    all_diverged: bool = False
    scored: tuple[str, ...] = ()  # keys of the scoring runs with these values


@dataclass
class State:
    """Where a cell stands: the runs known to be needed so far, the open question, the choice once it is made."""

    planned: list[Planned]
    ask: Ask | None = None
    choice: Choice | None = None
    trials: list[tuple[dict[str, Any], float, float]] = field(default_factory=list)


Look = Callable[[str], Outcome | None]
Answers = Mapping[tuple[str, int], list[dict[str, Any]]]


def state(cell: Cell, look: Look, answers: Answers) -> State:
    """What is known and what is needed next.

    Args:
        cell: the cell.
        look: run key -> its outcome, or None where it has no result yet.
        answers: (cell key, step) -> what the oracle proposed then.
    """
    scored = range(cell.seeds)
    default = _runs(cell, {"learning_rate": cell.template.learning_rate}, scored)
    now = State([Planned(run, DEFAULT) for run in default if cell.at_default and not cell.constants])
    if cell.tuning.strategy == "none":
        return now
    searched: Space = space(cell.tuning, cell.template.learning_rate, dict(cell.constants))
    scores = _Scores(cell, now, look)
    told: list[list[float]] = []
    step = grown = 0
    while True:
        proposals = answers.get((cell.key, step))
        if proposals is None:
            now.ask = _ask(cell, step, searched, told)
            return now
        if proposals:
            if not scores.take(proposals, cell.tuning.seeds):
                return now
            told.append([scores.tried[_name(values)][1] for values in proposals])
            step += 1
            continue
        # The oracle is through with this space: grow the grid, or make sure of the best, which may move it.
        best = scores.best()
        more = extension(scores.rates, best["learning_rate"]) if cell.tuning.strategy == "grid" else []
        if more and grown < cell.tuning.extensions:
            grown, step, told = grown + 1, step + 1, []
            # Only what is new is searched, with the other constants at all their choices.
            searched = {**searched, "learning_rate": {"choices": more}}
        elif cell.tuning.confirm and _name(best) not in scores.confirmed:
            if not scores.take([best], cell.tuning.seeds + cell.tuning.confirm):
                return now
            scores.confirmed.add(_name(best))
        else:
            break
    now.trials = list(scores.tried.values())
    tuned = _runs(cell, {name: value for name, value in best.items() if name != "epochs"}, scored)
    now.choice = Choice(
        best, scores.tried[_name(best)][1], _edge(cell, scores.rates, best["learning_rate"]),
        len(scores.diverged) == len(scores.tried), tuple(run.key for run in tuned),
    )  # fmt: skip
    if cell.constants:
        now.planned += [Planned(run, DEEP) for run in tuned]
    elif cell.at_default and tuned[0].key == default[0].key:
        now.planned = [replace(p, role=BOTH) if p.role == DEFAULT else p for p in now.planned]
    else:
        now.planned += [Planned(run, TUNED) for run in tuned]
    return now


class _Scores:
    """What the trials of a cell have shown so far."""

    def __init__(self, cell: Cell, now: State, look: Look):
        self.cell, self.now, self.look = cell, now, look
        self.tried: dict[str, tuple[dict[str, Any], float, float]] = {}
        self.diverged: set[str] = set()  # with every seed
        self.confirmed: set[str] = set()

    @property
    def rates(self) -> list[float]:
        return [values["learning_rate"] for values, _, _ in self.tried.values()]

    def take(self, proposals: list[dict[str, Any]], seeds: int) -> bool:
        """Plan the trials of these values and score them; False where some are not there yet."""
        trials = [_runs(self.cell, values, range(TUNING_SEEDS, TUNING_SEEDS + seeds)) for values in proposals]
        there = {planned.run.key for planned in self.now.planned}
        fresh = {run.key: Planned(run, TRIAL) for runs in trials for run in runs if run.key not in there}
        self.now.planned += fresh.values()
        found = [[outcome for run in runs if (outcome := self.look(run.key)) is not None] for runs in trials]
        self.now.trials = list(self.tried.values())
        if any(len(outcomes) < seeds for outcomes in found):
            return False
        for values, outcomes in zip(proposals, found, strict=True):
            self.tried[_name(values)] = (values, *_score(outcomes))
            if all(outcome.status == "diverged" for outcome in outcomes):
                self.diverged.add(_name(values))
        return True

    def best(self) -> dict[str, Any]:
        return _best(list(self.tried.values()), self.diverged)


def _ask(cell: Cell, step: int, searched: Space, told: list[list[float]]) -> Ask:
    return Ask(cell.key, step, trace_of(cell.template), {
        "strategy": cell.tuning.strategy, "space": searched, "trials": cell.tuning.trials,
        "epochs": cell.template.epochs, "seed": 0, "told": told,
    })  # fmt: skip


def _runs(cell: Cell, values: dict[str, Any], seeds: Iterable[int]) -> list[Run]:
    name = _name(values)
    return [
        cell.made.get((name, seed)) or cell.made.setdefault((name, seed), _run(cell, values, seed)) for seed in seeds
    ]


def _run(cell: Cell, values: dict[str, Any], seed: int) -> Run:
    constants = {name: value for name, value in values.items() if name not in ("learning_rate", "epochs")}
    return replace(
        cell.template,
        seed=seed,
        learning_rate=values["learning_rate"],
        optimizer_args=arguments({**dict(cell.template.optimizer_args), **constants}),
        epochs=values.get("epochs", cell.template.epochs),
    )


def _score(outcomes: list[Outcome]) -> tuple[float, float]:
    """Mean validation metric, and mean validation loss (for ties). A diverged run counts at chance, and so does
    one whose metric is no number (R² of a constant target): there the loss alone decides."""
    metrics, losses = [], []
    for outcome in outcomes:
        if outcome.status not in RESULTS or outcome.validation_metric is None:
            metrics.append(outcome.chance)
            losses.append(float("inf"))
        else:
            metrics.append(outcome.chance if math.isnan(outcome.validation_metric) else outcome.validation_metric)
            losses.append(outcome.curve[outcome.best_epoch - 1].validation_loss)
    return sum(metrics) / len(metrics), sum(losses) / len(losses)


def _best(trials: list[tuple[dict[str, Any], float, float]], diverged: Container[str]) -> dict[str, Any]:
    """The best trial at the full budget: highest metric, then lowest loss, then lowest rate.

    What diverged with every seed comes last, though a slow rate can be below chance (a negative R²).
    """
    full = [trial for trial in trials if "epochs" not in trial[0]] or trials
    return min(full, key=lambda trial: (_name(trial[0]) in diverged, -trial[1], trial[2], trial[0]["learning_rate"]))[0]


def _name(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)


def _edge(cell: Cell, rates: list[float], best: float) -> str:
    """Whether the best rate sits at (or, where rates are drawn, within a twentieth of) an end of its range."""
    if cell.tuning.strategy == "grid":
        low, high = min(rates), max(rates)
    else:
        middle, half = exponent(cell.template.learning_rate), cell.tuning.points // 2
        margin = 10 ** (0.05 * half)  # the range is 2 half half-decades wide
        low, high = half_decade(middle - half) * margin, half_decade(middle + half) / margin
    return "low" if best <= low else "high" if best >= high else ""
