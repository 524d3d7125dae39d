"""leaky-slope-matters: whether the slope on the left is worth choosing."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import SHAPES, points
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall

LEAST = 0.5
"""Smallest difference of test accuracy that counts, in percentage points."""
USUAL = 0.01
STRAIGHT, TWIN = 0.999, 1e-6
"""Slopes that make leaky ReLU a straight line, and a ReLU, to three and six digits."""


def arms(lab: Lab) -> dict[str, Arm]:
    def leaky(slope: float, size: dict[str, int], tuned: bool = True) -> Arm:
        given = {} if slope == USUAL else {"negative_slope": slope}  # so that runs of the default are shared
        return Arm(activation="leaky_relu", activation_args=given, model_args=size, tuned=tuned)

    found = {f"alpha {slope:g}, {shape}": leaky(slope, size)
             for shape, size in shapes(lab).items() for slope in lab.part("alphas")}  # fmt: skip
    found |= {f"relu, {shape}": Arm(activation="relu", model_args=size) for shape, size in shapes(lab).items()}
    controls = {name: leaky(slope, {}, tuned=False)
                for name, slope in (("straight", STRAIGHT), ("usual", USUAL), ("twin", TWIN))}  # fmt: skip
    return found | controls | {"rectified": Arm(activation="relu", tuned=False)}


def shapes(lab: Lab) -> dict[str, dict[str, int]]:
    """Both depths at full budget; at quick the shallow net alone."""
    return lab.pick(dict(list(SHAPES.items())[:1]), SHAPES)


def chosen(evidence: Evidence, shape: str) -> tuple[float, float, Compared]:
    """The best and the worst slope by validation, and how far they are apart on the test part."""
    slopes = evidence.lab.part("alphas")
    validation = {slope: evidence[f"alpha {slope:g}, {shape}"].scores("validation_metric").mean() for slope in slopes}
    best, worst = max(slopes, key=validation.__getitem__), min(slopes, key=validation.__getitem__)
    return best, worst, compare(
        points(evidence[f"alpha {best:g}, {shape}"]), points(evidence[f"alpha {worst:g}, {shape}"]), LEAST,
        f"test accuracy of the best alpha ({best:g}) above the worst ({worst:g}), {shape}", "points")  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    found = {shape: chosen(evidence, shape)[2] for shape in shapes(evidence.lab)}
    settings = [Setting(shape, each.verdict, each.effect) for shape, each in found.items()]
    straight = compare(points(evidence["usual"]), points(evidence["straight"]), LEAST, "", "points")
    twin = compare(points(evidence["rectified"]), points(evidence["twin"]), LEAST, "", "points")
    return Finding(
        verdict=overall(settings),
        effect=max((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(straight.verdict == "supported",
                         f"alpha {STRAIGHT:g}, almost a straight line, costs {straight.effect.words()}"),
        negative=Control(abs(twin.effect.value) < LEAST,
                         f"alpha {TWIN:g}, almost a relu, differs from relu by {twin.effect.words()}"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    rows = []
    for shape in shapes(evidence.lab):
        means = ", ".join(f"{points(evidence[f'alpha {slope:g}, {shape}']).mean():.2f} % at {slope:g}"
                          for slope in evidence.lab.part("alphas"))  # fmt: skip
        relu = points(evidence[f"relu, {shape}"]).mean()
        best, worst, each = chosen(evidence, shape)
        rows.append(f"With {shape} the mean test accuracy was {means}, and {relu:.2f} % with relu; the slope that "
                    f"validation likes best ({best:g}) was better on the test part than the one it likes least "
                    f"({worst:g}) by {each.effect.words()}.")  # fmt: skip
    return " ".join(rows)


def draw(evidence: Evidence, finding: Finding):
    slopes = list(evidence.lab.part("alphas"))
    panels = []
    for shape in shapes(evidence.lab):
        table = np.stack([points(evidence[f"alpha {slope:g}, {shape}"]) for slope in slopes], axis=1)
        drawn = [charts.of_seeds("leaky_relu", slopes, table)]
        panels.append(charts.Panel(drawn, "alpha, the slope for z < 0", "test accuracy (%)",
                                   shape.replace("layers", "hidden layers"), logx=True,
                                   across={"relu": points(evidence[f"relu, {shape}"]).mean()}))  # fmt: skip
    return charts.lines("Accuracy by the slope of leaky ReLU", f"{evidence.where}; adam, tuned rates", panels,
                        note="Line and band: mean and its 95 % interval. Dashed: the mean of relu.")  # fmt: skip


CLAIMS = (
    Claim(
        id="leaky-slope-matters",
        kind="T",
        statement="The slope alpha of leaky ReLU is a hyperparameter to be chosen, such as 0.01 or 0.001.",
        prediction="The best alpha is better than the worst by an accuracy that matters.",
        rule=f"for each depth: the best and the worst alpha by mean validation accuracy are compared on the test part. "
        f"supported if the interval of the difference is above 0 and the mean at least {LEAST:g} points; refuted if "
        f"the interval is below {LEAST:g}; else undecided. depends if the depths disagree (quick: one depth).",
        positive=f"alpha {STRAIGHT:g} is worse than {USUAL:g}, both at the default rate",
        negative=f"alpha {TWIN:g} differs from relu by less than {LEAST:g} points",
        limits="Dense nets of two and six layers that do not die; where many units of a ReLU net are dead, a leak has "
        "more to do.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"alphas": (0.001, 0.01, 0.1, 0.3)},
        source="Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
    ),
)
