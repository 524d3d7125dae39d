"""What the runs of a trace share: arrays, scores, metrics, fresh slots."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from custom import optimizers
from experiments import names
from experiments.training import engines
from experiments.training.setup import PARTS, make_optimizer, prepare
from experiments.training.slots import Slots
from tests.experiments.training.toy import SIZES, a_run, toy


@pytest.mark.parametrize("task", ["classes", "binary", "regression"])
def test_the_parts_lie_one_behind_the_other(task):
    data = toy(task)
    setup = prepare(a_run(data), data)
    assert setup.counts == SIZES
    assert setup.starts == {"train": 0, "validation": 60, "test": 90}
    assert setup.examples == 60
    for name in PARTS:
        rows = slice(setup.starts[name], setup.starts[name] + setup.counts[name])
        np.testing.assert_array_equal(setup.x[rows], getattr(data, name).x)
        np.testing.assert_array_equal(setup.y[rows].ravel(), getattr(data, name).y)


@pytest.mark.parametrize(
    ("asked", "batch_size", "whole"), [(10, 10, False), (1000, 60, False), (0, 60, True), (60, 60, False)]
)
def test_a_batch_is_no_larger_than_the_training_part(asked, batch_size, whole):
    data = toy()
    setup = prepare(a_run(data, batch_size=asked), data)
    assert (setup.batch_size, setup.whole_batch) == (batch_size, whole)


SCORES = {
    "softmax": ("classes", {}),
    "one-hot": ("classes", {"loss": "categorical_crossentropy"}),
    "hinge, classes": ("classes", {"loss": "hinge", "head": "tanh"}),
    "binary": ("binary", {}),
    "hinge": ("binary", {"loss": "hinge", "head": "tanh"}),
    "squares of a sigmoid": ("binary", {"loss": "mean_squared_error", "head": "sigmoid"}),
    "squares of a line": ("binary", {"loss": "mean_squared_error", "head": "linear"}),
    "regression": ("regression", {}),
    "huber": ("regression", {"loss": "huber"}),
}


@pytest.mark.parametrize(("task", "changes"), SCORES.values(), ids=SCORES)
def test_scores_sum_to_the_metric_that_scikit_learn_gives(task, changes):
    data = toy(task)
    run = a_run(data, **changes)
    setup = prepare(run, data)
    rows = slice(60, 90)
    out = np.random.default_rng(0).normal(0.2, 0.5, (30, data.outputs)).astype(np.float32)
    score = np.array(setup.score(keras.ops.convert_to_tensor(setup.y[rows]), keras.ops.convert_to_tensor(out)))
    assert score.shape == (30,)
    y = data.validation.y
    if task == "regression":
        expected = r2_score(y, out[:, 0])
    else:
        # The middle between the two targets: 0 for logits and for -1 and 1, else 1/2.
        middle = 0.0 if setup.head.from_logits or setup.head.signed else 0.5
        answers = out.argmax(axis=1) if task == "classes" else out[:, 0] > middle
        np.testing.assert_array_equal(score, answers == y)
        expected = accuracy_score(y, answers)
        assert task == "classes" or ((out > 0) & (out < 0.5)).any(), "a case that could be wrong"
    assert setup.metric(float(score.sum()), 30, "validation") == pytest.approx(expected, abs=1e-6)
    if task != "regression":
        assert 0 < expected < 1, "a case that could be wrong"


def test_r_squared_of_a_constant_target_is_no_number():
    data = toy("regression")
    flat = replace(data, validation=replace(data.validation, y=np.ones(30, np.float32)))
    setup = prepare(a_run(flat), flat)
    assert np.isnan(setup.metric(3.0, 30, "validation"))
    assert np.isfinite(setup.metric(3.0, 60, "train"))


@pytest.mark.parametrize("name", names.OPTIMIZERS)
def test_our_optimizers_by_name(name):
    made = make_optimizer(name, 0.125, {})
    assert type(made).__module__.startswith(optimizers.__name__)
    assert type(made).__name__.lower() == {"batch_gd": "sgd"}.get(name, name)
    assert float(made.learning_rate) == 0.125


@pytest.mark.parametrize("name", names.KERAS_RATES)
def test_keras_optimizers_by_name(name):
    made = make_optimizer(f"keras:{name}", 0.125, {})
    assert type(made) is getattr(keras.optimizers, name)
    assert float(made.learning_rate) == 0.125


def test_constants_reach_the_optimizer():
    made = make_optimizer("adam", 0.1, {"beta_1": 0.5, "epsilon": 1e-3, "clipnorm": 2.0})
    assert (made.beta_1, made.epsilon, made.clipnorm) == (0.5, 1e-3, 2.0)


def values(variables) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


@pytest.mark.parametrize("name", [*names.OPTIMIZERS, *(f"keras:{name}" for name in names.KERAS_RATES)])
def test_reset_slots_are_those_of_an_optimizer_that_was_just_built(name):
    """Whatever was trained before, and whatever the weights were when it was first built."""
    weights = [keras.Variable(np.full((3, 2), 0.5), dtype="float32"), keras.Variable([1.0, -2.0])]
    slots = Slots(made := make_optimizer(name, 0.1, {}), weights)
    for _ in range(2):
        made.apply([keras.ops.ones_like(w) for w in weights], weights)
    for weight in weights:
        weight.assign(keras.ops.ones_like(weight) * 0.25)
    slots.reset()
    (fresh := make_optimizer(name, 0.1, {})).build(weights)
    for one, other in zip(values(made.variables), values(fresh.variables), strict=True):
        np.testing.assert_array_equal(one, other)


def test_building_slots_leaves_the_weights_alone():
    weights = [keras.Variable(np.arange(6.0).reshape(3, 2))]
    Slots(make_optimizer("adam", 0.1, {}), weights)
    np.testing.assert_array_equal(values(weights)[0], np.arange(6.0).reshape(3, 2))


@pytest.mark.parametrize("engine", ["reference", "compiled"])  # JAX has a process of its own: see test_stacked
def test_a_run_starts_from_its_initial_weights_whatever_its_optimizer_remembers(engine):
    """ScheduleFreeAdamW starts one of its slots as a copy of the weights."""
    data = toy()
    run = a_run(
        data,
        {"depth": 1, "width": 4},
        optimizer="keras:ScheduleFreeAdamW",
        learning_rate=1e-4,
        batch_size=30,
        engine=engine,
    )
    trainer = engines.make(engine, prepare(run, data))
    start = trainer.setup.initial_weights(run)
    trainer.reset(run.learning_rate, start)
    trainer.epoch(0, 1)
    for before, after in zip(start, trainer.weights(), strict=True):
        assert 0 < np.abs(after - before).max() < 1e-3
