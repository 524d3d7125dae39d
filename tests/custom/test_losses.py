"""Every loss through every check of the public kit; then what is particular to one."""

import functools

import keras
import numpy as np
import pytest

from custom import losses
from custom.testing.common import BACKEND, double_precision, gradient, to_numpy, to_tensor
from custom.testing.losses import DOMAINS, LOSS_CHECKS, LossCase, check_loss, sample
from experiments.conformance.references import losses as oracles

SPECS = {spec.name: spec for spec in losses.SPECS}

OTHER_ARGUMENTS = {
    "binary_crossentropy": {"from_logits": True, "label_smoothing": 0.2},
    "categorical_crossentropy": {"from_logits": True, "label_smoothing": 0.2},
    "sparse_categorical_crossentropy": {"from_logits": True},
    "huber": {"delta": 3.0},
    "categorical_hinge": {"strict": True},
}

# The square of 1e4 is beyond float16, so the squared error of such a prediction has to be.
LARGEST = {"mean_squared_error": {"float32": 1e4, "float16": 1e2}}


def case(spec, arguments=None):
    arguments = arguments or {}
    targets, predictions = DOMAINS.get(spec.name, ("numbers", "numbers"))
    return LossCase(
        name=spec.name + ("-other" if arguments else ""),
        make=spec.factory,
        reference=getattr(oracles, spec.name),
        gradient=spec.gradient,
        arguments=arguments,
        other_arguments=OTHER_ARGUMENTS.get(spec.name, {}),
        targets=targets,
        predictions="numbers" if arguments.get("from_logits") else predictions,
        largest=LARGEST.get(spec.name, {"float32": 1e4, "float16": 1e4}),
    )


CASES = [case(spec) for spec in losses.SPECS]
CASES += [case(SPECS[name], arguments) for name, arguments in OTHER_ARGUMENTS.items()]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("check", LOSS_CHECKS, ids=lambda check: check.__name__)
def test_loss(check, case):
    check(case)


WORKED = [
    # By hand. log 2 = .693147, log 4 = 2 log 2 = 1.386294.
    # Two answers, y = 1, 0 and p = 1/4, 1/2: (log 4 + log 2) / 2.
    ("binary_crossentropy", {}, [[1, 0]], [[0.25, 0.5]], 1.039721),
    # z = 0 is p = 1/2 whatever y is.
    ("binary_crossentropy", {"from_logits": True}, [[1]], [[0.0]], 0.693147),
    # y = 1 becomes .75 at s = .5, p = 1/4: .75 log 4 + .25 log(4/3) = 1.039721 + .071920.
    ("binary_crossentropy", {"label_smoothing": 0.5}, [[1]], [[0.25]], 1.111641),
    ("categorical_crossentropy", {}, [[0, 1, 0]], [[0.5, 0.25, 0.25]], 1.386294),
    # Half and half: (log 2 + log 4) / 2.
    ("categorical_crossentropy", {}, [[0.5, 0.5, 0]], [[0.5, 0.25, 0.25]], 1.039721),
    # Three equal logits: log 3.
    ("categorical_crossentropy", {"from_logits": True}, [[0, 1, 0]], [[7.0, 7.0, 7.0]], 1.098612),
    ("sparse_categorical_crossentropy", {}, [2], [[0.5, 0.25, 0.25]], 1.386294),
    ("sparse_categorical_crossentropy", {"from_logits": True}, [0], [[-1.0, -1.0]], 0.693147),
    # (1 + 9) / 2
    ("mean_squared_error", {}, [[1, 2]], [[2, -1]], 5.0),
    # (1 + 3) / 2
    ("mean_absolute_error", {}, [[1, 2]], [[2, -1]], 2.0),
    # (1/2 + 1 (3 - 1/2)) / 2
    ("huber", {}, [[1, 2]], [[2, -1]], 1.5),
    # (1/2 + 2 (3 - 1)) / 2
    ("huber", {"delta": 2.0}, [[1, 2]], [[2, -1]], 2.25),
    # y ŷ = 1/2, -2, 3: (1/2 + 3 + 0) / 3
    ("hinge", {}, [[1, -1, -1]], [[0.5, 2.0, -3.0]], 3.5 / 3),
    # right 1/2; the best wrong score is -2, but Keras's form counts the right class as a 0: 1 + 0 - 1/2
    ("categorical_hinge", {}, [[0, 1, 0]], [[-3.0, 0.5, -2.0]], 0.5),
    # the paper's form: 1 - 2 - 1/2 < 0
    ("categorical_hinge", {"strict": True}, [[0, 1, 0]], [[-3.0, 0.5, -2.0]], 0.0),
    # 1 + 2 - 1/2 in both
    ("categorical_hinge", {"strict": True}, [[0, 1, 0]], [[2.0, 0.5, -2.0]], 2.5),
]


