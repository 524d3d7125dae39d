"""Checks of a layer: shapes, precisions, masks, configuration, saving, compiling, distributing.

``check_layer`` runs them all. ``LAYER_CHECKS`` lists them singly, for
``pytest.mark.parametrize``; each takes a :class:`LayerCase`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom.testing.common import (
    BACKEND,
    assert_arguments_survive,
    config_round_trip,
    dtype_of,
    mirrored_strategy,
    run_checks,
    save_load_round_trip,
    to_numpy,
    weights_round_trip,
)

BATCH = 4

PRECISIONS = ("float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16") + (
    ("float64",) if BACKEND != "jax" else ()  # JAX computes in float64 only where it is asked to
)


@dataclass(frozen=True, kw_only=True)
class LayerCase:
    """One layer and how to make it.

    Attributes:
        name: in messages and test ids.
        make: the layer's class (or any callable that makes the layer).
        input_shape: of one example, channels last.
        arguments: every argument of ``make``, each with a value away from its default.
        masks: whether a mask that comes in has to go out.
    """

    name: str
    make: Callable[..., keras.layers.Layer]
    input_shape: tuple[int, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    masks: bool = True

    def __str__(self) -> str:
        return self.name

    def layer(self, **keywords: Any) -> keras.layers.Layer:
        return self.make(**self.arguments, **keywords)

    def inputs(self) -> np.ndarray:
        shape = (BATCH, *self.input_shape)
        return np.random.default_rng(7).normal(size=shape).astype("float32")


def check_layer(
    make: Callable[..., keras.layers.Layer],
    input_shape: tuple[int, ...],
    *,
    arguments: Mapping[str, Any] | None = None,
    masks: bool = True,
) -> None:
    """Run every check on a layer of yours.

    Args:
        make: the layer's class, or a callable that makes the layer.
        input_shape: of one example, without the batch: channels last.
        arguments: for each argument of ``make`` a value that is not its default; so it is seen
            whether each of them survives saving.
        masks: whether the layer passes a mask on (False: it may do what it likes with it).

    Raises:
        AssertionError: naming the check that failed.

    Example:
        >>> from custom.layers import LeakyReLU
        >>> check_layer(LeakyReLU, (6,), arguments={"negative_slope": 0.2})
    """
    name = getattr(make, "__name__", type(make).__name__)
    case = LayerCase(name=name, make=make, input_shape=tuple(input_shape), arguments=arguments or {}, masks=masks)
    run_checks(LAYER_CHECKS, case)


def model_around(case: LayerCase, **compile_keywords: Any) -> keras.Model:
    """A small net whose gradient has to pass through the layer; the same weights each time."""
    model = keras.Sequential(
        [
            keras.Input(case.input_shape),
            keras.layers.Dense(
                case.input_shape[-1],
                kernel_initializer=keras.initializers.GlorotUniform(seed=1),
                bias_initializer=keras.initializers.RandomUniform(seed=2),
            ),
            case.layer(name="inspected"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=3)),
        ]
    )
    own = np.random.default_rng(5)
    layer = model.get_layer("inspected")
    layer.set_weights([own.uniform(0.1, 0.5, size=each.shape) for each in layer.weights])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="mse", **compile_keywords)
    return model


def targets() -> np.ndarray:
    return np.linspace(-1, 1, BATCH, dtype="float32")[:, None]


def weights_of(model: keras.Model) -> list[np.ndarray]:
    return [to_numpy(each) for each in model.weights]


def arguments_survive_the_configuration(case: LayerCase) -> None:
    """Each argument, away from its default, is there after get_config and from_config."""
    assert_arguments_survive(case.make, case.arguments)


def symbolic_shape_equals_eager_shape(case: LayerCase) -> None:
    """With a known and with an unknown batch size; and compute_output_shape, where there is one, agrees."""
    layer, known = case.layer(), (BATCH, *case.input_shape)
    eager = tuple(layer(case.inputs()).shape)
    found = {
        "symbolic, unknown batch": tuple(layer(keras.Input(case.input_shape)).shape)[1:],
        "symbolic, known batch": tuple(layer(keras.Input(batch_shape=known)).shape)[1:],
    }
    if type(layer).compute_output_shape is not keras.layers.Layer.compute_output_shape:
        for batch in (BATCH, None):
            shape = layer.compute_output_shape((batch, *case.input_shape))
            found[f"compute_output_shape, batch {batch}"] = tuple(shape)[1:]
    for how, shape in found.items():
        assert shape == eager[1:], f"{how}: {shape} by example, but eager {eager[1:]}."


def every_precision_is_kept(case: LayerCase) -> None:
    """Outputs have the policy's compute dtype, weights its variable dtype; values agree with float32."""
    exact = case.layer(dtype="float32")
    expected = exact(case.inputs())
    for precision in PRECISIONS:
        policy = keras.dtype_policies.get(precision)
        layer = case.layer(dtype=policy)
        config_round_trip(layer)
        layer.build((BATCH, *case.input_shape))
        layer.set_weights(exact.get_weights())
        y = layer(case.inputs())
        assert dtype_of(y) == policy.compute_dtype, f"under {precision} the output is {dtype_of(y)}."
        for weight in layer.weights:
            assert weight.dtype == policy.variable_dtype, f"{precision}: {weight.name} is {weight.dtype}."
        np.testing.assert_allclose(to_numpy(y), to_numpy(expected), rtol=0.05, atol=0.05, err_msg=f"under {precision}")


