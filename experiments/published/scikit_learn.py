"""Update rules on iris and digits, from the gallery of scikit-learn: another library's own optimizers."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, LOSS, Row, Table

HIDDEN, ALPHA, MOMENTUM, POWER = 100, 1e-4, 0.9, 0.5
TOLERANCE, PATIENCE = 1e-4, 10
EPOCHS = {"iris": 400, "digits": 15}


def train(settings: Mapping[str, Any], seed: int, _data_dir: str | None) -> dict[str, float]:
    """Training accuracy after the last epoch, and the training loss (with its penalty) averaged over it."""
    import keras
    import numpy as np
    from keras import ops
    from sklearn import datasets
    from sklearn.preprocessing import minmax_scale

    from custom.catalog import OPTIMIZERS
    from custom.layers import ReLU

    bunch = datasets.load_iris() if settings["data"] == "iris" else datasets.load_digits()
    x, y = minmax_scale(bunch.data).astype(np.float32), bunch.target
    classes, count = int(y.max()) + 1, len(x)
    batch = min(200, count)
    keras.utils.set_random_seed(seed)

    def dense(inputs: int, units: int) -> keras.layers.Dense:
        bound = (6 / (inputs + units)) ** 0.5  # for the biases as well
        uniform = [keras.initializers.RandomUniform(-bound, bound, seed=seed + 10 * units + i) for i in range(2)]
        return keras.layers.Dense(units, kernel_initializer=uniform[0], bias_initializer=uniform[1])

    model = keras.Sequential([keras.Input(x.shape[1:]), dense(x.shape[1], HIDDEN), ReLU(), dense(HIDDEN, classes)])
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    mean_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def penalised(target, logits):
        size = ops.cast(ops.shape(logits)[0], "float32")
        return mean_loss(target, logits) + 0.5 * ALPHA * sum(ops.sum(ops.square(w)) for w in kernels) / size

    arguments = {"momentum": MOMENTUM} if settings["optimizer"] in ("momentum", "nag") else {}
    optimizer = OPTIMIZERS[settings["optimizer"]].factory(learning_rate=settings["rate"], **arguments)
    model.compile(optimizer=optimizer, loss=penalised, jit_compile=False)
    order, best, waited, loss = np.random.default_rng(seed), np.inf, 0, np.nan
    for epoch in range(1, EPOCHS[settings["data"]] + 1):
        places = order.permutation(count)
        parts = [places[start : start + batch] for start in range(0, count, batch)]
        loss = sum(_update(model, x[part], y[part]) * len(part) for part in parts) / count
        if settings.get("falling"):
            optimizer.learning_rate = settings["rate"] / (epoch * count + 1) ** POWER
        waited = waited + 1 if loss > best - TOLERANCE else 0
        best = min(best, loss)
        if waited > PATIENCE:
            break
    out = np.argmax(model.predict(x, batch_size=1000, verbose=0), axis=-1)
    return {"score": float(np.mean(out == y)), "loss": float(loss)}


def _update(model: Any, x: Any, y: Any) -> float:
    """One update; returns the batch's loss before it."""
    model.reset_metrics()  # else it is the running mean of all updates
    return float(model.train_on_batch(x, y))


def _row(data: str, name: str, optimizer: str, rate: float, score: float, loss: float, falling: bool = False,
         remark: str = "") -> Row:  # fmt: skip
    settings = {"data": data, "optimizer": optimizer, "rate": rate, "falling": falling}
    return Row(f"{data}, {name}", settings, {"score": score, "loss": loss}, remark)


SWAPPED = (
    "the source prints the labels of its two rows of momentum under a falling rate the other way round than its "
    "settings; here the settings count"
)

TABLES = (
    Table(
        id="scikit-learn",
        title="Iris and digits, update rules",
        source="scikit-learn 1.8, gallery, Compare stochastic learning strategies for MLPClassifier",
        url="https://scikit-learn.org/stable/auto_examples/neural_networks/plot_mlp_training_curves.html",
        data="",
        setup="inputs scaled to 0 to 1, one hidden layer of 100 ReLU units, batch 200 or all, L2 penalty 1e-4, at most "
        "400 epochs on iris and 15 on digits, stopped after 10 without a gain of 1e-4; accuracy on the training data "
        "after the last epoch and the training loss averaged over it; one run, random_state 0",
        assumed=(
            "as in scikit-learn's code: weights and biases uniform within +-sqrt(6 / (inputs + units)), penalty "
            "divided by the batch, loss taken before each update, falling rate: initial rate / sqrt(examples seen + "
            "1), set once an epoch",
        ),
        columns={"score": ACCURACY, "loss": LOSS},
        digits=6,
        rows=(
            _row("iris", "SGD", "sgd", 0.2, 0.980000, 0.096950),
            _row("iris", "momentum", "momentum", 0.2, 0.980000, 0.049530),
            _row("iris", "Nesterov", "nag", 0.2, 0.980000, 0.049540),
            _row("iris", "SGD, falling rate", "sgd", 0.2, 0.360000, 0.978444, True),
            _row("iris", "Nesterov, falling rate", "nag", 0.2, 0.860000, 0.504185, True, SWAPPED),
            _row("iris", "momentum, falling rate", "momentum", 0.2, 0.860000, 0.503452, True, SWAPPED),
            _row("iris", "Adam", "adam", 0.01, 0.980000, 0.045311),
            _row("digits", "SGD", "sgd", 0.2, 0.956038, 0.243802),
            _row("digits", "momentum", "momentum", 0.2, 0.992766, 0.041297),
            _row("digits", "Nesterov", "nag", 0.2, 0.993879, 0.042898),
        ),
        train="experiments.published.scikit_learn:train",
        seeds=10,
        seconds=4.0,
    ),
)
