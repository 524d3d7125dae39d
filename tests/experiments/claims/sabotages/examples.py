"""Sabotages of the first claims."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SABOTAGES = (
    Sabotage("sigmoid-range", {"activation": "tanh"}, ("fails",)),
    Sabotage("tanh-range", {"activation": "relu"}, ("fails",)),
    Sabotage("momentum-damps", {"momentum": ("sgd", {})}, ("refuted",)),
)
