"""Synthetic ledgers: frames as a sweep would leave them, made from a formula and a fixed stream."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.names import ACTIVATIONS, DEFAULT_RATES, OPTIMIZERS
from experiments.reports.frames import CHOICES, CURVES, DIAGNOSTICS, MOMENTS, RUNS, TIMINGS

PARAMETERS = {"prelu": 109_400, "maxout": 218_000}
SLOTS = {"batch_gd": 0, "sgd": 0, "adam": 2, "nadam": 2, "adadelta": 2}


@dataclass
class Ledger:
    """The frames and the facts, as ``write_report`` takes them."""

    runs: pd.DataFrame
    curves: pd.DataFrame
    timings: pd.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame)
    choices: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def arguments(self) -> tuple:
        return self.runs, self.curves, self.timings, self.facts, self.diagnostics, self.choices


STEPS = (0.1, 0.316, 1.0, 3.16, 10.0)
"""Rates of a trial, as multiples of the default."""


@dataclass(frozen=True)
class Job:
    """Runs of one cell that differ in their seed alone; ``loss`` is taken off their level."""

    role: str
    rate: float
    seeds: tuple[int, ...]
    loss: float = 0.0
    constants: str = ""


def jobs(a, o, default, seeds, tuning, tuned, deep) -> list[Job]:
    """What a sweep runs of the cell (a, o): the best rate is ``STEPS[(a + o) % 5]`` times the default."""
    trial_seeds = tuple(1_000_000 + n for n in range(tuning))
    if not tuned:
        return [Job("default", default, seeds), Job("trial", default, trial_seeds)]
    best = (a + o) % len(STEPS)

    def loss(place):
        return 0.02 * abs(place - best) ** 1.5

    found = [Job("both" if STEPS[best] == 1 else "default", default, seeds, loss(2))]
    found += [Job("trial", default * step, trial_seeds, loss(place)) for place, step in enumerate(STEPS)]
    found += [Job("tuned", default * STEPS[best], seeds)] if STEPS[best] != 1 else []
    if deep:
        found += [
            Job("trial", default, trial_seeds, 0.01, "beta_1=0.5"),
            Job("deep", default, seeds, -0.01, "beta_1=0.8"),
        ]
    return found


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
    tuned=False,
    deep=(),
    top=0.98,
    **facts,
) -> Ledger:
    """A ledger. ``status``, ``drop`` and ``rates`` are functions of a run's row; the rest is data.

    ``tuned`` adds trials, runs at tuned rates, choices and diagnostics; ``deep`` names the
    (activation, optimizer) pairs with constants tuned too.
    """
    draw = np.random.default_rng(7)
    runs, curves, timings, insights, choices = [], [], [], [], []
    tuning = max(tuning, int(tuned))
    chance = 0.1135 if metric == "accuracy" else 0.0
    for name, title, canonical in datasets:
        for model in models:
            for a, activation in enumerate(activations):
                for o, optimizer in enumerate(optimizers):
                    default = DEFAULT_RATES.get(optimizer, 0.001)
                    asked = jobs(a, o, default, tuple(seeds), tuning, tuned, (activation, optimizer) in deep)
                    level = top - 0.02 * abs(a - 3) ** 1.3 - 0.015 * abs(o - 7) ** 1.4
                    level -= 0.5 * (optimizer == "batch_gd")
                    mine = []
                    for job, seed in [(each, seed) for each in asked for seed in each.seeds]:
                        identity = f"{name}{model}{activation}{optimizer}{seed}"
                        identity += f"{job.rate}{job.constants}" if tuned else ""
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
                            "learning_rate": job.rate,
                            "batch_size": 0 if optimizer == "batch_gd" else 128,
                            "epochs": epochs,
                            "seed": seed,
                            "role": job.role,
                            "engine": "compiled",
                            "metric": metric,
                            "chance": chance,
                            "status": "done",
                            "constants": job.constants,
                        }
                        if rates:
                            row["learning_rate"] = rates(row)
                        if status:
                            row["status"] = status(row) or "done"
                        if drop and drop(row):
                            continue
                        final = max(level - job.loss, chance + 0.02) + draw.normal(0, 0.004)
                        final = min(final, 1.0) if metric == "accuracy" else final
                        path = final - (final - chance) * np.exp(-1.3 * np.arange(1, epochs + 1))
                        length = {"diverged": epochs // 2, "done": epochs}.get(row["status"], 0)
                        runs.append(_finish(row, final, path))
                        mine.append(runs[-1])
                        curves += [
                            {"key": row["key"], "epoch": n + 1, "train_loss": 2 * (1 - path[n]) + 0.01,
                             "train_metric": path[n] + 0.004, "validation_loss": 2 * (1 - path[n]) + 0.02,
                             "validation_metric": path[n]}
                            for n in range(length)
                        ]  # fmt: skip
                        if row["status"] in ("done", "diverged"):
                            each = (0.5 + 0.03 * a + 0.02 * o) * draw.uniform(0.9, 1.2)
                            timings.append(
                                {"key": row["key"], "seconds": each * epochs,
                                 "compile_seconds": 2.0 * (seed == 0), "seconds_per_epoch": each,
                                 "peak_bytes": 600 * 2**20}
                            )  # fmt: skip
                            if tuned and job.role != "trial":
                                insights += inside(row["key"], a, draw)
                    choices += chosen(mine, default) if tuned else []
    planned = len(datasets) * len(models) * len(activations) * len(optimizers) * len(seeds)
    if tuned:
        planned = sum(run["role"] != "trial" for run in runs)
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
        "planned_runs": planned,
        "epochs": epochs,
        "batch_size": 128,
        "seeds": list(seeds),
        "tuning": {"strategy": "grid" if tuned else "none", "seeds": max(tuning, 1), "points": 5,
                   "extensions": 2, "trials": 12},
    }  # fmt: skip
    return Ledger(
        pd.DataFrame(runs, columns=list(RUNS)),
        pd.DataFrame(curves, columns=list(CURVES)),
        pd.DataFrame(timings, columns=list(TIMINGS)),
        told | facts,
        pd.DataFrame(insights, columns=list(DIAGNOSTICS)),
        pd.DataFrame(choices, columns=list(CHOICES)),
    )


def inside(key: str, a: int, draw: np.random.Generator) -> list[dict[str, Any]]:
    """Diagnostics of a run: three layers, the last of them the output, and the optimizer."""
    rows: list[dict[str, Any]] = []
    for late, when in enumerate(MOMENTS):
        for depth in (1, 2, 3):
            row = {"key": key, "when": when, "layer": f"dense_{depth}", "depth": depth, "weight_norm": 5.0,
                   "gradient_norm": 10.0 ** -(late + 0.3 * depth + 0.1 * a) * draw.uniform(0.5, 2.0),
                   "update_ratio": 0.01}  # fmt: skip
            hidden = {"dead": 0.05 * late * (a == 3), "saturated": 0.1, "mean": 0.1 * depth, "spread": 0.5}
            rows.append(row | (hidden if depth < 3 else {}))
        rates = {"rate_median": 0.5, "rate_low": 0.1, "rate_high": 2.0}
        rows.append({"key": key, "when": when, "layer": "optimizer"} | rates)
    return rows


def astray(insights: pd.DataFrame) -> pd.DataFrame:
    """Diagnostics of nets that went so far that their means have fifteen digits, on both sides of 0."""
    ends = insights["when"] == "end"
    far = np.where(insights["depth"] == 1, -1e7, 1e15)
    return insights.assign(mean=insights["mean"].where(~ends | insights["mean"].isna(), far))


def chosen(runs: list[dict[str, Any]], default: float) -> list[dict[str, Any]]:
    """The choice of the rate alone, and that of rate and constants where there is one."""
    found = []
    for role, constants in (("tuned", []), ("both", []), ("deep", ["beta_1"])):
        scored = [run for run in runs if run["role"] == role]
        if scored:
            rate = scored[0]["learning_rate"]
            trials = [run for run in runs if run["role"] == "trial" and bool(run["constants"]) == bool(constants)]
            edge = "" if constants else {0.1: "low", 10.0: "high"}.get(round(rate / default, 3), "")
            found.append({
                **{name: scored[0][name] for name in ("dataset", "model", "activation", "optimizer")},
                "default_rate": default, "constants": constants, "score": 0.9, "edge": edge,
                "all_diverged": bool(trials) and all(run["status"] == "diverged" for run in trials),
                "scored": [run["key"] for run in scored], "tuned_learning_rate": rate,
            })  # fmt: skip
    return found


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


def tuning_trouble(row: dict[str, Any]) -> str | None:
    """Adadelta diverges at its largest rate, and sigmoid with nag in every trial."""
    if row["role"] == "trial" and (row["activation"], row["optimizer"]) == ("sigmoid", "nag"):
        return "diverged"
    return "diverged" if row["optimizer"] == "adadelta" and row["learning_rate"] > 5 else None
