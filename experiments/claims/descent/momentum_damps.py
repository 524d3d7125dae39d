"""momentum-damps: fewer oscillations and a faster way down a ravine, each rule at its best rate."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.charts import Line, Panel, signs
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Quadratic, ravine
from experiments.claims.rules import overall
from experiments.reports.figures.panels import panel_title
from experiments.reports.sheets import sheet
from experiments.reports.style import BASE, widest

CONDITIONS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
JUDGED = (10.0, 100.0, 1000.0)
DRAWN = 100.0
FACTOR = 1.5
"""Smallest saving that counts, of steps and of crossings."""
STEPS = 4500
SHARE = 1e-3
START = (10.0, 1.0)
STABLE = {"sgd": 2.0, "momentum": 4.0, "nag": 2.0}
"""Rates x largest curvature from which on the rule diverges, whatever its constants."""
ADAPTIVE = ("adagrad", "rmsprop", "adadelta", "adam", "nadam")
BETAS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95)
TUNED = "momentum, best beta"


def probe(lab: Lab) -> dict[str, Any]:
    """Steps and crossings of every rule at the best rate of a fine grid, all rates of a rule side by side."""
    plain, other = lab.part("plain"), lab.part("momentum")
    found: dict[str, Any] = {"steps": {}, "crossings": {}, "rate": {}, "beta": {}, "paths": {}}

    def keep(label: str, condition: float, best: dict[str, Any]) -> None:
        key = f"{label} {condition:g}"
        found["steps"][key], found["rate"][key] = best["steps"], best["rate"]
        found["crossings"][key] = best["crossings"]
        if condition == DRAWN and label != TUNED:
            found["paths"][label] = best["path"][: min(best["steps"], 80) + 1].round(4)

    for condition in CONDITIONS:
        bowl = ravine(condition)
        keep("sgd", condition, at_best(lab, bowl, *plain))
        keep("momentum", condition, at_best(lab, bowl, *other))
        keep("nag", condition, at_best(lab, bowl, "nag", {"momentum": 0.9}))
        tries = {beta: at_best(lab, bowl, "momentum", {"momentum": beta}) for beta in BETAS}
        found["beta"][f"{condition:g}"] = min(tries, key=lambda beta: tries[beta]["steps"])
        keep(TUNED, condition, tries[found["beta"][f"{condition:g}"]])
    for name in ADAPTIVE:
        keep(name, DRAWN, at_best(lab, ravine(DRAWN), name, {}))
    return found


def at_best(lab: Lab, bowl: Quadratic, optimizer: str, constants: dict[str, float]) -> dict[str, Any]:
    """Steps until the rule stays below `SHARE` of the first excess, at the rate where they are fewest."""
    count = lab.pick(50, 150)
    if optimizer in STABLE:
        rates = np.linspace(1 / count, 1, count, endpoint=False) * STABLE[optimizer] / bowl.smoothness
        steps = STEPS if optimizer == "sgd" else STEPS // 3
    else:
        rates, steps = np.geomspace(1e-3, 1e3, count), STEPS // 3
    grid: Any = rates[:, None]
    starts = np.tile(START, (count, 1))
    path = Descent(optimizer, 1.0, constants).path(bowl, starts, steps, rate=lambda _: grid)
    with np.errstate(over="ignore", invalid="ignore"):
        outside = ~(bowl.value(path) <= SHARE * bowl.value(np.array(START)))
    # The step after the last one outside: to fly past the minimum once is not to arrive.
    arrived = steps + 1 - outside[::-1].argmax(axis=0)
    place = int(arrived.argmin())
    taken = int(arrived[place])
    walked = path[: taken + 1, place]
    return {"steps": taken, "rate": float(rates[place]), "path": walked,
            "crossings": int((np.diff(np.sign(walked[:, 1])) != 0).sum())}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    steps, crossings = n["steps"], n["crossings"]
    settings = []
    for what, counts in (("steps", steps), ("crossings", crossings)):
        for c in JUDGED:
            gain = counts[f"sgd {c:g}"] / max(counts[f"momentum {c:g}"], 1)
            settings.append(Setting(f"{what}, condition {c:g}", "supported" if gain >= FACTOR else "refuted",
                                    Effect(f"{what} of plain descent over momentum's", gain, unit="x")))  # fmt: skip
    round_gain = steps["sgd 1"] / steps["momentum 1"]
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(steps["sgd 1000"] > 10 * steps["sgd 10"],
                         f"the ravine of condition 1000 costs plain descent {steps['sgd 1000']} steps, the one of 10 "
                         f"only {steps['sgd 10']}"),
        negative=Control(round_gain <= 1.0, f"in a round bowl the factor is {round_gain:.2g}"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = [f"{n['steps'][f'sgd {c:g}']} against {n['steps'][f'momentum {c:g}']} steps at condition number {c:g} "
            f"({n['crossings'][f'sgd {c:g}']} against {n['crossings'][f'momentum {c:g}']} crossings of the valley "
            f"floor)" for c in JUDGED]  # fmt: skip
    tuned = ", ".join(f"{n['steps'][f'{TUNED} {c:g}']} with beta = {n['beta'][f'{c:g}']:g} at {c:g}" for c in JUDGED)
    return (
        f"Each at its own best rate, plain descent and momentum with beta = 0.9 took {'; '.join(rows)}. With beta "
        f"chosen too, momentum took: {tuned}. In a round bowl the two needed {n['steps']['sgd 1']} and "
        f"{n['steps']['momentum 1']} steps."
    )


def draw(evidence: Evidence, finding: Finding):
    """Paths of all rules over the ravine, and one panel of steps against the condition number."""
    n, bowl = evidence.numbers, ravine(DRAWN)
    walked = {name: np.array(path) for name, path in n["paths"].items()}
    curves = ["sgd", "momentum", TUNED, "nag"]
    looks = signs([*walked, TUNED])
    figure, grid = sheet(
        3, 3, (2.5, 1.9), left=0.75, right=widest([TUNED], BASE - 1.5) + 0.65, gaps=(0.75, 0.55),
        title="The way down a ravine, each rule at its best rate",
        subtitle=f"quadratic, condition number {DRAWN:g}; no noise",
        note="White: start; star: minimum; a marker a step, up to 80 steps, and some of them outside of the picture. "
        "In the title: steps until the loss stays "
        "below a thousandth of the first. The ravine lies along an axis, which suits the rules with a rate for each "
        "weight. Best beta: of " + ", ".join(f"{beta:g}" for beta in BETAS) + ".",
    )  # fmt: skip
    axes = grid.subplots(squeeze=False).flatten()
    x, y = np.meshgrid(np.linspace(-6, 11.5, 100), np.linspace(-1.6, 1.6, 100))
    heights = bowl.value(np.stack([x, y], axis=-1))
    for place, (each, (label, path)) in enumerate(zip(axes[:8], walked.items(), strict=False)):
        each.contour(x, y, heights, levels=np.geomspace(0.3, 150, 10), colors="#C8C8C8", linewidths=0.6)
        each.plot(path[:, 0], path[:, 1], color=looks[label].colour, linewidth=1.0, marker=looks[label].marker,
                  markersize=2.6, markeredgewidth=0)  # fmt: skip
        each.scatter(*START, s=26, facecolors="white", edgecolors="black", zorder=5)
        each.scatter(0, 0, s=60, marker="*", color="black", zorder=5)
        each.set(xlim=(-6, 11.5), ylim=(-1.6, 1.6))
        panel_title(each, f"{label}: {n['steps'][f'{label} {DRAWN:g}']} steps")
        each.set_ylabel("across, w₂" if place % 3 == 0 else "")
        each.set_xlabel("along, w₁" if place > 5 else "")
    last = axes[8]
    panel = Panel([Line(label, CONDITIONS, [n["steps"][f"{label} {c:g}"] for c in CONDITIONS]) for label in curves],
                  "condition number", "steps", "steps by condition number", logx=True, logy=True)  # fmt: skip
    charts._panel(last, panel, looks, 2.5)
    for label in curves:
        last.plot([], [], color=looks[label].colour, marker=looks[label].marker, linestyle=looks[label].dash,
                  markersize=4, label=label)  # fmt: skip
    last.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=BASE - 1.5, borderaxespad=0)
    return figure


CLAIMS = (
    Claim(
        id="momentum-damps",
        kind="M",
        statement="Momentum damps the oscillation across a ravine and goes down it faster.",
        prediction="On an ill-conditioned quadratic, each at its best rate, momentum needs fewer steps and crosses the "
        "valley floor less often on the way.",
        rule=f"for steps and for crossings of the valley floor, at condition numbers "
        f"{', '.join(map('{:g}'.format, JUDGED))}: supported if plain descent has at least {FACTOR:g} times as many as "
        "momentum with beta = 0.9, refuted otherwise; depends if these differ.",
        positive="plain descent takes ten times as long at condition number 1000 as at 10",
        negative="in a round bowl momentum gains nothing",
        limits="Quadratics without noise. beta = 0.9 suits condition numbers around 100: milder ones ask for a smaller "
        "beta, harder ones for a larger.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"plain": ("sgd", {}), "momentum": ("momentum", {"momentum": 0.9})},
        source="Polyak (1964), Some methods of speeding up the convergence of iteration methods",
        version=2,
    ),
)
