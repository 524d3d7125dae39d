"""The plain names that a plan may use. Imports nothing: the command line reads it at once.

A test keeps these equal to ``custom.catalog``, to ``experiments.models`` and to
``experiments.datasets``.
"""

ACTIVATIONS = ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "maxout", "softmax")
"""Our own activations that a hidden layer can use, in the order of every table and figure."""

DEFAULT_RATES = {
    "batch_gd": 0.01,
    "sgd": 0.01,
    "momentum": 0.01,
    "nag": 0.01,
    "adagrad": 0.01,
    "rmsprop": 0.001,
    "adadelta": 1.0,
    "adam": 0.001,
    "nadam": 0.002,
}
"""Our own optimizers, in the order of every table and figure, with each one's default rate.

``batch_gd`` is the rule of ``sgd`` with the whole training part as its batch.
"""

OPTIMIZERS = tuple(DEFAULT_RATES)

OPTIMIZER_ARGUMENTS = {
    name: (*own, "weight_decay", "clipnorm", "clipvalue", "global_clipnorm")
    for name, own in {
        "batch_gd": (),
        "sgd": (),
        "momentum": ("momentum",),
        "nag": ("momentum",),
        "adagrad": ("initial_accumulator_value", "epsilon"),
        "rmsprop": ("rho", "epsilon"),
        "adadelta": ("rho", "epsilon"),
        "adam": ("beta_1", "beta_2", "epsilon"),
        "nadam": ("beta_1", "beta_2", "epsilon"),
    }.items()
}
"""Constants beside the rate that a plan may set: each rule's own, and those of Keras's base class."""

LOSSES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "huber",
    "hinge",
    "categorical_hinge",
)

HEADS = ("softmax", "sigmoid", "linear", "tanh")

OUTPUTS = tuple(f"{loss} on {head}" for loss in LOSSES for head in HEADS)
"""Losses with their heads, as plans and reports call them, in the order of every table and figure."""

INITIALISERS = ("glorot", "he", "lecun")
"""Variance scaling of one distribution family (uniform): 2/(in+out), 2/in, 1/in."""

MODELS = ("mlp", "cnn", "cnn-slim")

MODEL_ARGUMENTS = {
    "mlp": ("depth", "width", "last", "norm", "skip"),
    "cnn": ("dense", "norm", "skip"),
    "cnn-slim": ("norm", "skip"),
}
"""Arguments of each model builder that a plan may set."""

LEAST = {"depth": 0, "width": 2, "last": 0, "norm": 0, "skip": 0, "dense": 1}
"""The smallest value of each: the last hidden layer is half as wide as the others, and needs a unit."""

DATASETS = ("mnist", "cifar10", "digits", "breast_cancer", "diabetes", "spirals", "noisy_line")
"""Data sets in full. Any of them with ``-5k``, ``-500`` and so on behind it is a
stratified subset with that many training examples."""

OWN = r"own:[A-Za-z0-9_]{1,40}(:[\w .%()/+-]{1,60})?"
"""What data of one's own may be called in a plan: ``own:wine``, or ``own:wine:quality`` with its target column."""

PLUGIN = "plugin:"
"""What the name of a part of a user's own begins with, in plans and everywhere: ``plugin:swoosh``."""

ENGINES = ("reference", "compiled", "stacked")

KERAS_ACTIVATIONS = (
    "celu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_tanh", "log_sigmoid", "mish", "relu6",
    "selu", "silu", "soft_shrink", "softplus", "softsign", "swish", "tanh_shrink",
)  # fmt: skip
"""Keras built-ins that a plan may name as ``keras:gelu`` and so on."""

KERAS_RATES = {
    "SGD": 0.01,
    "RMSprop": 0.001,
    "Adagrad": 0.001,
    "Adadelta": 0.001,
    "Adam": 0.001,
    "Adamax": 0.001,
    "AdamW": 0.001,
    "Nadam": 0.001,
    "Ftrl": 0.001,
    "Lion": 0.001,
    "Lamb": 0.001,
    "Adafactor": 0.001,
    "Muon": 0.001,
    "ScheduleFreeAdamW": 0.0025,
}
"""Keras optimizers that a plan may name as ``keras:AdamW`` and so on, with Keras's default rate.

They are taken as they are: on TensorFlow, ScheduleFreeAdamW of Keras 3.15 reads its momentum after the update, and so
departs from its paper.
"""

OUTPUT = "output"
"""What the last layer of the models that come along is called."""

KERAS_ARGUMENTS = {"Muon": {"exclude_layers": OUTPUT}}
"""What a Keras optimizer is given beside its rate. Muon is for hidden layers: it leaves the last one to AdamW.

Keras's Muon also leaves all to AdamW that is no matrix: biases, slopes, and the kernels of convolutions.
"""
