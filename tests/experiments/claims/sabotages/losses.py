"""Sabotages of the claims on dead units, heads and losses."""

from tests.experiments.claims.sabotages.sabotage import Sabotage

SABOTAGES = (
    Sabotage("dying-relu", {"nets": {"relu": "leaky_relu", "leaky_relu": "leaky_relu"}}, ("broken", "refuted")),
    Sabotage("leaky-revives", {"nets": {"relu": "leaky_relu", "leaky_relu": "leaky_relu"}}, ("broken",)),
    Sabotage("prelu-revives", {"nets": {"relu": "leaky_relu", "prelu": "prelu"}}, ("broken",)),
    Sabotage("elu-revives", {"nets": {"relu": "relu", "elu": "relu"}}, ("refuted",)),
    Sabotage("maxout-never-dies", {"nets": {"relu": "relu", "maxout": "relu"}}, ("refuted",)),
    Sabotage("loss-tracks-error", {"squared": "hinge"}, ("fails", "broken")),
    Sabotage("mse-smooth", {"squared": "mean_absolute_error"}, ("fails", "broken")),
    Sabotage("mse-punishes-large-errors", {"squared": "huber"}, ("fails",)),
    Sabotage("mae-constant-pull", {"absolute": "huber"}, ("fails",)),
    Sabotage("huber-between", {"between": "mean_squared_error"}, ("fails",)),
    Sabotage("cross-entropy-gradient", {"classes": "mean_squared_error"}, ("fails",)),
    Sabotage("cross-entropy-gradient", {"binary": "mean_absolute_error"}, ("fails",)),
    Sabotage("softmax-needs-cross-entropy", {"other": "categorical_crossentropy"}, ("refuted", "broken")),
    Sabotage("huber-resists-outliers", {"robust": ("mean_squared_error",)}, ("refuted",)),
    Sabotage(
        "head-matches-task",
        {
            "wrong": {
                "classes": (("softmax", "sparse_categorical_crossentropy"),),
                "binary": (("sigmoid", "binary_crossentropy"),),
                "regression": (("linear", "mean_squared_error"),),
            }
        },
        ("refuted",),
    ),
    Sabotage(
        "hinge-stops-at-margin",
        {"margin": {"classes": "mean_squared_error", "binary": "mean_squared_error"}},
        ("broken",),
    ),
    Sabotage("metric-is-not-loss", {"rate": 1e-5}, ("depends", "refuted")),
)