@pytest.mark.parametrize(("name", "arguments", "y", "p", "loss"), WORKED)
def test_values_worked_by_hand(name, arguments, y, p, loss):
    assert float(SPECS[name].factory(**arguments)(y, p)) == pytest.approx(loss, abs=2e-6)


@pytest.mark.parametrize("spec", losses.SPECS, ids=lambda spec: spec.name)
def test_float64_is_not_rounded_on_the_way(spec):
    loss_case = case(spec)
    y, p = sample(loss_case)
    with double_precision():
        loss = spec.factory(reduction="none", dtype="float64")(to_tensor(y, "float64"), to_tensor(p, "float64"))
        np.testing.assert_allclose(to_numpy(loss), loss_case.reference(y, p), rtol=1e-13)


GRADIENTS_AT_ENDS = [
    # The formula's gradient at the floor 1e-7: p = 0 with y = 1 is the most confident mistake, and it
    # has to learn. By hand: (p-y)/(p(1-p)) -> -1/1e-7; with y = 0 it is 1/(1-p) = 1.
    ("binary_crossentropy", {}, [[1.0]], [[0.0]], [[-1e7]]),
    ("binary_crossentropy", {}, [[0.0]], [[0.0]], [[1.0]]),
    ("binary_crossentropy", {}, [[0.0]], [[1.0]], [[1e7]]),
    ("binary_crossentropy", {}, [[1.0]], [[1.0]], [[-1.0]]),
    ("categorical_crossentropy", {}, [[1.0, 0.0]], [[0.0, 1.0]], [[-1e7, 0.0]]),
    ("sparse_categorical_crossentropy", {}, [0], [[0.0, 1.0]], [[-1e7, 0.0]]),
    # sigmoid(0) - y, and the tails
    ("binary_crossentropy", {"from_logits": True}, [[1.0]], [[0.0]], [[-0.5]]),
    ("binary_crossentropy", {"from_logits": True}, [[1.0]], [[-1e4]], [[-1.0]]),
    ("binary_crossentropy", {"from_logits": True}, [[1.0]], [[1e4]], [[0.0]]),
    ("sparse_categorical_crossentropy", {"from_logits": True}, [0], [[-1e4, 1e4]], [[-1.0, 1.0]]),
    # The stated conventions at kinks
    ("mean_absolute_error", {}, [[2.0, 1.0]], [[2.0, 3.0]], [[0.0, 0.5]]),
    ("hinge", {}, [[1.0, -1.0]], [[1.0, -1.0]], [[0.0, 0.0]]),
    ("huber", {"delta": 2.0}, [[0.0, 0.0]], [[2.0, -2.0]], [[1.0, -1.0]]),
    ("categorical_hinge", {}, [[1.0, 0.0]], [[1.5, 0.5]], [[0.0, 0.0]]),
    # The right class's own 0 is the largest (1-y) ŷ: only the right class is pushed.
    ("categorical_hinge", {}, [[1.0, 0.0]], [[0.5, -2.0]], [[-1.0, 0.0]]),
    ("categorical_hinge", {"strict": True}, [[1.0, 0.0]], [[-3.0, -2.0]], [[-1.0, 1.0]]),
]


@pytest.mark.parametrize(("name", "arguments", "y", "p", "slopes"), GRADIENTS_AT_ENDS)
def test_gradients_at_ends_and_kinks(name, arguments, y, p, slopes):
    spec = SPECS[name]
    loss = spec.factory(**arguments, reduction="none")
    np.testing.assert_allclose(gradient(lambda p: loss(to_tensor(y), p), p), slopes, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(spec.gradient(to_tensor(y), to_tensor(p), **arguments)), slopes, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("binary_crossentropy", [[0.2, 0.7], [0.0, 1.0]]),
        ("mean_squared_error", [[0.2, 0.7], [-3.0, 1.0]]),
        ("mean_absolute_error", [[0.2, 0.7], [-3.0, 1.0]]),
        ("huber", [[0.2, 0.7], [-3.0, 1.0]]),
    ],
)
def test_values_are_those_of_keras(name, p):
    """Where the docstrings say so; in float32, with 1 - 1e-7 rounding to 1 - 1.19e-7 in Keras."""
    spec = SPECS[name]
    theirs = getattr(keras.losses, spec.factory.__name__)
    y = [[1.0, 0.0], [1.0, 0.0]]
    assert float(spec.factory()(y, p)) == pytest.approx(float(theirs()(y, p)), rel=1e-2)
    assert float(spec.factory()(y[:1], p[:1])) == pytest.approx(float(theirs()(y[:1], p[:1])), rel=1e-6)


