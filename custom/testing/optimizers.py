"""Checks of an optimizer: its path, what Keras adds to it, precision, state, compilers, replicas.

``check_optimizer`` runs them all. ``OPTIMIZER_CHECKS`` lists them singly, for
``pytest.mark.parametrize``; each takes an :class:`OptimizerCase`.
"""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom.optimizers.base import RuleOptimizer
from custom.spec import Spec
from custom.testing import descent
from custom.testing.common import (
    BACKEND,
    ROUNDING,
    assert_arguments_survive,
    assert_close,
    config_round_trip,
    constructor_arguments,
    double_precision,
    dtype_of,
    run_checks,
    save_load_round_trip,
    to_numpy,
    to_tensor,
    weights_round_trip,
)

STARTS = (np.array([1.0, -2.0, 0.5]), np.array([[0.25, -0.75], [1.5, 3.0]]))
"""Two weights, of different shapes, to begin with."""

Gradients = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, kw_only=True)
class OptimizerCase:
    """One optimizer and what is known of it.

    Attributes:
        name: in messages and test ids.
        make: the class.
        reference: ``f(w, gradients, **arguments)`` on float64 arrays -> the weight after each step;
            w of any shape, gradients (steps, *shape), arguments those of the constructor.
        arguments: of the constructor, in every check but that of the configuration.
        other_arguments: every argument of the constructor, away from its default.
        quadratic: (learning rate, steps) that bring a quadratic of condition 10 to its minimum.
        rosenbrock: the same for Rosenbrock's function.
        rule: the pure rule ``(g, t, eta, slots, **constants) -> (delta, slots)``, if there is one.
    """

    name: str
    make: Callable[..., Any]
    reference: Callable[..., np.ndarray] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    other_arguments: Mapping[str, Any] = field(default_factory=dict)
    quadratic: tuple[float, int] = (0.05, 2_000)
    rosenbrock: tuple[float, int] = (0.001, 20_000)
    rule: Callable[..., Any] | None = None

    def __str__(self) -> str:
        return self.name

    def optimizer(self, **keywords: Any) -> Any:
        return self.make(**{**self.arguments, **keywords})


def check_optimizer(
    optimizer: Any,
    reference: Callable[..., np.ndarray] | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    other_arguments: Mapping[str, Any] | None = None,
    quadratic: tuple[float, int] = (0.05, 2_000),
    rosenbrock: tuple[float, int] = (0.001, 20_000),
    skip: Collection[str] = (),
) -> None:
    """Run every check on an optimizer of yours.

    Args:
        optimizer: a subclass of ``keras.optimizers.Optimizer``, registered with Keras so that a model
            can be loaded; or a :class:`custom.spec.Spec`, which brings its rule along.
        reference: the same path written on its own with float64 NumPy, ``f(w, gradients,
            **arguments)`` -> the weight after each step. Without it, the optimizer is compared with
            itself in float64, which finds rounding errors and no others.
        arguments: of the constructor, to run the checks with.
        other_arguments: every argument of the constructor with a value away from its default, to
            see that it survives the configuration.
        quadratic: learning rate and steps for a quadratic of condition 10.
        rosenbrock: learning rate and steps for Rosenbrock's function.
        skip: names of checks that do not apply.

    Raises:
        AssertionError: naming the check that failed.

    Example:
        >>> from custom.optimizers import Momentum
        >>> def path(w, gradients, learning_rate, momentum):
        ...     v, ws = 0.0, []
        ...     for g in gradients:
        ...         v = momentum * v - learning_rate * g
        ...         w = w + v
        ...         ws.append(w)
        ...     return np.array(ws)
        >>> other = {"learning_rate": 0.5, "momentum": 0.25}
        >>> check_optimizer(Momentum, path, other_arguments=other, rosenbrock=(0.001, 5_000))
    """
    spec = optimizer if isinstance(optimizer, Spec) else None
    make = spec.factory if spec else optimizer
    case = OptimizerCase(
        name=spec.name if spec else make.__name__,
        make=make,
        reference=reference,
        arguments=arguments or {},
        other_arguments=other_arguments or {},
        quadratic=quadratic,
        rosenbrock=rosenbrock,
        rule=spec.function if spec else getattr(make, "rule", None),
    )
    run_checks([check for check in OPTIMIZER_CHECKS if check.__name__ not in skip], case)


