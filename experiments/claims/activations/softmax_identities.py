"""softmax-simplex, softmax-generalises-sigmoid, softmax-order: what softmax is, whatever the logits."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

SCALES = (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4)
"""Logits are normal with these standard deviations."""
WIDTHS = (2, 10, 100, 1000)
UNIT = 2.0**-24
"""Rounding error of one float32 operation, relative."""
NORMAL = 1.2e-38
"""Below this a processor may take a float32 for 0."""
ULPS = 4
GAP = 1e-5
"""Scores at least this far apart must get different shares, unless both are below `NORMAL`."""
SHIFTS = (-4096.0, -1.0, 1.0, 512.0)


def simplex(lab: Lab) -> dict[str, Any]:
    """Sums and ends of the outputs, of the component, of numpy's in float64, and of the formula as it is written."""
    from scipy import special

    from experiments.claims.autodiff import activation

    function = activation(lab.part("activation"))
    without = activation(lab.part("without"))
    rows = lab.pick(200, 2000)
    sums: dict[str, list[float]] = {}
    naive: dict[str, list[float]] = {}
    low, high, finite, reference, apart, beside = np.inf, -np.inf, True, 0.0, 0.0, []
    for width in WIDTHS:
        sums[str(width)], naive[str(width)] = [], []
        for place, scale in enumerate(SCALES):
            z = (scale * lab.rng(width, place).standard_normal((rows, width))).astype(np.float32)
            p, exact = np.array(function(z)).astype(float), special.softmax(z.astype(float), axis=-1)
            low, high = min(low, p.min()), max(high, p.max())
            finite &= bool(np.isfinite(p).all())
            sums[str(width)].append(float(np.abs(p.sum(axis=-1) - 1).max() / UNIT))
            reference = max(reference, float(np.abs(exact.sum(axis=-1) - 1).max()))
            apart = max(apart, float(np.abs(p - exact).max()))
            beside.append(float(np.abs(np.array(without(z), float).sum(axis=-1) - 1).max()))
            with np.errstate(over="ignore", invalid="ignore"):
                e = np.exp(z)
                naive[str(width)].append(float((~np.isfinite(e / e.sum(axis=-1, keepdims=True)).all(axis=-1)).mean()))
    return {"rows": rows, "low": float(low), "high": float(high), "finite": finite, "sums": sums, "naive": naive,
            "reference": reference, "apart": apart, "without": max(beside)}  # fmt: skip


def judge_simplex(evidence: Evidence) -> Finding:
    n = evidence.numbers
    used = {width: max(n["sums"][str(width)]) / (width + 1) for width in WIDTHS}
    return Finding(
        verdict=identity(n["finite"] and n["low"] >= 0 and n["high"] <= 1 and max(used.values()) <= 1),
        effect=Effect("largest distance of a sum from 1", max(max(row) for row in n["sums"].values()) * UNIT),
        positive=Control(n["reference"] < 1e-12,
                         f"scipy's softmax in float64 misses a sum of 1 by {n['reference']:.2g}"),
        negative=Control(n["without"] > 0.1,
                         f"outputs of {evidence.lab.part('without')} miss a sum of 1 by up to {n['without']:.3g}"),
    )  # fmt: skip


