"""Checks of a loss: values, gradients, both ends, weights and masks, configuration, compilers.

``check_loss`` runs them all. ``LOSS_CHECKS`` lists them singly, for ``pytest.mark.parametrize``;
each takes a :class:`LossCase`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from custom.spec import Spec
from custom.testing.common import (
    BACKEND,
    DTYPES,
    ROUNDING,
    assert_arguments_survive,
    assert_close,
    config_round_trip,
    double_precision,
    dtype_of,
    gradient,
    run_checks,
    save_load_round_trip,
    to_numpy,
    to_tensor,
    weights_round_trip,
)

Targets = Literal["numbers", "yes_no", "signs", "one_hot", "classes"]
Predictions = Literal["numbers", "probabilities", "distributions"]

K = 4
"""Outputs of every model here: size of the last axis."""

DOMAINS: dict[str, tuple[Targets, Predictions]] = {
    "binary_crossentropy": ("yes_no", "probabilities"),
    "categorical_crossentropy": ("one_hot", "distributions"),
    "sparse_categorical_crossentropy": ("classes", "distributions"),
    "hinge": ("signs", "numbers"),
    "categorical_hinge": ("one_hot", "numbers"),
}
"""What targets and predictions our losses take; numbers and numbers where not listed."""

many = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)


@dataclass(frozen=True, kw_only=True)
class LossCase:
    """One loss and what is known of it.

    Attributes:
        name: in messages and test ids.
        make: the class.
        reference: the loss of each sample, ``f(y_true, y_pred, **arguments)`` on float64 arrays.
        gradient: its gradient with respect to the prediction, ``f(y_true, y_pred, **arguments)`` on
            tensors.
        arguments: of the constructor, in every check but that of the configuration.
        other_arguments: every argument of the constructor, away from its default.
        targets: ``numbers``; ``yes_no``: 0 and 1; ``signs``: -1 and 1; ``one_hot``; ``classes``: 0 to K-1.
        predictions: ``numbers``; ``probabilities``, each on its own; ``distributions`` over the last axis.
        largest: by dtype, the largest prediction for which value and gradient have to be finite.
        units: rounding errors allowed.
    """

    name: str
    make: Callable[..., Any]
    reference: Callable[..., np.ndarray] | None = None
    gradient: Callable[..., Any] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    other_arguments: Mapping[str, Any] = field(default_factory=dict)
    targets: Targets = "numbers"
    predictions: Predictions = "numbers"
    largest: Mapping[str, float] = field(default_factory=lambda: {"float32": 1e4, "float16": 1e4})
    units: float = 8.0

    def __str__(self) -> str:
        return self.name

    def loss(self, **keywords: Any) -> Any:
        return self.make(**self.arguments, **keywords)


def check_loss(
    loss: Any,
    reference: Callable[..., np.ndarray] | None = None,
    *,
    gradient: Callable[..., Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    other_arguments: Mapping[str, Any] | None = None,
    targets: Targets | None = None,
    predictions: Predictions | None = None,
    largest: Mapping[str, float] | None = None,
    units: float = 8.0,
    skip: Collection[str] = (),
) -> None:
    """Run every check on a loss of yours.

    Args:
        loss: a subclass of ``keras.losses.Loss``, registered with Keras so that a model can be
            loaded, whose ``call`` gives the loss of each sample; or a :class:`custom.spec.Spec`,
            which brings its gradient and domain along.
        reference: the same loss written on its own with float64 NumPy, ``f(y_true, y_pred,
            **arguments)`` -> the loss of each sample. Without it, the loss is compared with itself
            in float64, which finds rounding errors and no others.
        gradient: the gradient with respect to the prediction, with the same arguments, on tensors.
        arguments: of the constructor, to run the checks with.
        other_arguments: every argument of the constructor with a value away from its default, to
            see that it survives the configuration.
        targets: numbers, yes_no (0 and 1), signs (-1 and 1), one_hot or classes (0, 1, ...).
        predictions: numbers, probabilities or distributions.
        largest: by dtype, the largest prediction for which all has to stay finite; 1e4 by default.
        units: how many units of rounding a value may be off.
        skip: names of checks that do not apply.

    Raises:
        AssertionError: naming the check that failed.

    Example:
        >>> @keras.saving.register_keras_serializable()
        ... class Twice(keras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return 2 * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)
        >>> check_loss(Twice, lambda y_true, y_pred: 2 * abs(y_true - y_pred).mean(axis=-1))
    """
    spec = loss if isinstance(loss, Spec) else None
    name = spec.name if spec else loss.__name__
    usual_targets, usual_predictions = DOMAINS.get(name, ("numbers", "numbers"))
    case = LossCase(
        name=name,
        make=spec.factory if spec else loss,
        reference=reference,
        gradient=gradient or (spec.gradient if spec else None),
        arguments=arguments or {},
        other_arguments=other_arguments or {},
        targets=targets or usual_targets,
        predictions=predictions or usual_predictions,
        largest=largest or {"float32": 1e4, "float16": 1e4},
        units=units,
    )
    run_checks([check for check in LOSS_CHECKS if check.__name__ not in skip], case)


def as_targets(case: LossCase, numbers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Targets of the case's kind from drawn numbers (..., K) and classes (...)."""
    match case.targets:
        case "numbers":
            return numbers
        case "yes_no":
            return (numbers > 0).astype("float64")
        case "signs":
            return np.where(numbers > 0, 1.0, -1.0)
        case "one_hot":
            return np.eye(K)[classes]
        case "classes":
            return classes.astype("float64")


