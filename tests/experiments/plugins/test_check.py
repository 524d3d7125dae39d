"""What is found before training starts: each part is built once, and what does not work is one line."""

import pytest

from experiments.grid import DataFacts
from experiments.plugins.check import check
from experiments.plugins.helper import covering
from tests.experiments.plugins.modules import loaded
from tests.experiments.samples import a_run

FACTS = {"digits": DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 100)}

BAD = """
import keras
import numpy as np
from keras import ops


class NoStep(keras.optimizers.Optimizer):
    pass


class NoRate(keras.optimizers.Optimizer):
    def __init__(self, learning_rate):
        super().__init__(learning_rate=0.5)

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * gradient)


class Total(keras.losses.Loss):
    def __init__(self):
        super().__init__(reduction="sum")

    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)


same = keras.layers.ReLU()

ACTIVATIONS = {
    "mean": lambda x: ops.mean(x, axis=-1, keepdims=True),
    "numpy": lambda x: np.exp(x),
    "branch": lambda x: x if ops.max(x) > 0 else -x,
    "number": lambda: 3,
    "same": lambda: same,
    "typo": lambda x: ops.tanhh(x),
}
OPTIMIZERS = {"nostep": (NoStep, 0.1), "norate": (NoRate, 0.1), "number": (lambda learning_rate: 1, 0.1)}
LOSSES = {"scalar": lambda y, p: ops.mean((y - p) ** 2), "total": Total}


def net(input_shape, outputs, activation):
    inner = [keras.layers.Flatten(), keras.layers.Dense(9, activation=activation)]
    return keras.Sequential([keras.Input(input_shape), *inner, keras.layers.Dense(outputs)])


MODELS = {"net": net}
"""


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"activation": "plugin:mean"}, "plugin:mean makes shape (4, 1) of shape (4, 6): it has to keep the shape"),
        ({"activation": "plugin:numpy"}, "use keras.ops in place of NumPy"),
        ({"activation": "plugin:branch"}, "ops.where or ops.cond in place of if"),
        ({"activation": "plugin:number"}, "plugin:number made int; it has to make a Keras layer"),
        ({"activation": "plugin:same"}, "made the same layer twice"),
        ({"activation": "plugin:typo"}, "module 'keras.ops' has no attribute 'tanhh' (bad_parts.py:35)"),
        ({"optimizer": "plugin:nostep"}, "has no update_step(self, gradient, variable, learning_rate)"),
        ({"optimizer": "plugin:norate"}, "was given learning_rate=0.001 and has 0.5"),
        ({"optimizer": "plugin:number"}, "is of type int; it has to be a Keras optimizer"),
        ({"optimizer": "plugin:norate", "optimizer_args": (("momentum", 0.5),)}, "keyword argument 'momentum'"),
        ({"loss": "plugin:scalar"}, "gives shape () for 3 examples with 10 outputs; it has to give (3,)"),
        ({"model": "plugin:net"}, "activation is no function of tensors: activation() makes a layer of its own"),
        ({"loss": "plugin:total"}, "has reduction 'sum'; it has to be the mean over examples"),
    ],
)  # fmt: skip
def test_what_does_not_work_is_one_line(monkeypatch, tmp_path, changes, text):
    loaded(monkeypatch, tmp_path, BAD, "bad_parts")
    told = check([a_run(plugin="d" * 64, **changes)], FACTS, str(tmp_path))
    assert text in told
    assert "\n" not in told


def test_what_works_is_trained_for_an_epoch_and_nothing_is_said(monkeypatch, tmp_path):
    offer = loaded(monkeypatch, tmp_path)
    runs = [a_run(plugin=offer.digest, activation="plugin:scaled", optimizer="plugin:signs", loss="plugin:steep")]
    assert check(runs, FACTS, str(tmp_path)) == ""


def test_each_part_is_built_once_and_each_model_with_each_data_set():
    data = ("digits", "diabetes")
    parts = [(a, o) for a in ("relu", "plugin:swoosh") for o in ("adam", "plugin:signs")]
    runs = [a_run(activation=activation, optimizer=optimizer, model=model, dataset=name)
            for name in data for model in ("mlp", "plugin:net") for activation, optimizer in parts]  # fmt: skip
    chosen = [(run.dataset, run.model, run.activation, run.optimizer) for run in covering(runs)]
    assert chosen == [
        ("digits", "mlp", "relu", "plugin:signs"),
        ("digits", "mlp", "plugin:swoosh", "adam"),
        ("digits", "plugin:net", "relu", "adam"),
        ("diabetes", "plugin:net", "relu", "adam"),
    ]
    assert covering([a_run()]) == []


WAVE = """
import keras
from keras import ops


class Wave(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=0.05)


ACTIVATIONS = {"wave": ops.sin}
OPTIMIZERS = {"wave": (Wave, 0.001)}
LOSSES = {"wave": lambda y, p: ops.mean((y - p) ** 2)}
"""


def test_parts_that_share_a_name_are_each_looked_at(monkeypatch, tmp_path):
    loaded(monkeypatch, tmp_path, WAVE, "wave_parts")
    shared = a_run(plugin="d" * 64, activation="plugin:wave", optimizer="plugin:wave")
    assert "optimizer plugin:wave was given learning_rate=0.001 and has 0.05" in check([shared], FACTS, str(tmp_path))
    runs = [a_run(plugin="d" * 64, **{kind: "plugin:wave"}) for kind in ("activation", "optimizer", "loss")]
    assert covering(runs) == runs
    assert "loss plugin:wave gives shape ()" in check([runs[0], runs[2]], FACTS, str(tmp_path))
