"""How a published set-up is trained: ``model.fit``, as its author did, with the components of `custom`."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from experiments import datasets


def mnist(data_dir: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The 60,000 training images in their published order and the 10,000 test images, as floats from 0 to 1."""
    whole = datasets.whole("mnist", data_dir)
    assert whole.x_test is not None
    return _floats(whole.x), whole.y, _floats(whole.x_test), whole.y_test  # type: ignore[return-value]


def _floats(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), 28, 28, 1).astype(np.float32) / np.float32(255)


def seeds(seed: int, count: int) -> list[int]:
    """Seeds for so many independent draws of one run; none of them is that of another run."""
    return [int(each) for each in np.random.SeedSequence(seed).generate_state(count)]


def accuracies(make: Callable[[], keras.Model], x, y, scored: tuple[Any, Any], *, seed: int, loss: Any, optimizer: Any,
               batch_size: int, epochs: int) -> list[float]:  # fmt: skip
    """Accuracy on ``scored`` after each epoch.

    Args:
        make: builds the net, after the seed is set.
        x: inputs that it is trained with.
        y: their targets.
        scored: inputs and whole-number labels that it is scored with.
        seed: of initial weights, order and dropout.
        loss: a Keras loss, or a function of target and output.
        optimizer: a Keras optimizer.
        batch_size: examples an update.
        epochs: of the training.
    """
    keras.utils.set_random_seed(seed)
    model = make()
    # Without XLA, which Keras does not use where operations are to be deterministic.
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False, steps_per_execution=50)
    found: list[float] = []

    def score(_epoch: int, _logs: Any = None) -> None:
        out = model.predict(scored[0], batch_size=1000, verbose=0)
        found.append(float(np.mean(np.argmax(out, axis=-1) == scored[1])))

    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0,
              callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=score)])  # fmt: skip
    return found
