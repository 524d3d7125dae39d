"""Every layer through every check of the public kit; then what is particular to one."""

import keras
import numpy as np
import pytest
from keras import ops

from custom import activations, layers
from custom.testing import LAYER_CHECKS, LayerCase, check_layer
from custom.testing.common import assert_close, to_numpy
from experiments.conformance.references import activations as oracles

CASES = [
    LayerCase(name=make.__name__, make=make, input_shape=shape, arguments=arguments)
    for make, shape, arguments in [
        (layers.Linear, (6,), {"c": 0.5}),
        (layers.Sigmoid, (6,), {}),
        (layers.Tanh, (6,), {}),
        (layers.ReLU, (6,), {}),
        (layers.LeakyReLU, (6,), {"negative_slope": 0.3}),
        (layers.ELU, (6,), {"alpha": 0.5}),
        (layers.Softmax, (6,), {"axis": 1}),
        (layers.PReLU, (3, 6), {"alpha_initializer": -0.5, "shared_by": "layer"}),
        (layers.Maxout, (5, 6), {"pieces": 3}),
        (
            layers.Dense,
            (6,),
            {
                "units": 3,
                "activation": "tanh",
                "use_bias": False,
                "kernel_initializer": keras.initializers.HeUniform(seed=1),
                "bias_initializer": "ones",
            },
        ),
        (
            layers.MaxoutDense,
            (4, 6),
            {
                "units": 2,
                "pieces": 3,
                "use_bias": False,
                "kernel_initializer": keras.initializers.GlorotUniform(seed=1),
                "bias_initializer": "ones",
            },
        ),
    ]
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("check", LAYER_CHECKS, ids=lambda check: check.__name__)
def test_layer(check, case):
    check(case)


def test_every_layer_has_a_case():
    assert {case.name for case in CASES} | {"no_decay_variables"} == set(layers.__all__)


X = np.random.default_rng(11).normal(size=(4, 5)).astype("float32")


def test_dense_is_phi_of_affine():
    layer = layers.Dense(3, activation="elu", bias_initializer="ones")
    y = layer(X)
    w, b = (to_numpy(each) for each in layer.weights)
    assert b.tolist() == [1.0] * 3
    np.testing.assert_allclose(to_numpy(y), oracles.elu(X.astype("float64") @ w + b), rtol=1e-5, atol=1e-6)


ACTIVATIONS_OF_DENSE = [
    (None, 4, lambda z: z),
    ("leaky_relu", 4, oracles.leaky_relu),
    ("prelu", 4, oracles.prelu),
    ("maxout", 2, oracles.maxout),
    ("softsign", 4, lambda z: z / (1 + abs(z))),
    (ops.tanh, 4, np.tanh),
    (activations.relu, 4, oracles.relu),
    (layers.LeakyReLU(0.5), 4, lambda z: oracles.leaky_relu(z, 0.5)),
    (keras.layers.ReLU(max_value=1.0), 4, lambda z: np.clip(z, 0, 1)),
]


@pytest.mark.parametrize(("activation", "width", "oracle"), ACTIVATIONS_OF_DENSE)
def test_dense_takes_its_activation_in_any_form(activation, width, oracle):
    layer = layers.Dense(4, activation)
    y = layer(X)
    z = X.astype("float64") @ to_numpy(layer.kernel)
    np.testing.assert_allclose(to_numpy(y), oracle(z), rtol=1e-5, atol=1e-6)
    assert y.shape == (4, width) == layer.compute_output_shape((4, 5))
    again = layers.Dense.from_config(layer.get_config())
    assert again.compute_output_shape((None, 5)) == (None, width)
    assert again.get_config() == layer.get_config()


def test_maxout_dense_is_maxout_of_dense():
    one = layers.MaxoutDense(4, pieces=3, bias_initializer="random_normal")
    two = layers.Dense(12)
    y = one(X)
    two.build(X.shape)
    two.set_weights(one.get_weights())
    assert_close(y, oracles.maxout(to_numpy(two(X)), 3))


def test_maxout_after_a_convolution_takes_neighbouring_channels():
    image = np.random.default_rng(2).normal(size=(2, 5, 5, 6))
    expected = np.stack([image[..., :3].max(-1), image[..., 3:].max(-1)], axis=-1)
    assert_close(layers.Maxout(3)(image), expected)
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(6, 3), layers.Maxout(3)])
    assert model.output_shape == (None, None, None, 2)
    assert model.predict(np.ones((2, 7, 5, 1)), verbose=0).shape == (2, 5, 3, 2)


PRELU_SHAPES = [("channel", (6,), (6,)), ("channel", (5, 5, 3), (3,)), ("layer", (5, 5, 3), ())]


@pytest.mark.parametrize(("shared_by", "inputs", "alpha"), PRELU_SHAPES)
def test_prelu_shares_its_slope(shared_by, inputs, alpha):
    layer = layers.PReLU(shared_by=shared_by)
    layer.build((None, *inputs))
    assert tuple(layer.alpha.shape) == alpha
    np.testing.assert_array_equal(to_numpy(layer.alpha), np.full(alpha, 0.25))


@pytest.mark.parametrize("start", [keras.initializers.Constant(0.1), "zeros", 0.0, 1])
def test_prelu_takes_a_start_in_any_form(start):
    layer = layers.PReLU(start)
    layer(X)
    again = layers.PReLU.from_config(layer.get_config())
    again(X)
    np.testing.assert_array_equal(to_numpy(again.alpha), to_numpy(layer.alpha))


