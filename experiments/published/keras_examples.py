"""Two of the examples that came with Keras for years: a dense net with dropout and RMSprop, a convnet and Adadelta."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, Row, Table

BATCH = 128


def mlp(_settings: Mapping[str, Any], seed: int, data_dir: str | None) -> dict[str, float]:
    """Test accuracy after 20 epochs."""
    import keras

    from custom.layers import ReLU
    from custom.optimizers import RMSprop
    from experiments.published import fitting

    x, y, x_test, y_test = fitting.mnist(data_dir)

    def make() -> keras.Model:
        layers: list[Any] = [keras.Input(x.shape[1:]), keras.layers.Flatten()]
        for _ in range(2):
            layers += [keras.layers.Dense(512), ReLU(), keras.layers.Dropout(0.2)]
        return keras.Sequential([*layers, keras.layers.Dense(10)])

    found = fitting.accuracies(
        make, x, y, (x_test, y_test), seed=seed, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=RMSprop(learning_rate=0.001), batch_size=BATCH, epochs=20,
    )  # fmt: skip
    return {"epoch 20": found[-1]}


def cnn(_settings: Mapping[str, Any], seed: int, data_dir: str | None) -> dict[str, float]:
    """Test accuracy after 12 epochs."""
    import keras

    from custom.layers import ReLU
    from custom.optimizers import Adadelta
    from experiments.published import fitting

    x, y, x_test, y_test = fitting.mnist(data_dir)

    def make() -> keras.Model:
        return keras.Sequential([
            keras.Input(x.shape[1:]), keras.layers.Conv2D(32, 3), ReLU(), keras.layers.Conv2D(64, 3), ReLU(),
            keras.layers.MaxPooling2D(2), keras.layers.Dropout(0.25), keras.layers.Flatten(),
            keras.layers.Dense(128), ReLU(), keras.layers.Dropout(0.5), keras.layers.Dense(10),
        ])  # fmt: skip

    found = fitting.accuracies(
        make, x, y, (x_test, y_test), seed=seed, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=Adadelta(learning_rate=1.0), batch_size=BATCH, epochs=12,
    )  # fmt: skip
    return {"epoch 12": found[-1]}


TABLES = (
    Table(
        id="keras-mlp",
        title="MNIST, dense net with dropout and RMSprop",
        source="F. Chollet and others, Keras, examples/mnist_mlp.py (2015 to 2019)",
        url="https://github.com/keras-team/keras/blob/2.2.4/examples/mnist_mlp.py",
        data="mnist",
        setup="784-512-512-10, ReLU, dropout 0.2 after each hidden layer, RMSprop at its default rate, batch 128, 20 "
        "epochs, all 60,000 training images; test accuracy of one run",
        assumed=("RMSprop as in `custom` (decay 0.9, epsilon outside the root)", "initial weights: Glorot uniform"),
        columns={"epoch 20": ACCURACY},
        digits=4,
        rows=(Row("dropout, RMSprop", {}, {"epoch 20": 0.9840}),),
        train="experiments.published.keras_examples:mlp",
        seeds=5,
        seconds=150.0,
    ),
    Table(
        id="keras-cnn",
        title="MNIST, convnet with dropout and Adadelta",
        source="F. Chollet and others, Keras, examples/mnist_cnn.py (2015 to 2019)",
        url="https://github.com/keras-team/keras/blob/2.2.4/examples/mnist_cnn.py",
        data="mnist",
        setup="two 3x3 convolutions (32, 64 filters), pooling, dropout 0.25, 128 dense units, dropout 0.5, ReLU, "
        "Adadelta at its default rate (1.0 at that time), batch 128, 12 epochs, all 60,000 training images; test "
        "accuracy of one run",
        assumed=("Adadelta as in `custom` (decay 0.95, epsilon 1e-6)", "initial weights: Glorot uniform"),
        columns={"epoch 12": ACCURACY},
        digits=4,
        rows=(Row("convnet, Adadelta", {}, {"epoch 12": 0.9925}),),
        train="experiments.published.keras_examples:cnn",
        seeds=3,
        seconds=600.0,
    ),
)
