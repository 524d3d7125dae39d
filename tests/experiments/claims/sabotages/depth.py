"""Sabotages of the claims on depth: what becomes of a gradient on its way through many layers."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SIGMOID, RELU = {"activation": "sigmoid"}, {"activation": "relu"}

SABOTAGES = (
    Sabotage("linear-collapse", {"activation": "relu"}, ("broken",)),
    Sabotage("nonlinearity-needed", {"nonlinear": ("linear",)}, ("refuted",)),
    Sabotage("vanishing-sigmoid", {"sigmoid": RELU}, ("refuted",)),
    Sabotage("tanh-vanishes-less", {"tanh": SIGMOID}, ("refuted",)),
    Sabotage("tanh-still-vanishes", {"tanh": SIGMOID}, ("supported",)),
    Sabotage("relu-does-not-vanish", {"relu": SIGMOID, "relu, Glorot weights": SIGMOID}, ("refuted",)),
    Sabotage("vanishing-stalls-bottom", {"activation": "relu"}, ("refuted", "depends", "undecided")),
    Sabotage("rounding-error-accumulates", {"formats": ("float64",)}, ("refuted",)),
    Sabotage("depth-adds-power", {"activation": "linear"}, ("broken",)),
    Sabotage("depth-alone-fails", {"help": {}}, ("broken",)),
    Sabotage("same-sign-gradients", {"positive": "centred"}, ("refuted",)),
    Sabotage("rmsprop-eases-vanishing", {"scaled": ("sgd", 0.1)}, ("broken",)),
)
