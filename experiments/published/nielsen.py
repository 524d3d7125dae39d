"""Quadratic cost against cross-entropy on MNIST, from the book that many first met both in."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, Row, Table

EPOCHS, BATCH = 30, 10
TRAINED = 50_000
RATES = {"quadratic": 3.0, "cross-entropy": 0.5}


def train(settings: Mapping[str, Any], seed: int, data_dir: str | None) -> dict[str, float]:
    """Test accuracy after the first epoch, after the last, and the best of all thirty."""
    import keras
    from keras import ops

    from custom.layers import Sigmoid
    from custom.optimizers import SGD
    from experiments.published import fitting

    x, y, x_test, y_test = fitting.mnist(data_dir)
    quadratic = settings["cost"] == "quadratic"

    def make() -> keras.Model:
        normal = [keras.initializers.RandomNormal(0.0, 1.0, seed=each) for each in fitting.seeds(seed, 4)]
        hidden = keras.layers.Dense(settings["hidden"], kernel_initializer=normal[0], bias_initializer=normal[1])
        last = keras.layers.Dense(10, kernel_initializer=normal[2], bias_initializer=normal[3])
        net = [keras.Input(x.shape[1:]), keras.layers.Flatten(), hidden, Sigmoid(), last]
        return keras.Sequential([*net, Sigmoid()] if quadratic else net)

    def half_squares(target, out):
        return 0.5 * ops.sum(ops.square(out - target), axis=-1)

    def bernoulli(target, logits):  # summed over the ten outputs, from logits
        return ops.sum(ops.relu(logits) - logits * target + ops.log1p(ops.exp(-ops.abs(logits))), axis=-1)

    found = fitting.accuracies(
        make, x[:TRAINED], keras.utils.to_categorical(y[:TRAINED], 10), (x_test, y_test), seed=seed,
        loss=half_squares if quadratic else bernoulli, optimizer=SGD(learning_rate=RATES[settings["cost"]]),
        batch_size=BATCH, epochs=EPOCHS,
    )  # fmt: skip
    return {"epoch 1": found[0], "epoch 30": found[-1], "best epoch": max(found)}


TABLES = (
    Table(
        id="nielsen",
        title="MNIST, quadratic cost and cross-entropy",
        source="M. Nielsen, Neural Networks and Deep Learning, Determination Press 2015, chapters 1 and 3",
        url="http://neuralnetworksanddeeplearning.com",
        data="mnist",
        setup="784-30-10 or 784-100-10, sigmoid throughout, SGD, batch 10, 30 epochs, rate 3.0 for the quadratic cost "
        "and 0.5 for cross-entropy; weights and biases drawn from N(0, 1); 50,000 training images; test accuracy of "
        "one run",
        assumed=(
            "the first 50,000 training images, as in the book's data file",
            "where the text gives one number without an epoch, it is the best of the 30, as in its first example",
        ),
        columns={"epoch 1": ACCURACY, "epoch 30": ACCURACY, "best epoch": ACCURACY},
        digits=4,
        rows=(
            Row("quadratic, 30 hidden", {"cost": "quadratic", "hidden": 30},
                {"epoch 1": 0.9129, "epoch 30": 0.9534, "best epoch": 0.9542}),
            Row("quadratic, 100 hidden", {"cost": "quadratic", "hidden": 100}, {"best epoch": 0.9659},
                "the book adds that readers saw much variation here, and some runs quite a bit worse"),
            Row("cross-entropy, 30 hidden", {"cost": "cross-entropy", "hidden": 30}, {"best epoch": 0.9549}),
            Row("cross-entropy, 100 hidden", {"cost": "cross-entropy", "hidden": 100}, {"best epoch": 0.9682}),
        ),
        train="experiments.published.nielsen:train",
        seeds=5,
        seconds=70.0,
    ),
)  # fmt: skip
