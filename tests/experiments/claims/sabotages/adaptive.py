"""Sabotages of the claims on adaptive rules and on mini-batches."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SABOTAGES = (
    Sabotage("rmsprop-per-parameter", {"optimizer": "sgd"}, ("refuted",)),
    Sabotage("adam-per-parameter", {"optimizer": "sgd"}, ("refuted",)),
    Sabotage("adagrad-stalls", {"falling": ("rmsprop", 0.05)}, ("refuted",)),
    Sabotage("adadelta-does-not-stall", {"going": ("adagrad", 0.5)}, ("refuted", "depends")),
    Sabotage("nadam-is-adam-plus-nag", {"nadam": "adam"}, ("fails", "broken")),
    Sabotage("adam-is-momentum-plus-rmsprop", {"adam": "nadam"}, ("fails", "broken")),
    Sabotage("adam-memory", {"adam": "adagrad"}, ("depends",)),
    Sabotage("direction-rate-both", {"rules": {"adam": "rmsprop"}}, ("depends",)),
    Sabotage("training-drives-error-to-zero", {"control_rate": 0.001}, ("broken",)),
    Sabotage("batch-gd-costs-memory", {"batches": (64, 64, 64)}, ("refuted",)),
    Sabotage("minibatch-faster", {"mini": ("batch_gd", 0)}, ("refuted",)),
    Sabotage("minibatches-reach-batch", {"blind": 1.0}, ("broken",)),
    Sabotage("minibatch-noisier", {"batch": "copies"}, ("refuted",)),
    Sabotage("adam-faster-than-sgd", {"twin_beta": 0.9}, ("broken",)),
    Sabotage("adam-generalises-worse", {"twin_beta": 0.9}, ("broken",)),
)
