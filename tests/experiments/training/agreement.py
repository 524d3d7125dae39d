"""What an engine makes of many small cases, as its own process: Keras has one backend a process.

    python -m tests.experiments.training.agreement ENGINE FILE

writes, for every case, the weights after two updates and the diagnostics of a finished run.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments import names
from experiments.records import Run, arguments
from experiments.training import backend
from tests.experiments.training.toy import a_run, toy

ROOT = Path(__file__).resolve().parents[3]
QUICK = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}  # compiling is most of what these small cases cost

SMALL = {"depth": 2, "width": 8}
IMAGE = (8, 8, 1)

CASES: dict[str, dict] = {
    # Each optimizer once and each activation once, paired by their place.
    **{f"mlp {activation} {optimizer}": {"activation": activation, "optimizer": optimizer}
       for activation, optimizer in zip(names.ACTIVATIONS, names.OPTIMIZERS, strict=True)},
    "mlp keras:gelu keras:AdamW": {"activation": "keras:gelu", "optimizer": "keras:AdamW"},
    "mlp norm momentum": {"optimizer": "momentum", "model_args": {**SMALL, "norm": 1}},
    "mlp norm batch_gd": {"optimizer": "batch_gd", "model_args": {**SMALL, "norm": 1}},
    "mlp clipped": {"optimizer": "sgd", "optimizer_args": (("clipnorm", 0.1),)},
    "mlp hinge": {"task": "binary", "loss": "hinge", "head": "tanh", "optimizer": "momentum"},
    "mlp huber": {"task": "regression", "loss": "huber", "optimizer": "nag"},
    "mlp categorical_hinge": {"loss": "categorical_hinge", "head": "linear", "optimizer": "momentum"},
    "cnn-slim maxout adam": {"model": "cnn-slim", "activation": "maxout", "optimizer": "adam"},
    "cnn-slim norm skip adam": {"model": "cnn-slim", "optimizer": "adam", "model_args": {"norm": 1, "skip": 1}},
    "mlp norm skip muon": {"activation": "keras:mish", "optimizer": "keras:Muon",
                           "optimizer_args": (("exclude_layers", "output"),),
                           "model_args": {"depth": 3, "width": 8, "norm": 1, "skip": 1}},
    "mlp keras:silu keras:Lion": {"activation": "keras:silu", "optimizer": "keras:Lion"},
    # No keras:ScheduleFreeAdamW: Keras 3.15 reads its momentum too late on TensorFlow, so there it is another rule.
    "cnn-slim prelu batch_gd": {"model": "cnn-slim", "activation": "prelu", "optimizer": "batch_gd"},
}  # fmt: skip

QUICK_ONES = ("mlp maxout adam", "mlp norm batch_gd", "cnn-slim maxout adam")
"""The cases of `make test`; the others, compiling mostly, are for the slow tests."""

LOOKED_INTO = ("mlp maxout adam", "mlp elu adadelta", "mlp norm momentum", "cnn-slim maxout adam")
"""Cases whose diagnostics are compared."""


def case(name: str, engine: str) -> tuple[Run, object]:
    given = dict(CASES[name])
    image = given.get("model") == "cnn-slim"
    data = toy(given.pop("task", "classes"), shape=IMAGE if image else (5,))
    rate = names.DEFAULT_RATES.get(given.get("optimizer", "sgd"), 0.001)
    size = 0 if given.get("optimizer") == "batch_gd" else 30  # of 60 examples: two updates an epoch
    model_args = given.pop("model_args", {} if image else SMALL)
    run = a_run(data, learning_rate=rate, batch_size=size, engine=engine, **given)
    return replace(run, model_args=arguments(model_args)), data


def idle(paths: list[str]) -> list[bool]:
    """Which weights a normalisation behind them takes out again: its mean goes along with the bias of the layer before.

    The gradient of such a bias is 0 but for rounding, which rules like Adam's divide by itself.
    """
    layers = {path.rpartition("/")[0] for path in paths}
    before = {layer for layer in layers if f"{layer}_norm" in layers}
    wanted = {f"{layer}/bias" for layer in before} | {f"{layer}_norm/moving_mean" for layer in before}
    return [path in wanted for path in paths]


def main(engine: str, file: str, *names: str) -> None:
    backend.start(engine)
    from experiments.training import engines
    from experiments.training.setup import prepare

    arrays: dict[str, np.ndarray] = {}
    rows: dict[str, list[dict]] = {}
    for name in names or CASES:
        run, data = case(name, engine)
        epochs = 2 if run.batch_size == 0 else 1
        trainer = engines.make(engine, prepare(run, data))
        if engine == "stacked":
            # A neighbour with another seed and rate has to make no difference.
            neighbour = replace(run, seed=5, learning_rate=run.learning_rate / 3)
            weights = trainer.weights([neighbour, run], epochs)[1]
        else:
            trainer.reset(run.learning_rate, trainer.setup.initial_weights(run))
            for number in range(1, epochs + 1):
                trainer.epoch(run.seed, number)
            weights = trainer.weights()
        if name in LOOKED_INTO:
            rows[name] = _diagnostics(engine, trainer, replace(run, epochs=1))
        start = trainer.setup.initial_weights(run)
        paths = [variable.path for variable in trainer.setup.model.weights]
        arrays |= {f"{name}|{i}|idle": np.array(value) for i, value in enumerate(idle(paths))}
        arrays |= {f"{name}|{i}|after": np.asarray(value) for i, value in enumerate(weights)}
        arrays |= {f"{name}|{i}|before": np.asarray(value) for i, value in enumerate(start)}
    np.savez(file, **arrays)
    Path(file).with_suffix(".json").write_text(json.dumps(rows))


def _diagnostics(engine: str, trainer, run: Run) -> list[dict]:
    if engine == "stacked":
        return [*trainer.train([run])][-1][2].diagnostics
    from experiments.training import loop

    return loop.train(trainer, run).diagnostics


if __name__ == "__main__":
    main(*sys.argv[1:])
