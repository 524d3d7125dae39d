"""What other libraries define differently, where no argument of theirs makes it the same: in float64 NumPy.

A gap between them and us is explained only if they follow these formulas and we follow ours. Those of losses compute
in the precision of ``p``: what 1 - p is beside 1 depends on it.
"""

import numpy as np

from experiments.conformance.references.losses import targets_of
from experiments.conformance.references.optimizers import bias_corrected, decaying_sum, each_step, walk

CLIP = 1e-7
"""Keras keeps probabilities that far from 0 and from 1."""


def nadam_of_keras(w, g, learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """Nadam with the schedule 0.96ᵗ, where the report has 0.96^(t/250)."""

    def mu(t):
        return beta_1 * (1 - 0.5 * 0.96**t)

    def step(t, g):
        now = (1 - mu(t)) * g[-1] / (1 - np.prod(mu(np.arange(1, t + 1))))
        mean = (1 - beta_1) * decaying_sum(g, beta_1)
        ahead = mu(t + 1) * mean / (1 - np.prod(mu(np.arange(1, t + 2))))
        return -learning_rate * (now + ahead) / (np.sqrt(bias_corrected(np.square(g), beta_2)) + epsilon)

    return walk(w, each_step(step, g))


def nadam_of_optax(w, g, learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Nadam without a schedule: β₁ in the place of every μ."""

    def step(t, g):
        now = (1 - beta_1) * g[-1] / (1 - beta_1**t)
        ahead = beta_1 * (1 - beta_1) * decaying_sum(g, beta_1) / (1 - beta_1 ** (t + 1))
        return -learning_rate * (now + ahead) / (np.sqrt(bias_corrected(np.square(g), beta_2)) + epsilon)

    return walk(w, each_step(step, g))


def clipped(p):
    """p kept away from 0 and 1, and where it was left alone: elsewhere no gradient passes."""
    return np.minimum(np.maximum(p, CLIP), 1 - CLIP), (p >= CLIP) & (p <= 1 - CLIP)


def binary_crossentropy_of_keras(y, p):
    """p clipped on both sides; loss and gradient."""
    c, inside = clipped(p)
    y, _ = targets_of(y, p)
    loss = -(y * np.log(c) + (1 - y) * np.log(1 - c)).mean(axis=-1)
    return loss, (-y / c + (1 - y) / (1 - c)) * inside / p.shape[-1]


def categorical_crossentropy_of_keras(y, p):
    """p divided by its sum, then clipped; loss and gradient."""
    y, _ = targets_of(y, p)
    total = p.sum(axis=-1, keepdims=True)
    q = p / total
    c, inside = clipped(q)
    slope = -y / c * inside
    return -(y * np.log(c)).sum(axis=-1), (slope - (slope * q).sum(axis=-1, keepdims=True)) / total


def sparse_crossentropy_of_keras_on_tensorflow(y, p):
    """p clipped, then divided by its sum (a softmax of log p); loss and gradient."""
    y, _ = targets_of(y, p)
    c, inside = clipped(p)
    total = c.sum(axis=-1, keepdims=True)
    return -(y * np.log(c / total)).sum(axis=-1), (-y / c + 1 / total) * inside


def binary_crossentropy_of_torch(y, p):
    """Logarithms of -100 at least; in the gradient, p (1 - p) of 1e-12 at least, which PyTorch keeps as a float32."""
    y, p = targets_of(y, p)
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    loss = -(y * yes + (1 - y) * no).mean(axis=-1)
    return loss, (p - y) / np.maximum(p * (1 - p), float(np.float32(1e-12))) / p.shape[-1]
