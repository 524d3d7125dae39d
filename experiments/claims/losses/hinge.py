"""hinge-stops-at-margin: what is right by a margin pulls no more, and the net classifies nonetheless."""

from functools import partial
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

ALLOWED = 0.02
"""How much test accuracy the hinge may lose against cross-entropy and still count as classifying as well."""
OPPOSITE = {"supported": "refuted", "refuted": "supported", "undecided": "undecided"}
SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "mnist-5k": ("classes", {}),
    "breast_cancer": ("binary", {"batch_size": 32, "epochs": 20}),
}
CROSS_ENTROPY = {"classes": "sparse_categorical_crossentropy", "binary": "binary_crossentropy"}


def arms(lab: Lab) -> dict[str, Arm]:
    made = {}
    for data, (task, options) in SETS.items():
        made[f"{data}: cross-entropy"] = Arm(dataset=data, loss=CROSS_ENTROPY[task], **options)
        made[f"{data}: margin"] = Arm(dataset=data, loss=lab.part("margin")[task], head="linear", **options)
    return made


def probe(lab: Lab) -> dict[str, Any]:
    """Slope by the score, over the product of label and score; by the logit for cross-entropy."""
    from custom import catalog
    from experiments.claims.autodiff import slope

    margin: Any = catalog.LOSSES[lab.part("margin")["binary"]].function
    entropy: Any = catalog.LOSSES["binary_crossentropy"].function
    steps = np.geomspace(1e-4, 1e4, lab.pick(401, 4001))
    agreement = np.concatenate([1 - steps[::-1], [1.0], 1 + steps]).astype(np.float32)
    shown = np.sort([*np.linspace(-2, 4, 120), 1 - 1e-6, 1 + 1e-6]).astype(np.float32)
    found: dict[str, Any] = {"shown": shown, "inside": [], "past": [], "entropy past": []}
    for label in (-1.0, 1.0):
        y = np.full((len(agreement), 1), label, np.float32)
        scores = label * agreement[:, None]
        got = label * slope(partial(margin, y), scores)[:, 0]
        logits = label * slope(partial(entropy, (y + 1) / 2, from_logits=True), scores)[:, 0]
        found["inside"].append([float(got[agreement < 1].min()), float(got[agreement < 1].max())])
        found["past"].append(float(np.abs(got[agreement > 1]).max()))
        found["entropy past"].append(float(np.abs(logits[(agreement > 1) & (agreement < 10)]).min()))
        if label == 1:
            found["at the margin"] = float(np.abs(got[agreement == 1]).max())
    ones = np.ones((len(shown), 1), np.float32)
    found["slope"] = slope(partial(margin, ones), shown[:, None])[:, 0]
    found["entropy slope"] = slope(partial(entropy, ones, from_logits=True), shown[:, None])[:, 0]
    return found


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    past = max(n["past"])
    settings = [Setting("no gradient past the margin", "supported" if past == 0 else "refuted",
                        Effect("largest slope past the margin", past))]  # fmt: skip
    found = []
    for data in SETS:
        lost = compare(evidence[f"{data}: cross-entropy"].scores(), evidence[f"{data}: margin"].scores(), ALLOWED,
                       "test accuracy below cross-entropy")  # fmt: skip
        found.append(lost)
        shown = evidence[f"{data}: margin"].runs[0].dataset
        settings.append(Setting(f"it classifies {shown}", OPPOSITE[lost.verdict], lost.effect))
    inside = np.array(n["inside"])
    return Finding(
        verdict=overall(settings),
        effect=settings[1].effect,
        positive=Control(bool((inside == -1).all()), f"short of the margin the slope is {inside.min():g} to "
                         f"{inside.max():g}"),
        negative=Control(min(n["entropy past"]) > 0,
                         f"cross-entropy keeps a slope of at least {min(n['entropy past']):.1e} up to ten margins"),
        settings=tuple(settings),
        power=least_power(found),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = [f"{evidence[f'{data}: margin'].runs[0].dataset} {evidence[f'{data}: margin'].scores().mean():.4f} against "
            f"{evidence[f'{data}: cross-entropy'].scores().mean():.4f}, loss of accuracy {setting.effect.words()}"
            for data, setting in zip(SETS, finding.settings[1:], strict=True)]  # fmt: skip
    loss = evidence.lab.part("margin")["binary"]
    return (
        f"Short of the margin the slope of {loss} by the score, times the label, is {np.min(n['inside']):g} to "
        f"{np.max(n['inside']):g}, past it at most {max(n['past']):g} in size, at it {n['at the margin']:g}. "
        f"Test accuracy with the margin loss against cross-entropy, each at its tuned rate: {'; '.join(rows)}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    labels = {"cross-entropy": "cross-entropy", "margin": "hinge"}
    panels = [charts.Panel([charts.Line(labels["cross-entropy"], n["shown"], n["entropy slope"], points=False),
                            charts.Line(labels["margin"], n["shown"], n["slope"], points=False)],
                           "label × score (margin at 1)", "slope of the loss", "The pull")]  # fmt: skip
    for data in SETS:
        drawn = [charts.of_seeds(labels[each], np.arange(1, evidence[f"{data}: {each}"].runs[0].epochs + 1),
                                 evidence[f"{data}: {each}"].curve(), points=False) for each in labels]  # fmt: skip
        title = evidence[f"{data}: margin"].runs[0].dataset
        limits = (0.7, 1.02) if SETS[data][0] == "binary" else None
        panels.append(charts.Panel(drawn, "epoch", "validation accuracy", title, limits=limits))
    return charts.lines("A hinge stops pulling at the margin, and what that does to accuracy",
                        f"{evidence.where}; adam, tuned rates", panels,
                        note="Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="hinge-stops-at-margin",
        kind="I T",
        statement="Hinge gives no gradient to what is right by the margin, and trains classifiers all the same.",
        prediction="Its slope is 0 past the margin; nets trained with it are about as accurate as with cross-entropy.",
        rule=f"gradient: supported if the slope is exactly 0 wherever label times score exceeds 1, up to 1e4. "
        f"Classification, on each data set: supported if the interval of the test accuracy lost against cross-entropy "
        f"is below {ALLOWED:g}; refuted if it is above 0 and the mean at least {ALLOWED:g}; else undecided. depends if "
        "they disagree.",
        positive="short of the margin the slope is exactly -1, towards the label",
        negative="cross-entropy has a slope past the margin",
        limits="Accuracy alone: the scores of a hinge are no probabilities.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        arms=arms,
        parts={"margin": {"classes": "categorical_hinge", "binary": "hinge"}},
        source="Cortes and Vapnik (1995), Support-vector networks",
    ),
)