def a_mask_is_passed_on(case: LayerCase) -> None:
    """The mask (batch, time) of an Embedding or Masking layer reaches the layers behind this one."""
    if not case.masks:
        return
    layer = case.layer()
    assert layer.supports_masking, "supports_masking is not set."
    shape = case.input_shape if len(case.input_shape) > 1 else (3, *case.input_shape)
    z = np.random.default_rng(3).normal(size=(BATCH, *shape)).astype("float32")
    z[0, 0] = 0.0
    masked = keras.layers.Masking(0.0)(z)
    mask, passed = masked._keras_mask, getattr(layer(masked), "_keras_mask", None)
    assert passed is not None, "the output has no mask."
    np.testing.assert_array_equal(ops.convert_to_numpy(passed), ops.convert_to_numpy(mask))


def a_saved_model_comes_back(case: LayerCase) -> None:
    """``.keras`` with the optimizer's state, which then trains on alike; and weights alone."""
    x, y = case.inputs(), targets()
    model = model_around(case, run_eagerly=True)
    model.train_on_batch(x, y)
    loaded = save_load_round_trip(model)
    assert type(loaded.get_layer("inspected")) is type(model.get_layer("inspected")), (
        f"{type(model.get_layer('inspected'))} came back as {type(loaded.get_layer('inspected'))}."
    )
    loaded.run_eagerly = True
    for each in (model, loaded):
        each.train_on_batch(x, y)
    for kept, back in zip(
        weights_of(model) + [to_numpy(v) for v in model.optimizer.variables],
        weights_of(loaded) + [to_numpy(v) for v in loaded.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_allclose(back, kept, rtol=1e-6, atol=1e-7, err_msg="after one more step")
    other = model_around(case, run_eagerly=True)
    other.optimizer.build(other.trainable_variables)  # or its state could not be loaded along
    weights_round_trip(model, other)
    for kept, back in zip(weights_of(model), weights_of(other), strict=True):
        np.testing.assert_array_equal(back, kept, err_msg="weights alone")


def gradients_reach_every_weight(case: LayerCase) -> None:
    """One step of training moves each trainable weight, those before the layer included."""
    model = model_around(case, run_eagerly=True)
    before = [to_numpy(each) for each in model.trainable_weights]
    loss = float(np.asarray(model.train_on_batch(case.inputs(), targets())))
    assert np.isfinite(loss), f"the loss is {loss}."
    for weight, old in zip(model.trainable_weights, before, strict=True):
        new = to_numpy(weight)
        assert np.isfinite(new).all(), f"{weight.path} became {new}."
        assert (new != old).any(), f"{weight.path} has not moved."


@keras.saving.register_keras_serializable("gradlab_testing")
class TraceCounter(keras.layers.Layer):
    """Passes its input on and counts how often Python comes by: that is, how often a graph is traced."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.traces = 0

    def call(self, inputs: Any) -> Any:
        self.traces += 1
        return inputs


def a_compiled_step_is_traced_once(case: LayerCase) -> None:
    """``jit_compile=True`` trains as eager does, and the second and third step trace nothing."""
    x, y = case.inputs(), targets()
    eager, counter = model_around(case, run_eagerly=True), TraceCounter()
    plain = model_around(case)
    compiled = keras.Sequential([keras.Input(case.input_shape), *plain.layers, counter])
    compiled.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="mse", jit_compile=True)
    compiled.train_on_batch(x, y)
    after_one = counter.traces
    assert after_one, "the first step has not passed through the counter."
    for _ in range(2):
        compiled.train_on_batch(x, y)
    assert counter.traces == after_one, f"{counter.traces - after_one} more traces by the steps after the first."
    for _ in range(3):
        eager.train_on_batch(x, y)
    for one, other in zip(weights_of(eager), weights_of(compiled), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5, err_msg="compiled against eager")


def replicas_train_as_one(case: LayerCase) -> None:
    """Under ``tf.distribute.MirroredStrategy`` a batch trains as it does without (TensorFlow only)."""
    x, y = case.inputs(), targets()
    alone = model_around(case, run_eagerly=True)
    alone.train_on_batch(x, y)
    strategy = mirrored_strategy()
    replicas = strategy.num_replicas_in_sync
    with strategy.scope():
        together = model_around(case, run_eagerly=True)
    together.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    for one, other in zip(weights_of(alone), weights_of(together), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5, err_msg=f"{replicas} replicas")


ON_THIS_BACKEND: dict[str, tuple[Callable[[LayerCase], None], ...]] = {
    "tensorflow": (a_compiled_step_is_traced_once, replicas_train_as_one),
    "jax": (a_compiled_step_is_traced_once,),
}
"""What only some backends have: PyTorch's eager steps are never traced."""

LAYER_CHECKS: tuple[Callable[[LayerCase], None], ...] = (
    arguments_survive_the_configuration,
    symbolic_shape_equals_eager_shape,
    every_precision_is_kept,
    a_mask_is_passed_on,
    gradients_reach_every_weight,
    a_saved_model_comes_back,
    *ON_THIS_BACKEND.get(BACKEND, ()),
)
