"""The losses in float64 NumPy, each from its definition. Shares no code with ``custom``.

Every function takes targets and predictions (..., d), or classes (...) and predictions (..., d),
and returns the loss of each sample (...). They loop over samples and outputs where the package
works on whole arrays. ``NAME_slope`` is the derivative of the sample's loss by each prediction, (..., d).
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


def targets_of(y, p):
    """Targets as (..., d): class numbers become rows with a single 1."""
    y, p = np.asarray(y), np.asarray(p, "float64")
    if y.ndim == p.ndim:
        return y.astype("float64"), p
    rows = np.zeros(p.shape)
    np.put_along_axis(rows, y[..., None].astype(int), 1.0, axis=-1)
    return rows, p


def binary_crossentropy_slope(y, p, from_logits=False, label_smoothing=0.0):
    y, p = targets_of(y, p)
    y = y + label_smoothing * (0.5 - y)
    if from_logits:
        return (1 / (1 + np.exp(-p)) - y) / p.shape[-1]
    return (-y / np.maximum(p, 1e-7) + (1 - y) / np.maximum(1 - p, 1e-7)) / p.shape[-1]


def categorical_crossentropy_slope(y, p, from_logits=False, label_smoothing=0.0):
    y, p = targets_of(y, p)
    y = y + label_smoothing * (1 / y.shape[-1] - y)
    if from_logits:
        # The targets need not sum to exactly 1 in floating point: their sum stands here.
        return np.exp(p - np.logaddexp.reduce(p, axis=-1, keepdims=True)) * y.sum(axis=-1, keepdims=True) - y
    return -y / np.maximum(p, 1e-7)


def sparse_categorical_crossentropy_slope(y, p, from_logits=False):
    y, p = targets_of(y, p)
    return categorical_crossentropy_slope(y, p, from_logits)


def mean_squared_error_slope(y, p):
    y, p = targets_of(y, p)
    return -2 * (y - p) / p.shape[-1]


def mean_absolute_error_slope(y, p):
    y, p = targets_of(y, p)
    return (np.heaviside(p - y, 0.5) - np.heaviside(y - p, 0.5)) / p.shape[-1]


def huber_slope(y, p, delta=1.0):
    y, p = targets_of(y, p)
    return np.maximum(np.minimum(p - y, delta), -delta) / p.shape[-1]


def hinge_slope(y, p):
    y, p = targets_of(y, p)
    return -y * np.heaviside(1 - y * p, 0) / p.shape[-1]


def categorical_hinge_slope(y, p, strict=False):
    y, p = targets_of(y, p)
    slope = np.zeros(p.shape)
    for index in np.ndindex(p.shape[:-1]):
        right = int(np.argmax(y[index]))
        scores = np.array([value if k != right else -np.inf for k, value in enumerate(p[index])])
        best = int(np.argmax(scores))
        wrong = scores[best] if strict else max(scores[best], 0.0)
        if 1 + wrong - p[index][right] > 0:
            slope[index][right] = -1.0
            if strict or scores[best] > 0:
                slope[index][best] = 1.0
    return slope
