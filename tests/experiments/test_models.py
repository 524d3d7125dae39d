"""Model builders: sizes by hand, every activation in every builder, initial weights that cells share."""

import itertools

import keras
import numpy as np
import pytest

from experiments import models, names
from experiments.errors import PlanError
from experiments.heads import head_for
from experiments.initialisers import draw

TEN = head_for("classes", 10)
ALL = (*names.ACTIVATIONS, *(f"keras:{name}" for name in names.KERAS_ACTIVATIONS))


def dense(*sizes: int) -> int:
    """Weights and biases of fully connected layers of these sizes."""
    return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))


def convolutions(*channels: int) -> int:
    return sum((9 * inputs + 1) * outputs for inputs, outputs in itertools.pairwise(channels))


CNN = convolutions(3, 32, 64, 64) + dense(4 * 4 * 64, 64, 10)
SLIM = convolutions(3, 8, 16, 16) + dense(4 * 4 * 16, 32, 10)
SIZES = [
    ("mlp", (28, 28, 1), "relu", {}, 109_386),
    ("mlp", (28, 28, 1), "relu", {}, dense(784, 128, 64, 10)),
    ("mlp", (28, 28, 1), "tanh", {"depth": 0}, dense(784, 10)),
    ("mlp", (28, 28, 1), "tanh", {"depth": 1, "width": 100}, dense(784, 100, 10)),
    ("mlp", (28, 28, 1), "tanh", {"depth": 3, "width": 100, "last": 100}, dense(784, 100, 100, 100, 10)),
    ("mlp", (30,), "relu", {"width": 2}, dense(30, 2, 1, 10)),
    # One learned slope a unit.
    ("mlp", (28, 28, 1), "prelu", {}, dense(784, 128, 64, 10) + 128 + 64),
    # Two affine pieces a unit; what follows sees the units.
    ("mlp", (28, 28, 1), "maxout", {}, 785 * 256 + 129 * 128 + 65 * 10),
    ("cnn", (32, 32, 3), "relu", {}, CNN),
    ("cnn", (32, 32, 3), "relu", {"dense": 32}, CNN - dense(1024, 64, 10) + dense(1024, 32, 10)),
    ("cnn", (32, 32, 3), "prelu", {}, CNN + 32 + 64 + 64 + 64),
    ("cnn", (32, 32, 3), "maxout", {}, 2 * (CNN - dense(64, 10)) + dense(64, 10)),
    ("cnn-slim", (32, 32, 3), "relu", {}, SLIM),
    # A normalisation learns a scale and a shift of each channel.
    ("cnn-slim", (32, 32, 3), "relu", {"norm": 1}, SLIM + 2 * (8 + 16 + 16 + 32)),
    # 3 and 8 channels are made 8 and 16 by a 1x1 convolution; 16 are 16 already.
    ("cnn-slim", (32, 32, 3), "relu", {"skip": 1}, SLIM + dense(3, 8) + dense(8, 16)),
    ("cnn-slim", (32, 32, 16), "maxout", {"skip": 1}, 2 * (convolutions(16, 8, 16, 16) + dense(256, 32))
     + dense(16, 8) + dense(8, 16) + dense(32, 10)),
    ("cnn", (32, 32, 3), "relu", {"norm": 1, "skip": 1}, CNN + 2 * (32 + 64 + 64 + 64) + dense(3, 32) + dense(32, 64)),
]  # fmt: skip


@pytest.mark.parametrize(("model", "shape", "activation", "args", "count"), SIZES)
def test_number_of_parameters_by_hand(model, shape, activation, args, count):
    built = models.build(model, shape, TEN, activation, model_args=args)
    assert sum(np.prod(v.shape) for v in built.trainable_variables) == count
    assert built.output_shape == (None, 10)


@pytest.mark.parametrize("model", names.MODELS)
@pytest.mark.parametrize("activation", ALL)
def test_every_activation_in_every_builder(model, activation):
    args = {"width": 4} if model == "mlp" else {"dense": 4} if model == "cnn" else {}
    built = models.build(model, (8, 8, 1), TEN, activation, model_args=args)
    assert built.output_shape == (None, 10)
    kinds = [layer for layer in built.layers if layer.name.endswith("_activation")]
    assert len(kinds) == (2 if model == "mlp" else 4)


def test_layers_really_are_activated():
    built = models.build("mlp", (4,), TEN, "relu", model_args={"depth": 1, "width": 8})
    rng = np.random.default_rng(0)
    built.set_weights([rng.normal(size=w.shape).astype("float32") for w in built.get_weights()])
    x = rng.normal(size=(5, 4)).astype("float32")
    w, b, v, c = built.get_weights()
    assert np.allclose(built(x), np.maximum(x @ w + b, 0) @ v + c, rtol=1e-4, atol=1e-5)


def test_a_convolution_with_a_skip_adds_its_input_before_the_pooling():
    built = models.build("cnn-slim", (8, 8, 16), TEN, "relu", model_args={"skip": 1})
    rng = np.random.default_rng(0)
    built.set_weights([rng.normal(size=w.shape, scale=0.1).astype("float32") for w in built.get_weights()])
    names_ = ("pool_2", "conv_3_activation", "pool_3", "pool_1", "conv_2_projection", "conv_2_activation")
    taps = keras.Model(built.inputs[0], [built.get_layer(name).output for name in names_])
    x, after, pooled, below, projected, other = taps(rng.normal(size=(2, 8, 8, 16)).astype("float32"))
    assert np.array_equal(pooled, keras.ops.max_pool(x + after, 2)), "as it is where the channels agree"
    w, b = built.get_layer("conv_2_projection").get_weights()
    assert np.allclose(projected, below @ w[0, 0] + b, atol=1e-5), "each pixel by itself, and linear"
    assert np.array_equal(x, keras.ops.max_pool(projected + other, 2))


