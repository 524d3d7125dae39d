"""The campaign with the real engine, on tiny data: neither kills nor test data change what is chosen."""

import json
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments import datasets
from experiments.frames import Frames
from experiments.grid import DataFacts, cells
from experiments.plan import parse
from experiments.records import Outcome, Run
from experiments.training import engines
from experiments.training.loop import train
from experiments.training.setup import prepare
from experiments.tuning.cell import TRIAL
from experiments.work import Work
from tests.experiments.tuning.sweeps import assert_alike, survive, sweep, table, tables


@pytest.fixture(scope="module")
def small() -> datasets.Dataset:
    return datasets.load("digits-100")


@pytest.fixture(scope="module")
def real_work(small) -> Work:
    """Four cells, of which one diverges at every rate that it tries."""
    given = table(
        tuning={"strategy": "grid", "points": 3, "extensions": 1},
        dataset="digits-100",
        batch_size=25,
        model_args={"depth": 1, "width": 4},
        optimizers=["sgd", "adam"],
        epochs=2,
    )
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
    pd.testing.assert_frame_equal(
        found.runs.drop(columns=of_test), undisturbed.runs.drop(columns=of_test), check_exact=True
    )
    trial = undisturbed.runs["role"] == TRIAL
    assert (found.runs.loc[trial, "chance"] == undisturbed.runs.loc[trial, "chance"]).all()
    done = (undisturbed.runs["status"] == "done") & ~trial
    changed = found.runs.loc[done, "test_loss"] != undisturbed.runs.loc[done, "test_loss"]
    assert changed.all(), "the test data did change"


def test_choices_survive_as_text(undisturbed):
    assert json.loads(json.dumps(list(undisturbed.choices["scored"]))) == [
        list(each) for each in undisturbed.choices["scored"]
    ]
