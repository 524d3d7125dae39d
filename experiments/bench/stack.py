"""What a stack costs by its size: many models side by side on this machine's device, JAX's own or a GPU."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

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
    operations = flops_of_an_epoch(trainer.setup)
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
               "flops_share": operations / seconds / peak, "device": jax.devices()[0].device_kind}  # fmt: skip


def flops_of_an_epoch(setup: Any) -> float:
    """Operations in the products of one model's updates: two an entry of a kernel, example and place in an image; as
    much again for the gradient of the kernel, and for that of its input, which the first layer does not need."""
    layers = [layer for layer in setup.model.layers if any(w.name == "kernel" for w in layer.weights)]
    forward = []
    for layer in layers:
        kernel = next(w for w in layer.weights if w.name == "kernel")
        places = 1
        for length in layer.output.shape[1:-1]:
            places *= length
        entries = 1
        for length in kernel.shape:
            entries *= length
        forward.append(2 * entries * places)
    steps = setup.examples if setup.whole_batch else setup.examples // setup.batch_size * setup.batch_size
    return float(steps * (3 * sum(forward) - forward[0]))


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
