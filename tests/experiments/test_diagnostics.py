"""The diagnostics against backpropagation by hand in float64; and that looking changes nothing."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from experiments import names
from experiments.datasets import Dataset
from experiments.diagnostics.tensorflow import Diagnostics
from experiments.records import Run
from experiments.training import engines, loop
from experiments.training.setup import Setup, prepare
from experiments.training.slots import Slots
from tests.experiments.training.toy import a_run, toy

SLOPES = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)) * (1 - 1 / (1 + np.exp(-z))),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
    "leaky_relu": lambda z: np.where(z > 0, 1, 0.01),
    "linear": np.ones_like,
}
VALUES = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "linear": lambda z: z,
}
LARGEST = {"sigmoid": 0.25}
UNITS = ("dead", "saturated", "mean", "spread")


def ready(run: Run, data: Dataset, scale: float = 1.0) -> Setup:
    """A setup with its initial weights, times ``scale``, and an optimizer that has its slots."""
    setup = prepare(run, data)
    slots = Slots(setup.optimizer, setup.model.trainable_variables)
    setup.model.set_weights([scale * w for w in setup.initial_weights(run)])
    slots.reset()
    return setup


def numbers(variables) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def measure(setup: Setup, run: Run, when: str = "start") -> tuple[dict[str, dict], dict]:
    """Rows by layer, and the optimizer's."""
    *layers, optimizer = Diagnostics(setup, run.activation).measure(when)
    assert optimizer["layer"] == "optimizer"
    assert {row["when"] for row in (*layers, optimizer)} == {when}
    return {row["layer"]: row for row in layers}, optimizer


def by_hand(setup: Setup, activation: str) -> list[dict]:
    """Forward and backward through a dense net: kernels W, biases b, inputs z = a W + b, all in float64."""
    weights = [w.astype(np.float64) for w in setup.model.get_weights()]
    kernels, biases = weights[::2], weights[1::2]
    count = setup.counts["train"]
    x, y = setup.x[:count].astype(np.float64).reshape(count, -1), setup.y[:count]
    inputs, zs, a = [], [], x
    for kernel, bias in zip(kernels, biases, strict=True):
        inputs.append(a)
        zs.append(a @ kernel + bias)
        a = VALUES[activation](zs[-1])
    out = zs[-1]
    task = setup.head.task
    if task == "classes":
        p = np.exp(out - out.max(axis=1, keepdims=True))
        delta = (p / p.sum(axis=1, keepdims=True) - np.eye(out.shape[1])[y]) / count
    elif task == "binary":
        delta = (1 / (1 + np.exp(-out)) - y) / count
    else:
        delta = 2 * (out - y) / count
    rows: list[dict] = []
    for layer in reversed(range(len(kernels))):
        gradients = {"kernel": inputs[layer].T @ delta, "bias": delta.sum(axis=0)}
        row = {
            "gradient_norm": np.sqrt((gradients["kernel"] ** 2).sum()),
            "gradients": gradients,
            "weight_norm": np.sqrt((kernels[layer] ** 2).sum()),
        }
        if layer < len(kernels) - 1:
            z = zs[layer]
            slope = SLOPES[activation](z)
            dead = ((VALUES[activation](z) == 0) & (delta == 0)).all(axis=0)
            row |= {
                "dead": dead.mean(),
                "saturated": (slope / LARGEST.get(activation, 1) < 0.05).mean(),
                "mean": VALUES[activation](z).mean(),
                "spread": VALUES[activation](z).std(),
            }
        rows.insert(0, row)
        if layer:
            delta = (delta @ kernels[layer].T) * SLOPES[activation](zs[layer - 1])
    return rows


TASKS = {
    "classes": ("classes", "sigmoid", 4.0),
    "tanh": ("classes", "tanh", 3.0),
    "relu": ("classes", "relu", 1.0),
    "leaky_relu": ("classes", "leaky_relu", 1.0),
    "linear": ("classes", "linear", 1.0),
    "binary": ("binary", "sigmoid", 4.0),
    "regression": ("regression", "tanh", 3.0),
}


