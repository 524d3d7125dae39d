"""Tiny data sets of every task, and a run on each."""

from dataclasses import replace
from typing import Any

import numpy as np

from experiments.datasets import Dataset
from experiments.datasets.base import Part
from experiments.heads import head_for
from experiments.initialisers import initialiser_for
from experiments.records import Run, arguments

ONE_BY_ONE = ("reference", "compiled")
"""The engines that go through `loop`; `stacked` has another backend, and tests of its own."""

SIZES = {"train": 60, "validation": 30, "test": 40}


def toy(task: str = "classes", shape: tuple[int, ...] = (5,), outputs: int = 3, seed: int = 0, **sizes: int) -> Dataset:
    """Normal inputs (bytes where the shape is that of an image); targets that a net can learn."""
    rng = np.random.default_rng(seed)
    outputs = outputs if task == "classes" else 1
    parts = {}
    for name, size in (SIZES | sizes).items():
        z = rng.standard_normal((size, *shape))
        x = np.clip(128 + 60 * z, 0, 255).astype(np.uint8) if len(shape) == 3 else z.astype(np.float32)
        flat = z.reshape(size, -1)
        if task == "classes":
            y = np.argmax(flat[:, :outputs], axis=1).astype(np.int32)
        elif task == "binary":
            y = (flat[:, 0] > 0).astype(np.int32)
        else:
            y = (flat[:, 0] - 0.5 * flat[:, 1]).astype(np.float32)
        parts[name] = Part(x, y)
    return Dataset(
        name="toy",
        title="Toy",
        task=task,
        outputs=outputs,
        fingerprint="f" * 64,  # type: ignore[arg-type]
        fingerprints={},
        split="",
        canonical=None,
        provenance="",
        **parts,
    )


def a_run(data: Dataset, model_args: dict | None = None, **changes: Any) -> Run:
    head = head_for(data.task, data.outputs, changes.pop("head", None), changes.pop("loss", None))
    run = Run(
        dataset=data.name,
        fingerprint=data.fingerprint,
        model="mlp",
        activation="relu",
        optimizer="sgd",
        loss=head.loss,
        head=head.activation,
        initialiser="he",
        learning_rate=0.1,
        batch_size=10,
        epochs=2,
        seed=0,
        model_args=arguments(model_args or {"depth": 2, "width": 8}),
    )
    run = replace(run, **changes)
    return replace(run, initialiser=initialiser_for(run.activation))