def as_predictions(case: LossCase, numbers: np.ndarray) -> np.ndarray:
    """Predictions of the case's kind from drawn numbers (..., K), in float64 but exact in float32."""
    if case.predictions == "probabilities":
        numbers = 1 / (1 + np.exp(-numbers))
    elif case.predictions == "distributions":
        e = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
        numbers = e / e.sum(axis=-1, keepdims=True)
    return numbers.astype("float32").astype("float64")


def sample(case: LossCase, shape: tuple[int, ...] = (6,), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions for ``shape`` samples, from a fixed seed."""
    draw = np.random.default_rng(seed)
    targets = as_targets(case, draw.normal(size=(*shape, K)), draw.integers(K, size=shape))
    return targets, as_predictions(case, 2 * draw.normal(size=(*shape, K)))


def expected(case: LossCase, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The loss of each sample from the reference, or else from the loss itself in float64."""
    if case.reference is not None:
        return case.reference(y, p, **case.arguments)
    with double_precision():
        loss = case.loss(reduction="none", dtype="float64")
        return to_numpy(loss(to_tensor(y, "float64"), to_tensor(p, "float64")))


def per_sample(case: LossCase, y: np.ndarray, dtype: str = "float32") -> Callable[[Any], Any]:
    """The loss of each sample as a function of the prediction, a tensor."""
    loss = case.loss(reduction="none", dtype=dtype)
    return lambda p: loss(to_tensor(y, dtype), p)


def values_equal_the_reference(case: LossCase) -> None:
    """On drawn predictions, ties and zeros among them."""
    numbers = arrays("float64", (3, K), elements=st.floats(-8, 8, width=32, allow_subnormal=False))
    classes = arrays("int64", (3,), elements=st.integers(0, K - 1))

    @many
    @given(numbers, classes, numbers)
    def compare(numbers: np.ndarray, classes: np.ndarray, z: np.ndarray) -> None:
        y, p = as_targets(case, numbers, classes), as_predictions(case, z)
        assert_near(per_sample(case, y)(to_tensor(p)), expected(case, y, p), case, p)

    compare()


def values_hold_in_every_precision(case: LossCase) -> None:
    """The dtype is kept, and the value is right to its rounding."""
    with double_precision():
        for dtype in DTYPES:
            y, p = sample(case)
            y, p = to_numpy(to_tensor(y, dtype)), to_numpy(to_tensor(p, dtype))
            loss = per_sample(case, y, dtype)(to_tensor(p, dtype))
            assert dtype_of(loss) == dtype, f"a loss of dtype {dtype} gave {dtype_of(loss)}."
            # Keras's own means and promotions turn float64 into float32 on JAX and PyTorch.
            rounding = "float32" if dtype == "float64" and BACKEND != "tensorflow" else dtype
            assert_near(loss, expected(case, y, p), case, p, rounding)


def gradient_equals_autodiff(case: LossCase) -> None:
    """The stated gradient against the backend's differentiation of the loss."""
    if case.gradient is None:
        return
    for seed in range(5):
        y, p = sample(case, seed=seed)
        stated = case.gradient(to_tensor(y), to_tensor(p), **case.arguments)
        slopes = gradient(per_sample(case, y), p)
        allowed = 8 * case.units * ROUNDING["float32"] * (1 + abs(slopes))
        error = abs(to_numpy(stated) - slopes)
        assert (error <= allowed).all(), f"at y={y}, p={p}, autodiff gives {slopes}, the gradient is off by {error}."


def autodiff_equals_finite_differences(case: LossCase) -> None:
    """In float64, at samples that miss every kink by more than the step."""
    exact = case.reference is not None or BACKEND == "tensorflow"
    step, allowed = (1e-6, 1e-5) if exact else (2e-3, 5e-3)
    with double_precision():
        y, p = sample(case)
        slopes = gradient(per_sample(case, y, "float64"), p, "float64")
        assert slopes.any(), "no prediction has any gradient at all."
        for j in range(K):
            side = step * np.eye(K)[j]
            up, down = (expected(case, y, p + s * side) for s in (1, -1))
            error = abs((up - down) / (2 * step) - slopes[:, j])
            assert (error < allowed * (1 + abs(slopes[:, j]))).all(), f"output {j}: off by {error}."


def extremes_are_finite(case: LossCase) -> None:
    """Value and gradient for the surest predictions, right and wrong."""
    for dtype, largest in case.largest.items():
        y, _ = sample(case)
        ends = (0.0, 1.0) if case.predictions != "numbers" else (-largest, largest)
        for low, high in (ends, ends[::-1]):
            p = np.where(np.arange(6 * K).reshape(6, K) % K == 1, high, low)
            loss = to_numpy(per_sample(case, y, dtype)(to_tensor(p, dtype)))
            assert np.isfinite(loss).all(), f"in {dtype}, predictions {p[0]} give the losses {loss}."
            slopes = gradient(per_sample(case, y, dtype), p, dtype)
            assert np.isfinite(slopes).all(), f"in {dtype}, predictions {p[0]} give the gradients {slopes}."


def weights_masks_and_reductions_are_keras(case: LossCase) -> None:
    """Samples of shape (batch, time): each reduction, sample weights, a mask on the predictions."""
    y, p = sample(case, (2, 3))
    each = expected(case, y, p)
    assert each.shape == (2, 3), f"predictions (2, 3, {K}) gave losses of shape {each.shape}."
    weights = np.array([[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]])
    for reduction, reduce in (("none", lambda x: x), ("sum", np.sum), ("sum_over_batch_size", np.mean)):
        loss = case.loss(reduction=reduction)
        assert_close(loss(to_tensor(y), to_tensor(p)), reduce(each), what=reduction, units=32)
        weighted = loss(to_tensor(y), to_tensor(p), sample_weight=to_tensor(weights))
        assert_close(weighted, reduce(each * weights), what=f"weighted {reduction}", units=32)
    mask = np.array([[True, True, False], [True, False, False]])
    masked = to_tensor(p)
    masked._keras_mask = keras.ops.convert_to_tensor(mask)
    assert_close(case.loss()(to_tensor(y), masked), each[mask].mean(), what="masked mean", units=32)


def symbolic_shape_equals_eager_shape(case: LossCase) -> None:
    """For an unknown batch size."""
    y, p = sample(case, (2, 3))
    loss = case.loss(reduction="none")

    class Apply(keras.layers.Layer):
        def call(self, y: Any, p: Any) -> Any:
            return loss(y, p)

    symbolic = Apply()(keras.Input(y.shape[1:]), keras.Input(p.shape[1:]))
    eager = loss(to_tensor(y), to_tensor(p))
    assert tuple(symbolic.shape) == (None, *eager.shape[1:]), f"{symbolic.shape} for {tuple(eager.shape)}."


def arguments_survive_the_configuration(case: LossCase) -> None:
    """The loss's own arguments, and Keras's: name, reduction, and the dtype if it is in there at all.

    ``keras.losses.Loss`` leaves it out.
    """
    assert_arguments_survive(case.make, case.other_arguments)
    loss = case.make(**case.other_arguments, name="mine", reduction="sum", dtype="float16")
    again = config_round_trip(loss)
    kept = (again.name, again.reduction)
    assert kept == ("mine", "sum"), f"name and reduction came back as {kept}."
    same_dtype = again.dtype == "float16" or "dtype" not in loss.get_config()
    assert same_dtype, f"float16 came back as {again.dtype}."


def a_compiled_loss_is_traced_once(case: LossCase) -> None:
    """Compiled by XLA on TensorFlow and JAX; the values are the uncompiled ones."""
    traces = []
    loss = case.loss()

    def traced(y: Any, p: Any) -> Any:
        traces.append(1)
        return loss(y, p)

    if BACKEND == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(traced, jit_compile=True)
    elif BACKEND == "jax":
        import jax

        compiled = jax.jit(traced)
    else:
        compiled = traced  # PyTorch is run as it is: its compiler needs a C++ compiler and a minute
    for seed in (0, 1):
        y, p = sample(case, seed=seed)
        assert_close(compiled(to_tensor(y), to_tensor(p)), expected(case, y, p).mean(), units=64)
    assert BACKEND == "torch" or len(traces) == 1, f"two calls of equal shapes took {len(traces)} traces."


def model_with(case: LossCase, dtype: str | None = None) -> keras.Model:
    """A compiled dense net with the case's loss and a last activation that suits it."""
    head = {"numbers": "linear", "probabilities": "sigmoid", "distributions": "softmax"}[case.predictions]
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(K, dtype=dtype)(inputs)
    outputs = keras.layers.Activation(head, dtype="float32" if dtype else None)(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.1), loss=case.loss(), run_eagerly=True)
    return model