@pytest.mark.parametrize("model", ["cnn", "cnn-slim", "mlp"])
def test_a_normalisation_stands_before_each_activation(model):
    built = models.build(model, (8, 8, 1), TEN, "tanh", model_args={"norm": 1})
    normed = [layer for layer in built.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normed) == (2 if model == "mlp" else 4)
    for layer in normed:
        assert built.get_layer(layer.name.replace("_norm", "_activation")).input is layer.output
        assert built.get_layer(layer.name.removesuffix("_norm")).output is layer.input


def test_a_projection_is_linear_so_its_weights_are_glorots():
    built = models.build("cnn-slim", (8, 8, 1), TEN, "relu", model_args={"skip": 1})
    as_built = [keras.ops.convert_to_numpy(v) for v in built.variables]
    paths = [v.path for v in built.variables]
    he, glorot = (dict(zip(paths, models.initial_weights(built, as_built, each, 0), strict=True))
                  for each in ("he", "glorot"))  # fmt: skip
    same = {path.split("/")[-2] for path in paths if path.endswith("kernel") and np.array_equal(he[path], glorot[path])}
    assert same == {"conv_1_projection", "conv_2_projection", "output"}


HEADS = [
    # task, outputs, head, loss -> whether the head is a layer of the model
    ("classes", 10, None, None, False),  # the loss takes logits
    ("binary", 1, None, None, False),
    ("regression", 1, None, None, False),  # linear: nothing to apply
    ("classes", 10, "softmax", "mean_squared_error", True),
    ("classes", 10, "sigmoid", "binary_crossentropy", False),
    ("classes", 10, "tanh", "hinge", True),
    ("binary", 1, "sigmoid", "mean_absolute_error", True),
    ("binary", 1, "tanh", "mean_squared_error", True),
    ("binary", 1, "linear", "hinge", False),
]


@pytest.mark.parametrize(("task", "outputs", "head", "loss", "there"), HEADS)
def test_head_is_applied_once_by_the_model_or_by_the_loss(task, outputs, head, loss, there):
    chosen = head_for(task, outputs, head, loss)
    built = models.build("mlp", (3,), chosen, "tanh", model_args={"width": 4})
    assert built.output_shape == (None, outputs)
    assert [layer.name for layer in built.layers].count("head") == there
    assert there == (not chosen.from_logits and chosen.activation != "linear")
    if there:
        built.set_weights([np.full(w.shape, 0.3, "float32") for w in built.get_weights()])
        before = keras.Model(built.inputs[0], built.get_layer("output").output)(np.ones((2, 3), "float32"))
        named = {"softmax": keras.ops.softmax, "sigmoid": keras.ops.sigmoid, "tanh": keras.ops.tanh}[chosen.activation]
        assert np.allclose(built(np.ones((2, 3), "float32")), named(before), atol=1e-6)


def started(activation: str, initialiser: str, seed: int, model: str = "mlp", shape=(6, 6, 1)) -> dict[str, np.ndarray]:
    built = models.build(model, shape, TEN, activation, model_args={"width": 4} if model == "mlp" else {})
    as_built = [keras.ops.convert_to_numpy(v) for v in built.variables]
    weights = models.initial_weights(built, as_built, initialiser, seed)
    return {v.path: w for v, w in zip(built.variables, weights, strict=True)}


def kernels(weights: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [w for path, w in weights.items() if path.endswith("kernel")]


@pytest.mark.parametrize(("model", "shape", "count"), [("mlp", (6, 6, 1), 3), ("cnn-slim", (8, 8, 1), 5)])
def test_kernels_are_the_shared_draws_by_position_and_the_head_is_always_glorot(model, shape, count):
    drawn = kernels(started("relu", "he", 3, model, shape))
    assert len(drawn) == count
    for position, kernel in enumerate(drawn):
        scheme = "glorot" if position == count - 1 else "he"
        assert np.array_equal(kernel, draw(scheme, kernel.shape, 3, position))


def test_a_seed_means_the_same_draws_whatever_the_activation():
    one, other = started("prelu", "he", 1), started("sigmoid", "glorot", 1)
    for mine, others in zip(kernels(one), kernels(other), strict=True):
        ratio = mine / others
        assert np.allclose(ratio, ratio.flat[0], rtol=1e-4)


def test_biases_start_at_0_and_slopes_where_their_layer_says():
    weights = started("prelu", "he", 0)
    assert all((w == 0).all() for path, w in weights.items() if path.endswith("bias"))
    slopes = [w for path, w in weights.items() if "alpha" in path]
    assert len(slopes) == 2
    assert all((w == 0.25).all() for w in slopes)


def test_builtin_activations_take_no_arguments():
    with pytest.raises(PlanError, match="keras:gelu takes no arguments"):
        models.build("mlp", (3,), TEN, "keras:gelu", {"approximate": True})


def test_arguments_reach_the_activation():
    built = models.build("mlp", (3,), TEN, "leaky_relu", {"negative_slope": 0.5}, {"depth": 1, "width": 2})
    assert (
        float(keras.ops.convert_to_numpy(built.get_layer("hidden_1_activation")(np.array([[-2.0, 2.0]])))[0, 0]) == -1.0
    )
    built = models.build("mlp", (3,), TEN, "maxout", {"pieces": 5}, {"depth": 1, "width": 2})
    assert built.get_layer("hidden_1").units == 10
