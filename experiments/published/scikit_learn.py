"""Update rules on four small sets, from the gallery of scikit-learn: another library's own optimizers."""

from collections.abc import Mapping
from typing import Any

from experiments.published.table import ACCURACY, LOSS, Row, Table

HIDDEN, ALPHA, MOMENTUM, POWER = 100, 1e-4, 0.9, 0.5
TOLERANCE, PATIENCE = 1e-4, 10
SETS = ("iris", "digits", "circles", "moons")


def data(name: str) -> tuple[Any, Any, int]:
    """Inputs scaled to 0 to 1, whole-number labels, and for how many epochs at most the gallery trains."""
    from sklearn import datasets
    from sklearn.preprocessing import minmax_scale

    x, y = {
        "iris": lambda: datasets.load_iris(return_X_y=True),
        "digits": lambda: datasets.load_digits(return_X_y=True),
        "circles": lambda: datasets.make_circles(noise=0.2, factor=0.5, random_state=1),
        "moons": lambda: datasets.make_moons(noise=0.3, random_state=0),
    }[name]()
    return minmax_scale(x), y, 15 if name == "digits" else 400


def train(settings: Mapping[str, Any], seed: int, _data_dir: str | None) -> dict[str, float]:
    """Training accuracy after the last epoch, and the training loss (with its penalty) averaged over it."""
    import keras
    import numpy as np
    from keras import ops

    from custom.catalog import OPTIMIZERS
    from custom.layers import ReLU
    from experiments.published import fitting

    x, y, epochs = data(settings["data"])
    x, classes, count = x.astype(np.float32), int(y.max()) + 1, len(x)
    outputs, batch = classes if classes > 2 else 1, min(200, count)
    keras.utils.set_random_seed(seed)
    seeds = iter(fitting.seeds(seed, 5))

    def dense(inputs: int, units: int) -> keras.layers.Dense:
        bound = (6 / (inputs + units)) ** 0.5  # for the biases as well
        uniform = [keras.initializers.RandomUniform(-bound, bound, seed=next(seeds)) for _ in range(2)]
        return keras.layers.Dense(units, kernel_initializer=uniform[0], bias_initializer=uniform[1])

    model = keras.Sequential([keras.Input(x.shape[1:]), dense(x.shape[1], HIDDEN), ReLU(), dense(HIDDEN, outputs)])
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    entropy = keras.losses.BinaryCrossentropy if outputs == 1 else keras.losses.SparseCategoricalCrossentropy
    mean_loss = entropy(from_logits=True)

    def penalised(target, logits):
        size = ops.cast(ops.shape(logits)[0], "float32")
        return mean_loss(target, logits) + 0.5 * ALPHA * sum(ops.sum(ops.square(w)) for w in kernels) / size

    arguments = {"momentum": MOMENTUM} if settings["optimizer"] in ("momentum", "nag") else {}
    optimizer = OPTIMIZERS[settings["optimizer"]].factory(learning_rate=settings["rate"], **arguments)
    model.compile(optimizer=optimizer, loss=penalised, jit_compile=False)
    order, best, waited, loss = np.random.default_rng(next(seeds)), np.inf, 0, np.nan
    target = y.reshape(-1, 1).astype(np.float32) if outputs == 1 else y
    for epoch in range(1, epochs + 1):
        places = order.permutation(count)
        parts = [places[start : start + batch] for start in range(0, count, batch)]
        loss = sum(_update(model, x[part], target[part]) * len(part) for part in parts) / count
        if settings.get("falling"):
            optimizer.learning_rate = settings["rate"] / (epoch * count + 1) ** POWER
        waited = waited + 1 if loss > best - TOLERANCE else 0
        best = min(best, loss)
        if waited > PATIENCE:
            break
    out = model.predict(x, batch_size=1000, verbose=0)
    told = out[:, 0] > 0 if outputs == 1 else np.argmax(out, axis=-1)
    return {"score": float(np.mean(told == y)), "loss": float(loss)}


def _update(model: Any, x: Any, y: Any) -> float:
    """One update; returns the batch's loss before it."""
    model.reset_metrics()  # else it is the running mean of all updates
    return float(model.train_on_batch(x, y))


RULES = (
    ("SGD", "sgd", 0.2, False),
    ("momentum", "momentum", 0.2, False),
    ("Nesterov", "nag", 0.2, False),
    ("SGD, falling rate", "sgd", 0.2, True),
    ("momentum, falling rate", "momentum", 0.2, True),
    ("Nesterov, falling rate", "nag", 0.2, True),
    ("Adam", "adam", 0.01, False),
)
"""Name, optimizer, learning rate, whether it falls: in the order of the source."""


def _rows(name: str, *printed: tuple[float, float]) -> tuple[Row, ...]:
    """Score and loss that the source prints for a data set, a rule each."""
    return tuple(
        Row(f"{name}, {rule}", {"data": name, "optimizer": optimizer, "rate": rate, "falling": falling},
            {"score": score, "loss": loss})
        for (rule, optimizer, rate, falling), (score, loss) in zip(RULES, printed, strict=True)
    )  # fmt: skip


TABLES = (
    Table(
        id="scikit-learn",
        title="Iris, digits, circles and moons, update rules",
        source="scikit-learn 1.8, gallery, Compare stochastic learning strategies for MLPClassifier",
        url="https://scikit-learn.org/1.8/auto_examples/neural_networks/plot_mlp_training_curves.html",
        data="",
        setup="inputs scaled to 0 to 1, one hidden layer of 100 ReLU units, one logistic output where there are two "
        "classes, batch 200 or all, L2 penalty 1e-4, at most 15 epochs on digits and 400 on the others, stopped after "
        "10 without a gain of 1e-4; accuracy on the training data after the last epoch and the training loss averaged "
        "over it; one run, random_state 0",
        assumed=(
            "as in scikit-learn's code: weights and biases uniform within +-sqrt(6 / (inputs + units)), penalty "
            "divided by the batch, loss taken before each update, falling rate: initial rate / sqrt(examples seen + "
            "1), set once an epoch",
        ),
        columns={"score": ACCURACY, "loss": LOSS},
        digits=6,
        rows=(
            *_rows("iris", (0.980000, 0.096950), (0.980000, 0.049530), (0.980000, 0.049540), (0.360000, 0.978444),
                   (0.860000, 0.504185), (0.860000, 0.503452), (0.980000, 0.045311)),
            *_rows("digits", (0.956038, 0.243802), (0.992766, 0.041297), (0.993879, 0.042898), (0.638843, 1.855465),
                   (0.909293, 0.318387), (0.912632, 0.290584), (0.991653, 0.045934)),
            *_rows("circles", (0.840000, 0.601052), (0.940000, 0.157334), (0.940000, 0.154453), (0.500000, 0.692470),
                   (0.500000, 0.689751), (0.500000, 0.689143), (0.940000, 0.150527)),
            *_rows("moons", (0.850000, 0.341523), (0.850000, 0.336188), (0.850000, 0.335919), (0.500000, 0.689015),
                   (0.830000, 0.513034), (0.830000, 0.512595), (0.930000, 0.170087)),
        ),
        train="experiments.published.scikit_learn:train",
        seeds=20,
        seconds=3.0,
    ),
)  # fmt: skip