@pytest.mark.parametrize("name", ["binary_crossentropy", "mean_squared_error", "mean_absolute_error", "huber", "hinge"])
def test_targets_may_lack_the_last_axis(name):
    """As ``model.fit`` hands them over: labels (n,) for an output layer of one unit."""
    loss = SPECS[name].factory(reduction="none")
    flat, column = np.array([1.0, 1.0]), np.array([[0.5], [0.25]])
    np.testing.assert_array_equal(to_numpy(loss(flat, column)), to_numpy(loss(flat[:, None], column)))
    assert to_numpy(loss(flat, column)).shape == (2,)


def test_class_numbers_may_be_integers_and_columns():
    p = [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]
    values = [
        to_numpy(losses.sparse_categorical_crossentropy(y, p))
        for y in (np.array([2, 1], "uint8"), np.array([[2], [1]], "int64"), np.array([2.0, 1.0]))
    ]
    np.testing.assert_allclose(values, [[1.386294, 0.223144]] * 3, rtol=1e-5)


SHAPES = [
    ("mean_squared_error", (4, 1), (4, 3)),
    ("mean_squared_error", (4,), (4, 3)),
    ("huber", (3, 4), (4, 3)),
    ("binary_crossentropy", (4, 2), (4, 1)),
    ("categorical_crossentropy", (4,), (4, 3)),
    ("hinge", (4, 1, 1), (4, 3)),
    ("sparse_categorical_crossentropy", (4, 3), (4, 3)),
    ("sparse_categorical_crossentropy", (3,), (4, 3)),
    ("categorical_hinge", (4, 1), (4, 1)),
    ("mean_absolute_error", (), ()),
]


@pytest.mark.parametrize(("name", "y", "p"), SHAPES)
def test_wrong_shapes_are_told(name, y, p):
    spec = SPECS[name]
    with pytest.raises(ValueError, match=spec.factory.__name__) as caught:
        spec.factory()(np.ones(y), np.ones(p))
    assert "Give" in str(caught.value) or (str(y) in str(caught.value) and str(p) in str(caught.value))


LABELS = [
    ("binary_crossentropy", [[-1.0, 1.0]], "y_true holds -1", r"\(y \+ 1\) / 2"),
    ("binary_crossentropy", [[float("nan"), 1.0]], "y_true holds nan", "0, 1 or a probability"),
    ("categorical_crossentropy", [[1.0, 1.0]], "y_true holds 1", "sum to 1"),
    ("categorical_crossentropy", [[-0.5, 1.5]], "y_true holds -0.5", "sum to 1"),
    ("sparse_categorical_crossentropy", [2], "y_true holds 2", "0 to 1"),
    ("sparse_categorical_crossentropy", [-1], "y_true holds -1", "0 to 1"),
    ("sparse_categorical_crossentropy", [0.5], "y_true holds 0.5", "Count classes from 0"),
    ("hinge", [[0.0, 1.0]], "y_true holds 0", "2 y - 1"),
    ("categorical_hinge", [[0.5, 0.5]], "y_true holds 0.5", "one-hot"),
    ("categorical_hinge", [[1.0, 1.0]], "y_true holds 1", "to_categorical"),
]


@pytest.mark.parametrize(("name", "y", "given", "remedy"), LABELS)
def test_labels_outside_the_domain_are_told(name, y, given, remedy):
    spec = SPECS[name]
    with pytest.raises(ValueError, match=f"{spec.factory.__name__}: {given}, .*{remedy}"):
        spec.factory()(y, [[0.4, 0.6]])


