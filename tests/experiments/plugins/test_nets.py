"""Models of a user's own: what is refused, how their layers are named, and that their seeds are paired."""

import keras
import numpy as np
import pytest

from experiments import models
from experiments.errors import PlanError
from experiments.heads import head_for
from experiments.initialisers import scale
from experiments.plugins import nets
from experiments.training.setup import prepare
from tests.experiments.plugins.modules import GOOD, loaded
from tests.experiments.training.toy import a_run, toy

HEAD = head_for("classes", 3)
START = """
import keras
L = keras.layers
def net(input_shape, outputs, activation):
    {}
MODELS = {{"net": net}}
"""


@pytest.fixture
def plugin(monkeypatch, tmp_path):
    return loaded(monkeypatch, tmp_path)


def of_net(plugin, **changes):
    return a_run(toy(), model="plugin:net", model_args={"units": 12}, plugin=plugin.digest, **changes)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("return 3", "gave int; its function has to return a keras.Model"),
        ("return keras.Sequential([L.Dense(outputs)])", "without inputs; give a keras.Sequential that begins with"),
        ("return keras.Sequential([keras.Input((4,)), L.Dense(outputs)])", "inputs of shape (4,); the data has (5,)"),
        ("return keras.Sequential([keras.Input(input_shape), L.Dense(7)])", "gives outputs of shape (7,), not (3,)"),
        ("return keras.Sequential([keras.Input(input_shape), L.Dense(outputs, activation='softmax')])",
         "ends in 'dense"),
        ("return keras.Sequential([keras.Input(input_shape), L.Dense(outputs), L.Softmax()])", "ends in 'softmax"),
        ("a = keras.Input(input_shape); b = keras.Input(input_shape); return keras.Model([a, b], L.Dense(3)(a + b))",
         "takes inputs of shape (5,), (5,)"),
    ],
)  # fmt: skip
def test_what_is_no_model_for_the_task_is_one_line(monkeypatch, tmp_path, body, text):
    loaded(monkeypatch, tmp_path, START.format(body))
    with pytest.raises(PlanError) as raised:
        models.build("plugin:net", (5,), HEAD, "relu")
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


def test_activations_are_named_after_the_layer_that_feeds_them(plugin):
    net = models.build("plugin:net", (5,), HEAD, "tanh")
    names = {layer.name for layer in net.layers}
    dense = [layer.name for layer in net.layers if isinstance(layer, keras.layers.Dense)]
    assert {f"{name}_activation" for name in dense[:2]} <= names, "normalisation and dropout stand between"
    assert f"{dense[2]}_activation" not in names


def test_a_head_that_the_loss_does_not_apply_is_put_on(plugin):
    net = models.build("plugin:net", (5,), head_for("classes", 3, loss="mean_squared_error"), "relu")
    assert net.layers[-1].name == "head"
    assert np.allclose(np.sum(net(np.ones((2, 5), np.float32)), axis=-1), 1)


def weights(run):
    return prepare(run, toy()).initial_weights(run)


def test_a_seed_means_the_same_weights_in_every_cell_and_every_time(plugin):
    run = of_net(plugin)
    one, other = weights(run), weights(run)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    seeds = of_net(plugin, seed=1)
    assert not any(np.array_equal(a, b) for a, b in zip(one, weights(seeds), strict=True) if a.ndim == 2)


def test_default_kernels_are_drawn_by_the_activations_scheme_and_others_by_their_own(plugin):
    """The first layer's kernel scales with the scheme, the orthogonal one stays the user's, the head is Glorot."""
    relu, tanh = (weights(of_net(plugin, activation=name)) for name in ("relu", "tanh"))
    first, own, head = (w for w in relu if w.ndim == 2)
    first_tanh, own_tanh, head_tanh = (w for w in tanh if w.ndim == 2)
    factor = np.sqrt(scale("he", first.shape) / scale("glorot", first.shape))
    assert np.allclose(first, factor * first_tanh, rtol=1e-5)
    assert np.allclose(own @ own.T, np.eye(len(own)), atol=1e-5)
    assert np.array_equal(own, own_tanh)
    assert np.array_equal(head, head_tanh)


def test_an_activation_with_random_weights_is_paired_in_the_models_that_come_along(plugin):
    run = a_run(toy(), activation="plugin:scaled", plugin=plugin.digest)
    setup = prepare(run, toy())
    names = [variable.path for variable in setup.model.variables]
    one, other = setup.initial_weights(run), weights(run)
    slope = next(place for place, name in enumerate(names) if "_activation" in name)
    assert 0 < np.abs(one[slope]).max() < 0.5, "its own initialiser, not a kernel's"
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_layers_within_a_model_within_are_gone_through(monkeypatch, tmp_path):
    body = """inner = keras.Sequential([keras.Input(input_shape), L.Dense(6), activation(), L.BatchNormalization()])
    return keras.Sequential([keras.Input(input_shape), inner, L.Dense(outputs)])"""
    loaded(monkeypatch, tmp_path, START.format(body))
    net = models.build("plugin:net", (5,), HEAD, "relu")
    assert any(isinstance(layer, keras.layers.BatchNormalization) for layer in nets.layers(net))


def test_the_good_one_is_what_these_tests_say():
    assert 'kernel_initializer="orthogonal"' in GOOD
