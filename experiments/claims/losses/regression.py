"""loss-tracks-error, mse-smooth, mse-punishes-large-errors, mae-constant-pull, huber-between: losses of a difference.

Each loss of the catalog, in float32, as a function of the error e of one prediction (target 0, prediction e; for
hinge target 1, prediction 1 + e), and its slope by automatic differentiation.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

SMALLEST, LARGEST = 1e-6, 1e6
"""Sizes of the errors."""
STEPS = 10.0 ** -np.arange(1, 31)
"""Distances from a kink."""
ULPS = 4.0
RELATIVE = 1e-6
DELTAS = (0.5, 1.0, 2.0)
SPAN = 1e6


def probe(lab: Lab) -> dict[str, Any]:
    sizes = np.geomspace(SMALLEST, LARGEST, lab.pick(241, 2401)).astype(np.float32)
    wide = (10.0 ** np.arange(-44, 38.5, 0.5)).astype(np.float32)
    steps = STEPS.astype(np.float32)
    doubled = (2.0 ** np.arange(-20, 20)).astype(np.float32)
    half = np.concatenate([[1e-6], np.linspace(0.05, 3, 60)])  # not 0 itself: there the slope of MAE jumps
    shown = np.concatenate([-half[::-1], half]).astype(np.float32)
    tens = np.geomspace(1e-3, 1e3, 61).astype(np.float32)
    ones = np.ones(1, np.float32)
    found: dict[str, Any] = {"sizes": [float(sizes[0]), float(sizes[-1])], "shown": shown, "far": tens}
    for name in dict.fromkeys(lab.parts.values()):
        values = {sign: _value(name, sign * sizes) for sign in (1, -1)}
        slopes = {sign: _slope(name, sign * sizes) for sign in (1, -1)}
        far = _value(name, wide)
        dip = np.linspace(0.5, 1.5, 1001).astype(np.float32)
        found[name] = {
            "at 0": float(_value(name, np.zeros(1, np.float32))[0]),
            "slope at 0": float(_slope(name, np.zeros(1, np.float32))[0]) + 0.0,
            "pairs": 2 * (len(sizes) - 1),
            "out of order": int(sum((np.diff(each) <= 0).sum() for each in values.values())),
            "lost below": _last(wide, far == 0),
            "infinite from": _last(wide[::-1], np.isinf(far)[::-1]),
            "slope": [float(min(each.min() for each in slopes.values())),
                      float(max(each.max() for each in slopes.values()))],
            "least pull": float(min(np.abs(each).min() for each in slopes.values())),
            "most pull": float(max(np.abs(each).max() for each in slopes.values())),
            "right sign": bool((slopes[1] >= 0).all() and (slopes[-1] <= 0).all()),
            "jump at 0": (_slope(name, steps) - _slope(name, -steps)).astype(float),
            "curvature": [float(q) for q in _ends(np.diff(_slope(name, dip)) / np.diff(dip))],
            "loss when doubled": [float(q) for q in _ends(_ratio(_value(name, 2 * doubled), _value(name, doubled)))],
            "slope when doubled": [float(q) for q in _ends(_ratio(_slope(name, 2 * doubled), _slope(name, doubled)))],
            "ten to one": float(_ratio(_value(name, ones * 10), _value(name, ones))[0]),
            "value shown": _value(name, shown),
            "slope shown": _slope(name, shown),
            "value far": _value(name, tens),
            "pull far": np.abs(_slope(name, tens)),
        }  # fmt: skip
    found["against the formula"] = {
        lab.part(part): {f"{delta:g}": _against_formula(lab.part(part), delta, sizes) for delta in DELTAS}
        for part in ("between", "squared")
    }
    return found


def _against_formula(name: str, delta: float, sizes: np.ndarray) -> dict[str, float]:
    """Distance of a loss from Huber's formula in float64. A loss without delta is halved (e²/2 for the squared)."""
    e = np.concatenate([-sizes[::-1], sizes])
    exact, size = e.astype(float), np.abs(e.astype(float))
    value = np.where(size <= delta, exact**2 / 2, delta * (size - delta / 2))
    unit = np.spacing(value.astype(np.float32)).astype(float)
    h = np.array([1e-3], np.float32)
    inner = size <= delta
    off = np.abs(_value(name, e, delta) - value) / unit
    return {
        "ulps": float(off.max()),
        "ulps within delta": float(off[inner].max()),
        "slope": float(np.abs(_slope(name, e, delta) - np.clip(exact, -delta, delta)).max()),
        "jump at delta": float(np.abs(_slope(name, delta + h, delta) - _slope(name, delta - h, delta))[0]),
        "beyond a half squared": float((_value(name, e, delta) - exact**2 / 2)[~inner].max()),
    }


