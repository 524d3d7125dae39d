"""In which order a run sees its examples: a function of seed and epoch, the same for every cell and engine."""

import numpy as np

CHUNK = {"dense": 2048, "convolution": 128}
"""Examples in memory at a time where the batch is the whole training part, or when only evaluating."""


def batches(seed: int, epoch: int, examples: int, batch_size: int) -> np.ndarray:
    """Indices ``[steps, batch]`` of one epoch: a fresh permutation, cut into whole batches.

    An epoch is floor(N / B) updates. The N mod B examples at the end of the permutation are left out of
    that epoch only; every batch therefore has one size, which is what lets one compiled program serve all.
    """
    batch_size = min(batch_size, examples)
    order = np.random.default_rng([seed, epoch, 1]).permutation(examples)
    steps = examples // batch_size
    return order[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)


def chunks(start: int, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices ``[chunks, size]`` over ``start .. start + count`` and their weights: 1, or 0 for padding."""
    rows = -(-count // size)
    index = np.zeros(rows * size, np.int32)
    weight = np.zeros(rows * size, np.float32)
    index[:count] = np.arange(start, start + count, dtype=np.int32)
    weight[:count] = 1
    return index.reshape(rows, size), weight.reshape(rows, size)