def tell_simplex(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    worst = {width: max(n["sums"][str(width)]) for width in WIDTHS}
    failing = max(row[-1] for row in n["naive"].values())
    return (
        f"Over {n['rows']} draws for each of {len(SCALES)} scales and {len(WIDTHS)} widths, with logits of standard "
        f"deviation up to {SCALES[-1]:g}, the outputs lie between {n['low']:.3g} and {n['high']:.3g} and are "
        f"{'all' if n['finite'] else 'not all'} finite. Their sums miss 1 by at most {finding.effect.value:.2g}; in "
        f"rounding errors of one operation that is {', '.join(f'{worst[w]:.2g} for {w} classes' for w in WIDTHS)}. "
        f"They are within {n['apart']:.2g} of scipy's softmax in float64. The formula as it is written, without taking "
        f"off the largest logit, overflows in up to {failing:.0%} of the rows at the largest scale."
    )


def draw_simplex(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    sums = charts.Panel([charts.Line(f"classes: {w}", SCALES, n["sums"][str(w)]) for w in WIDTHS],
                        "standard deviation of the logits", "|sum - 1|, in rounding errors (2^-24)",
                        "As computed: sums stay at 1", logx=True, logy="symlog")  # fmt: skip
    naive = charts.Panel([charts.Line(f"classes: {w}", SCALES, n["naive"][str(w)]) for w in WIDTHS],
                         "standard deviation of the logits", "share of rows that are not finite",
                         "As written, e^z / sum e^z: overflow", logx=True, limits=(-0.05, 1.05))  # fmt: skip
    return charts.lines("Softmax gives probabilities, whatever the logits", f"float32, {n['rows']} draws a point",
                        [sums, naive], note="Left: the largest miss over the draws.")  # fmt: skip


def binary(lab: Lab) -> dict[str, Any]:
    """softmax([z, 0]) against sigmoid(z), in last places of the sigmoid."""
    from scipy import special

    from experiments.claims.autodiff import activation, ulps

    softmax = activation(lab.part("activation"))
    sigmoid = activation(lab.part("binary"))
    z = np.unique(np.concatenate([np.linspace(-120, 120, lab.pick(24001, 240001)), [-1e4, 1e4]]).astype(np.float32))
    p = np.array(softmax(np.stack([z, np.full_like(z, lab.part("other logit"))], axis=-1)))[:, 0]
    third = np.array(softmax(np.stack([z, 0 * z, 0 * z], axis=-1)))[:, 0]
    s = np.array(sigmoid(z))
    normal = s >= NORMAL
    exact = special.expit(z.astype(float))
    off = ulps(p[normal], s[normal].astype(float))
    shown = slice(None, None, max(1, normal.sum() // 1200))
    return {
        "inputs": len(z),
        "apart": float(off.max()),
        "equal": float((off == 0).mean()),
        "below": float(np.abs(p - s)[~normal].max()),
        "from": float(z[normal].min()),
        "reference": float(ulps(s[normal], exact[normal]).max()),
        "third": float(np.abs(third - s).max()),
        "z": z[normal][shown].tolist(),
        "softmax_off": ulps(p[normal], exact[normal])[shown].tolist(),
        "sigmoid_off": ulps(s[normal], exact[normal])[shown].tolist(),
        "curves": [each[np.abs(z) <= 10][::20].tolist() for each in (z, s, p, third)],
    }


def judge_binary(evidence: Evidence) -> Finding:
    n = evidence.numbers
    return Finding(
        verdict=identity(n["apart"] <= ULPS and n["below"] <= NORMAL),
        effect=Effect("largest distance from sigmoid", n["apart"], unit="last places"),
        positive=Control(n["reference"] <= ULPS,
                         f"sigmoid itself is within {n['reference']:.2g} last places of scipy's expit in float64"),
        negative=Control(n["third"] > 0.1, f"with a third class of logit 0 they are up to {n['third']:.2g} apart"),
    )  # fmt: skip


def tell_binary(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    return (
        f"Over {n['inputs']:,} inputs the first of the two shares is within {n['apart']:.2g} last places of "
        f"sigmoid(z) from z = {n['from']:.4g} upward, and equal to the last digit in {n['equal']:.1%} of them. Further "
        f"left, where sigmoid is below float32's normal range, the two differ by at most {n['below']:.2g}. A third "
        f"class of logit 0 moves the share by up to {n['third']:.2g}."
    )


def draw_binary(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    z, *curves = (each[::2] for each in n["curves"])
    few = slice(None, None, 5)
    left = [charts.Line("sigmoid", z, curves[0], points=False),
            charts.Line("softmax, of [z, 0]", z[few], curves[1][few], line=False),
            charts.Line("softmax, of [z, 0, 0]", z, curves[2], points=False)]  # fmt: skip
    few = slice(None, None, 30)
    right = [charts.Line("sigmoid", n["z"], n["sigmoid_off"], points=False),
             charts.Line("softmax, of [z, 0]", n["z"][few], n["softmax_off"][few], line=False)]  # fmt: skip
    return charts.lines("Softmax of two classes is sigmoid", "float32; errors against expit in float64",
                        [charts.Panel(left, "score z", "share of the first class", "What they give"),
                         charts.Panel(right, "score z", "error, last places of sigmoid(z)", "How far float32 is off")],
                        note="Points: every fifth (left) or thirtieth (right) of those drawn as a line.")  # fmt: skip


def order(lab: Lab) -> dict[str, Any]:
    """Pairs of classes that are ranked the wrong way, and what a shift of all scores changes."""
    from experiments.claims.autodiff import activation

    function = activation(lab.part("activation"))
    rows, width = lab.pick(300, 3000), 10
    found: dict[str, Any] = {"pairs": 0, "wrong": 0, "tied": 0, "hidden": [], "shifted": 0.0, "square": 0,
                             "reference": 0}  # fmt: skip
    for place, scale in enumerate(SCALES):
        # Sixty-fourths, so that a shift is exact in float32.
        z = np.round(64 * scale * lab.rng(place).standard_normal((rows, width))).astype(np.float32) / 64
        p = np.array(function(np.float32(lab.part("factor")) * z)).astype(float)
        z64 = z.astype(float)
        e = np.exp(z64 - z64.max(axis=-1, keepdims=True))
        higher = (z64[:, :, None] - z64[:, None, :]) >= GAP
        seen = higher & ((p[:, :, None] >= NORMAL) | (p[:, None, :] >= NORMAL))
        found["pairs"] += int(higher.sum())
        found["wrong"] += int((higher & (p[:, :, None] < p[:, None, :])).sum())
        found["tied"] += int((seen & (p[:, :, None] == p[:, None, :])).sum())
        found["hidden"].append(float((higher & ~seen).sum() / max(1, higher.sum())))
        found["reference"] += int((higher & (e[:, :, None] < e[:, None, :])).sum())
        found["square"] += int((higher & (z64[:, :, None] ** 2 < z64[:, None, :] ** 2)).sum())
        for shift in SHIFTS:
            moved = np.array(function(np.float32(lab.part("factor")) * (z + np.float32(shift)))).astype(float)
            found["shifted"] = max(found["shifted"], float(np.abs(moved - p).max()))
    z = np.linspace(-6, 6, 121)
    others = np.array([0.0, 1.0, 2.0])
    shares = np.array(function(np.column_stack([z, np.tile(others, (len(z), 1))]).astype(np.float32)))
    found["z"], found["shares"] = z.tolist(), shares.T.tolist()
    return found


def judge_order(evidence: Evidence) -> Finding:
    n = evidence.numbers
    return Finding(
        verdict=identity(n["wrong"] == 0 and n["tied"] == 0 and n["shifted"] == 0),
        effect=Effect("share of pairs ranked the wrong way or tied", (n["wrong"] + n["tied"]) / n["pairs"]),
        positive=Control(n["reference"] == 0, f"e^z in float64 ranks {n['reference']} pairs the wrong way"),
        negative=Control(n["square"] > 0.1 * n["pairs"],
                         f"shares by z^2 rank {n['square'] / n['pairs']:.0%} of the pairs the wrong way"),
    )  # fmt: skip


def tell_order(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    return (
        f"Among {n['pairs']:,} pairs of classes with different scores, {n['wrong']} got their shares in the wrong "
        f"order and {n['tied']} the same share though at least one was in float32's range. Adding one number to all "
        f"scores changed the shares by at most {n['shifted']:.2g}. At a logit scale of {SCALES[-1]:g}, "
        f"{n['hidden'][-1]:.0%} of the pairs have both shares below float32's range and cannot be told apart."
    )


def draw_order(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    names = ("score z", "score 0", "score 1", "score 2")
    found = [charts.Line(name, n["z"], row, points=False) for name, row in zip(names, n["shares"], strict=True)]
    return charts.lines("A larger score gets a larger share", "softmax of four scores, one of which moves; float32",
                        [charts.Panel(found, "score z of the first class", "share",
                                      down={"0": 0.0, "1": 1.0, "2": 2.0}, limits=(0, 1))],
                        note="Curves cross where scores are equal: order of shares is order of scores.",
                        size=(4.2, 2.6))  # fmt: skip


CLAIMS = (
    Claim(
        id="softmax-simplex",
        kind="I",
        statement="Softmax turns any scores into probabilities: each between 0 and 1, all together 1.",
        prediction=f"For logits of standard deviation {SCALES[0]:g} to {SCALES[-1]:g} all outputs are in [0, 1] and "
        "sum to 1 within rounding.",
        rule="holds if all outputs are finite and in [0, 1], and every sum over n classes is within (n + 1) x 2^-24 of "
        "1, the bound for n - 1 additions and a division in float32.",
        positive="scipy's softmax in float64 sums to 1 within 1e-12",
        negative="sigmoid of each logit does not sum to 1",
        limits="Outputs are between 0 and 1 with the ends: at large logits float32 gives exactly 0 and 1. NaN and "
        "infinite logits are not tested.",
        judge=judge_simplex,
        tell=tell_simplex,
        draw=draw_simplex,
        probe=simplex,
        parts={"activation": "softmax", "without": "sigmoid"},
        source="Bridle (1990), Probabilistic interpretation of feedforward classification network outputs",
    ),
    Claim(
        id="softmax-generalises-sigmoid",
        kind="I",
        statement="Softmax generalises sigmoid: for two classes with scores z and 0 the first share is sigmoid(z).",
        prediction="softmax([z, 0]) and sigmoid(z) agree within rounding.",
        rule=f"holds if they are within {ULPS} units of the last place wherever sigmoid(z) >= {NORMAL:g}, and closer "
        f"than {NORMAL:g} elsewhere, for z from -120 to 120 and at -1e4 and 1e4.",
        positive=f"sigmoid is within {ULPS} last places of scipy's expit in float64",
        negative="a third class of logit 0 breaks it",
        limits="Float32, below whose normal range a processor may take a share for 0.",
        judge=judge_binary,
        tell=tell_binary,
        draw=draw_binary,
        probe=binary,
        parts={"activation": "softmax", "binary": "sigmoid", "other logit": 0.0},
    ),
    Claim(
        id="softmax-order",
        kind="I",
        statement="Softmax keeps the order of the scores, and only their differences count.",
        prediction="No pair of classes changes its order, and adding a number to all scores changes no share.",
        rule=f"holds if, over 10 classes and logits of scale {SCALES[0]:g} to {SCALES[-1]:g}, no class with a score "
        f"higher by {GAP:g} has a smaller share, or an equal one unless both are below {NORMAL:g}, and shifts of all "
        f"scores by {', '.join(f'{shift:g}' for shift in SHIFTS)} change no share at all.",
        positive="e^z in float64 keeps the order",
        negative="shares by z^2 rank at least a tenth of the pairs the wrong way",
        limits="Scores are multiples of 1/64, so that the shifts are exact in float32; a shift that rounds the scores "
        "changes the shares.",
        judge=judge_order,
        tell=tell_order,
        draw=draw_order,
        probe=order,
        parts={"activation": "softmax", "factor": 1.0},
    ),
)