def gradients(steps: int, seed: int = 0) -> Gradients:
    """Noisy gradients for both weights, some of them tiny and some zero, exact in float32."""
    draw = np.random.default_rng(seed)

    def one(w: np.ndarray) -> np.ndarray:
        scale = 10.0 ** draw.integers(-2, 2, size=w.shape)
        return (draw.normal(size=w.shape) * scale * (draw.random(w.shape) > 0.1)).astype("float32").astype("float64")

    return [(one(STARTS[0]), one(STARTS[1])) for _ in range(steps)]


def new_weights(dtype: str = "float32") -> list[keras.Variable]:
    return [keras.Variable(ops.convert_to_tensor(w, dtype), dtype=dtype, name=f"w{i}") for i, w in enumerate(STARTS)]


def path(optimizer: Any, given: Gradients, dtype: str = "float32") -> list[np.ndarray]:
    """Both weights, flat in one array, after each step of ``optimizer``, step by step."""
    weights = new_weights(dtype)
    optimizer.build(weights)
    points = []
    for step in given:
        optimizer.apply([to_tensor(g, dtype) for g in step], weights)
        points.append(flat(weights))
    return points


def flat(weights: Sequence[Any]) -> np.ndarray:
    return np.concatenate([to_numpy(w).ravel() for w in weights])


def expected(case: OptimizerCase, given: Gradients, **arguments: Any) -> list[np.ndarray]:
    """The same from the reference, or else from the optimizer itself in float64."""
    arguments = {**case.arguments, **arguments}
    if case.reference is None:
        with double_precision():
            return path(case.make(**arguments), given, "float64")
    arguments = {**constructor_arguments(case.make), **arguments}
    steps = len(given)
    each = [
        np.asarray(case.reference(w, np.array([step[i] for step in given]), **arguments)).reshape(steps, -1)
        for i, w in enumerate(STARTS)
    ]
    return list(np.concatenate(each, axis=1))


def assert_same_path(
    actual: Sequence[np.ndarray], wanted: Sequence[np.ndarray], what: str, dtype: str = "float32"
) -> None:
    """Fail at the first step that is off by more than rounding of the way walked so far.

    A correction like 1 - .999 loses three digits of float32, so a thousand units are allowed.
    """
    way, last = 0.0, flat(STARTS)
    assert len(actual) == len(wanted), f"{what}: {len(actual)} steps in place of {len(wanted)}."
    for step, (here, there) in enumerate(zip(actual, wanted, strict=True), 1):
        way, last = way + abs(there - last), there
        allowed = ROUNDING[dtype] * (1_000 * way + 8 * (1 + abs(there)) * np.sqrt(step))
        error = abs(here - there)
        assert (error <= allowed).all(), f"{what}: step {step} leads to {here}, not to {there}."


def hundred_steps_follow_the_reference(case: OptimizerCase) -> None:
    """In float32, with the case's own learning rate and with another."""
    given = gradients(100)
    assert_same_path(path(case.optimizer(), given), expected(case, given), "default rate")
    some = given[:10]
    assert_same_path(
        path(case.optimizer(learning_rate=0.25), some), expected(case, some, learning_rate=0.25), "rate .25"
    )


def rule_on_arrays_follows_the_reference(case: OptimizerCase) -> None:
    """The pure rule on float64 NumPy arrays, to rounding, gradients from 1e-9 to 1e3 in size."""
    if case.rule is None or case.reference is None:
        return
    optimizer = case.optimizer()
    assert isinstance(optimizer, RuleOptimizer)
    arguments = {**constructor_arguments(case.make), **case.arguments}
    draw, w = np.random.default_rng(0), STARTS[0]
    given = draw.normal(size=(100, *w.shape)) * np.array([1e-9, 1.0, 1e3])
    slots, way = optimizer.initial_slots(w), []
    for t, g in enumerate(given, 1):
        delta, slots = case.rule(g, t, arguments["learning_rate"], slots, **optimizer.constants)
        assert isinstance(delta, np.ndarray), f"arrays in gave {type(delta)} out."
        assert delta.dtype == "float64", f"float64 in gave {delta.dtype} out."
        way.append(delta)
    wanted = np.diff(case.reference(np.zeros_like(w), given, **arguments), axis=0)
    error = abs(np.array(way)[1:] - wanted)  # the reference's are differences of the way it has gone
    allowed = 1e-11 * abs(wanted) + 1e-14 * abs(np.cumsum(np.array(way), axis=0)).max(axis=0)
    assert (error <= allowed).all(), (
        f"step {1 + np.argmax((error > allowed).any(axis=1))} is off by {error.max(axis=0)}."
    )


