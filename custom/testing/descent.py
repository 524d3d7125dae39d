"""Ways to run an optimizer: a compiled loop, a compiled step, many at once, over replicas."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from custom.testing.common import BACKEND, to_numpy, to_tensor


def quadratic(w: Any) -> float:
    """½ (w₁² + 10 w₂²): condition number 10, minimum 0 at (0, 0)."""
    return 0.5 * (w[0] ** 2 + 10 * w[1] ** 2)


def quadratic_gradient(w: Any) -> Any:
    return ops.stack([w[0], 10 * w[1]])


def rosenbrock(w: Any) -> float:
    """(1 - x)² + 100 (y - x²)²: minimum 0 at (1, 1), at the end of a curved valley."""
    x, y = w[0], w[1]
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(w: Any) -> Any:
    x, y = w[0], w[1]
    return ops.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def descend(optimizer: Any, slope: Callable[[Any], Any], start: Sequence[float], steps: int) -> np.ndarray:
    """Where ``steps`` steps along ``slope`` lead, in one compiled loop (PyTorch: in Python)."""
    w = keras.Variable(np.asarray(start, "float32"), name="w")
    optimizer.build([w])
    if BACKEND == "tensorflow":
        import tensorflow as tf

        @tf.function(jit_compile=True)
        def run() -> None:
            def body(i: Any) -> tuple[Any]:
                optimizer.apply([slope(w.value)])
                return (i + 1,)

            tf.while_loop(lambda i: i < steps, body, (tf.constant(0),))

        run()
    elif BACKEND == "jax":
        import jax

        def body(_: int, state: tuple[Any, Any]) -> tuple[Any, Any]:
            (here,), own = state
            return optimizer.stateless_apply(own, [slope(here)], [here])

        first = ([w.value], [v.value for v in optimizer.variables])
        ((here,), _) = jax.jit(lambda state: jax.lax.fori_loop(0, steps, body, state))(first)
        w.assign(here)
    else:
        import torch

        with torch.no_grad():
            for _ in range(steps):
                optimizer.apply([slope(w.value)])
    return to_numpy(w)


def compiled_step(
    optimizer: Any, weights: list[Any], traced: Callable[[], Any] = lambda: None
) -> Callable[[Any], None]:
    """One step for given gradients, compiled where the backend does; calls ``traced`` when traced."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        @tf.function(jit_compile=True)
        def step(gradients: Any) -> None:
            traced()
            optimizer.apply(gradients, weights)

        return step
    if BACKEND == "jax":
        import jax

        @jax.jit
        def pure(values: Any, own: Any, gradients: Any) -> Any:
            traced()
            return optimizer.stateless_apply(own, gradients, values)

        def step_and_keep(gradients: Any) -> None:
            values, own = pure([w.value for w in weights], [v.value for v in optimizer.variables], gradients)
            for variable, value in zip([*weights, *optimizer.variables], [*values, *own], strict=True):
                variable.assign(value)

        return step_and_keep
    return lambda gradients: optimizer.apply(gradients, weights)


def vectorised_paths(
    optimizer: Any, weights: list[Any], rates: Sequence[float], gradients: Sequence[Any]
) -> list[list[np.ndarray]]:
    """By learning rate, the weights after each step, all rates in one ``jit(vmap(...))`` on JAX."""
    import jax
    import jax.numpy as jnp

    optimizer.build(weights)
    own = [jnp.stack([v.value] * len(rates)) for v in optimizer.variables]
    place = [v.name for v in optimizer.variables].index("learning_rate")
    own[place] = jnp.asarray(rates, own[place].dtype)
    values = [jnp.stack([w.value] * len(rates)) for w in weights]
    step = jax.jit(jax.vmap(optimizer.stateless_apply, in_axes=(0, None, 0)))
    paths: list[list[np.ndarray]] = [[] for _ in rates]
    for each in gradients:
        values, own = step(own, [to_tensor(g) for g in each], values)
        for i, walked in enumerate(paths):
            walked.append(np.concatenate([to_numpy(value[i]).ravel() for value in values]))
    return paths


def mirrored_path(
    make: Callable[[], Any], new_weights: Callable[[], list[Any]], gradients: Sequence[Any]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """On all of TensorFlow's CPUs, the same gradients on each: the weights after each step.

    Returns:
        The weights after each step, flat in one array; and each weight's copies in the end, flat,
        of shape (replicas, size).
    """
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    with strategy.scope():
        weights, optimizer = new_weights(), make()
        optimizer.build(weights)
    points = []
    for each in gradients:
        strategy.run(lambda each=each: optimizer.apply([to_tensor(g) for g in each], weights))
        points.append(np.concatenate([to_numpy(w).ravel() for w in weights]))
    copies = [
        np.stack([to_numpy(copy).ravel() for copy in strategy.experimental_local_results(w.value)]) for w in weights
    ]
    return points, copies
