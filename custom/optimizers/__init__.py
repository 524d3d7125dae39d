"""Optimizers, each an update rule in the symbols of its paper and a Keras class around it."""

from custom.optimizers import adadelta as _adadelta
from custom.optimizers import adagrad as _adagrad
from custom.optimizers import adam as _adam
from custom.optimizers import momentum as _momentum
from custom.optimizers import nadam as _nadam
from custom.optimizers import nag as _nag
from custom.optimizers import rmsprop as _rmsprop
from custom.optimizers import sgd as _sgd
from custom.optimizers.adadelta import Adadelta
from custom.optimizers.adagrad import Adagrad
from custom.optimizers.adam import Adam
from custom.optimizers.base import RuleOptimizer, state_bytes
from custom.optimizers.momentum import Momentum
from custom.optimizers.nadam import Nadam
from custom.optimizers.nag import NAG
from custom.optimizers.rmsprop import RMSprop
from custom.optimizers.sgd import SGD

SPECS = (
    _sgd.SPEC,
    _momentum.SPEC,
    _nag.SPEC,
    _adagrad.SPEC,
    _rmsprop.SPEC,
    _adadelta.SPEC,
    _adam.SPEC,
    _nadam.SPEC,
)

__all__ = [
    "NAG",
    "SGD",
    "SPECS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "Momentum",
    "Nadam",
    "RMSprop",
    "RuleOptimizer",
    "state_bytes",
]
