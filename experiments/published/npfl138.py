"""Hidden layers x activation on MNIST, from a university course."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, Row, Table

EPOCHS, WIDTH, BATCH = 10, 100, 50
TRAINED = 55_000
"""Images that the course trains with; the last 5,000 of the training part are scored."""


def train(settings: Mapping[str, Any], seed: int, data_dir: str | None) -> dict[str, float]:
    """Accuracy on the last 5,000 training images after the first and the tenth epoch."""
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
    return {"epoch 1": found[0], "epoch 10": found[-1]}


def _row(layers: int, activation: str, first: float, last: float, name: str = "", remark: str = "") -> Row:
    label = f"{layers} x {name or activation}" if layers else "no hidden layer"
    settings = {"layers": layers, "activation": activation}
    return Row(label, settings, {"epoch 1": first, "epoch 10": last}, remark)


TABLES = (
    Table(
        id="npfl138",
        title="MNIST, hidden layers x activation",
        source="Charles University, Deep Learning course NPFL138, assignment mnist_layers_activations",
        url="https://github.com/ufal/npfl138",
        data="mnist",
        setup="hidden layers of 100 units, batch 50, Adam at 0.001, 10 epochs; accuracy on the last 5,000 training "
        "images; one run",
        assumed=(
            "initial weights: Glorot uniform, biases 0",
            "Adam with the epsilon of its paper (1e-8), as in `custom`",
            "all but the last 5,000 training images are trained with, in a new order each epoch",
        ),
        columns={"epoch 1": ACCURACY, "epoch 10": ACCURACY},
        digits=4,
        rows=(
            _row(0, "linear", 0.9300, 0.9432),
            _row(1, "linear", 0.9352, 0.9354, "none"),
            _row(1, "relu", 0.9604, 0.9788),
            _row(1, "tanh", 0.9564, 0.9782),
            _row(1, "sigmoid", 0.9414, 0.9756),
            _row(3, "relu", 0.9664, 0.9818),
            _row(10, "relu", 0.9570, 0.9724),
            _row(10, "sigmoid", 0.1784, 0.9386, remark="another edition of the same table prints .8992 for epoch 10"),
        ),
        train="experiments.published.npfl138:train",
        seeds=5,
        seconds=25.0,
    ),
)