def _loss(name: str, delta: float | None) -> Callable[[Any], Any]:
    from custom import catalog

    function: Any = catalog.LOSSES[name].function
    if name == "hinge":
        return lambda e: function(np.ones(e.shape, np.float32), 1 + e)
    zero = lambda e: np.zeros(e.shape, np.float32)  # noqa: E731
    if delta is None:
        return lambda e: function(zero(e), e)
    return (lambda e: function(zero(e), e, delta)) if name == "huber" else (lambda e: function(zero(e), e) / 2)


def _value(name: str, e: np.ndarray, delta: float | None = None) -> np.ndarray:
    """Loss of each error, in float64 only after it was calculated in float32."""
    return np.array(_loss(name, delta)(e[:, None].astype(np.float32))).astype(float)


def _slope(name: str, e: np.ndarray, delta: float | None = None) -> np.ndarray:
    from experiments.claims.autodiff import slope

    return slope(_loss(name, delta), e[:, None].astype(np.float32))[:, 0].astype(float)


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    return over[under != 0] / under[under != 0] if (under != 0).any() else np.zeros(1)


def _ends(x: np.ndarray) -> tuple[float, float]:
    return float(x.min()), float(x.max())


def _last(x: np.ndarray, there: np.ndarray) -> float | None:
    """The last of the leading entries where it is so."""
    count = int(there.argmin()) if not there.all() else len(x)
    return float(x[count - 1]) if count else None


def _names(evidence: Evidence) -> tuple[str, str, str, str]:
    part = evidence.lab.part
    return part("squared"), part("absolute"), part("between"), part("flat")


def judge_tracks(evidence: Evidence) -> Finding:
    n = evidence.numbers
    *losses, flat = _names(evidence)
    worst = max(n[name]["out of order"] for name in losses)
    zeros = [n[name]["at 0"] for name in losses]
    return Finding(
        verdict=identity(worst == 0),
        effect=Effect("pairs of errors where the larger has no larger loss", worst),
        positive=Control(max(map(abs, zeros)) == 0, f"the loss at error 0 is {max(zeros):g}"),
        negative=Control(n[flat]["out of order"] > 0,
                         f"{flat} fails for {n[flat]['out of order']} of {n[flat]['pairs']} pairs"),
    )  # fmt: skip


