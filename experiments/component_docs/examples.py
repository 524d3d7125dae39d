"""A short program for each component that runs as it stands, on every backend that trains."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom.spec import Spec

HEADS = {
    # loss -> units and activation of the last layer, targets of 64 examples
    "binary_crossentropy": ('1, activation="sigmoid"', "y = (x[:, :1] > 0).astype(int)"),
    "categorical_crossentropy": (
        '3, activation="softmax"',
        "y = keras.utils.to_categorical(x[:, :3].argmax(axis=1), 3)",
    ),
    "sparse_categorical_crossentropy": ('3, activation="softmax"', "y = x[:, :3].argmax(axis=1)"),
    "hinge": ("1", "y = np.sign(x[:, :1])"),
    "categorical_hinge": ("3", "y = keras.utils.to_categorical(x[:, :3].argmax(axis=1), 3)"),
}
NUMBERS = ("1", "y = x.sum(axis=1, keepdims=True)")


def call(spec: "Spec") -> str:
    """How one makes it: ``ELU(alpha=1.0)``."""
    given = ", ".join(f"{name}={value!r}" for name, value in spec.defaults.items()).replace("'", '"')
    return f"{spec.factory.__name__}({given})"


def example(spec: "Spec") -> str:
    """The program."""
    name = spec.factory.__name__
    package = {"activation": "layers", "loss": "losses", "optimizer": "optimizers"}[spec.kind]
    head, targets = HEADS.get(spec.name, NUMBERS) if spec.kind == "loss" else NUMBERS
    layers = ["keras.Input((4,))", "keras.layers.Dense(8)", call(spec), f"keras.layers.Dense({head})"]
    if spec.kind != "activation":
        layers[1:3] = ['keras.layers.Dense(8, activation="relu")']
    optimizer = call(spec) if spec.kind == "optimizer" else '"adam"'
    loss = call(spec) if spec.kind == "loss" else '"mean_squared_error"'
    return "\n".join([
        "import keras", "import numpy as np", f"from custom.{package} import {name}", "",
        'x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")', targets,
        "model = keras.Sequential(", "    [", *(f"        {layer}," for layer in layers), "    ]", ")",
        "model.compile(", f"    optimizer={optimizer},", f"    loss={loss},", ")",
        "model.fit(x, y, epochs=2, verbose=0)",
    ])  # fmt: skip