def a_quadratic_is_minimised(case: OptimizerCase) -> None:
    """½ (w₁² + 10 w₂²) from (1, 1), in one compiled loop where the backend has one."""
    rate, steps = case.quadratic
    w = descent.descend(case.optimizer(learning_rate=rate), descent.quadratic_gradient, (1.0, 1.0), steps)
    assert descent.quadratic(w) < 1e-3 * descent.quadratic((1.0, 1.0)), f"{steps} steps of rate {rate} end at {w}."


def rosenbrock_is_minimised(case: OptimizerCase) -> None:
    """(1 - x)² + 100 (y - x²)² from (-1.2, 1) to (1, 1), along its curved valley."""
    rate, steps = case.rosenbrock
    w = descent.descend(case.optimizer(learning_rate=rate), descent.rosenbrock_gradient, (-1.2, 1.0), steps)
    assert descent.rosenbrock(w) < 1e-3, f"{steps} steps of rate {rate} end at {w}."
    assert abs(w - 1).max() < 0.05, f"{steps} steps of rate {rate} end at {w}."


def clipping_is_keras(case: OptimizerCase) -> None:
    """clipnorm, clipvalue and global_clipnorm act on the gradient before the rule does."""
    given = gradients(4, seed=1)

    def by_norm(*gs: np.ndarray) -> float:
        return min(1.0, 0.5 / np.sqrt(sum((g**2).sum() for g in gs)))

    clipped: dict[str, Gradients] = {
        "clipnorm": [(a * by_norm(a), b * by_norm(b)) for a, b in given],
        "clipvalue": [(a.clip(-0.5, 0.5), b.clip(-0.5, 0.5)) for a, b in given],
        "global_clipnorm": [(a * by_norm(a, b), b * by_norm(a, b)) for a, b in given],
    }
    for argument, smaller in clipped.items():
        optimizer = case.optimizer(**{argument: 0.5})
        assert_same_path(path(optimizer, given), expected(case, smaller), argument)


def weight_decay_is_keras(case: OptimizerCase) -> None:
    """Decoupled: each weight shrinks by learning rate times decay, then the rule acts."""
    given = gradients(4, seed=2)
    plain = [flat(STARTS), *expected(case, given, learning_rate=0.1)]
    wanted = [plain[0]]
    for before, after in itertools.pairwise(plain):
        wanted.append(wanted[-1] * (1 - 0.1 * 0.5) + (after - before))
    optimizer = case.optimizer(learning_rate=0.1, weight_decay=0.5)
    assert_same_path(path(optimizer, given), wanted[1:], "weight_decay")


def moving_average_is_keras(case: OptimizerCase) -> None:
    """The weights walk as without it; in the end they are replaced by their average."""
    given = gradients(4, seed=3)
    wanted = expected(case, given)
    optimizer = case.optimizer(use_ema=True, ema_momentum=0.5)
    weights = new_weights()
    optimizer.build(weights)
    for step, after in zip(given, wanted, strict=True):
        optimizer.apply([to_tensor(g) for g in step], weights)
        assert_close(flat(weights), after, what="weights under use_ema", units=2_000)
    average = wanted[0]
    for w in wanted[1:]:
        average = 0.5 * average + 0.5 * w
    optimizer.finalize_variable_values(weights)
    assert_close(flat(weights), average, what="finalized average", units=2_000)


def accumulation_is_keras(case: OptimizerCase) -> None:
    """Three gradients at a time: nothing moves in between, then the rule gets their mean, as one step."""
    given = gradients(9, seed=4)
    means = [tuple(np.mean([step[i] for step in given[n : n + 3]], axis=0) for i in (0, 1)) for n in (0, 3, 6)]
    walked = path(case.optimizer(gradient_accumulation_steps=3), given)
    for n in (0, 1):
        np.testing.assert_array_equal(walked[n], flat(STARTS).astype("float32"), "moved before its time")
    assert_same_path(walked[2::3], expected(case, means), "gradient_accumulation_steps")  # type: ignore[arg-type]


