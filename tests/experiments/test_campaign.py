"""The campaign: what is started when, and that kills, failures and late additions change no result."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import datasets
from experiments.frames import Frames, frames
from experiments.grid import DataFacts, cells
from experiments.ledger import Ledger
from experiments.plan import parse
from experiments.records import Outcome, Run
from experiments.sweep import LEDGER, Campaign, Work
from experiments.training import engines
from experiments.training.loop import train
from experiments.training.setup import prepare
from experiments.tuning.cell import BOTH, DEFAULT, TRIAL, TUNED, Ask
from tests.experiments.tuning.made_up import Curve, Killed, answer, sweep

FACTS = DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 1000)


def table(seeds: int = 2, tuning: dict | None = None, **block) -> dict:
    block = {"dataset": "digits", "activations": ["relu", "tanh"], "optimizers": ["sgd", "adam"], "epochs": 2, **block}
    return {"name": "test", "seeds": seeds, "tuning": tuning or {"strategy": "grid", "points": 3}, "block": [block]}


def made_up(*blocks: dict, **changes) -> Work:
    """A plan on data that is not there."""
    given = table(**changes)
    given["block"] += blocks
    plan = parse(given)
    return Work(plan, cells(plan, {"digits": FACTS}), {"digits": FACTS.examples}, [], [])


def curve(run: Run) -> Outcome:
    """Each cell has its best rate elsewhere; one of them beyond what its grid can reach, one diverges often."""
    best = {("relu", "sgd"): -3, ("relu", "adam"): -6, ("tanh", "sgd"): 9, ("tanh", "adam"): -9}
    limit = -5 if (run.activation, run.optimizer) == ("tanh", "adam") else 99
    return Curve(best[run.activation, run.optimizer], limit, noise=0.02)(run)


def tables(out: Path) -> Frames:
    with Ledger.read(out / LEDGER) as ledger:
        return frames(ledger)


def assert_alike(one: Frames, other: Frames, names=("runs", "curves", "diagnostics", "choices")) -> None:
    """The same rows in the same order, to the last bit; clocks and memory aside."""
    for name in names:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, obj=name)


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


# With made-up outcomes


@pytest.mark.parametrize("strategy", ["none", "grid", "random", "hyperband"])
def test_order_and_kills_change_no_table(tmp_path, strategy):
    work = made_up(tuning={"strategy": strategy, "trials": 5, "points": 5})
    sweep(work, tmp_path / "plain", curve)
    expected = tables(tmp_path / "plain")
    assert len(expected.choices) == (0 if strategy == "none" else 4)
    for seed in range(3):
        out = tmp_path / str(seed)
        trained = survive(work, out, curve, random.Random(seed), kills=6, most=12)
        assert_alike(tables(out), expected)
        assert sorted(trained) == sorted(expected.runs["key"]), "each run once"


def test_a_finished_sweep_trains_nothing(tmp_path):
    sweep(made_up(), tmp_path, curve)
    before = tables(tmp_path)
    assert sweep(made_up(), tmp_path, curve) == []
    assert_alike(tables(tmp_path), before)


def test_more_seeds_train_only_the_new_ones_and_a_longer_plan_only_what_is_new(tmp_path):
    sweep(made_up(seeds=2), tmp_path, curve)
    few = tables(tmp_path)
    trained = sweep(made_up(seeds=4), tmp_path, curve)
    many = tables(tmp_path)
    fresh = many.runs[many.runs["key"].isin(trained)]
    assert set(fresh["seed"]) == {2, 3}
    assert not set(fresh["role"]) & {TRIAL}
    assert len(many.runs) == len(few.runs) + len(trained)
    scored = ["scored", "tuned_learning_rate"]
    pd.testing.assert_frame_equal(few.choices.drop(columns=scored[0]), many.choices.drop(columns=scored[0]))
    wider = made_up(seeds=4, activations=["relu", "tanh"], optimizers=["sgd", "adam"])
    assert sweep(wider, tmp_path, curve) == []
    narrow = made_up(seeds=4, activations=["relu"], optimizers=["sgd"])
    assert sweep(narrow, tmp_path, curve) == []
    assert set(tables(tmp_path).runs["activation"]) == {"relu"}, "tables show the plan, not all that is there"


def test_tables_keep_the_order_of_the_plan(tmp_path):
    sweep(made_up(), tmp_path, curve, random.Random(0))
    found = tables(tmp_path)
    by_cell = list(dict.fromkeys(zip(found.runs["activation"], found.runs["optimizer"], strict=True)))
    assert by_cell == [(a, o) for a in ("relu", "tanh") for o in ("sgd", "adam")]
    assert list(zip(found.choices["activation"], found.choices["optimizer"], strict=True)) == by_cell
    for _, cell in found.runs.groupby(["activation", "optimizer"]):
        order = [DEFAULT, BOTH, TRIAL, TUNED]
        places = [order.index(role) for role in cell["role"]]
        assert places == sorted(places)


def test_choices_say_what_the_trials_say(tmp_path):
    sweep(made_up(tuning={"strategy": "grid", "points": 5, "extensions": 1}), tmp_path, curve, random.Random(4))
    found = tables(tmp_path)
    for choice in found.choices.itertuples():
        of = found.runs[(found.runs["activation"] == choice.activation) & (found.runs["optimizer"] == choice.optimizer)]
        trials = of[of["role"] == TRIAL]
        best = trials.loc[trials["validation_metric"].idxmax()]
        assert choice.tuned_learning_rate == best["learning_rate"]
        assert choice.score == best["validation_metric"]
        tuned = of[of["role"].isin([TUNED, BOTH])]
        assert set(tuned["learning_rate"]) == {choice.tuned_learning_rate}
        assert list(choice.scored) == list(tuned["key"])
        assert trials["test_metric"].isna().all()
    edges = dict(zip(zip(found.choices["activation"], found.choices["optimizer"], strict=True),
                     found.choices["edge"], strict=True))  # fmt: skip
    assert edges == {("relu", "sgd"): "", ("relu", "adam"): "", ("tanh", "sgd"): "high", ("tanh", "adam"): ""}


def test_a_role_that_changes_is_told_to_the_ledger(tmp_path):
    work = made_up(activations=["relu"], optimizers=["adam"])
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        assert {role for _, role, _ in campaign.rows()} == {DEFAULT}
    sweep(work, tmp_path, curve)
    found = tables(tmp_path)
    assert sorted(found.runs["role"].unique()) == [BOTH, TRIAL]


def test_nothing_is_started_twice_and_the_end_comes_nearer(tmp_path):
    work = made_up()
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        waiting = campaign.jobs()
        assert campaign.jobs() == []
        assert campaign.open_cells() == 4
        assert len([job for job in waiting if isinstance(job, Ask)]) == 4
        left, done = campaign.cost_left(), 0
        assert left > 0
        while waiting:
            job = waiting.pop(0)
            if isinstance(job, Ask):
                waiting += campaign.answered(job, answer(job))
                continue
            for run in job.runs:
                waiting += campaign.took(run, curve(run))
                done += 1
                assert campaign.done() == done
        assert campaign.cost_left() == 0 == campaign.open_cells()
        assert campaign.pending() == []
        assert campaign.jobs() == []
        assert {run.key for _, _, run in campaign.rows()} == set(campaign.needed) == set(ledger.planned_keys())


def test_what_fails_holds_up_its_cell_only_and_is_tried_again(tmp_path):
    work = made_up()
    broken = [True]

    def flaky(run: Run) -> Outcome:
        if broken and run.tuning and (run.activation, run.optimizer) == ("relu", "sgd") and run.learning_rate == 0.01:
            return Outcome(status="failed", error="ValueError: no")
        return curve(run)

    first = sweep(work, tmp_path, flaky)
    with Ledger.read(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        assert campaign.open_cells() == 1
        assert [(run.activation, run.optimizer, run.learning_rate) for run in campaign.pending()] == [("relu", "sgd", 0.01)]
    assert len(tables(tmp_path).choices) == 3
    broken.clear()
    again = sweep(work, tmp_path, flaky)
    assert len(set(first) & set(again)) == 1, "what failed, and nothing else, is trained again"
    sweep(work, tmp_path / "plain", curve)
    assert_alike(tables(tmp_path), tables(tmp_path / "plain"))


def test_a_run_that_two_cells_ask_for_is_trained_once_and_stands_with_the_first(tmp_path):
    """The same cells with another default rate: their grids overlap, and so do what they score."""
    block = {"dataset": "digits", "activations": ["relu", "tanh"], "optimizers": ["sgd", "adam"], "epochs": 2,
             "learning_rates": {"sgd": 0.0316, "adam": 0.00316}}  # fmt: skip
    work = made_up(block)
    assert len(work.cells) == 8
    trained = sweep(work, tmp_path / "plain", curve)
    expected = tables(tmp_path / "plain")
    assert len(trained) == len(set(trained)) == len(expected.runs)
    assert expected.runs["key"].is_unique
    for seed in range(3):
        survive(work, tmp_path / str(seed), curve, random.Random(seed), kills=4, most=25)
        assert_alike(tables(tmp_path / str(seed)), expected)


def test_an_outcome_of_another_plan_is_kept_and_changes_nothing(tmp_path):
    work = made_up()
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        before = [now for now in campaign.states]
        stranger = replace(work.cells[0].template, seed=77)
        assert campaign.took(stranger, curve(stranger)) == []
        assert campaign.states == before
        assert stranger.key in ledger.results()


# With the real engine, on tiny data


@pytest.fixture(scope="module")
def small() -> datasets.Dataset:
    return datasets.load("digits-100")


@pytest.fixture(scope="module")
def real_work(small) -> Work:
    """Four cells, of which one diverges at every rate that it tries."""
    given = table(tuning={"strategy": "grid", "points": 3, "extensions": 1}, dataset="digits-100", batch_size=25,
                  model_args={"depth": 1, "width": 4}, optimizers=["sgd", "adam"], epochs=2)  # fmt: skip
    given["block"][0]["activations"] = ["relu"]
    given["block"].append({**given["block"][0], "activations": ["tanh"], "optimizers": ["adam"]})
    given["block"].append({**given["block"][0], "optimizers": ["sgd"], "learning_rates": {"sgd": 1e30}})
    return work_of(given, small)


def work_of(given: dict, data: datasets.Dataset) -> Work:
    facts = DataFacts(data.name, data.fingerprint, data.task, data.outputs, data.input_shape, len(data.train))
    plan = parse(given)
    return Work(plan, cells(plan, {data.name: facts}), {data.name: len(data.train)}, [], [])


class Trainers:
    """The compiled cells of one data set. While a run tunes, its test part is not to be touched."""

    def __init__(self, data: datasets.Dataset):
        self.data, self.cells = data, {}

    def __call__(self, run: Run) -> Outcome:
        trace = (run.activation, run.optimizer)
        if trace not in self.cells:
            trainer = self.cells[trace] = engines.make(run.engine, prepare(run, self.data))
            trainer.setup.labels = Guarded(trainer.setup.labels)
            evaluate = trainer.evaluate
            trainer.evaluate = lambda part: trainer.setup.labels.check(part) or evaluate(part)
        self.cells[trace].setup.labels.open = not run.tuning
        return train(self.cells[trace], run)


class Guarded(dict):
    """Labels by part, of which the test's cannot be had while it is closed."""

    open = True

    def check(self, part: str) -> None:
        assert self.open or part != "test", "a tuning run reads the test part"

    def __getitem__(self, part: str) -> np.ndarray:
        self.check(part)
        return super().__getitem__(part)


