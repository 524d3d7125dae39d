"""The losses in float64 NumPy, each from its definition. Shares no code with ``custom``.

Every function takes targets and predictions (..., d), or classes (...) and predictions (..., d),
and returns the loss of each sample (...). They loop over samples and outputs where the package
works on whole arrays.
"""

import math

import numpy as np


def each_row(loss_of_row, y, p):
    """Apply a loss of one sample to every sample."""
    y, p = np.asarray(y, "float64"), np.asarray(p, "float64")
    lead = p.shape[:-1]
    losses = [loss_of_row(y[index], p[index]) for index in np.ndindex(lead)]
    return np.array(losses).reshape(lead)


def probability(p):
    """Keras's convention for a logarithm that would be infinite."""
    return max(p, 1e-7)


def log_of_sigmoid(z):
    return z - math.log1p(math.exp(z)) if z < 0 else -math.log1p(math.exp(-z))


def log_of_softmax(z):
    z = [float(value) for value in z]
    top = max(z)
    log_sum = top + math.log(math.fsum(math.exp(value - top) for value in z))
    return [value - log_sum for value in z]


def binary_crossentropy(y, p, from_logits=False, label_smoothing=0.0):
    def of_row(y, p):
        total = 0.0
        for target, value in zip(y, p, strict=True):
            target = target + label_smoothing * (0.5 - target)
            if from_logits:
                yes, no = log_of_sigmoid(value), log_of_sigmoid(-value)
            else:
                yes, no = math.log(probability(value)), math.log(probability(1 - value))
            total -= target * yes + (1 - target) * no
        return total / len(y)

    return each_row(of_row, y, p)


def categorical_crossentropy(y, p, from_logits=False, label_smoothing=0.0):
    def of_row(y, p):
        logs = log_of_softmax(p) if from_logits else [math.log(probability(value)) for value in p]
        smooth = [target + label_smoothing * (1 / len(y) - target) for target in y]
        return -math.fsum(target * log for target, log in zip(smooth, logs, strict=True))

    return each_row(of_row, y, p)


def sparse_categorical_crossentropy(y, p, from_logits=False):
    def of_row(y, p):
        logs = log_of_softmax(p) if from_logits else [math.log(probability(value)) for value in p]
        return -logs[int(y)]

    return each_row(of_row, y, p)


def mean_squared_error(y, p):
    return each_row(lambda y, p: sum((a - b) * (a - b) for a, b in zip(y, p, strict=True)) / len(y), y, p)


def mean_absolute_error(y, p):
    return each_row(lambda y, p: sum(max(a - b, b - a) for a, b in zip(y, p, strict=True)) / len(y), y, p)


def huber(y, p, delta=1.0):
    def of_difference(e):
        return 0.5 * e * e if -delta <= e <= delta else delta * abs(e) - 0.5 * delta * delta

    return each_row(lambda y, p: sum(of_difference(a - b) for a, b in zip(y, p, strict=True)) / len(y), y, p)


def hinge(y, p):
    return each_row(lambda y, p: sum(max(0.0, 1 - a * b) for a, b in zip(y, p, strict=True)) / len(y), y, p)


def categorical_hinge(y, p, strict=False):
    def of_row(y, p):
        (right,) = (value for target, value in zip(y, p, strict=True) if target == 1)
        wrong = max(value for target, value in zip(y, p, strict=True) if target == 0)
        return max(0.0, 1 + (wrong if strict else max(wrong, 0.0)) - right)

    return each_row(of_row, y, p)
