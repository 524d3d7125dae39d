"""Hidden layers x activation on MNIST, from a university course: two editions of one table, against the same runs."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, Row, Table

EPOCHS, WIDTH, BATCH = 10, 100, 50
SHOWN = (1, 5, 10)
TRAINED = 55_000
"""Images that the course trains with; the last 5,000 of the training part are scored."""


def train(settings: Mapping[str, Any], seed: int, data_dir: str | None) -> dict[str, float]:
    """Accuracy on the last 5,000 training images after epochs 1, 5 and 10."""
    import keras

    from custom.catalog import ACTIVATIONS
    from custom.optimizers import Adam
    from experiments.published import fitting

    x, y, _, _ = fitting.mnist(data_dir)

    def make() -> keras.Model:
        layers: list[Any] = [keras.Input(x.shape[1:]), keras.layers.Flatten()]
        for _ in range(settings["layers"]):
            layers += [keras.layers.Dense(WIDTH), ACTIVATIONS[settings["activation"]].factory()]
        return keras.Sequential([*layers, keras.layers.Dense(10)])

    found = fitting.accuracies(
        make, x[:TRAINED], y[:TRAINED], (x[TRAINED:], y[TRAINED:]), seed=seed,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer=Adam(learning_rate=0.001),
        batch_size=BATCH, epochs=EPOCHS,
    )  # fmt: skip
    return {f"epoch {epoch}": found[epoch - 1] for epoch in SHOWN}


LINES = (
    (0, "linear"),
    (1, "linear"),
    (1, "relu"),
    (1, "tanh"),
    (1, "sigmoid"),
    (3, "relu"),
    (10, "relu"),
    (10, "sigmoid"),
)


def _rows(*printed: tuple[float, float, float]) -> tuple[Row, ...]:
    """What an edition prints, a line of the table each."""
    names = [f"{layers} x {activation.replace('linear', 'none')}" if layers else "no hidden layer"
             for layers, activation in LINES]  # fmt: skip
    return tuple(
        Row(name, {"layers": layers, "activation": activation},
            {f"epoch {epoch}": value for epoch, value in zip(SHOWN, values, strict=True)})
        for name, (layers, activation), values in zip(names, LINES, printed, strict=True)
    )  # fmt: skip


def _table(id: str, edition: str, branch: str, rows: tuple[Row, ...]) -> Table:
    return Table(
        id=id,
        title=f"MNIST, hidden layers x activation ({edition})",
        source="Charles University, Deep Learning course NPFL138, assignment mnist_layers_activations",
        url=f"https://github.com/ufal/npfl138/blob/{branch}/tasks/mnist_layers_activations.md",
        data="mnist",
        setup="hidden layers of 100 units, batch 50, Adam at 0.001, 10 epochs; accuracy on the last 5,000 training "
        "images; one run",
        assumed=(
            "initial weights: Glorot uniform, biases 0",
            "Adam with the epsilon of its paper (1e-8), as in `custom`",
            "all but the last 5,000 training images are trained with, in a new order each epoch",
        ),
        columns={f"epoch {epoch}": ACCURACY for epoch in SHOWN},
        digits=4,
        rows=rows,
        train="experiments.published.npfl138:train",
        seeds=5,
        seconds=25.0,
    )


TABLES = (
    _table("npfl138", "edition 2023/24, Keras", "past-2324", _rows(
        (0.9300, 0.9406, 0.9432),
        (0.9352, 0.9360, 0.9354),
        (0.9604, 0.9808, 0.9788),
        (0.9564, 0.9740, 0.9782),
        (0.9414, 0.9704, 0.9756),
        (0.9664, 0.9734, 0.9818),
        (0.9570, 0.9786, 0.9724),
        (0.1784, 0.9164, 0.9386),
    )),
    _table("npfl138-torch", "edition 2025/26, PyTorch", "959373dfe8c6fb58351f01e12978b24ec3e7d586", _rows(
        (0.9270, 0.9430, 0.9432),
        (0.9290, 0.9396, 0.9378),
        (0.9566, 0.9786, 0.9810),
        (0.9530, 0.9768, 0.9790),
        (0.9382, 0.9698, 0.9762),
        (0.9680, 0.9794, 0.9762),
        (0.9598, 0.9686, 0.9774),
        (0.2148, 0.6392, 0.8992),
    )),
)  # fmt: skip
