"""The optimizers in float64 NumPy, each from its publication. Shares no code with ``custom``.

Every function takes a start, gradients (steps, *shape) and the constructor's arguments, and returns
the weight after each step, (steps, *shape). Where the package keeps a running sum, these sum up
the whole history at each step, so that an error of bookkeeping can not hide in both.
"""

import numpy as np


def walk(w, steps):
    return np.asarray(w) + np.cumsum(steps, axis=0)


def decaying_sum(history, factor):
    """Σ factor^(t-i) history_i over i = 1..t."""
    weights = factor ** np.arange(len(history) - 1, -1, -1, dtype="float64")
    return np.tensordot(weights, history, axes=1)


def each_step(step, g):
    """step(t, g_1..t) for t = 1, 2, ..."""
    g = np.asarray(g, "float64")
    return np.array([step(t, g[:t]) for t in range(1, len(g) + 1)])


def sgd(w, g, learning_rate):
    return walk(w, -learning_rate * np.asarray(g))


def momentum(w, g, learning_rate, momentum):
    return walk(w, each_step(lambda t, g: -learning_rate * decaying_sum(g, momentum), g))


def nag(w, g, learning_rate, momentum):
    """Look-ahead variable: w = θ + β v, θ and v as in ``momentum``, v from 0."""
    v = each_step(lambda t, g: -learning_rate * decaying_sum(g, momentum), g)
    return walk(w, v) + momentum * v


def adagrad(w, g, learning_rate, initial_accumulator_value, epsilon):
    def step(t, g):
        return -learning_rate * g[-1] / (np.sqrt(initial_accumulator_value + np.square(g).sum(axis=0)) + epsilon)

    return walk(w, each_step(step, g))


def rmsprop(w, g, learning_rate, rho, epsilon):
    def step(t, g):
        return -learning_rate * g[-1] / (np.sqrt((1 - rho) * decaying_sum(np.square(g), rho)) + epsilon)

    return walk(w, each_step(step, g))


def adadelta(w, g, learning_rate, rho, epsilon):
    deltas: list[np.ndarray] = []
    for t in range(1, len(g) + 1):
        of_gradients = (1 - rho) * decaying_sum(np.square(np.asarray(g[:t])), rho)
        of_steps = (1 - rho) * decaying_sum(np.square(np.array(deltas)), rho) if deltas else 0.0
        deltas.append(-np.sqrt((of_steps + epsilon) / (of_gradients + epsilon)) * g[t - 1])
    return walk(w, learning_rate * np.array(deltas))


def bias_corrected(history, beta):
    """Mean of the history with weights beta^(t-i): the same as a corrected running mean."""
    return decaying_sum(history, beta) / decaying_sum(np.ones(len(history)), beta)


def adam(w, g, learning_rate, beta_1, beta_2, epsilon):
    def step(t, g):
        root = np.sqrt(bias_corrected(np.square(g), beta_2))
        return -learning_rate * bias_corrected(g, beta_1) / (root + epsilon)

    return walk(w, each_step(step, g))


def nadam(w, g, learning_rate, beta_1, beta_2, epsilon):
    def mu(t):
        return beta_1 * (1 - np.exp(t / 250 * np.log(0.96)) / 2)

    def step(t, g):
        now = (1 - mu(t)) * g[-1] / (1 - np.prod(mu(np.arange(1, t + 1))))
        mean = (1 - beta_1) * decaying_sum(g, beta_1)
        ahead = mu(t + 1) * mean / (1 - np.prod(mu(np.arange(1, t + 2))))
        return -learning_rate * (now + ahead) / (np.sqrt(bias_corrected(np.square(g), beta_2)) + epsilon)

    return walk(w, each_step(step, g))
