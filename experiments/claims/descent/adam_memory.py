"""adam-memory: bytes that an optimizer keeps beside the weights, counted in the buffers after an update."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import overall

SAID = {"adam": 2.0, "momentum": 1.0, "sgd": 0.0}
"""Bytes of the state over bytes of the weights, as the textbook has them."""
SHOWN = ("sgd", "momentum", "nag", "adagrad", "rmsprop", "adadelta", "adam", "nadam")
WITHIN = 0.01
"""How far a counted ratio may be from what is said."""
WIDTHS = (16, 128, 512)


def probe(lab: Lab) -> dict[str, Any]:
    import keras

    from experiments.claims.nets import Net
    from experiments.training.setup import make_optimizer

    data = lab.load("mnist-5k")
    rules = {name: name for name in SHOWN} | {"adam": lab.part("adam")}
    found: dict[str, Any] = {"counted": {}, "parameters": []}
    for width in WIDTHS:
        weights = Net(data.input_shape, data.outputs, data.task, width=width).model.trainable_variables
        found["parameters"].append(int(sum(np.prod(v.shape) for v in weights)))
        made = {label: make_optimizer(name, 0.001, {}) for label, name in rules.items()}
        made["third moment"] = keras.optimizers.Adam(amsgrad=True)
        for label, optimizer in made.items():
            optimizer.build(weights)
            optimizer.apply([np.zeros(v.shape, np.float32) for v in weights])
            found["counted"].setdefault(label, []).append(_bytes(optimizer) / sum(_size(v) for v in weights))
    return found


def _size(variable: Any) -> int:
    """Bytes of the buffer behind a variable."""
    return int(np.asarray(variable.value).nbytes)


def _bytes(optimizer: Any) -> int:
    """Of all that it keeps, but for the count of its steps and its rate."""
    plain = {id(optimizer.iterations), id(optimizer._learning_rate)}
    return sum(_size(v) for v in optimizer.variables if id(v) not in plain)


def judge(evidence: Evidence) -> Finding:
    counted = evidence.numbers["counted"]
    settings = []
    for label, said in SAID.items():
        values = np.array(counted[label])
        right = bool(np.all(np.abs(values - said) <= WITHIN))
        settings.append(Setting(label, "supported" if right else "refuted",
                                Effect("bytes of the state over bytes of the weights", float(values.mean()),
                                       float(values.min()), float(values.max()))))  # fmt: skip
    third, none = np.array(counted["third moment"]), np.array(counted["sgd"])
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(bool((np.abs(third - 3) <= WITHIN).all()),
                         f"the stock Adam with a third moment (AMSGrad) counts {third.mean():.3f}"),
        negative=Control(bool((none == 0).all()), f"sgd counts {none.max():.3g}"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    words = []
    for setting in finding.settings:
        words.append(f"{setting.name} {setting.effect.value:.3f}")
    sizes = evidence.numbers["parameters"]
    return (
        f"Beside the weights, in multiples of their bytes, nets of {sizes[0]:,} to {sizes[-1]:,} parameters need: "
        f"{', '.join(words)}. With the weights and their gradients, training holds "
        f"{(2 + finding.settings[0].effect.value) / 2:.2g} times with Adam what it holds with plain SGD, activations "
        "not counted."
    )


def draw(evidence: Evidence, finding: Finding):
    counted = {label: evidence.numbers["counted"][label] for label in SHOWN}
    panels: dict[str, Any] = {"bytes of the state / bytes of the weights": counted}
    return charts.seeds("What an optimizer keeps beside the weights", "float32; nets of "
                        f"{', '.join(f'{n:,}' for n in evidence.numbers['parameters'])} parameters", panels,
                        note="A point a net, all buffers of the state counted; black: mean and 95 % "
                        "interval.")  # fmt: skip


CLAIMS = (
    Claim(
        id="adam-memory",
        kind="C",
        statement="Adam keeps two moments, twice the memory of the parameters; momentum keeps one, SGD none.",
        prediction="The bytes of the built state over those of the weights are 2, 1 and 0.",
        rule=f"supported for an optimizer if the counted ratio is within {WITHIN:g} of what is said in every net; "
        "refuted otherwise; "
        "depends if the optimizers disagree.",
        positive="Adam with a third moment counts 3",
        negative="plain SGD counts 0",
        limits="State between two updates: not the temporary arrays of an update, nor the activations, which outgrow "
        "it in large batches. Float32 throughout. The memory of the process is no measure: "
        "it also holds what was freed.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"adam": "adam"},
    ),
)