@pytest.fixture(scope="module")
def trainers(small) -> Trainers:
    return Trainers(small)


@pytest.fixture(scope="module")
def undisturbed(real_work, trainers, tmp_path_factory) -> Frames:
    out = tmp_path_factory.mktemp("undisturbed")
    sweep(real_work, out, trainers)
    return tables(out)


def test_a_real_sweep_is_what_it_should_be(undisturbed):
    assert len(undisturbed.choices) == 4
    assert list(undisturbed.choices["all_diverged"]) == [False, False, False, True]
    assert set(undisturbed.runs["status"]) == {"done", "diverged"}
    scored = undisturbed.runs[undisturbed.runs["role"] != TRIAL]
    assert set(undisturbed.diagnostics["key"]) <= set(scored["key"]), "trials are not looked into"
    assert set(scored.loc[scored["status"] == "done", "key"]) <= set(undisturbed.diagnostics["key"])


def test_real_training_killed_at_random_moments_gives_the_same_tables(undisturbed, real_work, trainers, tmp_path):
    trained = survive(real_work, tmp_path, trainers, random.Random(11), kills=10, most=8)
    assert_alike(tables(tmp_path), undisturbed)
    assert sorted(trained) == sorted(undisturbed.runs["key"])


def test_test_data_changes_nothing_that_is_chosen(undisturbed, real_work, small, tmp_path):
    """All test labels wrong, nearly all of them of one class, and all test images noise."""
    wrong = np.where(small.test.y == 3, 4, 3).astype(small.test.y.dtype)
    noise = np.random.default_rng(0).integers(0, 255, small.test.x.shape).astype(small.test.x.dtype)
    assert not (wrong == small.test.y).any()
    sweep(real_work, tmp_path, Trainers(replace(small, test=replace(small.test, x=noise, y=wrong))))
    found = tables(tmp_path)
    assert_alike(found, undisturbed, ("curves", "diagnostics", "choices"))
    of_test = ["test_accuracy", "test_metric", "test_loss", "last_test_metric", "last_test_loss", "chance"]
    pd.testing.assert_frame_equal(found.runs.drop(columns=of_test), undisturbed.runs.drop(columns=of_test), check_exact=True)
    trial = undisturbed.runs["role"] == TRIAL
    assert (found.runs.loc[trial, "chance"] == undisturbed.runs.loc[trial, "chance"]).all()
    done = (undisturbed.runs["status"] == "done") & ~trial
    changed = found.runs.loc[done, "test_loss"] != undisturbed.runs.loc[done, "test_loss"]
    assert changed.all(), "the test data did change"


def test_choices_survive_as_text(undisturbed):
    assert json.loads(json.dumps(list(undisturbed.choices["scored"]))) == [list(each) for each in undisturbed.choices["scored"]]
