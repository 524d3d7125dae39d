"""Synthetic ledgers: frames as a sweep would leave them, made from a formula and a fixed stream."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.names import ACTIVATIONS, DEFAULT_RATES, OPTIMIZERS
from experiments.reports.frames import CURVES, RUNS, TIMINGS

PARAMETERS = {"prelu": 109_400, "maxout": 218_000}
SLOTS = {"batch_gd": 0, "sgd": 0, "adam": 2, "nadam": 2, "adadelta": 2}


@dataclass
class Ledger:
    """The three frames and the facts, as ``write_report`` takes them."""

    runs: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple:
        return self.runs, self.curves, self.timings, self.facts


def make(
    *,
    activations=ACTIVATIONS[:8],
    optimizers=OPTIMIZERS,
    seeds=(0, 1, 2),
    epochs=5,
    datasets=(("mnist", "MNIST", True),),
    models=("mlp",),
    status=None,
    metric="accuracy",
    drop=None,
    rates=None,
    tuning=0,
    top=0.98,
    **facts,
) -> Ledger:
    """A ledger. ``status``, ``drop`` and ``rates`` are functions of a run's row; the rest is data."""
    draw = np.random.default_rng(7)
    runs, curves, timings = [], [], []
    chance = 0.1135 if metric == "accuracy" else 0.0
    for name, title, canonical in datasets:
        for model in models:
            for a, activation in enumerate(activations):
                for o, optimizer in enumerate(optimizers):
                    for seed in (*seeds, *(1_000_000 + n for n in range(tuning))):
                        identity = f"{name}{model}{activation}{optimizer}{seed}"
                        row = dict.fromkeys(RUNS) | {
                            "key": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:16],
                            "dataset": name,
                            "dataset_title": title,
                            "fingerprint": hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest(),
                            "canonical": canonical,
                            "provenance": "made for a test",
                            "model": model,
                            "activation": activation,
                            "optimizer": optimizer,
                            "loss": "sparse_categorical_crossentropy",
                            "head": "softmax",
                            "initialiser": "he" if "relu" in activation else "glorot",
                            "learning_rate": DEFAULT_RATES.get(optimizer, 0.001),
                            "batch_size": 0 if optimizer == "batch_gd" else 128,
                            "epochs": epochs,
                            "seed": seed,
                            "role": "tune" if seed >= 1_000_000 else "score",
                            "engine": "compiled",
                            "metric": metric,
                            "chance": chance,
                            "status": "done",
                        }
                        if rates:
                            row["learning_rate"] = rates(row)
                        if status:
                            row["status"] = status(row) or "done"
                        if drop and drop(row):
                            continue
                        level = top - 0.02 * abs(a - 3) ** 1.3 - 0.015 * abs(o - 7) ** 1.4
                        level -= 0.5 * (optimizer == "batch_gd")
                        final = max(level, chance + 0.02) + draw.normal(0, 0.004)
                        final = min(final, 1.0) if metric == "accuracy" else final
                        path = final - (final - chance) * np.exp(-1.3 * np.arange(1, epochs + 1))
                        length = {"diverged": epochs // 2, "done": epochs}.get(row["status"], 0)
                        runs.append(_finish(row, final, path))
                        curves += [
                            {"key": row["key"], "epoch": n + 1, "train_loss": 2 * (1 - path[n]) + 0.01,
                             "train_metric": path[n] + 0.004, "validation_loss": 2 * (1 - path[n]) + 0.02,
                             "validation_metric": path[n]}
                            for n in range(length)
                        ]  # fmt: skip
                        if row["status"] in ("done", "diverged"):
                            each = (0.5 + 0.03 * a + 0.02 * o) * draw.uniform(0.9, 1.2)
                            timings.append(
                                {"key": row["key"], "seconds": each * epochs + 2.0 * (seed == 0),
                                 "compile_seconds": 2.0 * (seed == 0), "seconds_per_epoch": each,
                                 "peak_bytes": 600 * 2**20}
                            )  # fmt: skip
    told = {
        "plan": "made",
        "command": "python -m experiments sweep made",
        "notices": ["These numbers were made up for a test."],
        "datasets": [
            {"name": name, "title": title, "canonical": canonical, "provenance": "made for a test",
             "fingerprint": hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest(),
             "split": "validation drawn from the training part, split seed 0",
             "sizes": {"train": 55_000, "validation": 5_000, "test": 10_000}}
            for name, title, canonical in datasets
        ],
        "versions": {"python": "3.11.9", "keras": "3.15.1", "tensorflow": "2.21.0"},
        "cores": 2,
        "engine": "compiled",
        "wall_seconds": 754.0,
        "planned_runs": len(datasets) * len(models) * len(activations) * len(optimizers) * len(seeds),
        "epochs": epochs,
        "batch_size": 128,
        "seeds": list(seeds),
    }  # fmt: skip
    return Ledger(
        pd.DataFrame(runs, columns=list(RUNS)),
        pd.DataFrame(curves, columns=list(CURVES)),
        pd.DataFrame(timings, columns=list(TIMINGS)),
        told | facts,
    )


def _finish(row: dict[str, Any], final: float, path: np.ndarray) -> dict[str, Any]:
    parameters = PARAMETERS.get(row["activation"], 109_386)
    size = {"parameters": parameters, "state_bytes": 4 * parameters * SLOTS.get(row["optimizer"], 1)}
    if row["status"] == "done":
        accuracy = final if row["metric"] == "accuracy" else np.nan
        return row | size | {
            "best_epoch": len(path), "validation_metric": path[-1], "test_metric": final,
            "test_accuracy": accuracy, "test_loss": 0.1, "last_test_metric": final - 0.001,
            "last_test_loss": 0.11,
        }  # fmt: skip
    if row["status"] == "diverged":
        return row | size | {"best_epoch": 0, "diverged_step": 431}
    return row | {"error": "ValueError: <b>shape | of * the_input</b>\nis wrong", "chance": 0.0}


@pytest.fixture(scope="session")
def made():
    """``make``, for tests that need a ledger of their own."""
    return make


def trouble(row: dict[str, Any]) -> str | None:
    """Some runs diverge, one cell fails, one runs out of memory."""
    pair = row["activation"], row["optimizer"]
    if pair == ("relu", "adadelta") and row["seed"] < 2:
        return "diverged"
    if pair == ("linear", "momentum"):
        return "diverged"
    if pair == ("maxout", "batch_gd"):
        return "oom"
    if pair == ("elu", "nag") or (pair == ("tanh", "sgd") and row["seed"] == 1):
        return "failed"
    return None


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    """The usual grid, with everything that can go wrong in it once."""
    return make(
        status=trouble,
        drop=lambda row: (row["activation"], row["optimizer"]) == ("prelu", "nadam"),
        tuning=1,
        datasets=(("mnist", "MNIST", True),),
    )
