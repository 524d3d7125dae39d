"""Activations and their derivatives in float64 NumPy, written apart from ``custom``.

The formulas are those of the cited papers, in other algebra than the package's: logarithms
of sums for sigmoid and softmax, explicit Jacobians, loops over the pieces of maxout.
"""

import numpy as np


def linear(z, c=1.0):
    return np.multiply(z, c)


def linear_slope(z, c=1.0):
    return np.full(np.shape(z), c)


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_slope(z):
    return np.exp(-np.logaddexp(0, -z) - np.logaddexp(0, z))


def tanh(z):
    return np.tanh(z)


def tanh_slope(z):
    return 4 * np.exp(-2 * np.logaddexp(z, -z))


def relu(z):
    return np.clip(z, 0, None)


def relu_slope(z):
    return np.heaviside(z, 0)


def leaky_relu(z, a=0.01):
    return np.maximum(a * z, z)


def leaky_relu_slope(z, a=0.01):
    return a + (1 - a) * np.heaviside(z, 0)


def prelu(z, a=0.25):
    return np.maximum(z, 0) + a * np.minimum(z, 0)


def prelu_slope(z, a=0.25):
    return a + (1 - a) * np.heaviside(z, 0)


def elu(z, a=1.0):
    return np.maximum(z, 0) + a * np.expm1(np.minimum(z, 0))


def elu_slope(z, a=1.0):
    return np.heaviside(z, 0) + (1 - np.heaviside(z, 0)) * a * np.exp(np.minimum(z, 0))


def maxout(z, k=2):
    best = z[..., 0::k]
    for j in range(1, k):
        best = np.maximum(best, z[..., j::k])
    return best


def maxout_slope(z, k=2):
    slope = np.zeros_like(z)
    for unit in range(z.shape[-1] // k):
        winner = unit * k + np.argmax(z[..., unit * k : unit * k + k], axis=-1)
        np.put_along_axis(slope, winner[..., None], 1.0, axis=-1)
    return slope


def softmax(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


def softmax_slope(z):
    jacobian = np.empty((*z.shape, z.shape[-1]))
    for index in np.ndindex(*z.shape[:-1]):
        p = softmax(z[index])
        jacobian[index] = np.diag(p) - np.outer(p, p)
    return jacobian
