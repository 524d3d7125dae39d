"""Parts of a plugin in training: the engines agree about them, and diagnostics look inside."""

import numpy as np
import pytest

from experiments.diagnostics.probe import Probe
from experiments.names import KERAS_ARGUMENTS
from experiments.training import engines
from experiments.training.loop import train
from experiments.training.setup import prepare
from tests.experiments.plugins.modules import GOOD, loaded
from tests.experiments.training.toy import ONE_BY_ONE, a_run, toy

STILL = GOOD.replace("    x = keras.layers.Dropout(0.2)(x)\n", "")  # each engine has random numbers of its own


def outcomes(run, data):
    return [train(engines.make(engine, prepare(run, data)), run) for engine in ONE_BY_ONE]


@pytest.mark.parametrize("changes", [
    {"activation": "plugin:swoosh", "optimizer": "plugin:signs", "learning_rate": 0.01},
    pytest.param({"model": "plugin:net", "model_args": {"units": 8}, "loss": "plugin:steep"}, marks=pytest.mark.slow),
], ids=["parts", "model"])  # fmt: skip
def test_the_engines_agree(monkeypatch, tmp_path, changes):
    plugin, data = loaded(monkeypatch, tmp_path, STILL), toy()
    one, other = outcomes(a_run(data, plugin=plugin.digest, **changes), data)
    assert one.status == other.status == "done"
    assert [e.train_loss for e in one.curve] == pytest.approx([e.train_loss for e in other.curve], rel=1e-4)
    assert one.test_metric == pytest.approx(other.test_metric)


@pytest.mark.parametrize("engine", [pytest.param("reference", marks=pytest.mark.slow), "compiled"])
def test_a_net_with_dropout_comes_out_the_same_twice(monkeypatch, tmp_path, engine):
    """The state of its random generator is put back with the weights. Diagnostics look inside such a net."""
    plugin, data = loaded(monkeypatch, tmp_path), toy()
    run = a_run(data, model="plugin:net", plugin=plugin.digest, model_args={"units": 8})
    trainer = engines.make(engine, prepare(run, data))
    one, other = (train(trainer, run) for _ in range(2))
    assert len(one.curve) == 2
    assert [e.train_loss for e in one.curve] == [e.train_loss for e in other.curve]
    start = [row for row in one.diagnostics if row["when"] == "start"]
    assert ["dead" in row for row in start] == [True, True, False, False], (
        "two hidden layers, the output, the optimizer"
    )
    assert all(np.isfinite(row["gradient_norm"]) and row["gradient_norm"] > 0 for row in start[:3])


STRANGE = """
import keras
L = keras.layers
def net(input_shape, outputs, activation, units=6):
    x = inputs = keras.Input(input_shape)
    shared = L.Dense(5)
    x = shared(shared(x))
    frozen = L.Dense(5)
    frozen.trainable = False
    x = frozen(x)
    x = keras.Sequential([keras.Input((5,)), L.Dense(units), activation()])(x)
    x = L.LSTM(4)(L.Reshape((3, 2))(x))
    return keras.Model(inputs, L.Dense(outputs)(x))
MODELS = {"net": net}
ACTIVATIONS = {"norm": lambda x: x / (1 + keras.ops.sum(keras.ops.abs(x), axis=-1, keepdims=True))}
"""


@pytest.mark.slow
def test_what_diagnostics_cannot_name_they_leave_out(monkeypatch, tmp_path):
    """Shared, frozen, nested and recurrent layers train; what is within another is not looked at."""
    plugin, data = loaded(monkeypatch, tmp_path, STRANGE), toy()
    run = a_run(data, model="plugin:net", plugin=plugin.digest, model_args={"units": 6})
    outcome = train(engines.make("compiled", prepare(run, data)), run)
    assert outcome.status == "done"
    assert len({row["layer"] for row in outcome.diagnostics} - {"optimizer"}) == 3, "shared, recurrent, output"


def test_slopes_of_single_units_are_asked_only_where_units_are_on_their_own(monkeypatch, tmp_path):
    plugin, data = loaded(monkeypatch, tmp_path, STRANGE + 'ACTIVATIONS["same"] = keras.ops.tanh\n'), toy()
    flat = {}
    for name in ("norm", "same"):
        run = a_run(data, activation=f"plugin:{name}", plugin=plugin.digest)
        flat[name] = Probe(prepare(run, data), run.activation).flat
    assert flat["norm"] is None
    assert flat["same"] is not None


LOGISTIC = (
    GOOD
    + """
def logistic(y, z):
    return ops.mean(ops.softplus(z) - y * z, axis=-1)


LOSSES["logistic"] = logistic
"""
)


def test_a_loss_on_logits_is_scored_as_the_one_that_comes_along(monkeypatch, tmp_path):
    plugin, data = loaded(monkeypatch, tmp_path, LOGISTIC), toy("binary")
    own = a_run(data, loss="plugin:logistic", head="linear", plugin=plugin.digest)
    ours = a_run(data, loss="binary_crossentropy", head="sigmoid")
    one, other = (train(engines.make("compiled", prepare(run, data)), run) for run in (own, ours))
    assert [e.train_loss for e in one.curve] == pytest.approx([e.train_loss for e in other.curve], rel=1e-4)
    assert [e.validation_metric for e in one.curve] == [e.validation_metric for e in other.curve]
    assert one.test_metric == other.test_metric


MUON = """
import keras
L = keras.layers
def flat(input_shape, outputs, activation, units=6):
    inputs = keras.Input(input_shape)
    x = activation()(L.Dense(units, name="output_of_mine")(L.Flatten()(inputs)))
    return keras.Model(inputs, L.Dense(outputs)(x))
def nested(input_shape, outputs, activation, units=6):
    body = keras.Sequential([keras.Input(input_shape), L.Dense(units), activation()])
    head = keras.Sequential([keras.Input((6,)), L.Dense(outputs)])
    return keras.Sequential([keras.Input(input_shape), body, head])
MODELS = {"flat": flat, "nested": nested}
"""


@pytest.mark.parametrize("name", ["flat", "nested"])
@pytest.mark.parametrize("loss", [None, "mean_squared_error"])
def test_muon_leaves_the_last_layer_of_a_users_model_to_adamw(monkeypatch, tmp_path, name, loss):
    plugin, data = loaded(monkeypatch, tmp_path, MUON), toy()
    changes = {"loss": loss} if loss else {}
    run = a_run(data, model=f"plugin:{name}", model_args={"units": 6}, plugin=plugin.digest,
                optimizer="keras:Muon", optimizer_args=tuple(KERAS_ARGUMENTS["Muon"].items()), **changes)  # fmt: skip
    setup = prepare(run, data)
    kernels = [each for each in setup.model.trainable_variables if len(each.shape) == 2]
    assert [setup.optimizer._should_use_adamw(each) for each in kernels] == [False, True]