@pytest.mark.parametrize(("task", "activation", "scale"), TASKS.values(), ids=TASKS)
def test_every_layer_against_backpropagation_by_hand(task, activation, scale):
    data = toy(task)
    run = a_run(data, {"depth": 3, "width": 8}, activation=activation)
    setup = ready(run, data, scale)
    setup.model.set_weights([w if w.ndim > 1 else w + 0.1 * np.arange(len(w)) for w in setup.model.get_weights()])
    found, _ = measure(setup, run)
    expected = by_hand(setup, activation)
    assert list(found) == ["hidden_1", "hidden_2", "hidden_3", "output"]
    assert [row["depth"] for row in found.values()] == [1, 2, 3, 4]
    for row, truth in zip(found.values(), expected, strict=True):
        assert row["gradient_norm"] == pytest.approx(truth["gradient_norm"], rel=1e-4)
        assert row["weight_norm"] == pytest.approx(truth["weight_norm"], rel=1e-6)
        assert row["update_ratio"] == pytest.approx(0.1 * truth["gradient_norm"] / truth["weight_norm"], rel=1e-3)
        for name in UNITS:
            # A share may count one unit on one example otherwise, where rounding decides.
            assert row.get(name) == (pytest.approx(truth[name], rel=1e-4, abs=2 / (60 * 8)) if name in truth else None)
    if activation in ("sigmoid", "tanh"):
        assert 0.05 < found["hidden_1"]["saturated"] < 0.95, "a share that could be wrong"


def test_dead_units_are_those_that_were_planted():
    data = toy()
    run = a_run(data, {"depth": 1, "width": 8})
    setup = ready(run, data)
    kernel, bias, *rest = setup.model.get_weights()
    bias[[1, 4, 6]] = -1000
    bias[[0, 2]] = 1000  # always on: not dead
    setup.model.set_weights([kernel, bias, *rest])
    found, _ = measure(setup, run)
    assert found["hidden_1"]["dead"] == pytest.approx(3 / 8)
    kernel_out = rest[0].copy()
    kernel_out[3] = 0  # no gradient comes back to this unit, but it speaks
    setup.model.set_weights([kernel, bias, kernel_out, rest[1]])
    assert measure(setup, run)[0]["hidden_1"]["dead"] == pytest.approx(3 / 8)


def test_a_silent_unit_that_can_still_learn_is_not_dead():
    """tanh of 0 is 0, but its slope there is 1."""
    data = toy()
    run = a_run(data, {"depth": 1, "width": 8}, activation="tanh")
    setup = ready(run, data)
    kernel, *rest = setup.model.get_weights()
    kernel[:, 3] = 0
    setup.model.set_weights([kernel, *rest])
    assert measure(setup, run)[0]["hidden_1"]["dead"] == 0
    rest[1][3] = 0  # now no gradient comes back either
    setup.model.set_weights([kernel, *rest])
    assert measure(setup, run)[0]["hidden_1"]["dead"] == pytest.approx(1 / 8)


def test_a_channel_of_a_convolution_is_one_unit():
    data = toy(shape=(8, 8, 1))
    run = a_run(data, {"dense": 4}, model="cnn")
    setup = ready(run, data)
    weights = setup.model.get_weights()
    weights[1][:8] = -1000  # a quarter of the first layer's 32 channels
    setup.model.set_weights(weights)
    found, _ = measure(setup, run)
    assert list(found) == ["conv_1", "conv_2", "conv_3", "hidden_1", "output"]
    assert found["conv_1"]["dead"] == pytest.approx(8 / 32)
    assert all(row["gradient_norm"] > 0 for row in found.values())


@pytest.mark.parametrize("model", ["cnn-slim", "mlp"])
def test_a_probe_in_chunks_says_what_it_says_at_once(model):
    data = toy(shape=(8, 8, 1))
    run = a_run(data, {"width": 8}, model=model, activation="tanh")
    run = run if model == "mlp" else replace(run, model_args=())
    setup = ready(run, data, scale=6.0)
    rows = []
    for chunk in (1000, 13):  # 60 examples: the last chunk is smaller
        diagnostics = Diagnostics(setup, run.activation)
        diagnostics.probe.chunk = chunk
        rows.append(diagnostics.measure("end"))
    for one, other in zip(*rows, strict=True):
        assert one == {
            k: v if v is None or isinstance(v, str) else pytest.approx(v, rel=1e-3, abs=1e-6) for k, v in other.items()
        }
    assert any(0 < (row.get("saturated") or 0) < 1 for row in rows[0]), "shares that could be wrong"