def loss_scaling_is_keras(case: OptimizerCase) -> None:
    """A fixed factor, and the dynamic one, which skips a step whose gradients are not finite."""
    given = gradients(4, seed=5)
    scaled: Gradients = [(1024 * a, 1024 * b) for a, b in given]
    fixed = case.optimizer(loss_scale_factor=1024.0)
    assert float(fixed.scale_loss(2.0)) == 2048.0, "scale_loss does not scale the loss."
    assert_same_path(path(fixed, scaled), expected(case, given), "loss_scale_factor")
    dynamic = keras.optimizers.LossScaleOptimizer(case.optimizer(), initial_scale=1024.0)
    overflow: Gradients = [
        scaled[0],
        (np.full(3, np.inf), scaled[1][1]),
        *((a / 2, b / 2) for a, b in scaled[1:]),
    ]
    wanted = expected(case, given)
    weights, walked = new_weights(), []
    dynamic.build(weights)
    step = descent.compiled_step(dynamic, weights)  # on JAX, it works in stateless_apply alone
    for each in overflow:
        step([to_tensor(g) for g in each])
        walked.append(flat(weights))
    assert_same_path(walked, [wanted[0], wanted[0], *wanted[1:]], "LossScaleOptimizer")


def every_precision_is_kept(case: OptimizerCase) -> None:
    """Weights keep their dtype and go where they should, to its rounding."""
    given = gradients(3, seed=6)
    with double_precision():
        for dtype in ("float64", "bfloat16", "float16"):
            weights, optimizer = new_weights(dtype), case.optimizer(learning_rate=0.125)
            optimizer.build(weights)
            for step in given:
                optimizer.apply([to_tensor(g, dtype) for g in step], weights)
            kept = {dtype_of(w) for w in weights}
            assert kept == {dtype}, f"weights of {dtype} became {kept}."
            wanted = expected(case, given, learning_rate=0.125)
            way = np.abs(np.diff([flat(STARTS), *wanted], axis=0)).sum(axis=0)
            coarse = dtype != "float64"
            allowed = ROUNDING[dtype] * 32 * (1 + abs(wanted[-1]) + way) if coarse else 1e-6 * way + 1e-12
            error = abs(flat(weights) - wanted[-1])
            assert (error <= allowed).all(), f"in {dtype}, three steps end at {flat(weights)}, not {wanted[-1]}."


def arguments_survive_the_configuration(case: OptimizerCase) -> None:
    """The optimizer's own arguments, those of every Keras optimizer, and a schedule."""
    assert_arguments_survive(case.make, case.other_arguments or constructor_defaults_moved(case))
    keywords = {
        "name": "mine",
        "weight_decay": 0.5,
        "global_clipnorm": 2.0,
        "use_ema": True,
        "ema_momentum": 0.75,
        "ema_overwrite_frequency": 7,
        "loss_scale_factor": 8.0,
        "gradient_accumulation_steps": 3,
    }
    config = config_round_trip(case.optimizer(**keywords)).get_config()
    lost = {name: config.get(name) for name, value in keywords.items() if config.get(name) != value}
    assert not lost, f"came back as {lost}."
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.25)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(case.optimizer(learning_rate=schedule)))
    assert float(again.learning_rate) == 0.5, f"a schedule from .5 became {again.learning_rate}."


def constructor_defaults_moved(case: OptimizerCase) -> dict[str, Any]:
    """Every numeric argument at half its default, for who gave no ``other_arguments``."""
    return {name: default / 2 for name, default in constructor_arguments(case.make).items()}


def bad_arguments_are_told(case: OptimizerCase) -> None:
    """NaN and -1 for each numeric argument: a ValueError with its name and the value."""
    numeric = [name for name, default in constructor_arguments(case.make).items() if isinstance(default, float)]
    assert "learning_rate" in numeric, "learning_rate has no number as its default."
    for name in numeric:
        for value in (float("nan"), -1.0):
            try:
                case.optimizer(**{name: value})
            except ValueError as error:
                told = str(error)
                assert name in told, f"{name}={value}: the error names no argument: {told}"
                assert str(value) in told, f"{name}={value}: the error does not tell the value: {told}"
            else:
                raise AssertionError(f"{name}={value} was taken without an error.")