ARGUMENTS = [
    ("huber", {"delta": 0.0}),
    ("huber", {"delta": float("nan")}),
    ("huber", {"delta": float("inf")}),
    ("huber", {"delta": "1"}),
    ("binary_crossentropy", {"from_logits": 1}),
    ("binary_crossentropy", {"label_smoothing": -0.1}),
    ("categorical_crossentropy", {"label_smoothing": 1.5}),
    ("categorical_crossentropy", {"from_logits": "yes"}),
    ("sparse_categorical_crossentropy", {"from_logits": None}),
    ("categorical_hinge", {"strict": 1}),
    ("hinge", {"reduction": "average"}),
]


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS)
def test_bad_arguments_are_told(name, arguments):
    ((argument, value),) = arguments.items()
    with pytest.raises(ValueError, match=argument) as caught:
        SPECS[name].factory(**arguments)
    assert str(value) in str(caught.value)


@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch runs uncompiled here and raises the error")
def test_an_unknown_class_is_nan_in_compiled_code():
    loss = losses.SparseCategoricalCrossentropy(reduction="none")
    p = to_tensor([[0.5, 0.5]] * 3)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(loss, jit_compile=True)
    else:
        import jax

        compiled = jax.jit(loss)
    values = to_numpy(compiled(to_tensor([0.0, 2.0, -1.0]), p))
    np.testing.assert_array_equal(np.isnan(values), [False, True, True])


@pytest.mark.parametrize("spec", losses.SPECS, ids=lambda spec: spec.name)
def test_the_configuration_keeps_the_dtype_and_the_registered_name(spec):
    loss = spec.factory(dtype="float16")
    stored = keras.losses.serialize(loss)
    assert stored["registered_name"] == f"gradlab>{spec.factory.__name__}"
    assert keras.losses.deserialize(stored).dtype == "float16"


def test_fit_takes_the_loss_with_flat_labels():
    """Through ``model.fit`` in graph mode, batches of unknown size, the last one smaller."""
    x = np.linspace(-1, 1, 10, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss=losses.BinaryCrossentropy(from_logits=True), jit_compile=False)
    history = model.fit(x, (x[:, 0] > 0).astype("int32"), batch_size=4, epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_stock_keras_differs_where_the_docstrings_say_so():
    stock = keras.losses
    y, p = to_tensor([[1.0]]), [[0.0]]
    for loss in (stock.BinaryCrossentropy(), stock.CategoricalCrossentropy()):
        y, p = to_tensor([[1.0, 0.0]]), [[0.0, 1.0]]
        assert gradient(lambda p, loss=loss, y=y: loss(y, p), p)[0, 0] == 0.0
    at_one = float(stock.BinaryCrossentropy(dtype="float16")([[1.0]], [[1.0]]))
    assert np.isnan(at_one) == (BACKEND != "torch")
    assert float(stock.CategoricalCrossentropy()([[1.0, 0.0]], [[2.0, 2.0]])) == pytest.approx(0.693147, abs=1e-5)
    assert float(stock.MeanSquaredError()(np.zeros((2, 1)), np.ones((2, 3)))) == 1.0
    assert "delta" not in stock.Huber(delta=3.0).get_config()
    assert float(stock.Hinge()([[0.0, 1.0]], [[-1.0, 1.0]])) == 0.0
    assert "dtype" not in stock.MeanSquaredError(dtype="float16").get_config()


class Wrong(losses.MeanSquaredError):
    """A loss that forgets the 2 of its gradient's source: half the squared error."""

    def call(self, y_true, y_pred):
        return super().call(y_true, y_pred) / 2


class Forgetful(keras.losses.Loss):
    """A loss whose argument its configuration does not know."""

    def __init__(self, power=2.0, **kwargs):
        super().__init__(**kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** self.power, axis=-1)


FAULTS = [
    ("values_equal_the_reference", functools.partial(check_loss, Wrong, oracles.mean_squared_error)),
    (
        "gradient_equals_autodiff",
        functools.partial(check_loss, Wrong, gradient=losses.mean_squared_error_gradient),
    ),
    (
        "extremes_are_finite",
        functools.partial(check_loss, SPECS["mean_squared_error"], oracles.mean_squared_error),
    ),
    (
        "arguments_survive_the_configuration",
        functools.partial(check_loss, Forgetful, other_arguments={"power": 3.0}, largest={"float32": 1e4}),
    ),
]


@pytest.mark.parametrize(("check", "run"), FAULTS, ids=[check for check, _ in FAULTS])
def test_the_kit_names_the_check_that_fails(check, run):
    with pytest.raises(AssertionError, match=f"^{check}: "):
        run()


def test_one_call_checks_a_loss():
    check_loss(SPECS["huber"], oracles.huber, other_arguments={"delta": 3.0})
