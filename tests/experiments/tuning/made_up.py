"""Outcomes from a made-up learning-rate curve, and a sweep of one cell that nothing is trained for."""

import functools
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from experiments.initialisers import initialiser_for
from experiments.records import Epoch, Outcome, Run
from experiments.tuning.cell import Ask, Cell, State, state
from experiments.tuning.oracles import propose
from experiments.tuning.space import Tuning
from tests.experiments.samples import a_run

CHANCE = 0.1


@dataclass(frozen=True)
class Curve:
    """Accuracy over the rate: a parabola in half decades, cut off where training diverges.

    Attributes:
        optimum: the best rate, in half decades.
        limit: the half decade beyond which every run diverges.
        noise: size of what the seed does to the accuracy.
        digits: decimals that the accuracy is rounded to; few of them make ties.
    """

    optimum: float
    limit: float = math.inf
    noise: float = 0.0
    digits: int = 6

    def __call__(self, run: Run) -> Outcome:
        e = 2 * math.log10(run.learning_rate)
        if e > self.limit:
            return Outcome(status="diverged", chance=CHANCE, step=7)
        luck = int(run.key[:4], 16) / 0xFFFF - 0.5
        gain = 0.01 * dict(run.optimizer_args).get("momentum", 0.0) - 0.01 / run.epochs
        metric = round(0.9 - 0.01 * (e - self.optimum) ** 2 + gain + self.noise * luck, self.digits)
        loss = 1 + 0.1 * abs(e - self.optimum)
        epoch = Epoch(
            epoch=1,
            train_loss=loss,
            train_metric=metric,
            validation_loss=loss,
            validation_metric=metric,
            seconds=0.1,
        )
        return Outcome(
            status="done",
            chance=CHANCE,
            curve=(epoch,),
            best_epoch=1,
            validation_metric=metric,
            test_metric=None if run.tuning else metric,
        )


def a_cell(
    strategy: str = "grid",
    seeds: int = 2,
    constants: dict | None = None,
    template: dict | None = None,
    **tuning: Any,
) -> Cell:
    run = a_run(**{"learning_rate": 0.01, **(template or {})})
    run = replace(run, initialiser=initialiser_for(run.activation))
    return Cell(run, seeds, Tuning(strategy=strategy, **{"confirm": 0, **tuning}), constants or {})


@functools.cache
def _answer(question: str) -> list[dict[str, Any]]:
    return propose(**json.loads(question))


def answer(ask: Ask) -> list[dict[str, Any]]:
    """What the real oracle says, through JSON as the ledger keeps it."""
    return json.loads(json.dumps(_answer(json.dumps(ask.question))))


def finish(
    cell: Cell,
    train: Callable[[Run], Outcome],
    rng: random.Random | None = None,
    watch: Callable[[State], None] = lambda _: None,
) -> State:
    """Ask, train and look again until nothing is missing.

    With ``rng``, only some of what is missing comes in, in random order, before the cell is looked at again;
    and now and then the sweep is killed: then nothing is left but what a ledger keeps, as text.
    """
    outcomes: dict[str, Outcome] = {}
    answers: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for _ in range(10_000):
        if rng and rng.random() < 0.2:
            outcomes = {
                key: Outcome.from_json(outcomes[key].to_json()) for key in rng.sample(sorted(outcomes), len(outcomes))
            }
            answers = json.loads(json.dumps([[*step, proposals] for step, proposals in answers.items()]))
            answers = {(cell_key, step): proposals for cell_key, step, proposals in answers}
        now = state(cell, outcomes.get, answers)
        watch(now)
        todo: list[Run | Ask] = [p.run for p in now.planned if p.run.key not in outcomes]
        todo += [now.ask] if now.ask else []
        if not todo:
            return now
        if rng:
            rng.shuffle(todo)
            todo = todo[: rng.randint(1, len(todo))]
        for each in todo:
            if isinstance(each, Ask):
                assert (each.cell, each.step) not in answers, "asked twice"
                answers[each.cell, each.step] = answer(each)
            else:
                outcomes[each.key] = train(each)
    raise AssertionError("the search does not end")
