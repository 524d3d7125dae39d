"""elu-near-zero-mean: how far from 0 the outputs of a layer are on average, for their size."""

import numpy as np

from experiments.claims import charts
from experiments.claims.activations.common import SHAPES
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence, Trained
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall

LEAST = 0.1
"""Smallest difference of |mean| / root mean square that counts."""
WHEN = {"before training": "start", "after training": "end"}
FAR, NEAR = 0.8, 0.5


def arms(lab: Lab) -> dict[str, Arm]:
    names = dict.fromkeys([lab.part("near"), "relu", "tanh", "sigmoid"])
    return {f"{name}, {shape}": Arm(activation=name, model_args=size)
            for shape, size in SHAPES.items() for name in names}  # fmt: skip


def offset(trained: Trained, when: str) -> np.ndarray:
    """[seed, hidden layer] |mean| / root mean square of a layer's outputs: 0 is centred, 1 is constant."""
    mean, spread = (trained.inside(what, when)[:, :-1] for what in ("mean", "spread"))
    size = np.sqrt(mean**2 + spread**2)
    return np.abs(mean) / np.where(size > 0, size, np.nan)


def judge(evidence: Evidence) -> Finding:
    near = evidence.lab.part("near")
    found = {f"{shape}, {name}": compare(np.nanmean(offset(evidence[f"relu, {shape}"], when), axis=1),
                                         np.nanmean(offset(evidence[f"{near}, {shape}"], when), axis=1), LEAST,
                                         f"relative mean of relu above that of {near}, {shape}, {name}")
             for shape in SHAPES for name, when in WHEN.items()}  # fmt: skip
    settings = [Setting(name, each.verdict, each.effect) for name, each in found.items()]
    far, centred, relu = (float(np.nanmean(offset(evidence[f"{name}, 2 layers"], "start")))
                          for name in ("sigmoid", "tanh", "relu"))  # fmt: skip
    return Finding(
        verdict=overall(settings),
        effect=min((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(far > FAR, f"before training sigmoid, never negative, has a relative mean of {far:.2f}"),
        negative=Control(centred < NEAR * relu,
                         f"before training tanh, an odd function, has {centred:.2f}, where relu has {relu:.2f}"),
        settings=tuple(settings),
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    near = evidence.lab.part("near")
    rows = [f"with {shape} {name} " + ", ".join(
                f"{each} {np.nanmean(offset(evidence[f'{each}, {shape}'], when)):.2f}"
                for each in dict.fromkeys([near, "relu", "tanh", "sigmoid"]))
            for shape in SHAPES for name, when in WHEN.items()]  # fmt: skip
    differences = ", ".join(f"{setting.effect.words()} ({setting.name})" for setting in finding.settings)
    return (
        f"Mean over root mean square of a layer's outputs, without sign, averaged over layers and seeds: "
        f"{'; '.join(rows)}. The value of relu less that of {near}: {differences}."
    )


def draw(evidence: Evidence, finding: Finding):
    panels = []
    for shape in list(SHAPES)[-1:]:
        for name, when in WHEN.items():
            drawn = []
            for each in dict.fromkeys([evidence.lab.part("near"), "relu", "tanh", "sigmoid"]):
                table = offset(evidence[f"{each}, {shape}"], when)
                drawn.append(charts.of_seeds(each, np.arange(1, table.shape[1] + 1), table))
            panels.append(charts.Panel(drawn, "hidden layer, from the bottom", "|mean| / root mean square",
                                       f"{name.capitalize()}, {shape}", limits=(0, 1.05)))  # fmt: skip
    return charts.lines("How far from 0 a layer's outputs are centred", f"{evidence.where}; adam, tuned rates", panels,
                        note="0: centred. 1: constant. Bands: 95 % interval of the mean over seeds.")  # fmt: skip


CLAIMS = (
    Claim(
        id="elu-near-zero-mean",
        kind="M",
        statement="The negative values of ELU bring the mean activation nearer to 0 than that of ReLU.",
        prediction="For its size, the mean output of a layer is smaller with ELU than with ReLU.",
        rule=f"for each depth, before and after training, on the mean over layers of |mean| / root mean square of the "
        f"outputs: supported if the interval of ReLU's value less ELU's is above 0 and the mean at least {LEAST:g}; "
        f"refuted if the interval is below {LEAST:g}; else undecided. depends if some are supported and others are "
        "refuted.",
        positive=f"sigmoid has a relative mean above {FAR:g} before training",
        negative=f"tanh has less than {NEAR:g} times the relative mean of relu before training",
        limits="The mean of a layer over its units and 1,000 training examples; single units may lie further from 0. "
        "Whether a mean near 0 helps is asked elsewhere.",
        judge=judge,
        tell=tell,
        draw=draw,
        arms=arms,
        parts={"near": "elu"},
        source="Clevert, Unterthiner and Hochreiter (2016), Fast and accurate deep network learning by exponential "
        "linear units",
    ),
)
