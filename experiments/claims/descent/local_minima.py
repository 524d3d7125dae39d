"""sgd-local-minima: descent can stick in a local minimum; how often, by noise and by rule."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, DoubleWell, gaussian
from experiments.claims.rules import overall, share

NOISES = (0.0, 0.3, 1.0, 2.0, 4.0)
JUDGED = (0.0, 1.0, 4.0)
LEAST = 0.05
"""Smallest share of trapped runs that counts."""
RATE, BETA = 0.05, 0.9
QUARTER = 0.25
RULES: dict[str, tuple[str, dict[str, float], float]] = {
    "sgd": ("sgd", {}, RATE),
    "momentum": ("momentum", {"momentum": BETA}, RATE),
    "momentum, rate x (1 - beta)": ("momentum", {"momentum": BETA}, RATE * (1 - BETA)),
    "nag": ("nag", {"momentum": BETA}, RATE),
}


def probe(lab: Lab) -> dict[str, Any]:
    """Share of runs that end in the local minimum, from starts all over, by rule and noise."""
    runs, steps = lab.pick(300, 1000), 2000
    tilt = lab.part("tilt")
    starts = np.linspace(-2, 2, runs)[:, None]
    found: dict[str, Any] = {"runs": runs, "trapped": {}, "ends": {}, "starts": starts[::5, 0]}
    for rule in RULES:
        for salt, noise in enumerate(NOISES):
            end = run(rule, tilt, starts, steps, noise, lab.rng(salt))
            found["trapped"][f"{rule} {noise:g}"] = int(trapped(tilt, end).sum())
            if noise == 0:
                found["ends"][rule] = end[::5, 0].round(4)
    bottom = np.full((runs, 1), DoubleWell().roots[2]) + 0.01 * lab.rng(9).standard_normal((runs, 1))
    found["kept"] = int(trapped(0.2, run("sgd", 0.2, bottom, steps, 0.0, lab.rng(9))).sum())
    found["no_well"] = int(trapped(1.0, run("sgd", 1.0, starts, steps, 0.0, lab.rng(9))).sum())
    x = np.linspace(-1.8, 1.8, 121)
    return found | {"x": x, "f": DoubleWell(tilt).value(x[:, None]).round(5), "tilt": tilt}


def run(rule: str, tilt: float, starts: np.ndarray, steps: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Where the runs end. The rate falls to 0 over the last quarter, so that noise does not blur the answer."""
    name, constants, eta = RULES[rule]
    quiet = int(steps * (1 - QUARTER))
    path = Descent(name, eta, constants).path(
        DoubleWell(tilt), starts, steps, gaussian(rng, noise) if noise else None,
        lambda t: eta * min(1.0, (steps - t) / (steps - quiet)),
    )  # fmt: skip
    return path[-1]


def trapped(tilt: float, ends: np.ndarray) -> np.ndarray:
    """Runs that are farther than 1 from the global minimum: on the other side of the barrier, if there is one."""
    roots = np.roots([1.0, 0.0, -1.0, tilt])
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    best = real[0] if tilt > 0 else real[-1]
    return ~(np.abs(ends[..., 0] - best) < 1)


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for noise in JUDGED:
        effect = share(n["trapped"][f"sgd {noise:g}"], n["runs"], "share of starts that end in the local minimum")
        low, high = effect.low or 0.0, effect.high or 0.0
        verdict = "supported" if low > LEAST else "refuted" if high < LEAST else "undecided"
        settings.append(Setting("full batch" if noise == 0 else f"sgd, noise {noise:g}", verdict, effect))
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(n["kept"] == n["runs"], f"of {n['runs']} runs that start there, {n['kept']} stay"),
        negative=Control(n["no_well"] == 0, f"without a second valley {n['no_well']} are trapped"),
        settings=tuple(settings),
        power=resolution(n["runs"]),
    )


def resolution(runs: int) -> float:
    """Chance to find a share above the least one shown, where it is truly twice that."""
    from scipy import stats

    shown = next(hits for hits in range(runs) if (share(hits, runs, "").low or 0.0) > LEAST)
    return float(stats.binom.sf(shown - 1, runs, 2 * LEAST))


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = "; ".join(f"{each.name}: {each.effect.words()}" for each in finding.settings)
    others = ", ".join(f"{n['trapped'][f'{rule} 0'] / n['runs']:.0%} of {rule}" for rule in list(RULES)[1:])
    least = min(NOISES, key=lambda noise: n["trapped"][f"sgd {noise:g}"])
    return (
        f"Of {n['runs']} starts spread evenly over a double well, these shares ended in the shallower valley: {rows}. "
        f"Without noise it was {others}. Of the noises tried, SGD was trapped least with noise {least:g}: "
        f"{n['trapped'][f'sgd {least:g}'] / n['runs']:.0%}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    ends = [charts.Line(rule, n["starts"], n["ends"][rule], line=False) for rule in ("sgd", "momentum")]
    shares = [charts.Line(rule, NOISES, [100 * n["trapped"][f"{rule} {noise:g}"] / n["runs"] for noise in NOISES])
              for rule in RULES]  # fmt: skip
    panels = [
        charts.Panel([charts.Line("loss", n["x"], n["f"], points=False)], "weight", "loss", "the surface"),
        charts.Panel(ends, "start", "end", "where each start ends, without noise",
                     across={"shallow valley": 0.9, "deep valley": -1.07}, limits=(-1.4, 1.4)),
        charts.Panel(shares, "noise of the gradient (standard deviation)", "trapped (% of starts)",
                     "how many are trapped, by noise", limits=(-3, 103)),
    ]  # fmt: skip
    return charts.lines("Who gets stuck in the shallower valley", f"double well with a tilt of {n['tilt']:g}, rate "
                        f"{RATE:g}, beta = {BETA:g}, {n['runs']} starts", panels,
                        note="The rate falls to 0 over the last quarter of the steps.", size=(2.8, 2.5))  # fmt: skip


CLAIMS = (
    Claim(
        id="sgd-local-minima",
        kind="M",
        statement="Gradient descent and SGD can get stuck in a local minimum.",
        prediction="On a surface with two valleys, a share of the starts ends in the shallower one for good.",
        rule=f"for gradient noise of {', '.join(map('{:g}'.format, JUDGED))} (0 is the full batch): supported if the "
        f"interval of the share of SGD's starts that end there is above {LEAST:g}, refuted if it is below, else "
        "undecided; depends if the noises differ.",
        positive="all runs that start at the bottom of the local minimum stay there without noise",
        negative="on a surface with one valley none is trapped",
        limits="One weight and one barrier. In nets with very many weights most stationary points are saddles, "
        "and to be trapped like this is rare: this shows that it can happen, not that it does.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"tilt": 0.2},
    ),
)
