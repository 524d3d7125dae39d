"""Sweeps in this process: at once, in random order, killed now and then; and the tables that they leave."""

import random
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from experiments.campaign import Campaign
from experiments.frames import Frames, frames
from experiments.ledger import LEDGER, Ledger
from experiments.records import Outcome, Run
from experiments.tuning.cell import Ask
from experiments.work import Work
from tests.experiments.tuning.made_up import answer


def table(seeds: int = 2, tuning: dict | None = None, **block) -> dict:
    block = {
        "dataset": "digits",
        "activations": ["relu", "tanh"],
        "optimizers": ["sgd", "adam"],
        "epochs": 2,
        **block,
    }
    return {
        "name": "test",
        "seeds": seeds,
        "tuning": tuning or {"strategy": "grid", "points": 3},
        "block": [block],
    }


def tables(out: Path) -> Frames:
    with Ledger.read(out / LEDGER) as ledger:
        return frames(ledger)


def assert_alike(one: Frames, other: Frames, names=("runs", "curves", "diagnostics", "choices")) -> None:
    """The same rows in the same order, to the last bit; clocks and memory aside."""
    for name in names:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, obj=name)


class Killed(Exception):
    """The sweep was ended from outside."""


def sweep(
    work: Work,
    out: Path,
    train: Callable[[Run], Outcome],
    rng: random.Random | None = None,
    events: int = 1_000_000,
) -> list[str]:
    """What `experiments.sweep.run` does, in this process: jobs one at a time, in random order with ``rng``.

    Returns:
        the keys of the runs that were trained.

    Raises:
        Killed: after that many events. What has come in by then is in the ledger, and nothing else.
    """
    trained: list[str] = []
    with Ledger.write(out / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), work.facts("sweep", 1))
        for number in range(len(work.cells)):
            campaign.remember_choice(number)
        waiting = [each for job in campaign.jobs() for each in (getattr(job, "runs", None) or [job])]
        while waiting:
            if (events := events - 1) < 0:
                raise Killed
            each = waiting.pop(rng.randrange(len(waiting)) if rng else 0)
            if isinstance(each, Ask):
                jobs = campaign.answered(each, answer(each))
            else:
                assert each.key not in trained, "trained twice"
                trained.append(each.key)
                jobs = campaign.took(each, train(each))
            waiting += [one for job in jobs for one in (getattr(job, "runs", None) or [job])]
        if not any(outcome.status == "failed" for _, _, outcome in ledger.records()):
            assert not campaign.pending()
            assert campaign.open_cells() == 0
    return trained


def survive(work: Work, out: Path, train, rng: random.Random, kills: int, most: int) -> list[str]:
    """Sweep with kills at random moments, starting again each time; the keys of all that was trained."""
    trained: list[str] = []

    def noted(run: Run) -> Outcome:
        outcome = train(run)
        trained.append(run.key)
        return outcome

    for _ in range(kills):
        try:
            sweep(work, out, noted, rng, events=rng.randint(0, most))
        except Killed:
            continue
    sweep(work, out, noted, rng)
    return trained
