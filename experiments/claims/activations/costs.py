"""exp-is-costly, relu-is-cheap, elu-costs-exp: nanoseconds of an activation alone, and what a training step feels."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, least_power, overall, ratio

ELEMENTS, LOOPS = 8192, 400
"""One call of the compiled operation goes ``LOOPS`` times over ``ELEMENTS`` numbers, which fit a processor's cache."""
ALONE = 2.0
"""Smallest factor, for an activation alone, that counts as costly."""
IN_A_STEP = 1.05
"""Smallest factor for a whole training step."""
FREE = 1.25
"""Largest factor over doing nothing, alone, that counts as cheap."""
SAME = 1.2
"""Largest factor between two timings of one thing."""
AGAIN, OFTEN = "relu, again", "four times"
BATCH, STEPS = 64, 10


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.clock import interleaved, training_steps
    from experiments.claims.nets import Net

    functions = dict(lab.part("timed"))
    rounds, tries = lab.pick(7, 25), 4
    found: dict[str, Any] = {"alone": {}, "rounds": rounds}
    z = lab.rng().standard_normal(ELEMENTS).astype(np.float32)
    for way in ("forward", "backward"):
        calls = {label: _loop(way, name, z) for label, name in functions.items()}
        calls[AGAIN], calls[OFTEN] = calls["relu"], _loop(way, "sigmoid", z, 4)
        found["alone"][way] = {name: [1e9 * each / (ELEMENTS * LOOPS) for each in seconds]
                               for name, seconds in interleaved(calls, rounds, tries).items()}  # fmt: skip
    data = lab.load("mnist-5k")
    x, y = data.train.x, data.train.y
    steps = {}
    for label, name in functions.items():
        net = Net(data.input_shape, data.outputs, data.task, activation=name, width=128, more={"last": 64})
        steps[label] = training_steps(net, x, y, STEPS, BATCH)
    steps[AGAIN] = steps["relu"]
    found["step"] = {name: [1e6 * each / STEPS for each in seconds]
                     for name, seconds in interleaved(steps, rounds, tries).items()}  # fmt: skip
    return found