def a_compiled_step_is_traced_once(case: OptimizerCase) -> None:
    """Compiled by XLA on TensorFlow and JAX; three steps lead where the uncompiled ones do."""
    given, optimizer, weights, traces = gradients(3, seed=7), case.optimizer(), new_weights(), []
    optimizer.build(weights)
    step = descent.compiled_step(optimizer, weights, lambda: traces.append(1))
    points = []
    for each in given:
        step([to_tensor(g) for g in each])
        points.append(flat(weights))
    assert_same_path(points, expected(case, given), "compiled")
    assert BACKEND == "torch" or len(traces) == 1, f"three steps took {len(traces)} traces."


def stateless_steps_vectorise(case: OptimizerCase) -> None:
    """On JAX: ``jit`` of ``vmap`` of ``stateless_apply`` over three learning rates equals three runs."""
    if BACKEND != "jax":
        return  # stateless_apply is for JAX
    rates, given = (0.5, 0.25, 0.125), gradients(3, seed=8)
    points = descent.vectorised_paths(case.optimizer(learning_rate=1.0), new_weights(), rates, given)
    for rate, walked in zip(rates, points, strict=True):
        assert_same_path(walked, expected(case, given, learning_rate=rate), f"vmap at rate {rate}")


def model_with(optimizer: Any, dtype: str | None = None) -> keras.Model:
    layers = [
        keras.Input((3,)),
        keras.layers.Dense(2, dtype=dtype),
        keras.layers.Activation("linear", dtype="float32"),
    ]
    model = keras.Sequential(layers)
    model.compile(optimizer, loss="mse", run_eagerly=True)
    return model


def a_saved_model_trains_on(case: OptimizerCase) -> None:
    """After ``.keras`` save and load, and after loading the weights alone, it goes on as before."""
    x, y = np.eye(4, 3, dtype="float32"), np.ones((4, 2), "float32")
    model = model_with(case.optimizer())
    for _ in range(3):
        model.train_on_batch(x, y)
    loaded = save_load_round_trip(model)
    assert type(loaded.optimizer) is type(model.optimizer), f"the loaded optimizer is {loaded.optimizer!r}."
    other = model_with(case.optimizer())
    other.train_on_batch(x, y)
    weights_round_trip(model, other)
    for each in (model, loaded, other):
        each.train_on_batch(x, y)
    state, wanted = (flat([*m.trainable_variables, *m.optimizer.variables]) for m in (loaded, model))
    np.testing.assert_array_equal(state, wanted, "weights and slots of the loaded model, one step on")
    state = flat([*other.trainable_variables, *other.optimizer.variables])
    np.testing.assert_array_equal(state, wanted, "weights and slots after loading the weights, one step on")


def mixed_precision_trains(case: OptimizerCase) -> None:
    """A model of policy mixed_float16, with the loss scaling that Keras wraps around."""
    x, y = np.eye(4, 3, dtype="float32"), np.ones((4, 2), "float32")
    model = model_with(case.optimizer(), "mixed_float16")
    losses = [float(model.train_on_batch(x, y)) for _ in range(4)]
    assert losses[-1] < losses[0], f"the losses of four steps are {losses}."


def replicas_walk_as_one(case: OptimizerCase) -> None:
    """Under TensorFlow's MirroredStrategy, the replicas' gradients add up and all weights stay equal."""
    if BACKEND != "tensorflow":
        return  # MirroredStrategy is TensorFlow's
    points, copies = descent.mirrored_path(case.optimizer, new_weights, gradients(3, seed=9))
    n = copies[0].shape[0]
    summed: Gradients = [(n * a, n * b) for a, b in gradients(3, seed=9)]
    assert_same_path(points, expected(case, summed), f"{n} replicas")
    for copy in copies:
        np.testing.assert_array_equal(copy, np.broadcast_to(copy[:1], copy.shape), "replicas differ")


OPTIMIZER_CHECKS: tuple[Callable[[OptimizerCase], None], ...] = (
    hundred_steps_follow_the_reference,
    rule_on_arrays_follows_the_reference,
    a_quadratic_is_minimised,
    rosenbrock_is_minimised,
    clipping_is_keras,
    weight_decay_is_keras,
    moving_average_is_keras,
    accumulation_is_keras,
    loss_scaling_is_keras,
    every_precision_is_kept,
    arguments_survive_the_configuration,
    bad_arguments_are_told,
    a_compiled_step_is_traced_once,
    stateless_steps_vectorise,
    a_saved_model_trains_on,
    mixed_precision_trains,
    replicas_walk_as_one,
)
