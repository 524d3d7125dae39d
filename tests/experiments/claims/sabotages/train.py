"""Sabotages of the claims about training with activations."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SABOTAGES = (
    Sabotage("relu-trains-faster", {"crawl": 0.01}, ("broken",)),
    Sabotage("zero-centred-helps", {"activations": (("sigmoid", "tanh"), ("sigmoid - 1/2", "tanh"),
                                                    ("tanh + 1", "tanh"), ("tanh", "tanh"))}, ("refuted",)),
    Sabotage("tanh-binary-head", {"rate": 1e-6}, ("refuted",)),
    Sabotage("leaky-slope-matters", {"alphas": (0.01,)}, ("refuted",)),
    Sabotage("relu-benefits-kept", {"vanishing": "relu"}, ("broken",)),
    Sabotage("same-activation-in-a-layer", {"flat": "relu"}, ("broken",)),
    Sabotage("softmax-not-hidden", {"hidden": "relu"}, ("refuted",)),
    Sabotage("elu-near-zero-mean", {"near": "relu"}, ("refuted",)),
    Sabotage("prelu-learns-slope", {"rate": 1e-12, "learner": ("leaky_relu", {"negative_slope": 0.25})},
             ("refuted",)),
    Sabotage("activation-ranking", {"rate": 1e-7, "last": "tanh"}, ("refuted",)),
    Sabotage("model-choice-is-empirical", {"datasets": ("spirals", "spirals-1k", "spirals-800")},
             ("refuted", "undecided", "broken")),
)  # fmt: skip