def a_saved_model_comes_back(case: LossCase) -> None:
    """The ``.keras`` file brings the loss along; the weights alone fit a model made anew."""
    model, x, (y, _) = model_with(case), np.ones((6, 3), "float32"), sample(case)
    model.train_on_batch(x, y)
    before = model.test_on_batch(x, y)
    loaded = save_load_round_trip(model)
    assert type(loaded.loss) is type(model.loss), f"the loaded model's loss is {loaded.loss!r}."
    assert loaded.loss.get_config() == model.loss.get_config(), f"now {loaded.loss.get_config()}."
    assert_close(loaded.test_on_batch(x, y), before, what="loss of the loaded model")
    other = model_with(case)
    other.train_on_batch(x, y)
    weights_round_trip(model, other)
    assert_close(other.test_on_batch(x, y), before, what="loss with the loaded weights")


def mixed_precision_trains(case: LossCase) -> None:
    """A model of policy mixed_float16 lowers the loss."""
    model, x, (y, _) = model_with(case, "mixed_float16"), np.eye(6, 3, dtype="float32"), sample(case)
    losses = [float(model.train_on_batch(x, y)) for _ in range(6)]
    assert losses[-1] < losses[0], f"the losses of six steps are {losses}."


def replicas_share_the_loss(case: LossCase) -> None:
    """Under TensorFlow's MirroredStrategy, the replicas' losses add up to that of the whole batch."""
    if BACKEND != "tensorflow":
        return  # MirroredStrategy is TensorFlow's
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    n = strategy.num_replicas_in_sync
    y, p = sample(case, (6 * n,))
    parts = [
        strategy.experimental_distribute_values_from_function(
            lambda context, array=array: to_tensor(np.split(array, n)[context.replica_id_in_sync_group])
        )
        for array in (y, p)
    ]
    with strategy.scope():
        loss = case.loss()
    total = strategy.reduce("SUM", strategy.run(loss, parts), axis=None)
    assert_close(total, expected(case, y, p).mean(), units=64)


def assert_near(loss: Any, wanted: np.ndarray, case: LossCase, p: np.ndarray, dtype: str = "float32") -> None:
    """Fail unless each loss is right to the rounding of its own size and of the predictions'."""
    loss = to_numpy(loss)
    assert loss.shape == wanted.shape, f"the losses have shape {loss.shape}, not {wanted.shape}."
    allowed = case.units * ROUNDING[dtype] * (1 + abs(wanted) + abs(p).max())
    assert (abs(loss - wanted) <= allowed).all(), f"in {dtype}, predictions {p} gave {loss}, not {wanted}."


LOSS_CHECKS: tuple[Callable[[LossCase], None], ...] = (
    values_equal_the_reference,
    values_hold_in_every_precision,
    gradient_equals_autodiff,
    autodiff_equals_finite_differences,
    extremes_are_finite,
    weights_masks_and_reductions_are_keras,
    symbolic_shape_equals_eager_shape,
    arguments_survive_the_configuration,
    a_compiled_loss_is_traced_once,
    a_saved_model_comes_back,
    mixed_precision_trains,
    replicas_share_the_loss,
)