def decayed(exclude):
    model = keras.Sequential([keras.Input((5,)), layers.Dense(5, layers.PReLU()), layers.PReLU()])
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    if exclude:
        optimizer.exclude_from_weight_decay(var_list=layers.no_decay_variables(model))
    optimizer.build(model.trainable_variables)
    optimizer.apply([ops.zeros(each.shape) for each in model.trainable_variables])
    return model


def test_alpha_does_not_decay_if_the_optimizer_is_told():
    alphas = layers.no_decay_variables(decayed(exclude=True))
    assert len(alphas) == 2  # one of them inside Dense
    assert [to_numpy(alpha).tolist() for alpha in alphas] == [[0.25] * 5] * 2
    kernel = decayed(exclude=True).layers[0].kernel
    assert kernel.shape == (5, 5)


def test_alpha_decays_if_the_optimizer_is_not_told():
    for alpha in layers.no_decay_variables(decayed(exclude=False)):
        np.testing.assert_allclose(to_numpy(alpha), 0.25 * (1 - 0.5 * 0.01), rtol=1e-6)


def test_no_decay_variables_wants_a_built_model():
    with pytest.raises(ValueError, match="have no weights yet: build the model"):
        layers.no_decay_variables(keras.Sequential([layers.PReLU()]))


NOT_ALLOWED = [
    (lambda: layers.Dense(0), "units=0", "1 or more"),
    (lambda: layers.Dense(2.5), "units=2.5", "1 or more"),
    (lambda: layers.Dense(2, "rely"), "activation='rely'", "leaky_relu"),
    (lambda: layers.Dense(2, 3), "activation=3", "leaky_relu"),
    (lambda: layers.MaxoutDense(0), "units=0", "1 or more"),
    (lambda: layers.MaxoutDense(2, pieces=1), "pieces=1", "2 or more"),
    (lambda: layers.Maxout(3)(np.ones((2, 4))), "(2, 4)", "multiple of pieces"),
    (lambda: layers.Maxout(3)(keras.Input((4, None))), "(None, 4, None)", "multiple of pieces"),
    (lambda: layers.PReLU(shared_by="image"), "shared_by='image'", "'channel' or 'layer'"),
    (lambda: layers.PReLU(float("nan")), "alpha_initializer=nan", "finite number"),
    (lambda: layers.PReLU(None), "alpha_initializer=None", "finite number"),
    (lambda: layers.PReLU()(keras.Input((4, None))), "(None, 4, None)", "shared_by='layer'"),
    (lambda: layers.Dense(2)(keras.Input((None,))), "(None, None)", "known number of channels"),
    (lambda: layers.MaxoutDense(2)(keras.Input((None,))), "(None, None)", "known number of channels"),
]


@pytest.mark.parametrize(("use", "given", "allowed"), NOT_ALLOWED, ids=[row[1] for row in NOT_ALLOWED])
def test_bad_argument(use, given, allowed):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the texts are compared below
        use()
    assert given in str(caught.value)
    assert allowed in str(caught.value)


class Forgetful(keras.layers.Layer):
    """Loses its argument in the configuration."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return super().get_config()


class Numb(keras.layers.Layer):
    """Lets no gradient through."""

    def call(self, inputs):
        return ops.stop_gradient(inputs)


class Unmasked(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 1.0


class Narrow(keras.layers.Layer):
    """Says another shape than it gives."""

    def call(self, inputs):
        return inputs[..., :1]

    def compute_output_shape(self, input_shape):
        return input_shape


class Single(keras.layers.Layer):
    """Gives float32, whatever its policy."""

    def call(self, inputs):
        return ops.cast(inputs, "float32")


class Transient(layers.Linear):
    """Not registered, so a saved model does not know it."""


class Impatient(layers.Linear):
    """Does something else when it is compiled."""

    def call(self, inputs):
        eager = isinstance(inputs, np.ndarray) or hasattr(inputs, "numpy")
        return super().call(inputs) * (1.0 if eager else 1.5)


class Batchwise(keras.layers.Layer):
    """Gives something else where the batch is split."""

    def call(self, inputs):
        return inputs - ops.mean(inputs, axis=0)


WRONG = [
    ("arguments_survive_the_configuration", Forgetful, {"factor": 2.0}),
    ("arguments_survive_the_configuration", layers.LeakyReLU, {}),
    ("arguments_survive_the_configuration", layers.LeakyReLU, {"negative_slope": 0.01}),
    ("symbolic_shape_equals_eager_shape", Narrow, {}),
    ("every_precision_is_kept", Single, {}),
    ("a_mask_is_passed_on", Unmasked, {}),
    ("gradients_reach_every_weight", layers.Linear, {"c": 0.0}),
    ("a_saved_model_comes_back", Transient, {"c": 2.0}),
]
if keras.backend.backend() == "tensorflow":
    WRONG.append(("a_compiled_step_is_traced_once", Impatient, {"c": 2.0}))
    WRONG.append(("replicas_train_as_one", Batchwise, {}))


@pytest.mark.parametrize(("check", "make", "arguments"), WRONG)
@pytest.mark.filterwarnings("ignore:Layer 'dense.* destroy.* mask")
def test_the_kit_names_the_check_that_fails(check, make, arguments):
    check = next(each for each in LAYER_CHECKS if each.__name__ == check)
    case = LayerCase(name="wrong", make=make, input_shape=(6,), arguments=arguments)
    with pytest.raises(Exception):  # noqa: B017, PT011 - of whatever sort; check_layer names it
        check(case)


def test_check_layer_names_the_check():
    with pytest.raises(AssertionError, match=r"^arguments_survive_the_configuration: .*factor"):
        check_layer(Forgetful, (6,), arguments={"factor": 2.0})
