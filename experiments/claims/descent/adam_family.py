"""nadam-is-adam-plus-nag, adam-is-momentum-plus-rmsprop: update identities between rules of the catalog."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent
from experiments.claims.rules import identity

BETA_1, BETA_2 = 0.9, 0.999
TINY = 1e-8
RATE = 1e-3
LATE = 1_000_000
"""First step of a stream where no correction for the start is left: 0.999^t is 0, Nadam's momentum at its end."""
FADED = 400
"""Steps after which the product of Nadam's momenta, which counts from the first step of a stream, is 0."""
SIZES = np.geomspace(1e-4, 1e4, 9)
"""Typical sizes of the gradients, a coordinate each."""
BOUND = {"float32": 2.0**-24 / (1 - BETA_2), "float64": 2.0**-53 / (1 - BETA_2)}
"""Largest difference of two forms of one step, in units of the coordinate's root mean square step: a running mean by
recursion is rounded once a step, and its memory of 1/(1 - β₂) steps adds that many roundings up."""
APART = 0.1
"""What is no identity differs by more than this, in the same unit."""
EPSILONS = np.geomspace(1e-8, 1e12, 21)


def probe(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for precision in BOUND:
        stream = (lab.rng(1).standard_normal((lab.pick(900, 3000), 9)) * SIZES).astype(precision)
        found[precision] = {"nadam": _nadam(lab, stream), "adam": _adam(lab, stream)}
    stream = lab.rng(2).standard_normal((200, 9)) * SIZES
    found["by_epsilon"] = [_large_epsilon(lab, stream, float(epsilon)) for epsilon in EPSILONS]
    momentum = Descent(lab.part("momentum"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    found["written_out"] = _off(momentum, -RATE * _average(stream, BETA_1))
    found["by_step"] = _by_step(lab, lab.rng(3).standard_normal((1000, 40)))
    return found


def _off(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference in units of the root mean square step of the coordinate."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    return float(np.max(np.abs(one - other) / np.sqrt(np.mean(other**2, axis=0))))


def _denominator(stream: np.ndarray) -> np.ndarray:
    """Adam's denominator without correction, as a weighted sum over the past, in float64 whatever the stream is."""
    squares = stream.astype(float) ** 2
    return np.sqrt(_average(squares, BETA_2)) + TINY


def _average(x: np.ndarray, beta: float) -> np.ndarray:
    """(1 - β) Σ β^(t-k) x_k for each t: the running mean from 0, not by recursion."""
    ages = np.subtract.outer(np.arange(len(x)), np.arange(len(x)))
    return np.where(ages >= 0, (1 - beta) * beta ** np.maximum(ages, 0), 0.0) @ x


def _nadam(lab: Lab, stream: np.ndarray) -> dict[str, float]:
    """Late: the step of nag over Adam's denominator. From the first step on: the sums of the report, written out."""
    late = Descent(lab.part("nadam"), RATE).steps(stream, LATE)
    nag = Descent(lab.part("nag"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    momentum = Descent(lab.part("momentum"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    whole = stream.astype(float)
    t = np.arange(1, len(stream) + 1)[:, None]
    mu, after = (BETA_1 * (1 - 0.5 * 0.96 ** (each / 250)) for each in (t, t + 1))
    products = np.cumprod(mu, axis=0)
    ahead = (1 - mu) * whole / (1 - products) + after * _average(whole, BETA_1) / (1 - products * after)
    spread = np.sqrt(_average(whole**2, BETA_2) / (1 - BETA_2**t)) + TINY
    return {
        "late": _off(late[FADED:], (nag / _denominator(stream))[FADED:]),
        "early": _off(Descent(lab.part("nadam"), RATE).steps(stream), -RATE * ahead / spread),
        "not ahead": _off(late[FADED:], (momentum / _denominator(stream))[FADED:]),
    }


def _adam(lab: Lab, stream: np.ndarray) -> dict[str, float]:
    """Its three relatives: momentum over a root mean square; RMSprop without momentum; momentum at a large epsilon."""
    late = Descent(lab.part("adam"), RATE).steps(stream, LATE)
    momentum = Descent(lab.part("momentum"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    rms = Descent(lab.part("rmsprop"), RATE, {"rho": BETA_2}).steps(stream)
    alone = {"beta_1": 0.0, "beta_2": BETA_2}
    scale = np.where(stream == 0, 1, rms.astype(float) / np.where(stream == 0, 1, stream)) / RATE
    return {
        "both": _off(late, -momentum * scale),
        "without momentum": _off(Descent(lab.part("adam"), RATE, alone).steps(stream, LATE), rms),
        "corrected": _off(Descent(lab.part("adam"), RATE, alone).steps(stream), rms),
        "large epsilon": _large_epsilon(lab, stream, 1e12),
    }


def _large_epsilon(lab: Lab, stream: np.ndarray, epsilon: float) -> float:
    """Adam with η/ε fixed against momentum as an average."""
    adam = Descent(lab.part("adam"), RATE * epsilon, {"epsilon": epsilon}).steps(stream, LATE)
    momentum = Descent(lab.part("momentum"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    return _off(adam, momentum)


def _by_step(lab: Lab, stream: np.ndarray) -> dict[str, list[float]]:
    """Differences by step, from the first on, in float64: what the corrections for the start make."""
    shown = np.unique(np.geomspace(1, len(stream), 40).astype(int)) - 1

    def differences(one: np.ndarray, other: np.ndarray) -> list[float]:
        return (np.sqrt(np.mean((one - other) ** 2, axis=1)) / np.sqrt(np.mean(other**2, axis=1)))[shown].tolist()

    nag = Descent(lab.part("nag"), RATE * (1 - BETA_1), {"momentum": BETA_1}).steps(stream)
    rms = Descent(lab.part("rmsprop"), RATE, {"rho": BETA_2}).steps(stream)
    alone = {"beta_1": 0.0, "beta_2": BETA_2}
    plain = nag / _denominator(stream)
    return {
        "step": (shown + 1).tolist(),
        "nadam": differences(Descent(lab.part("nadam"), RATE).steps(stream), plain),
        "nadam late": differences(Descent(lab.part("nadam"), RATE).steps(stream, LATE), plain),
        "adam": differences(Descent(lab.part("adam"), RATE, alone).steps(stream), rms),
        "adam late": differences(Descent(lab.part("adam"), RATE, alone).steps(stream, LATE), rms),
    }


def judge_nadam(evidence: Evidence) -> Finding:
    single, double = (evidence.numbers[precision]["nadam"] for precision in ("float32", "float64"))
    worst = max(single["late"], single["early"])
    exact = max(double["late"], double["early"])
    return Finding(
        verdict=identity(worst <= BOUND["float32"] and exact <= BOUND["float64"]),
        effect=Effect("largest difference in float32, in root mean square steps", worst),
        positive=_written_out(evidence),
        negative=Control(single["not ahead"] > APART, "without the look ahead the steps differ by "
                         f"{single['not ahead']:.2g}"),
    )  # fmt: skip


def _written_out(evidence: Evidence) -> Control:
    off = evidence.numbers["written_out"]
    return Control(off <= BOUND["float64"], f"momentum is the average written out as a sum, within {off:.1g}")


def judge_adam(evidence: Evidence) -> Finding:
    single, double = (evidence.numbers[precision]["adam"] for precision in ("float32", "float64"))
    three = ("both", "without momentum")
    worst, exact = max(single[each] for each in three), max(double[each] for each in three)
    limit = double["large epsilon"]
    ends = evidence.array("by_epsilon")
    return Finding(
        verdict=identity(worst <= BOUND["float32"] and exact <= BOUND["float64"] and limit <= 1e-6),
        effect=Effect("largest difference in float32, in root mean square steps", worst),
        positive=_written_out(evidence),
        negative=Control(bool(single["corrected"] > APART and ends[0] > APART),
                         f"with the correction for the start Adam without momentum is {single['corrected']:.2g} off "
                         f"RMSprop, and at epsilon {EPSILONS[0]:g} it is {ends[0]:.2g} off momentum"),
    )  # fmt: skip


def tell_nadam(evidence: Evidence, finding: Finding) -> str:
    single, double = (evidence.numbers[precision]["nadam"] for precision in ("float32", "float64"))
    by_step = evidence.numbers["by_step"]
    return (
        f"Once no correction for the start is left, Nadam's step and the step of Nesterov's rule over Adam's "
        f"denominator differ by at most {single['late']:.1g} root mean square steps in float32 and "
        f"{double['late']:.1g} in float64, for gradients of size {SIZES[0]:g} to {SIZES[-1]:g}. From the first step "
        f"on, the report's formula "
        f"written out as sums is met within {single['early']:.1g} and {double['early']:.1g}. The plain combination "
        f"alone, without corrections and with a constant momentum, is {by_step['nadam'][0]:.2g} off in the first step "
        f"and {by_step['nadam'][-1]:.2g} in step {by_step['step'][-1]}."
    )


def tell_adam(evidence: Evidence, finding: Finding) -> str:
    single, double = (evidence.numbers[precision]["adam"] for precision in ("float32", "float64"))
    return (
        f"Late in a run, Adam's step is momentum's average times RMSprop's rate within {single['both']:.1g} root mean "
        f"square steps in float32 ({double['both']:.1g} in float64). Without its momentum it differs from RMSprop by "
        f"{single['without momentum']:.1g}, and with epsilon at 1e12 and a fixed ratio of rate and epsilon it differs "
        f"from momentum by {double['large epsilon']:.1g} in float64. With the correction for the start, which RMSprop "
        f"lacks, its first steps are up to {single['corrected']:.2g} off."
    )


def draw_nadam(evidence: Evidence, finding: Finding):
    n = evidence.numbers["by_step"]
    drawn = [charts.Line("from the first step", n["step"], n["nadam"], points=False),
             charts.Line("without corrections", n["step"], np.maximum(n["nadam late"], 1e-17),
                         points=False)]  # fmt: skip
    panel = charts.Panel(drawn, "step", "relative difference", logx=True, logy=True)
    return charts.lines("Nadam against NAG's step over Adam's denominator",
                        "40 weights, gradients drawn at random, float64", [panel], size=(4.4, 2.6),
                        note=f"Without corrections: the stream begins at step {LATE:,}; then only the product of the "
                        "momenta, which starts at 1, has still to fade.")  # fmt: skip


def draw_adam(evidence: Evidence, finding: Finding):
    n = evidence.numbers["by_step"]
    drawn = [charts.Line("with correction", n["step"], n["adam"], points=False),
             charts.Line("without correction", n["step"], np.maximum(n["adam late"], 1e-17), points=False)]  # fmt: skip
    limit = [charts.Line("rate / epsilon fixed", EPSILONS, evidence.array("by_epsilon"))]
    panels = [
        charts.Panel(drawn, "step", "relative difference", title="Adam without momentum, against RMSprop", logx=True,
                     logy=True),
        charts.Panel(limit, "epsilon", "difference, in mean steps", title="Adam with a large epsilon, against "
                     "momentum", logx=True, logy=True),
    ]  # fmt: skip
    return charts.lines("The two ends of Adam", "gradients drawn at random, float64", panels,
                        note="Left: differences of 1e-17 stand for none. Right: largest difference of all "
                        "coordinates, whose gradients have sizes from 1e-4 to 1e4.")  # fmt: skip


RULES = {"adam": "adam", "nadam": "nadam", "nag": "nag", "momentum": "momentum", "rmsprop": "rmsprop"}
POSITIVE = "momentum's step, by recursion, is its average written out as a sum"

CLAIMS = (
    Claim(
        id="nadam-is-adam-plus-nag",
        kind="I",
        statement="Nadam is Adam with Nesterov's momentum.",
        prediction="Its step is that of NAG, on the same gradients, over Adam's denominator, but for the correction "
        "for the start.",
        rule=f"holds if, on streams of gradients of size {SIZES[0]:g} to {SIZES[-1]:g}, no step differs by more than "
        f"{BOUND['float32']:.1e} root mean square steps in float32 and {BOUND['float64']:.1e} in float64: late, "
        "from NAG's step over Adam's denominator; from the first step on, from the formula of the report written out "
        "as sums.",
        positive=POSITIVE,
        negative=f"momentum without the look ahead differs by more than {APART:g}",
        limits="The plain combination holds only once the corrections have faded and the schedule of the momentum has "
        "ended; before that Nadam's momentum is smaller than Adam's. Keras's Nadam has another schedule.",
        judge=judge_nadam,
        tell=tell_nadam,
        draw=draw_nadam,
        probe=probe,
        parts=RULES,
        version=2,
        source="Dozat (2015), Incorporating Nesterov Momentum into Adam",
    ),
    Claim(
        id="adam-is-momentum-plus-rmsprop",
        kind="I",
        statement="Adam is momentum combined with RMSprop.",
        prediction="Its step is momentum's average times RMSprop's rate. Without momentum and correction it is "
        "RMSprop; as epsilon grows with a fixed ratio of rate and epsilon it becomes momentum.",
        rule=f"holds if, on streams of gradients of size {SIZES[0]:g} to {SIZES[-1]:g}, late steps differ from the "
        f"product, and without momentum from RMSprop, by at most {BOUND['float32']:.1e} root mean square steps in "
        f"float32 and {BOUND['float64']:.1e} in float64, and at epsilon 1e12 from momentum by at most 1e-6.",
        positive=POSITIVE,
        negative=f"with the correction for the start it is not RMSprop, and at epsilon {EPSILONS[0]:g} not momentum: "
        f"more than {APART:g} off",
        limits="Without the correction for the start, which is Adam's own addition; momentum as an average, whose rate "
        "is 1 - beta times that of the usual form.",
        judge=judge_adam,
        tell=tell_adam,
        draw=draw_adam,
        probe=probe,
        parts=RULES,
        version=2,
        source="Kingma and Ba (2015), Adam: A Method for Stochastic Optimization",
    ),
)