def tell_tracks(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    *losses, _ = _names(evidence)
    ends = [f"{name} is 0 up to {n[name]['lost below'] or 0:.0e} and infinite from {n[name]['infinite from']:.0e}"
            if n[name]["infinite from"] else f"{name} is 0 up to {n[name]['lost below'] or 0:.0e}"
            for name in losses]  # fmt: skip
    counts = [f"{n[name]['out of order']} ({name})" for name in losses]
    return (
        f"Of {n[losses[0]]['pairs']} neighbouring pairs of errors between {SMALLEST:g} and {LARGEST:g}, of either "
        f"sign, {', '.join(counts)} had a loss that did not grow. "
        f"Float32 ends that far out: {'; '.join(ends)}. {finding.negative.seen[0].upper()}{finding.negative.seen[1:]}."
    )


def judge_smooth(evidence: Evidence) -> Finding:
    squared, absolute, *_ = _names(evidence)
    own, other = (np.array(evidence.numbers[name]["jump at 0"]) for name in (squared, absolute))
    excess = float((own / (4 * STEPS)).max())
    low, high = evidence.numbers[squared]["curvature"]
    return Finding(
        verdict=identity(excess <= 1 + RELATIVE),
        effect=Effect("jump of the slope across 0, over that of a parabola (4h)", excess),
        positive=Control(abs(low - 2) < 0.01 and abs(high - 2) < 0.01,
                         f"between 0.5 and 1.5 its slope rises by {low:.4g} to {high:.4g} a unit"),
        negative=Control(bool((np.abs(other - 2) < RELATIVE).all()),
                         f"the slope of {absolute} jumps by {other.min():.3g} at every distance"),
    )  # fmt: skip


def tell_smooth(evidence: Evidence, finding: Finding) -> str:
    squared, absolute, *_ = _names(evidence)
    own, other = (evidence.numbers[name]["jump at 0"] for name in (squared, absolute))
    return (
        f"From -h to h the slope of {squared} changes by {own[0]:.3g} for h = {STEPS[0]:g} and by {own[-1]:.3g} for "
        f"h = {STEPS[-1]:.0e}; that of {absolute} by {other[0]:.3g} and {other[-1]:.3g}. At 0 itself the component "
        f"gives {absolute} the slope {evidence.numbers[absolute]['slope at 0']:g}."
    )


def judge_punishes(evidence: Evidence) -> Finding:
    squared, absolute, *_ = _names(evidence)
    own, other = evidence.numbers[squared], evidence.numbers[absolute]
    off = max(abs(each - 4) / 4 for each in own["loss when doubled"])
    off = max(off, *(abs(each - 2) / 2 for each in own["slope when doubled"]))
    return Finding(
        verdict=identity(off <= RELATIVE),
        effect=Effect("largest relative distance from 4 (loss) and 2 (slope) when an error doubles", off),
        positive=Control(own["ten to one"] > 10, f"an error of 10 counts {own['ten to one']:.4g} times one of 1"),
        negative=Control(max(other["slope when doubled"]) <= 1 + RELATIVE,
                         f"with {absolute} twice the error has {other['slope when doubled'][1]:.3g} times the slope"),
    )  # fmt: skip


def tell_punishes(evidence: Evidence, finding: Finding) -> str:
    squared, absolute, *_ = _names(evidence)
    rows = [f"{name}: loss times {n['loss when doubled'][0]:.4g} to {n['loss when doubled'][1]:.4g}, slope times "
            f"{n['slope when doubled'][0]:.4g} to {n['slope when doubled'][1]:.4g}"
            for name in (squared, absolute) for n in (evidence.numbers[name],)]  # fmt: skip
    return f"When an error doubles, from 2^-20 up to 2^20: {'; '.join(rows)}."


def judge_constant(evidence: Evidence) -> Finding:
    squared, absolute, *_ = _names(evidence)
    n, other = evidence.numbers[absolute], evidence.numbers[squared]
    off = max(abs(n["least pull"] - 1), abs(n["most pull"] - 1))
    span = other["most pull"] / other["least pull"] if other["least pull"] else 0.0
    return Finding(
        verdict=identity(off == 0 and n["slope at 0"] == 0),
        effect=Effect("largest distance of the size of the slope from 1", off),
        positive=Control(n["right sign"], f"the slope lies between {n['slope'][0]:g} and {n['slope'][1]:g}, "
                         "with the sign of the error" if n["right sign"] else "its sign is wrong"),
        negative=Control(span > SPAN, f"the slope of {squared} spans a factor of {span:.2g}"),
    )  # fmt: skip


def tell_constant(evidence: Evidence, finding: Finding) -> str:
    squared, absolute, *_ = _names(evidence)
    rows = [f"{name} {n['least pull']:.3g} to {n['most pull']:.3g}"
            for name in (absolute, squared) for n in (evidence.numbers[name],)]  # fmt: skip
    return (
        f"For errors from {SMALLEST:g} to {LARGEST:g} in size, of either sign, the size of the slope is: "
        f"{'; '.join(rows)}. At an error of exactly 0 {absolute} has the slope "
        f"{evidence.numbers[absolute]['slope at 0']:g}."
    )


def judge_between(evidence: Evidence) -> Finding:
    squared, _, between, _ = _names(evidence)
    own = list(evidence.numbers["against the formula"][between].values())
    other = list(evidence.numbers["against the formula"][squared].values())
    ulps, slope = max(each["ulps"] for each in own), max(each["slope"] for each in own)
    jump, near = max(each["jump at delta"] for each in own), max(each["ulps within delta"] for each in other)
    far = min(each["ulps"] for each in other)
    return Finding(
        verdict=identity(ulps <= ULPS and slope <= RELATIVE and jump <= 2e-3),
        effect=Effect("largest distance of the loss from the formula", ulps, unit="ulps"),
        positive=Control(near <= ULPS, f"within delta the formula is half of {squared}, to {near:.2g} ulps"),
        negative=Control(far > 1e3, f"beyond delta {squared} is not: {far:.2g} ulps off"),
    )


def tell_between(evidence: Evidence, finding: Finding) -> str:
    _, _, between, _ = _names(evidence)
    own = evidence.numbers["against the formula"][between]
    return (
        f"For errors up to {LARGEST:g} and delta {', '.join(own)}, {between} is within {finding.effect.value:.2g} ulps "
        f"of e²/2 inside delta and of the straight line outside; its slope differs by at most "
        f"{max(each['slope'] for each in own.values()):.2g} from e clipped to delta. Over a stretch of 0.002 around "
        f"delta the slope changes by at most {max(each['jump at delta'] for each in own.values()):.2g}: it has no jump."
    )


def _drawn(evidence: Evidence, parts: Sequence[str], x: str, y: str) -> list[charts.Line]:
    names = [evidence.lab.part(part) for part in parts]
    return [charts.Line(name.replace("_", " "), evidence.numbers[x], evidence.numbers[name][y], points=False)
            for name in names]  # fmt: skip


def shapes(title: str, *parts: str) -> Callable[[Evidence, Finding], Any]:
    """A figure of some of the losses and their slopes around an error of 0."""

    def draw(evidence: Evidence, finding: Finding):
        x = "error of the prediction"
        panels = [charts.Panel(_drawn(evidence, parts, "shown", "value shown"), x, "loss", limits=(-0.2, 6.2)),
                  charts.Panel(_drawn(evidence, parts, "shown", "slope shown"), x, "slope of the loss",
                               limits=(-6.2, 6.2))]  # fmt: skip
        return charts.lines(title, "float32; huber with delta 1" if "between" in parts else "float32", panels)

    return draw


def growth(title: str, *parts: str) -> Callable[[Evidence, Finding], Any]:
    """A figure of how loss and slope grow with the error, over six decades."""

    def draw(evidence: Evidence, finding: Finding):
        x = "size of the error"
        panels = [charts.Panel(_drawn(evidence, parts, "far", "value far"), x, "loss", logx=True, logy=True),
                  charts.Panel(_drawn(evidence, parts, "far", "pull far"), x, "size of the slope", logx=True,
                               logy=True)]  # fmt: skip
        return charts.lines(title, "float32", panels)

    return draw


PARTS = {"squared": "mean_squared_error", "absolute": "mean_absolute_error", "between": "huber", "flat": "hinge"}


def _claim(**card: Any) -> Claim:
    return Claim(kind="I", probe=probe, parts=PARTS, **card)


CLAIMS = (
    _claim(
        id="loss-tracks-error",
        statement="The larger the error of a prediction, the larger its loss.",
        prediction="MSE, MAE and Huber grow strictly with the size of the error, and are 0 without one.",
        rule=f"holds if, among neighbouring errors between {SMALLEST:g} and {LARGEST:g} in size, the larger always has "
        "the larger loss, for all three losses.",
        positive="an error of 0 has the loss 0",
        negative="hinge does not grow past its margin",
        limits="Losses of a difference. A hinge is flat past its margin, and float32 rounds very small squares to 0.",
        judge=judge_tracks,
        tell=tell_tracks,
        draw=shapes("The larger the error, the larger the loss", "squared", "absolute", "between", "flat"),
    ),
    _claim(
        id="mse-smooth",
        statement="MSE is differentiable everywhere; MAE has a kink at 0.",
        prediction="Across 0 the slope of MSE changes by 4h between -h and h, that of MAE by 2 however small h is.",
        rule=f"holds if the slope of MSE changes by at most 4h (1 + {RELATIVE:g}) from -h to h, for h from 0.1 "
        "to 1e-30.",
        positive="away from 0 the slope of MSE rises by 2 a unit, within 0.01",
        negative="the slope of MAE jumps by 2",
        limits="In exact arithmetic 'everywhere'; in float32 up to where the square overflows.",
        judge=judge_smooth,
        tell=tell_smooth,
        draw=shapes("MSE is smooth at 0, MAE is not", "squared", "absolute"),
    ),
    _claim(
        id="mse-punishes-large-errors",
        statement="MSE punishes large errors: its loss grows with the square of the error, its gradient in proportion.",
        prediction="Twice the error has four times the loss and twice the slope.",
        rule=f"holds if doubling an error multiplies the loss by 4 and the slope by 2, within {RELATIVE:g} of that, "
        "for errors from 2^-20 to 2^20.",
        positive="an error of 10 counts more than ten times one of 1",
        negative="with MAE twice the error has the same slope",
        limits="Says nothing on whether that is good: it depends on what the large errors are.",
        judge=judge_punishes,
        tell=tell_punishes,
        draw=growth("How hard each loss pulls at a large error", "squared", "absolute"),
    ),
    _claim(
        id="mae-constant-pull",
        statement="MAE pulls equally hard at every error, large or small.",
        prediction="Its slope is 1 in size, with the sign of the error.",
        rule=f"holds if the slope is exactly 1 in size for errors from {SMALLEST:g} to {LARGEST:g} and 0 at 0.",
        positive="the slope has the sign of the error",
        negative=f"the slope of MSE spans more than a factor of {SPAN:g}",
        limits="The pull does not fade near the target, so a constant rate does not settle there.",
        judge=judge_constant,
        tell=tell_constant,
        draw=growth("MAE pulls equally hard at every error", "absolute", "squared"),
    ),
    _claim(
        id="huber-between",
        statement="Huber is MSE for small errors and MAE for large ones, smooth where they meet.",
        prediction="e²/2 within delta, delta (|e| - delta/2) beyond, with the slope e clipped to delta.",
        rule=f"holds if, for delta {', '.join(f'{d:g}' for d in DELTAS)}, the loss is within {ULPS:g} ulps of the "
        f"formula in float64, the slope within {RELATIVE:g}, and the slope changes by at most 0.002 over a stretch of "
        "0.002 around delta.",
        positive=f"within delta half the squared error agrees with the formula to {ULPS:g} ulps",
        negative="beyond delta it does not, by more than 1,000 ulps",
        limits="MSE counts twice as much as Huber's parabola; the second derivative does jump at delta.",
        judge=judge_between,
        tell=tell_between,
        draw=shapes("Huber lies between MSE and MAE", "squared", "absolute", "between"),
        source="Huber (1964), Robust estimation of a location parameter",
    ),
)
