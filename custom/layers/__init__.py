"""Layers: the node phi(xW + b), Maxout's, and one layer for each activation.

The layer of an activation stands beside its formula, in ``custom.activations``.
"""

from custom.activations.affine import Linear
from custom.activations.exponential import ELU
from custom.activations.maxima import Maxout
from custom.activations.normalisers import Softmax
from custom.activations.parametric import PReLU, no_decay_variables
from custom.activations.rectifiers import LeakyReLU, ReLU
from custom.activations.sigmoids import Sigmoid, Tanh
from custom.layers.dense import Dense
from custom.layers.maxout_dense import MaxoutDense

__all__ = [
    "ELU",
    "Dense",
    "LeakyReLU",
    "Linear",
    "Maxout",
    "MaxoutDense",
    "PReLU",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "no_decay_variables",
]
