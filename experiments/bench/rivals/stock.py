"""The models of the bench in stock Keras, on data as NumPy arrays."""

import json
import time
from typing import Any

import keras
import numpy as np

from experiments import datasets

FAST = {"jit_compile": False}
"""The flags that make ``model.fit`` fastest on a CPU, with ``steps_per_execution``; beside them oneDNN is on."""


class Task:
    """What is to be trained: ``dataset``, ``model``, ``batch_size``, ``epochs`` and ``runs`` (activation, optimizer,
    seed), from the file that is named on the command line."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            self.given: dict[str, Any] = json.load(file)
        self.runs: list[dict[str, Any]] = self.given["runs"]
        self.data = datasets.load(self.given["dataset"], self.given["data_dir"])
        self.train, self.validation, self.test = (
            (_floats(part.x), part.y) for part in (self.data.train, self.data.validation, self.data.test)
        )

    def model(self, activation: str, optimizer: str, seed: int, fast: bool = False) -> keras.Model:
        """Built and compiled as a tutorial would."""
        keras.utils.set_random_seed(seed)
        layers = {"mlp": _mlp, "cnn": _cnn}[self.given["model"]](activation)
        model = keras.Sequential([keras.Input(self.data.input_shape), *layers,
                                  keras.layers.Dense(self.data.outputs, activation="softmax")])  # fmt: skip
        steps = len(self.train[1]) // self.given["batch_size"]
        flags = FAST | {"steps_per_execution": steps} if fast else {}
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], **flags)
        return model

    def fit(self, model: keras.Model, callbacks: tuple[Any, ...] = (), **options: Any) -> dict[str, Any]:
        """Train and score; returns what the run's line tells."""
        clock = Clock()
        model.fit(*self.train, batch_size=self.given["batch_size"], epochs=self.given["epochs"], verbose=0,
                  validation_data=self.validation, callbacks=[clock, *callbacks], **options)  # fmt: skip
        _, accuracy = model.evaluate(*self.test, batch_size=1000, verbose=0)
        return {"epochs": clock.seconds, "accuracy": float(accuracy)}


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.seconds.append(time.perf_counter() - self.begun)


def _floats(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) / 255


def _mlp(activation: str) -> list[keras.Layer]:
    return [
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation=activation),
        keras.layers.Dense(64, activation=activation),
    ]


def _cnn(activation: str) -> list[keras.Layer]:
    layers: list[keras.Layer] = []
    for filters in (32, 64, 64):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation=activation))
        layers.append(keras.layers.MaxPooling2D())
    return [*layers, keras.layers.Flatten(), keras.layers.Dense(64, activation=activation)]
