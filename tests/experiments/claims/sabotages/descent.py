"""Sabotages of the claims on descent, noise and momentum."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SABOTAGES = (
    Sabotage("momentum-overshoots", {"momentum": "sgd"}, ("refuted",)),
    Sabotage("nag-overshoots-less", {"nag": "momentum"}, ("refuted",)),
    Sabotage("momentum-memory", {"optimizer": "rmsprop", "constant": "rho"}, ("refuted", "broken")),
    Sabotage("momentum-calms-noise", {"beta": 0.0}, ("refuted", "broken")),
    Sabotage("nag-calms-noise", {"beta": 0.0}, ("refuted", "broken")),
    Sabotage("sgd-oscillates", {"noise": 0.0}, ("refuted",)),
    Sabotage("sgd-local-minima", {"tilt": 1.0}, ("refuted",)),
    Sabotage("gradient-not-best-direction", {"direction": "newton"}, ("refuted",)),
    Sabotage("step-is-one-update", {"accumulated": True}, ("fails", "broken")),
    Sabotage("backprop-is-chain-rule", {"slope": False}, ("fails",)),
    Sabotage("descent-lowers-loss", {"direction": 1}, ("refuted",)),
    Sabotage("learning-rate-sets-speed", {"optimizer": "adagrad"}, ("refuted",)),
)
