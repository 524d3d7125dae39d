"""Sabotages of the claims on what activations are and what they cost."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SWAPPED = (("linear", "linear"), ("relu", "tanh"), ("leaky_relu", "elu"), ("elu", "leaky_relu"), ("sigmoid", "relu"),
           ("tanh", "relu"))  # fmt: skip
"""Each activation timed under the name of its rival."""

SABOTAGES = (
    Sabotage("sigmoid-slope-quarter", {"activation": "tanh"}, ("fails",)),
    Sabotage("tanh-slope-one", {"activation": "sigmoid"}, ("fails",)),
    Sabotage("tanh-is-scaled-sigmoid", {"scaling": (2.0, 1.0, -1.0)}, ("fails",)),
    Sabotage("relu-slope", {"activation": "leaky_relu"}, ("fails",)),
    Sabotage("relu-slope", {"activation": "elu"}, ("fails",)),
    Sabotage("softmax-simplex", {"activation": "sigmoid"}, ("fails",)),
    Sabotage("softmax-generalises-sigmoid", {"other logit": 1.0}, ("fails",)),
    Sabotage("softmax-order", {"factor": -1.0}, ("fails",)),
    Sabotage("softmax-order", {"activation": "sigmoid"}, ("fails",)),
    Sabotage("sigmoid-half", {"activation": "tanh"}, ("fails",)),
    Sabotage("soft-decision", {"activation": "step"}, ("fails",)),
    Sabotage("soft-decision", {"activation": "relu"}, ("fails",)),
    Sabotage("softmax-competition", {"activation": "sigmoid"}, ("refuted",)),
    Sabotage("sigmoid-saturates", {"activation": "relu"}, ("fails", "broken")),
    Sabotage("tanh-saturates", {"activation": "sigmoid"}, ("fails",)),
    Sabotage("maxout-contains-relu", {"special": {"relu": (1.0, 0.5)}}, ("fails",)),
    Sabotage("exp-is-costly", {"timed": SWAPPED}, ("refuted",)),
    Sabotage("relu-is-cheap", {"timed": SWAPPED}, ("refuted", "depends", "undecided")),
    Sabotage("elu-costs-exp", {"timed": SWAPPED}, ("refuted",)),
    Sabotage("maxout-costs", {"activation": "relu"}, ("refuted",)),
)
