"""The loop around an engine: which epoch is kept, when a run diverged, how often the test part is read."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.records import TUNING_SEEDS, Outcome
from experiments.training import compiled, engines, loop
from experiments.training.setup import prepare
from tests.experiments.training.toy import ONE_BY_ONE, a_run, toy


class Scripted:
    """An engine whose validation results are given; its one weight is the number of the last epoch."""

    compile_seconds = 0.25

    def __init__(self, setup, metrics, losses=None, train_losses=(1.0, 0.5)):
        self.setup = setup
        self.metrics, self.losses = metrics, losses or [1.0] * len(metrics)
        self.train_losses = train_losses
        self.read: list[str] = []

    def reset(self, learning_rate, weights):
        self.at = 0

    def epoch(self, seed, epoch):
        self.at = epoch
        given = self.train_losses[epoch - 1] if isinstance(self.train_losses, dict) else self.train_losses
        return np.array(given), 30.0, 60

    def evaluate(self, part):
        self.read.append(part)
        if part == "test":
            return 10.0 + self.at, 40 * self.at / 100
        return self.losses[self.at - 1], 30 * self.metrics[self.at - 1]

    def weights(self):
        return [np.array(self.at)]

    def set_weights(self, weights):
        self.at = int(weights[0])


@pytest.fixture(scope="module")
def setup():
    data = toy()
    made = prepare(a_run(data), data)
    made.optimizer.build(made.model.trainable_variables)
    return made


@pytest.fixture(autouse=True)
def _blind(monkeypatch):
    """Diagnostics have tests of their own."""
    monkeypatch.setattr(loop.Diagnostics, "measure", lambda *_: [])


BEST = {
    "the middle": ([0.5, 0.8, 0.6, 0.7], None, 2, 2),
    "the last, read once": ([0.5, 0.6, 0.7, 0.8], None, 4, 1),
    "the earliest of equals": ([0.5, 0.8, 0.8, 0.8], None, 2, 2),
    "the first of all alike": ([0.1, 0.1, 0.1, 0.1], None, 1, 2),
    "the metric, not the loss": ([0.5, 0.8, 0.6, 0.7], [4.0, 9.0, 1.0, 1.0], 2, 2),
    "the loss where the metric is no number": ([math.nan] * 4, [4.0, 2.0, 1.0, 3.0], 3, 2),
    "below zero": ([-5.0, -2.0, -3.0, -4.0], None, 2, 2),
}


@pytest.mark.parametrize(("metrics", "losses", "best", "reads"), BEST.values(), ids=BEST)
def test_the_epoch_that_is_kept(setup, metrics, losses, best, reads):
    trainer = Scripted(setup, metrics, losses)
    outcome = loop.train(trainer, a_run(toy(), epochs=4))
    assert outcome.status == "done"
    assert outcome.best_epoch == best
    assert outcome.validation_metric == pytest.approx(metrics[best - 1], nan_ok=True)
    assert (outcome.test_loss, outcome.test_metric) == (10 + best, pytest.approx(best / 100))
    assert (outcome.last_test_loss, outcome.last_test_metric) == (14, pytest.approx(0.04))
    assert trainer.read.count("test") == reads
    assert trainer.read[:4] == ["validation"] * 4, "test comes last"
    assert [epoch.epoch for epoch in outcome.curve] == [1, 2, 3, 4]
    text = outcome.to_json()
    assert Outcome.from_json(text).to_json() == text


def test_a_tuning_run_never_reads_the_test_part_and_counts_chance_on_validation(setup):
    class Closed(dict):
        def __getitem__(self, part):
            assert part != "test"
            return super().__getitem__(part)

    closed = replace(setup, labels=Closed(setup.labels))
    trainer = Scripted(closed, [0.5, 0.8, 0.6, 0.7])
    outcome = loop.train(trainer, a_run(toy(), epochs=4, seed=TUNING_SEEDS))
    assert trainer.read == ["validation"] * 4
    assert (outcome.test_metric, outcome.test_loss, outcome.last_test_metric) == (None, None, None)
    assert outcome.diagnostics == ()
    assert outcome.chance == np.bincount(setup.labels["validation"]).max() / 30


DIVERGED = {
    "within an epoch": ({0: (1.0, 1.0, 1.0), 1: (1.0, math.nan)}, [0.5, 0.5, 0.5], [1.0, 1.0, 1.0], 5, 1),
    "at the first update": ({0: (math.inf,)}, [0.5], [1.0], 1, 0),
    "by the last update of an epoch": ({0: (1.0, 1.0, 1.0)}, [0.5], [math.nan], 4, 0),
    "by the last update of all": (
        {0: (1.0, 1.0, 1.0), 1: (1.0, 1.0, 1.0)},
        [0.5, 0.5],
        [1.0, math.inf],
        7,
        1,
    ),
}


@pytest.mark.parametrize(("train_losses", "metrics", "losses", "step", "epochs"), DIVERGED.values(), ids=DIVERGED)
def test_the_update_at_which_a_run_diverged(setup, train_losses, metrics, losses, step, epochs):
    trainer = Scripted(setup, metrics, losses, train_losses)
    outcome = loop.train(trainer, a_run(toy(), epochs=len(metrics)))
    assert (outcome.status, outcome.step) == ("diverged", step)
    assert len(outcome.curve) == epochs
    assert "test" not in trainer.read
    assert (outcome.best_epoch, outcome.validation_metric, outcome.test_metric) == (0, None, None)


def test_each_epoch_is_told_when_it_is_done(setup):
    told = []
    loop.train(Scripted(setup, [0.5, 0.6]), a_run(toy(), epochs=2), told.append)
    assert [epoch.epoch for epoch in told] == [1, 2]
    assert told[0].train_loss == 0.75
    assert told[0].train_metric == 0.5


def trained(run, data) -> Outcome:
    return loop.train(engines.make(run.engine, prepare(run, data)), run)


@pytest.mark.parametrize("engine", ONE_BY_ONE)
def test_weights_that_overflow_at_an_update_diverge_at_the_next(engine):
    """One update an epoch; the first makes weights near 1e30, whose squared error is beyond float32."""
    data = toy("regression")
    run = a_run(data, {"depth": 1, "width": 4}, batch_size=0, learning_rate=1e30, epochs=3, engine=engine)
    outcome = trained(run, data)
    assert (outcome.status, outcome.step, outcome.curve) == ("diverged", 2, ())


def test_both_engines_name_the_same_update():
    data = toy("regression", train=200)
    run = a_run(data, {"depth": 0}, batch_size=4, learning_rate=2.0, activation="linear")
    plain, fast = (trained(replace(run, engine=engine), data) for engine in ONE_BY_ONE)
    assert fast.status == plain.status == "diverged"
    assert fast.step is not None
    assert 5 < fast.step <= 100
    assert fast.step == plain.step


@pytest.mark.parametrize("engine", ONE_BY_ONE)
def test_a_constant_target_is_trained_without_a_metric(engine):
    data = toy("regression")
    flat = replace(
        data,
        **{
            part: replace(getattr(data, part), y=np.ones_like(getattr(data, part).y))
            for part in ("train", "validation", "test")
        },
    )
    outcome = trained(a_run(flat, {"depth": 1, "width": 4}, engine=engine, learning_rate=0.01), flat)
    assert outcome.status == "done"
    assert math.isnan(outcome.validation_metric)
    losses = [epoch.validation_loss for epoch in outcome.curve]
    assert outcome.best_epoch == 1 + int(np.argmin(losses))


def test_a_batch_larger_than_the_data_is_all_of_it():
    data = toy()
    run = a_run(data, {"depth": 1, "width": 4}, batch_size=10_000, epochs=3)
    large, whole = trained(run, data), trained(replace(run, batch_size=0), data)
    assert large.status == "done"
    for one, other in zip(large.curve, whole.curve, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-5)


def test_one_class_is_right_from_the_start_and_chance_says_so():
    data = toy()
    same = replace(
        data,
        **{
            part: replace(getattr(data, part), y=np.zeros_like(getattr(data, part).y))
            for part in ("train", "validation", "test")
        },
    )
    outcome = trained(a_run(same, {"depth": 1, "width": 4}, epochs=5), same)
    assert (outcome.status, outcome.chance, outcome.test_metric) == ("done", 1.0, 1.0)


@pytest.mark.parametrize(("task", "optimizer"), [("classes", "momentum"), ("regression", "batch_gd")])
def test_a_whole_batch_in_chunks_is_one_big_batch(task, optimizer, monkeypatch):
    data = toy(task)
    run = a_run(data, {"depth": 1, "width": 4}, batch_size=0, optimizer=optimizer, learning_rate=0.05)
    weights, losses, scores = [], [], []
    for chunk in (2048, 13):  # 60 examples: one chunk, and five, the last of them padded
        monkeypatch.setitem(compiled.CHUNK, "dense", chunk)
        trainer = engines.make("compiled", prepare(run, data))
        assert trainer.chunk == chunk
        trainer.reset(run.learning_rate, trainer.setup.initial_weights(run))
        made = [trainer.epoch(0, number) for number in range(1, 11)]
        assert all(len(loss) == 1 and examples == 60 for loss, _, examples in made)
        losses.append([float(loss[0]) for loss, _, _ in made])
        scores.append([score for _, score, _ in made])
        weights.append(trainer.weights())
        losses[-1] += [trainer.evaluate(part)[0] for part in ("validation", "test")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert losses[0][9] < losses[0][0], "something was learned"


def test_every_cell_sees_the_same_batches_in_the_same_order(monkeypatch):
    seen: dict[str, list] = {}
    for activation, optimizer in (("relu", "sgd"), ("tanh", "adam")):
        data = toy()
        run = a_run(data, {"depth": 0}, activation=activation, optimizer=optimizer)
        trainer = engines.make("compiled", prepare(run, data))
        inner = trainer._epoch
        told = seen[optimizer] = []

        def noted(steps, order, inner=inner, told=told):
            told.append(np.array(order))
            return inner(steps, order)

        trainer._epoch = noted
        loop.train(trainer, run)
    for one, other in zip(seen["sgd"], seen["adam"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(*seen["sgd"])
