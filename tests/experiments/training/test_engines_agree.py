"""The compiled engine against the plain Keras loop: the same batches must give the same weights."""

from dataclasses import replace

import numpy as np
import pytest

from experiments import datasets, names
from experiments.datasets import Dataset
from experiments.heads import head_for
from experiments.initialisers import initialiser_for
from experiments.records import Run
from experiments.training import engines
from experiments.training.loop import train
from experiments.training.setup import prepare
from tests.experiments.training.toy import ONE_BY_ONE, toy
from tests.experiments.training.toy import a_run as a_toy_run


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return datasets.load("digits")


def a_run(data: Dataset, **changes) -> Run:
    head = head_for(data.task, data.outputs, changes.pop("head", None), changes.pop("loss", None))
    basis = Run(
        dataset=data.name, fingerprint=data.fingerprint, model="mlp", activation="relu", optimizer="adam",
        loss=head.loss, head=head.activation, initialiser="he", learning_rate=0.001, batch_size=32, epochs=3, seed=0,
    )  # fmt: skip
    run = replace(basis, **changes)
    return replace(run, initialiser=initialiser_for(run.activation))


def after_two_updates(run: Run, data: Dataset) -> list[np.ndarray]:
    trainer = engines.make(run.engine, prepare(run, data))
    trainer.reset(run.learning_rate, trainer.setup.initial_weights(run))
    epochs = 2 if run.batch_size == 0 else 1
    updates = sum(len(trainer.epoch(run.seed, epoch)[0]) for epoch in range(1, epochs + 1))
    assert updates == 2
    return trainer.weights()


CASES = (
    [("mlp", "relu", optimizer) for optimizer in names.OPTIMIZERS]
    + [("mlp", activation, "momentum") for activation in names.ACTIVATIONS if activation != "relu"]
    + [("mlp", "keras:gelu", "keras:AdamW"), ("cnn-slim", "maxout", "adam")]
)


@pytest.mark.parametrize(("model", "activation", "optimizer"), CASES)
def test_two_updates_give_the_same_weights(digits, model, activation, optimizer):
    rate = names.DEFAULT_RATES.get(optimizer, 0.001)
    size = 0 if optimizer == "batch_gd" else len(digits.train.y) // 2
    run = a_run(digits, model=model, activation=activation, optimizer=optimizer, learning_rate=rate, batch_size=size)
    fast = after_two_updates(run, digits)
    plain = after_two_updates(replace(run, engine="reference"), digits)
    start = prepare(run, digits).initial_weights(run)
    for one, other, before in zip(fast, plain, start, strict=True):
        # Where a gradient is rounding noise around 0, Adam's first steps are +-rate by its sign alone:
        # almost all weights agree to rounding, none by more than the steps that were made.
        gap = np.abs(one - other)
        assert np.quantile(gap, 0.99) <= 2e-6 * max(1.0, np.abs(before).max())
        assert gap.max() <= 4 * rate
    moved = max(np.abs(one - before).max() for one, before in zip(fast, start, strict=True))
    assert moved > 1e-5, "nothing was trained, so agreement means nothing"


def test_a_normalised_net_sees_the_whole_batch_at_once():
    _agree(toy(), {"depth": 2, "width": 8, "norm": 1})


def test_so_does_a_normalised_convolutional_net_with_skips():
    _agree(toy(shape=(8, 8, 1)), {"norm": 1, "skip": 1}, model="cnn-slim")


def test_muon_leaves_the_last_layer_to_adamw():
    data = toy()
    run = a_toy_run(data, optimizer="keras:Muon", optimizer_args=(("exclude_layers", "output"),))
    optimizer = prepare(run, data).optimizer
    weights = {variable.path: variable for variable in prepare(run, data).model.trainable_variables}
    assert {path for path, variable in weights.items() if not optimizer._should_use_adamw(variable)} == {
        "hidden_1/kernel", "hidden_2/kernel"
    }  # fmt: skip
    assert train(engines.make("compiled", prepare(run, data)), run).status == "done"


def _agree(data: Dataset, model_args: dict, **changes) -> None:
    run = a_toy_run(data, model_args, optimizer="batch_gd", batch_size=0, learning_rate=0.1, **changes)
    fast, plain = (after_two_updates(replace(run, engine=engine), data) for engine in ("compiled", "reference"))
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("activation", "optimizer"), [("relu", "adam"), ("tanh", "nag")])
def test_the_same_accuracy_after_training(digits, activation, optimizer):
    run = a_run(digits, activation=activation, optimizer=optimizer,
                learning_rate=names.DEFAULT_RATES[optimizer], epochs=8)  # fmt: skip
    fast = train(engines.make("compiled", prepare(run, digits)), run)
    plain_run = replace(run, engine="reference")
    plain = train(engines.make("reference", prepare(plain_run, digits)), plain_run)
    assert fast.status == plain.status == "done"
    assert fast.test_metric is not None
    assert fast.test_metric > 0.9
    assert abs(fast.test_metric - plain.test_metric) < 0.02
    for one, other in zip(fast.curve, plain.curve, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=0.02)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=0.05)


@pytest.mark.parametrize(("name", "loss"), [("breast_cancer", "binary_crossentropy"), ("breast_cancer", "hinge"),
                                            ("diabetes", "mean_squared_error")])  # fmt: skip
def test_other_tasks_agree_too(name, loss):
    data = datasets.load(name)
    run = a_run(data, loss=loss, head="tanh" if loss == "hinge" else None, optimizer="momentum",
                learning_rate=0.01, epochs=2)  # fmt: skip
    fast = train(engines.make("compiled", prepare(run, data)), run)
    plain_run = replace(run, engine="reference")
    plain = train(engines.make("reference", prepare(plain_run, data)), plain_run)
    assert fast.test_metric == pytest.approx(plain.test_metric, abs=0.01)
    assert fast.test_loss == pytest.approx(plain.test_loss, rel=1e-3)


@pytest.mark.parametrize("engine", ONE_BY_ONE)
def test_divergence_names_the_update(digits, engine):
    run = a_run(digits, optimizer="sgd", learning_rate=1e6, engine=engine)
    outcome = train(engines.make(engine, prepare(run, digits)), run)
    assert outcome.status == "diverged"
    assert outcome.step is not None
    assert 1 < outcome.step <= 40
    assert outcome.test_metric is None


def test_one_trace_serves_all_seeds_and_rates(digits):
    first = a_run(digits)
    trainer = engines.make("compiled", prepare(first, digits))
    alone = train(trainer, first)
    train(trainer, replace(first, seed=1, learning_rate=0.01))
    again = train(trainer, first)
    assert [e.train_loss for e in again.curve] == [e.train_loss for e in alone.curve]
    assert again.test_loss == alone.test_loss
    assert trainer._epoch.experimental_get_tracing_count() == 1
    assert trainer._evaluate.experimental_get_tracing_count() == 1


def test_tuning_runs_never_read_the_test_part(digits):
    run = a_run(digits, seed=1_000_000)
    trainer = engines.make("compiled", prepare(run, digits))
    asked = []
    evaluate = trainer.evaluate
    trainer.evaluate = lambda part: asked.append(part) or evaluate(part)
    outcome = train(trainer, run)
    assert set(asked) == {"validation"}
    assert outcome.test_metric is None
