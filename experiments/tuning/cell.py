"""How far a cell has come: a pure function of what the ledger holds, so that a killed sweep resumes for free."""

import hashlib
import json
import math
from collections.abc import Callable, Container, Mapping
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
    """

    template: Run
    seeds: int
    tuning: Tuning = field(default_factory=Tuning)
    constants: Mapping[str, list[float]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the tuning: what is tuned and how, whatever the scoring seeds are."""
        identity = [replace(self.template, seed=0).to_json(), asdict(self.tuning), dict(self.constants)]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


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
    default = [replace(cell.template, seed=seed) for seed in range(cell.seeds)]
    now = State([Planned(run, DEFAULT) for run in default if not cell.constants])
    if cell.tuning.strategy == "none":
        return now
    searched: Space = space(cell.tuning, cell.template.learning_rate, dict(cell.constants))
    tried: dict[str, tuple[dict[str, Any], float, float]] = {}
    told: list[list[float]] = []
    step = grown = 0
    diverged: set[str] = set()
    while True:
        proposals = answers.get((cell.key, step))
        if proposals is None:
            now.ask = _ask(cell, step, searched, told)
            return now
        if proposals:
            trials = [
                [_run(cell, values, TUNING_SEEDS + seed) for seed in range(cell.tuning.seeds)] for values in proposals
            ]
            there = {planned.run.key for planned in now.planned}
            fresh = {run.key: Planned(run, TRIAL) for runs in trials for run in runs if run.key not in there}
            now.planned += fresh.values()
            outcomes = [[look(run.key) for run in runs] for runs in trials]
            if any(outcome is None for several in outcomes for outcome in several):
                return now
            for values, several in zip(proposals, outcomes, strict=True):
                score, loss = _score([outcome for outcome in several if outcome is not None])
                tried[_name(values)] = (values, score, loss)
                if all(outcome is not None and outcome.status == "diverged" for outcome in several):
                    diverged.add(_name(values))
            told.append([tried[_name(values)][1] for values in proposals])
            step += 1
            continue
        # The oracle is through with this space: choose, or grow the grid and go on.
        now.trials = list(tried.values())
        best = _best(now.trials, diverged)
        rates = [values["learning_rate"] for values, _, _ in now.trials]
        more = extension(rates, best["learning_rate"]) if cell.tuning.strategy == "grid" else []
        if more and grown < cell.tuning.extensions:
            grown, step, told = grown + 1, step + 1, []
            # Only what is new is searched, with the other constants at all their choices.
            searched = {**searched, "learning_rate": {"choices": more}}
            continue
        break
    seeds = range(cell.tuning.seeds + cell.tuning.confirm)
    confirmed: set[str] = set()
    while cell.tuning.confirm and _name(best) not in confirmed:
        runs = [_run(cell, best, TUNING_SEEDS + seed) for seed in seeds]
        there = {planned.run.key for planned in now.planned}
        now.planned += [Planned(run, TRIAL) for run in runs if run.key not in there]
        found = [outcome for run in runs if (outcome := look(run.key)) is not None]
        if len(found) < len(runs):
            return now
        tried[_name(best)] = (best, *_score(found))
        if all(outcome.status == "diverged" for outcome in found):
            diverged.add(_name(best))
        confirmed.add(_name(best))
        best = _best(list(tried.values()), diverged)
    now.trials = list(tried.values())
    tuned = [_run(cell, {k: v for k, v in best.items() if k != "epochs"}, seed) for seed in range(cell.seeds)]
    now.choice = Choice(
        best, tried[_name(best)][1], _edge(cell, rates, best["learning_rate"]), len(diverged) == len(tried),
        tuple(run.key for run in tuned),
    )  # fmt: skip
    if cell.constants:
        now.planned += [Planned(run, DEEP) for run in tuned]
    elif tuned[0].key == default[0].key:
        now.planned = [replace(p, role=BOTH) if p.role == DEFAULT else p for p in now.planned]
    else:
        now.planned += [Planned(run, TUNED) for run in tuned]
    return now


def _ask(cell: Cell, step: int, searched: Space, told: list[list[float]]) -> Ask:
    return Ask(cell.key, step, trace_of(cell.template), {
        "strategy": cell.tuning.strategy, "space": searched, "trials": cell.tuning.trials,
        "epochs": cell.template.epochs, "seed": 0, "told": told,
    })  # fmt: skip


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
