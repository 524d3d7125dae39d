"""How many runs go into a stack: what pays on this machine, what its memory holds, and half where it does not."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import jax
import numpy as np
import psutil

from experiments.records import Run
from experiments.training.stacked import Message, StackedTrainer

MOST = 64
"""Places in a stack at most, unless asked otherwise: a stack is lost as a whole when its worker dies."""
SHARE = 0.5
"""Of the free memory, what a stack may take by the estimate: compilers keep more than one can foresee."""
KEPT = 3
"""Copies of a layer's output in a training step: for the way back, its gradient, and one on the way."""


def train(trainer: StackedTrainer, runs: Sequence[Run], most: int | None = None) -> Iterator[Message]:
    """Train runs of one trace in stacks, and tell what happens as it does.

    Where memory runs out, the stack is halved and trained again from its start; the trainer keeps the smaller size.

    Args:
        trainer: of their trace.
        runs: of any budget of epochs; those of one budget are stacked.
        most: runs in a stack; by default as many as pay on this machine, see `most_runs`.

    Raises:
        MemoryError: not even one run fits.
    """
    limit = most_runs(trainer, most)
    for _, several in groupby(sorted(runs, key=lambda run: run.epochs), key=lambda run: run.epochs):
        waiting = list(several)
        while waiting:
            stack = waiting[:limit]
            try:
                yield from trainer.train(stack, size=places(len(stack), limit))
            except Exception as error:
                if not _exhausted(error):
                    raise
                if limit == 1:
                    raise MemoryError(f"one run alone does not fit: {error}") from error
                limit = trainer.limit = max(1, min(limit, len(stack)) // 2)
            else:
                waiting = waiting[limit:]


def most_runs(trainer: StackedTrainer, most: int | None) -> int:
    """The most runs of a stack: on a CPU, where nothing is gained by more, one; elsewhere `MOST`, or what was asked
    for; never more than memory holds, or than ran out of it before."""
    wanted = most or (1 if jax.default_backend() == "cpu" else MOST)
    return max(1, min(wanted, trainer.limit or wanted, int(SHARE * free_bytes() / bytes_of_a_run(trainer))))


def places(runs: int, limit: int) -> int:
    """Places of a stack for some runs.

    On an accelerator the next power of two: it has room to spare in a stack this small, and a cell that is asked for 5
    runs, then 7, then 6 compiles one program, not three. A CPU trains each place at its full price.
    """
    return runs if jax.default_backend() == "cpu" else min(limit, 1 << (runs - 1).bit_length())


def free_bytes() -> int:
    """Memory that a stack may be put in: of the device, or of the machine where that is the device."""
    stats = jax.local_devices()[0].memory_stats()
    if not stats or "bytes_limit" not in stats:
        return psutil.virtual_memory().available
    return stats["bytes_limit"] - stats["bytes_in_use"]


def bytes_of_a_run(trainer: StackedTrainer) -> int:
    """Memory that a run takes in a stack, roughly."""
    setup = trainer.setup
    weights = sum(int(np.prod(v.shape)) for v in setup.model.variables)
    slots = sum(int(np.prod(v.shape)) for v in setup.optimizer.variables)
    outputs = [int(np.prod(each.shape[1:])) for layer in setup.model.layers for each in _outputs(layer)]
    together = trainer.chunk if setup.whole_batch else setup.batch_size
    training = KEPT * together * sum(outputs)
    evaluating = trainer.chunk * 2 * max(outputs)
    order = 0 if setup.whole_batch else 2 * setup.examples
    # The last weights, the best, the gradient, and one more while they change places; all numbers have four bytes.
    return 4 * (4 * weights + 2 * slots + max(training, evaluating) + order)


def _outputs(layer: Any) -> list[Any]:
    """One, but for layers of a user's own model, which may have several, or several places."""
    try:
        return [layer.output] if hasattr(layer.output, "shape") else []
    except (AttributeError, ValueError):
        return []


def _exhausted(error: Exception) -> bool:
    """Whether memory ran out: XLA says so in the text of a general error."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
