"""The floor: how fast this machine multiplies float32 matrices, and what share of that a training makes.

    python -m experiments.bench.peak peak
    python -m experiments.bench.peak work MODEL DATASET [DATA_DIR]

``peak`` prints floating-point operations a second on one core, ``work`` those of training on one example.
"""

import json
import math
import sys
import time
from typing import Any

from experiments.training import backend

SIZE = 1536
SECONDS = 3.0


def peak() -> float:
    """The best of many products of two square matrices, on one thread as a worker has it."""
    backend.start()
    import tensorflow as tf

    a = tf.random.stateless_normal((SIZE, SIZE), seed=(0, 0))
    tf.matmul(a, a)
    best, begun = math.inf, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        clock = time.perf_counter()
        tf.matmul(a, a).numpy()
        best = min(best, time.perf_counter() - clock)
    return 2 * SIZE**3 / best


def work(model: str, dataset: str, data_dir: str | None) -> int:
    """Of the named model and data."""
    backend.start()
    from experiments import datasets, models
    from experiments.heads import head_for

    data = datasets.load(dataset, data_dir)
    return operations(models.build(model, data.input_shape, head_for(data.task, data.outputs), "relu"))


def operations(net: Any) -> int:
    """Multiplications and additions of all affine layers for one example: one product forward, two backward (for the
    weights and for the inputs), but one in the first layer, whose inputs need no gradient. All else is left out."""
    products = [
        2 * math.prod(weight.shape) * math.prod(layer.output.shape[1:-1])
        for layer in net.layers
        for weight in layer.weights
        if weight.name == "kernel"
    ]
    return 3 * sum(products) - products[0]


def main() -> None:
    what, *given = sys.argv[1:]
    if what == "peak":
        print(json.dumps({"peak": peak()}))
    else:
        model, dataset, data_dir = (*given, "")[:3]
        print(json.dumps({"work": work(model, dataset, data_dir or None)}))


if __name__ == "__main__":
    main()