def test_gradients_of_a_deep_sigmoid_net_vanish_and_those_of_relu_do_not():
    data = toy()
    norms = {}
    for activation in ("sigmoid", "relu"):
        run = a_run(data, {"depth": 10, "width": 8, "last": 8}, activation=activation)
        found, _ = measure(ready(run, data), run)
        norms[activation] = [row["gradient_norm"] for row in found.values()]
    assert len(norms["sigmoid"]) == 11
    assert norms["sigmoid"][0] < 1e-4 * norms["sigmoid"][9]
    assert all(a < b for a, b in zip(norms["sigmoid"][:10], norms["sigmoid"][1:], strict=False))
    assert norms["relu"][0] > 0.01 * norms["relu"][9]


@pytest.mark.parametrize("activation", ["prelu", "maxout", "softmax", "elu", "keras:gelu", "keras:hard_sigmoid"])
def test_every_kind_of_activation_is_measured(activation):
    data = toy()
    run = a_run(data, activation=activation)
    found, optimizer = measure(ready(run, data), run)
    for name in ("hidden_1", "hidden_2"):
        row = found[name]
        assert 0 <= row["dead"] < 1
        assert np.isfinite([row["mean"], row["spread"], row["gradient_norm"], row["update_ratio"]]).all()
        assert (row["saturated"] is None) == (activation in ("maxout", "softmax"))
    assert optimizer["rate_median"] == pytest.approx(0.1, rel=0.01)


def test_a_maxout_unit_is_dead_where_all_its_pieces_are():
    data = toy()
    run = a_run(data, {"depth": 1, "width": 4}, activation="maxout")
    setup = ready(run, data)
    kernel, bias, *rest = setup.model.get_weights()
    assert kernel.shape == (5, 8)
    kernel[:, [2, 3]] = 0  # one unit: both pieces are 0 for all inputs
    out = rest[0].copy()
    out[1] = 0  # and nothing asks for it
    setup.model.set_weights([kernel, bias, out, rest[1]])
    assert measure(setup, run)[0]["hidden_1"]["dead"] == pytest.approx(1 / 4)


@pytest.mark.parametrize("task", ["classes", "binary", "regression"])
def test_a_model_without_a_hidden_layer(task):
    data = toy(task)
    run = a_run(data, {"depth": 0})
    setup = ready(run, data)
    found, optimizer = measure(setup, run)
    (truth,) = by_hand(setup, "linear")
    assert list(found) == ["output"]
    assert found["output"]["gradient_norm"] == pytest.approx(truth["gradient_norm"], rel=1e-5)
    assert not set(UNITS) & set(found["output"])
    assert optimizer["rate_median"] == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("rate", [1e-4, 0.1, 3.0])
def test_the_effective_rate_of_sgd_is_its_rate(rate):
    data = toy()
    run = a_run(data, learning_rate=rate, activation="tanh")
    _, optimizer = measure(ready(run, data), run)
    for name in ("rate_low", "rate_median", "rate_high"):
        assert optimizer[name] == pytest.approx(rate, rel=0.02)


def test_the_first_step_of_adam_has_the_size_of_its_rate():
    """eta mhat / (sqrt(vhat) + eps) = eta g / (|g| + eps): so |change| / |gradient| = eta / (|g| + eps)."""
    eta, eps = 0.01, 1e-8
    data = toy()
    run = a_run(data, optimizer="adam", learning_rate=eta, activation="tanh")
    setup = ready(run, data)
    found, optimizer = measure(setup, run)
    truth = by_hand(setup, "tanh")
    g = np.abs(np.concatenate([each.ravel() for row in truth for each in row["gradients"].values()]))
    low, median, high = np.quantile(eta / (g + eps), [0.1, 0.5, 0.9])
    assert [optimizer[f"rate_{name}"] for name in ("low", "median", "high")] == pytest.approx(
        [low, median, high], rel=1e-3
    )
    for row, expected in zip(found.values(), truth, strict=True):
        kernel = expected["gradients"]["kernel"]
        change = np.linalg.norm(eta * kernel / (np.abs(kernel) + eps))
        assert row["update_ratio"] == pytest.approx(change / expected["weight_norm"], rel=1e-3)


