"""direction-rate-both: which rules change the direction of a step, which the rates of the weights, and which both.

The plain cosine between step and gradient does not tell the two apart: unequal rates turn the step as well. So
the direction is judged weight by weight, where a rate cannot do anything: by the share of weights that go against
their own present gradient. And the rates are judged over many steps, where the direction averages out: by how
the effective rate (root mean square step over root mean square gradient) depends on the size of the gradients.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent
from experiments.claims.rules import mean, overall

TREE = {"momentum": "direction", "nag": "direction", "adagrad": "rate", "rmsprop": "rate", "adam": "both"}
UPHILL = 0.05
"""From this share of weights on that go against their gradient, the direction is changed."""
EXPONENT = -0.5
"""From this exponent of rate over size on downward, the rates depend on the gradients."""
STEPS = 200
BATCH = 64
RATE = 0.1
WEIGHTS = 3000
SKIP = 50
"""First steps left out: there a rule still fills its memory."""


def probe(lab: Lab) -> dict[str, Any]:
    """Each rule is given the same gradients, those along a path of plain descent."""
    rules = {name: lab.part("rules").get(name, name) for name in TREE}
    found: dict[str, Any] = {name: {"uphill": [], "exponent": [], "cosine": [], "spread": []}
                             for name in ("sgd", *rules, "by construction")}  # fmt: skip
    for stream in _gradients(lab):
        steps = {name: Descent(rule, 0.01).steps(stream) for name, rule in rules.items()}
        steps["sgd"] = Descent("sgd", 0.01).steps(stream)
        # Momentum fed with the steps of a rule that has a rate for each weight: both, whatever adam does.
        steps["by construction"] = Descent("momentum", 1.0).steps(-Descent("rmsprop", 0.01).steps(stream))
        for name, taken in steps.items():
            for what, value in _place(taken[SKIP:], stream[SKIP:]).items():
                found[name][what].append(value)
    return found


def _gradients(lab: Lab) -> Iterator[np.ndarray]:
    """By seed, [step, weight]: mini-batch gradients of a sample of the weights, on the way of plain descent."""
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    net = Net(data.input_shape, data.outputs, data.task, width=64)
    for seed in range(lab.seeds):
        net.reset(seed)
        rng = lab.rng(seed)
        stream = []
        for _ in range(STEPS):
            rows = rng.integers(len(data.train), size=BATCH)
            _, gradients = net.backward(data.train.x[rows], data.train.y[rows])
            for kernel, gradient in zip(net.kernels, gradients, strict=True):
                kernel.assign_sub(RATE * gradient)
            stream.append(np.concatenate([gradient.ravel() for gradient in gradients]))
        table = np.array(stream)
        # A weight whose gradient is often exactly 0 (behind a dark pixel) has no rate to speak of.
        active = np.flatnonzero((table != 0).mean(axis=0) > 0.9)
        yield table[:, rng.permutation(active)[:WEIGHTS]].astype(float)


def _place(steps: np.ndarray, gradients: np.ndarray) -> dict[str, float]:
    sizes = np.sqrt(np.mean(gradients**2, axis=0))
    rates = np.sqrt(np.mean(steps**2, axis=0)) / sizes
    low, high = np.quantile(rates, [0.1, 0.9])
    dots = np.sum(-steps * gradients, axis=1)
    cosine = dots / (np.linalg.norm(steps, axis=1) * np.linalg.norm(gradients, axis=1))
    moving = (gradients != 0) & (steps != 0)
    return {
        "uphill": float(np.mean((steps * gradients > 0)[moving])),
        "exponent": float(np.polyfit(np.log(sizes), np.log(rates), 1)[0]),
        "cosine": float(cosine.mean()),
        "spread": float(high / low),
    }


def family(evidence: Evidence, name: str) -> tuple[str, Effect, Effect]:
    """``none``, ``direction``, ``rate`` or ``both``, or ``unclear`` where an interval holds a limit."""
    n = evidence.numbers[name]
    uphill = mean(np.array(n["uphill"]), "share of weights that go against their gradient")
    exponent = mean(np.array(n["exponent"]), "exponent of the rate over the size of the gradients")
    sides = []
    for effect, limit, word in ((uphill, UPHILL, "direction"), (exponent, EXPONENT, "rate")):
        low, high = (effect.value if end is None else end for end in (effect.low, effect.high))
        if low <= limit <= high:
            return "unclear", uphill, exponent
        if (effect.value > limit) == (word == "direction"):
            sides.append(word)
    return "both" if len(sides) == 2 else sides[0] if sides else "none", uphill, exponent


def judge(evidence: Evidence) -> Finding:
    settings = []
    for name, said in TREE.items():
        place, uphill, exponent = family(evidence, name)
        verdict = "undecided" if place == "unclear" else "supported" if place == said else "refuted"
        settings.append(Setting(f"{name}: {said}", verdict, exponent if said == "rate" else uphill))
    both, _, made = family(evidence, "by construction")
    none, uphill, flat = family(evidence, "sgd")
    return Finding(
        verdict=overall(settings),
        effect=settings[-1].effect,
        positive=Control(both == "both", f"momentum on top of RMSprop's steps is placed at {both} (exponent "
                         f"{made.value:.2g})"),
        negative=Control(none == "none", f"sgd is placed at {none} ({uphill.value:.1%} uphill, exponent "
                         f"{flat.value:.1g})"),
        settings=tuple(settings),
        power=float(np.mean([setting.verdict != "undecided" for setting in settings])),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    words = []
    for name in ("sgd", *TREE):
        place, uphill, exponent = family(evidence, name)
        words.append(f"{name} {uphill.value:.0%} and {exponent.value:.2f} ({place})")
    cosines = [f"{name} {np.mean(evidence.numbers[name]['cosine']):.2f}" for name in TREE]
    return (
        "Share of the weights that go against their own present gradient, and exponent of their effective rate over "
        f"the size of their gradients: {', '.join(words)}. The plain cosine between step and gradient, on average "
        f"{', '.join(cosines)}, mixes both: unequal rates turn a step, too."
    )


def draw(evidence: Evidence, finding: Finding):
    names = ("sgd", *TREE)
    values = {what: {name: np.array(evidence.numbers[name][what]) for name in names}
              for what in ("uphill", "exponent", "cosine", "spread")}  # fmt: skip
    panels = []
    for x, y, words, title, lines in (
        ("uphill", "exponent", ("weights that go uphill, %", "exponent of rate over gradient"),
         "Direction and rates, told apart", True),
        ("cosine", "spread", ("cosine of step and -gradient", "90 % / 10 % quantile of the rates"),
         "The usual measures", False),
    ):  # fmt: skip
        drawn = [charts.Line(name, (100 if lines else 1) * values[x][name], values[y][name], line=False)
                 for name in names]  # fmt: skip
        panels.append(charts.Panel(drawn, *words, title=title, logy=not lines,
                                   across={"rates differ below": EXPONENT} if lines else {},
                                   down={"turned": 100 * UPHILL} if lines else {}))  # fmt: skip
    return charts.lines("What each rule does to a step", f"{evidence.where}, {evidence.lab.seeds} seeds", panels,
                        note=f"A point a seed. All rules are given the same {STEPS} mini-batch gradients of a net "
                        f"that plain descent trains, batch {BATCH}.")  # fmt: skip


CLAIMS = (
    Claim(
        id="direction-rate-both",
        kind="M",
        statement="Momentum and NAG work on the direction of a step, Adagrad and RMSprop on the rate, Adam on both.",
        prediction="On the same gradients, weights go against their present gradient with momentum, NAG and Adam only, "
        "and the effective rate falls with the size of the gradients with Adagrad, RMSprop and Adam only.",
        rule=f"the direction is changed if at least {UPHILL:.0%} of the weights go against their present gradient, the "
        f"rates if the exponent of rate over size of the gradients is below {EXPONENT:g}. supported for a rule if both "
        "answers are the statement's, refuted if not, undecided if a 95 % interval holds a limit; depends if the "
        "rules disagree.",
        positive="momentum on top of RMSprop's steps is placed at both",
        negative="plain SGD is placed at neither",
        limits=f"One net, the first {STEPS} updates, kernels only. It tells what is changed, not that the change is "
        "an improvement. The power stated is the share of rules that could be placed.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"rules": {}},
        source="Ruder (2016), An overview of gradient descent optimization algorithms",
    ),
)
