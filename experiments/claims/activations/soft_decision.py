"""sigmoid-half, soft-decision: a threshold at 0 that says how sure it is."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

WIDE = 1e4
RISING = (-80.0, 8.0)
"""Where a step of 1/64 in z must raise the output: left of it outputs leave float32's range, right of it they
come so near to 1 that steps are lost in rounding."""
MANY = 1000
"""Smallest number of different outputs that counts as real-valued."""
CLEAR = 1e-6
"""From this size on, an input must be decided as the step function decides it."""


def probe(lab: Lab) -> dict[str, Any]:
    soft, hard, plain = (_looked_at(lab.part(name), lab) for name in ("activation", "hard", "plain"))
    z = np.linspace(-8, 8, 321).astype(np.float32)
    close = np.geomspace(1e-10, 1e-2, 161).astype(np.float32)
    names = (lab.part("activation"), lab.part("hard"))
    return {
        "soft": soft, "hard": hard, "plain": plain,
        "other": float(_function(lab.part("other"))(np.zeros(1, np.float32))[0]),
        "z": z.tolist(), "close": close.tolist(),
        "y": {name: _function(name)(z).tolist() for name in names},
        "beyond": {name: (_function(name)(close).astype(float) - 0.5).tolist() for name in names},
    }  # fmt: skip


def _function(name: str):
    from experiments.claims.autodiff import activation

    if name == "step":
        return lambda z: np.heaviside(z, np.float32(0.5))
    if name == "expit":
        from scipy import special

        return lambda z: special.expit(z.astype(float))
    return lambda z: np.array(activation(name)(z))


def _looked_at(name: str, lab: Lab) -> dict[str, Any]:
    """The same numbers for whatever function."""
    function = _function(name)
    fine = (np.arange(-100 * 64, 100 * 64 + 1) / 64).astype(np.float32)
    wide = np.linspace(-WIDE, WIDE, lab.pick(20001, 200001)).astype(np.float32)
    tiny = np.geomspace(1e-30, 1.0, lab.pick(3001, 30001)).astype(np.float32)
    z = np.unique(np.concatenate([fine, wide, tiny, -tiny]))
    y = function(z).astype(float)
    risen = np.diff(function(fine).astype(float))[(fine[:-1] >= RISING[0]) & (fine[1:] <= RISING[1])]
    zeros = function(np.array([0.0, -0.0], np.float32)).astype(float)
    clear = np.abs(z) >= CLEAR
    undecided = (y == 0.5) & (z != 0)
    return {
        "inputs": len(z), "zero": zeros.tolist(), "falls": int((np.diff(y) < 0).sum()),
        "flat": float((risen <= 0).mean()), "different": len(np.unique(y[(y > 0) & (y < 1)])),
        "otherwise": int(((y > 0.5) != (z > 0))[clear].sum()),
        "wrong_side": int(((y < 0.5) & (z > 0)).sum() + ((y > 0.5) & (z < 0)).sum()),
        "undecided": float(np.abs(z[undecided]).max()) if undecided.any() else 0.0,
    }  # fmt: skip


def half(n: dict[str, Any]) -> bool:
    return n["zero"] == [0.5, 0.5] and n["wrong_side"] == 0


def soft(n: dict[str, Any]) -> bool:
    return n["falls"] == 0 and n["flat"] == 0 and n["different"] >= MANY and n["otherwise"] == 0


def judge_half(evidence: Evidence) -> Finding:
    n = evidence.numbers
    return Finding(
        verdict=identity(half(n["soft"])),
        effect=Effect("output at 0", n["soft"]["zero"][0]),
        positive=Control(half(n["plain"]), f"scipy's expit in float64 gives {n['plain']['zero'][0]:g} at 0"),
        negative=Control(n["other"] != 0.5, f"{evidence.lab.part('other')} gives {n['other']:g} at 0"),
    )


def judge_soft(evidence: Evidence) -> Finding:
    n = evidence.numbers
    return Finding(
        verdict=identity(soft(n["soft"])),
        effect=Effect("different outputs strictly between 0 and 1", n["soft"]["different"]),
        positive=Control(soft(n["plain"]), f"scipy's expit in float64 has {n['plain']['different']:,} different "
                         f"outputs and falls {n['plain']['falls']} times"),
        negative=Control(not soft(n["hard"]), f"the step function has {n['hard']['different']} output strictly between "
                         f"0 and 1 and is flat on {n['hard']['flat']:.0%} of the steps"),
    )  # fmt: skip


def tell_half(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers["soft"], evidence.lab.part("activation")
    return (
        f"{name} gives {n['zero'][0]:.9g} at 0 and {n['zero'][1]:.9g} at -0. Among {n['inputs']:,} inputs, "
        f"{n['wrong_side']} fell on the wrong side of 1/2. In float32 inputs up to {n['undecided']:.2g} in size still "
        "give 1/2 exactly."
    )


def tell_soft(evidence: Evidence, finding: Finding) -> str:
    n, name = evidence.numbers["soft"], evidence.lab.part("activation")
    hard = evidence.numbers["hard"]
    return (
        f"Over {n['inputs']:,} inputs up to {WIDE:g} in size, {name} took {n['different']:,} different values strictly "
        f"between 0 and 1 and fell {n['falls']} times; {n['flat']:.0%} of the steps of 1/64 from {RISING[0]:g} to "
        f"{RISING[1]:g} left it unchanged. Cut at 1/2, it decided {n['otherwise']} inputs of size {CLEAR:g} or more "
        f"otherwise than the step function does, which is flat on {hard['flat']:.0%} of those steps."
    )


def draw_half(evidence: Evidence, finding: Finding):
    return _draw(evidence, f"{evidence.lab.part('activation')} is {evidence.numbers['soft']['zero'][0]:g} at 0")


def draw_soft(evidence: Evidence, finding: Finding):
    return _draw(evidence, f"{evidence.lab.part('activation')} decides like a step, and says how sure it is")


def _draw(evidence: Evidence, title: str):
    n, names = evidence.numbers, (evidence.lab.part("activation"), evidence.lab.part("hard"))
    curve = charts.Panel([charts.Line(name, n["z"], n["y"][name], points=False) for name in names], "input z", "output",
                         "As a whole", across={"1/2": 0.5})  # fmt: skip
    close = charts.Panel([charts.Line(name, n["close"], n["beyond"][name], points=False) for name in names],
                         "input z", "output - 1/2", "Just right of 0", logx=True, logy=True, limits=(3e-8, 8.0),
                         down={"no longer 1/2": max(n["soft"]["undecided"], 1e-10)})  # fmt: skip
    figure = charts.lines(title, "float32", [curve, close], note="Right: points where the output is exactly 1/2 are "
                          "left out, as a logarithmic axis has no 0.")  # fmt: skip
    figure.axes[1].set_xticks([1e-9, 1e-7, 1e-5, 1e-3], ["1e-9", "1e-7", "1e-5", "1e-3"])
    return figure


PARTS = {"activation": "sigmoid", "hard": "step", "plain": "expit", "other": "tanh"}

CLAIMS = (
    Claim(
        id="sigmoid-half",
        kind="I",
        statement="The sigmoid is 1/2 at z = 0, above it for z > 0 and below it for z < 0.",
        prediction="sigmoid(0) is exactly 1/2, and no input falls on the wrong side of it.",
        rule=f"holds if float32 gives exactly 1/2 at 0 and -0, and for |z| up to {WIDE:g} no positive input gives less "
        "than 1/2, no negative one more.",
        positive="scipy's expit in float64 does the same",
        negative="tanh is not 1/2 at 0",
        limits="Inputs so near to 0 that their output rounds to 1/2 count as on neither side; their size is reported.",
        judge=judge_half,
        tell=tell_half,
        draw=draw_half,
        probe=probe,
        parts=PARTS,
    ),
    Claim(
        id="soft-decision",
        kind="I",
        statement="Unlike a step function, the sigmoid decides softly: its output is real-valued and rises with z.",
        prediction="Its outputs take many values between 0 and 1, never fall, and cut at 1/2 give the step's decision.",
        rule=f"holds if, for inputs up to {WIDE:g} in size, no larger input gives a smaller output, every step of 1/64 "
        f"from {RISING[0]:g} to {RISING[1]:g} raises it, at least {MANY} different outputs lie strictly between 0 and "
        f"1, and for |z| >= {CLEAR:g} an output is above 1/2 just where the step function is.",
        positive="scipy's expit in float64 passes the same checks",
        negative="the step function does not",
        limits="Beyond that range float32 rounds the output to 1, or takes it for 0, and it is as flat as a step's.",
        judge=judge_soft,
        tell=tell_soft,
        draw=draw_soft,
        probe=probe,
        parts=PARTS,
    ),
)