def _loop(way: str, name: str, z: np.ndarray, times: int = 1) -> Callable[[], Any]:
    """A compiled loop over ``z`` whose body cannot be left out, since each pass takes a little of the last."""
    import tensorflow as tf

    from experiments.claims.autodiff import activation

    function, start = activation(name), tf.constant(z)

    def value(x):
        for _ in range(times):
            x = function(x)
        return x

    def body(done, y):
        x = start + 1e-3 * y
        if way == "forward":
            return done + 1, value(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = value(x)
        return done + 1, tape.gradient(y, x, output_gradients=start)

    @tf.function(jit_compile=True, autograph=False)
    def run():
        return tf.while_loop(lambda done, _: done < LOOPS, body, (tf.constant(0), start))[1]

    return lambda: run()[0].numpy()


def _alone(evidence: Evidence, name: str) -> np.ndarray:
    """[round] nanoseconds an element, forward and backward together."""
    found = evidence.numbers["alone"]
    return np.array(found["forward"][name]) + np.array(found["backward"][name])


def _step(evidence: Evidence, name: str) -> np.ndarray:
    """[round] microseconds a training step."""
    return np.array(evidence.numbers["step"][name])


def _below(found: Compared) -> str:
    """Where the statement is that a factor is small: what supports a large one refutes it."""
    return {"supported": "refuted", "refuted": "supported"}.get(found.verdict, found.verdict)


def judge(evidence: Evidence, activations: tuple[str, ...], rival: str, cheap: bool) -> Finding:
    compared: dict[str, Compared] = {}
    for name in activations:
        compared[f"{name}, alone"] = ratio(_alone(evidence, name), _alone(evidence, rival), FREE if cheap else ALONE,
                                           f"time of {name} over {rival}, alone")  # fmt: skip
        compared[f"{name}, in a training step"] = ratio(_step(evidence, name), _step(evidence, rival), IN_A_STEP,
                                                        f"step with {name} over one with {rival}")  # fmt: skip
    settings = tuple(Setting(name, _below(each) if cheap else each.verdict, each.effect)
                     for name, each in compared.items())  # fmt: skip
    often = float(np.median(_alone(evidence, OFTEN) / _alone(evidence, "sigmoid")))
    again = [float(np.median(of(evidence, AGAIN) / of(evidence, "relu"))) for of in (_alone, _step)]
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(often >= ALONE, f"sigmoid four times over takes {often:.2f} times as long as once"),
        negative=Control(max(*again, *(1 / each for each in again)) <= SAME and max(again[1], 1 / again[1]) < IN_A_STEP,
                         f"relu timed twice: {again[0]:.3f} of the first time alone, {again[1]:.3f} in a step"),
        settings=settings,
        power=least_power(list(compared.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding, activations: tuple[str, ...], rival: str) -> str:
    n, names = evidence.numbers, [rival, *activations]
    alone = "; ".join(f"{name} {np.median(n['alone']['forward'][name]):.2f} and "
                      f"{np.median(n['alone']['backward'][name]):.2f}" for name in names)  # fmt: skip
    steps = {name: float(np.median(_step(evidence, name))) for name in ("linear", *names)}
    nothing = steps.pop("linear")
    shares = ", ".join(f"{name} {took:.0f} ({1 - nothing / took:.1%} of it)" for name, took in steps.items())
    factors = []
    for name in activations:
        by_round = _alone(evidence, name) / _alone(evidence, rival)
        factors.append(f"{name} {np.median(by_round):.2f} ({by_round.min():.2f} to {by_round.max():.2f})")
    return (
        f"Nanoseconds of processor time an element, forward and backward, in a compiled loop, medians of {n['rounds']} "
        f"rounds: {alone}. Both together, in times of {rival}, with the range over rounds: {', '.join(factors)}. A "
        f"whole training step of the default net at batch {BATCH} took {nothing:.0f} microseconds without activations; "
        f"with them, and with the share that they make: {shares}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    names = list(n["step"])
    alone = {way: {name: n["alone"][way][name] for name in names} for way in ("forward", "backward")}
    return charts.seeds("What an activation costs, alone and in a training step",
                        f"processor time, compiled; step: {evidence.where}, net 128-64, adam, batch {BATCH}",
                        {"forward, ns an element": alone["forward"], "backward, ns an element": alone["backward"],
                         "whole training step, microseconds": {name: n["step"][name] for name in names}},
                        note="A point a round of timing, the fastest of four tries; black: mean and 95 % interval. "
                        "linear does nothing: what is left is the loop.")  # fmt: skip


TIMED = tuple((name, name) for name in ("linear", "relu", "leaky_relu", "elu", "sigmoid", "tanh"))
"""Label -> the component that is timed under it."""


def _claim(name: str, statement: str, prediction: str, activations: tuple[str, ...], against: str,
           cheap: bool = False) -> Claim:  # fmt: skip
    words = (
        f"supported if it is below {FREE:g} alone and below {IN_A_STEP:g} in a step, each with its whole interval; "
        "refuted if the interval is above 1 and the mean at or above that factor"
        if cheap
        else f"supported if the interval is above 1 and the mean at least {ALONE:g} alone or {IN_A_STEP:g} in a step; "
        "refuted if the interval is below that"
    )
    return Claim(
        id=name,
        kind="C",
        statement=statement,
        prediction=prediction,
        rule=f"For each of {', '.join(activations)}, alone (forward plus backward) and in a whole training step, the "
        f"factor of its time over that of {against}, by rounds, with its 95 % interval: {words}; else undecided. "
        "depends if the settings disagree.",
        positive=f"sigmoid four times over takes at least {ALONE:g} times as long as once",
        negative=f"relu timed twice differs by a factor of at most {SAME:g} alone, less than {IN_A_STEP:g} in a step",
        limits="One core of one processor, numbers in its cache, XLA's vectorised exponential: the factors are of this "
        "machine. In a larger net the products of matrices take a larger share of the step.",
        judge=partial(judge, activations=activations, rival=against, cheap=cheap),
        tell=partial(tell, activations=activations, rival=against),
        draw=draw,
        probe=probe,
        parts={"timed": TIMED},
    )


CLAIMS = (
    _claim(
        "exp-is-costly",
        "sigmoid and tanh are costly, since they take exponentials.",
        "sigmoid and tanh take at least twice as long as relu, and a training step feels it.",
        ("sigmoid", "tanh"),
        "relu",
    ),
    _claim(
        "relu-is-cheap",
        "ReLU is cheap: it is no more than a comparison.",
        "relu takes little longer than passing the numbers on, and a training step does not feel it.",
        ("relu",),
        "linear",
        cheap=True,
    ),
    _claim(
        "elu-costs-exp",
        "ELU costs more than the rectifiers without an exponential.",
        "elu takes at least twice as long as leaky_relu, and a training step feels it.",
        ("elu",),
        "leaky_relu",
    ),
)
