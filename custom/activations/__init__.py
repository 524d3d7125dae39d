"""Activations: function, derivative, layer and spec of one family in one file.

=================  ==============================
``affine``         linear
``sigmoids``       sigmoid, tanh
``rectifiers``     relu, leaky_relu
``parametric``     prelu
``exponential``    elu
``maxima``         maxout
``normalisers``    softmax
=================  ==============================
"""

from custom.activations.affine import LINEAR, linear, linear_derivative
from custom.activations.exponential import ELU_SPEC, elu, elu_derivative
from custom.activations.maxima import MAXOUT, maxout, maxout_derivative
from custom.activations.normalisers import SOFTMAX, softmax, softmax_derivative
from custom.activations.parametric import PRELU, prelu, prelu_alpha_derivative, prelu_derivative
from custom.activations.rectifiers import (
    LEAKY_RELU,
    RELU,
    leaky_relu,
    leaky_relu_derivative,
    relu,
    relu_derivative,
)
from custom.activations.sigmoids import (
    SIGMOID,
    TANH,
    sigmoid,
    sigmoid_derivative,
    tanh,
    tanh_derivative,
)

SPECS = (LINEAR, SIGMOID, TANH, RELU, LEAKY_RELU, PRELU, ELU_SPEC, MAXOUT, SOFTMAX)
"""In the order of every table and figure."""

__all__ = [
    "SPECS",
    "elu",
    "elu_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "linear",
    "linear_derivative",
    "maxout",
    "maxout_derivative",
    "prelu",
    "prelu_alpha_derivative",
    "prelu_derivative",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "softmax",
    "softmax_derivative",
    "tanh",
    "tanh_derivative",
]
