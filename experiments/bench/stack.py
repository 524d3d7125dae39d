"""What a stack costs by its size: many models side by side on this machine's device, JAX's CPU or a GPU.

    python -m experiments.bench.stack TASK SIZES EPOCHS DATASET [DATA_DIR]

Prints a JSON line a size.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.bench.peak import operations
from experiments.bench.process import watch
from experiments.bench.task import task
from experiments.reports.files import write_text

SIDE = 2048  # of the square matrices whose product stands for what the device can do
PRODUCTS = 10


def time_stack(dataset_name: str, data_dir: str | None, model: str, activation: str, optimizer: str,
               sizes: Sequence[int], epochs: int = 3, batch_size: int = 128) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Train stacks of one cell at its default rate, and time their epochs; the first, which warms up, is left out.

    Call it in a process of its own after ``backend.start("stacked", gpu)``.

    Args:
        dataset_name: of a data set.
        data_dir: where it is.
        model: name of a model.
        activation: of its hidden layers.
        optimizer: its name.
        sizes: runs in each stack.
        epochs: of each, 2 or more.
        batch_size: examples an update.

    Returns:
        a row a size: ``size``, ``compile_seconds``, ``seconds`` by model-epoch (updates and validation),
        ``models_by_second`` (models that are trained one epoch in a second), ``flops_share`` (operations of the
        updates' products over what one large product makes in the same time), ``device``.
    """
    import jax

    from experiments import datasets, names
    from experiments.heads import head_for
    from experiments.initialisers import initialiser_for
    from experiments.records import Run
    from experiments.training.setup import Arrays, prepare
    from experiments.training.stacked import StackedTrainer

    data = datasets.load(dataset_name, data_dir)
    head = head_for(data.task, data.outputs, None, None)
    # As runs that tune they are neither tested nor looked into.
    runs = [Run(dataset=data.name, fingerprint=data.fingerprint, model=model, activation=activation,
                optimizer=optimizer, loss=head.loss, head=head.activation, initialiser=initialiser_for(activation),
                learning_rate=names.DEFAULT_RATES[optimizer], batch_size=0 if optimizer == "batch_gd" else batch_size,
                epochs=epochs, seed=1_000_000 + number, engine="stacked") for number in range(max(sizes))]  # fmt: skip
    trainer = StackedTrainer(prepare(runs[0], Arrays(data)))
    setup = trainer.setup
    steps = setup.examples if setup.whole_batch else setup.examples // setup.batch_size * setup.batch_size
    work = steps * operations(setup.model)
    peak = peak_flops()
    for size in sizes:
        ends: list[float] = []
        compiled = 0.0
        for kind, _, value in trainer.train(runs[:size]):
            if kind == "epoch" and value.epoch > len(ends):
                ends.append(time.perf_counter())
            elif kind == "outcome":
                compiled += value.compile_seconds
        seconds = (ends[-1] - ends[0]) / (len(ends) - 1) / size
        yield {"size": size, "compile_seconds": compiled, "seconds": seconds, "models_by_second": 1 / seconds,
               "flops_share": work / seconds / peak, "device": jax.devices()[0].device_kind}  # fmt: skip


def peak_flops() -> float:
    """Operations a second of one large float32 product on the device."""
    import jax
    import jax.numpy as jnp

    product = jax.jit(jnp.matmul)
    a = jnp.ones((SIDE, SIDE), jnp.float32)
    product(a, a).block_until_ready()
    started = time.perf_counter()
    for _ in range(PRODUCTS):
        result = product(a, a)
    result.block_until_ready()
    return 2.0 * SIDE**3 * PRODUCTS / (time.perf_counter() - started)


def run(out: Path, data_dir: str | None, tasks: Sequence[str], sizes: Sequence[int], epochs: int) -> Iterator[str]:
    """Time stacks of ReLU with Adam and write ``stacked.md``; yields what there is to tell.

    Args:
        out: folder of the table.
        data_dir: where mnist.npz and cifar10.npz are.
        tasks: ``mlp`` and ``cnn``.
        sizes: runs in each stack.
        epochs: of each run, 2 or more: the first is not timed.
    """
    from experiments import datasets

    lines = ["# Stacks", ""]
    for name in tasks:
        data, _ = datasets.resolve(task(name, None, None).dataset, data_dir)
        given = [name, ",".join(map(str, sizes)), str(epochs), data.name, data_dir or ""]
        rows = watch([sys.executable, "-m", "experiments.bench.stack", *given], {}).lines
        title = f"{data.title}, {task(name, None, None).model}, ReLU, Adam, on {rows[0]['device']}"
        yield title
        lines += [f"## {title}", "", "| runs in the stack | s by model-epoch | model-epochs a second | share of the "
                  "device's largest product | compiling, s |", "|---|---|---|---|---|"]  # fmt: skip
        for row in rows:
            yield f"  {row['size']} at once: {row['seconds']:.3f} s by model-epoch"
            lines.append(f"| {row['size']} | {row['seconds']:.3f} | {row['models_by_second']:.1f} | "
                         f"{row['flops_share']:.0%} | {row['compile_seconds']:.1f} |")  # fmt: skip
        lines.append("")
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "stacked.md", "\n".join(lines))
    yield f"table: {out / 'stacked.md'}"


def main() -> None:
    from experiments.scheduling import devices
    from experiments.training import backend

    name, sizes, epochs, dataset, data_dir = (*sys.argv[1:], "")[:5]
    backend.start("stacked", devices.gpu_of(0))
    wanted = task(name, None, None)
    for row in time_stack(dataset, data_dir or None, wanted.model, "relu", "adam", list(map(int, sizes.split(","))),
                          int(epochs), wanted.batch_size):  # fmt: skip
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
