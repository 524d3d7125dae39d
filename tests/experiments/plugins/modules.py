"""Sources of plugins for tests, and the plugin of this process."""

import sys
from pathlib import Path

import pytest

from experiments.plugins import parts
from experiments.plugins.offer import Offer

GOOD = '''
import keras
from keras import ops


def swoosh(x):
    return x * ops.sigmoid(1.5 * x)


class Scaled(keras.layers.Layer):
    """A learned slope that starts at random."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="kernel")

    def call(self, x):
        return x * self.kernel


class Signs(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, decay=0.0, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.decay = decay

    def update_step(self, gradient, variable, learning_rate):
        step = ops.cast(learning_rate, variable.dtype) * ops.sign(gradient)
        self.assign_sub(variable, step + self.decay * variable)


def steep(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred) ** 1.5, axis=-1)


def net(input_shape, outputs, activation, units=12):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(units)(keras.layers.Flatten()(inputs))
    x = activation()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Dropout(0.2)(x)
    x = activation()(keras.layers.Dense(units, kernel_initializer="orthogonal")(x))
    return keras.Model(inputs, keras.layers.Dense(outputs)(x))


ACTIVATIONS = {"swoosh": (swoosh, "he"), "scaled": Scaled}
OPTIMIZERS = {"signs": (Signs, 0.003)}
LOSSES = {"steep": steep}
MODELS = {"net": net}
'''

OFFER = Offer(
    module="my_parts", folder="/nowhere", file="my_parts.py", files=("my_parts.py",), digest="d" * 64,
    activations={"swoosh": "he"}, optimizers={"signs": 0.003}, losses=("steep",), models={"net": ("units",)},
)  # fmt: skip
"""What a plan may know, without any module."""


def forget(*names: str) -> None:
    """As if nothing had been loaded."""
    parts._loaded = None
    for name in [each for each in sys.modules if each.partition(".")[0] in names]:
        del sys.modules[name]


def loaded(monkeypatch: pytest.MonkeyPatch, folder: Path, source: str = GOOD, name: str = "my_parts") -> Offer:
    """Write a module and load it as this process's plugin; all is as before when the test ends."""
    monkeypatch.setattr(parts, "_loaded", None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop(name, None)
    (folder / f"{name}.py").write_text(source)
    offer = parts.offer(f"{name}.py", str(folder))
    monkeypatch.delitem(sys.modules, name)
    return offer