def test_the_second_look_knows_what_was_trained_in_between():
    """Momentum that has run for a while steps farther than the rate: v = 0.9 v - eta g adds up."""
    data = toy()
    run = a_run(data, optimizer="momentum", learning_rate=0.01)
    setup = ready(run, data)
    first = measure(setup, run)[1]["rate_median"]
    gradient = [keras.ops.ones_like(v) for v in setup.model.trainable_variables]
    for _ in range(20):
        setup.optimizer.apply(gradient, setup.model.trainable_variables)
    assert first == pytest.approx(0.01, rel=0.01)
    assert measure(setup, run)[1]["rate_median"] > 0.05


OPTIMIZERS = [*names.OPTIMIZERS, *(f"keras:{name}" for name in names.KERAS_RATES)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_looking_puts_everything_back(optimizer):
    data = toy(shape=(4,))
    run = a_run(data, {"depth": 1, "width": 4}, optimizer=optimizer, activation="prelu", learning_rate=0.01)
    setup = ready(run, data)
    gradient = [keras.ops.ones_like(v) for v in setup.model.trainable_variables]
    setup.optimizer.apply(gradient, setup.model.trainable_variables)
    touched = [*setup.model.variables, *setup.optimizer.variables]
    before = numbers(touched)
    found, row = measure(setup, run)
    for variable, value in zip(touched, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value, err_msg=variable.path)
    assert found["hidden_1"]["update_ratio"] > 0
    assert row["rate_median"] > 0


@pytest.mark.parametrize("optimizer", ["sgd", "nadam"])
def test_training_is_the_same_to_the_bit_with_and_without(optimizer, monkeypatch):
    data = toy()
    run = a_run(data, optimizer=optimizer, learning_rate=0.01, epochs=3, activation="tanh")
    trainer = engines.make("compiled", prepare(run, data))
    looked = loop.train(trainer, run)
    assert {row["when"] for row in looked.diagnostics} == {"start", "middle", "end"}
    after = [*trainer.weights(), *numbers(trainer.optimizer.variables)]

    class Blind:
        def __init__(self, *_):
            pass

        def measure(self, when):
            return []

    monkeypatch.setattr(loop, "Diagnostics", Blind)
    blind = loop.train(trainer, run)
    for one, other in zip(after, [*trainer.weights(), *numbers(trainer.optimizer.variables)], strict=True):
        np.testing.assert_array_equal(one, other)
    assert [replace(epoch, seconds=0) for epoch in looked.curve] == [replace(epoch, seconds=0) for epoch in blind.curve]
    assert (looked.test_loss, looked.test_metric) == (blind.test_loss, blind.test_metric)


def test_the_probe_is_of_training_examples_only_and_no_larger_than_it_has_to_be():
    data = toy(train=1500)
    poison = replace(
        data,
        **{
            part: replace(getattr(data, part), x=np.full_like(getattr(data, part).x, np.nan))
            for part in ("validation", "test")
        },
    )
    run = a_run(data)
    diagnostics = Diagnostics(ready(run, poison), run.activation)
    assert diagnostics.probe.x.shape == (1000, 5)
    assert not np.isnan(diagnostics.probe.x).any()
    again = Diagnostics(ready(replace(run, seed=9), poison), run.activation)
    np.testing.assert_array_equal(diagnostics.probe.x, again.probe.x)


def test_what_is_about_to_diverge_is_measured_without_overflow():
    data = toy()
    run = a_run(data, learning_rate=1e30)
    found, _ = measure(ready(run, data), run)
    assert all(1e25 < row["update_ratio"] < np.inf for row in found.values())
