"""Checks for components of your own: one call each.

``check_activation``, ``check_layer``, ``check_loss`` and ``check_optimizer`` run everything that
the components of this package have to pass, on the Keras backend in use, and raise an
AssertionError that names the check. The tables of single checks are for
``pytest.mark.parametrize``.

Beside Keras it needs NumPy and Hypothesis: ``pip install 'gradlab[testing]'``.
"""

from custom.testing.activations import ACTIVATION_CHECKS, ActivationCase, check_activation
from custom.testing.layers import LAYER_CHECKS, LayerCase, check_layer
from custom.testing.losses import LOSS_CHECKS, LossCase, check_loss
from custom.testing.optimizers import OPTIMIZER_CHECKS, OptimizerCase, check_optimizer

__all__ = [
    "ACTIVATION_CHECKS",
    "LAYER_CHECKS",
    "LOSS_CHECKS",
    "OPTIMIZER_CHECKS",
    "ActivationCase",
    "LayerCase",
    "LossCase",
    "OptimizerCase",
    "check_activation",
    "check_layer",
    "check_loss",
    "check_optimizer",
]
