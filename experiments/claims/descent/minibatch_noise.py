"""minibatch-noisier: how far a mini-batch's gradient is from that of the whole training part."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import mean, overall

EXAMPLES = 1000
SIZES = (1, 4, 16, 64, 256, 512, 900)
EXPONENT = -0.5
WITHIN = 0.05
"""How far the measured exponent may be from it."""
MOMENTS = {"at the start": 0, "after 5 epochs": 5}


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    rng = lab.rng(0)
    rows = rng.permutation(len(data.train))[: min(EXAMPLES, len(data.train))]
    x, y = data.train.x[rows], data.train.y[rows]
    net = Net(data.input_shape, data.outputs, data.task)
    found: dict[str, Any] = {"examples": len(x), "sizes": [b for b in SIZES if b < len(x)]}
    found |= {moment: {"noise": [], "cosine": [], "whole": []} for moment in MOMENTS} | {"numbers": []}
    draws = lab.pick(24, 80)
    for seed in range(lab.seeds):
        net.reset(seed)
        for moment, epochs in MOMENTS.items():
            for _ in net.train(x, y, "adam", 0.001, batch_size=64, epochs=epochs, seed=seed):
                pass
            whole = _gradient(net, x, y)
            noise, cosine = [], []
            for size in found["sizes"]:
                each = [_gradient(net, x[index], y[index]) for index in _draws(lab, rng, len(x), size, draws)]
                noise.append(np.sqrt(np.mean([np.sum((g - whole) ** 2) for g in each])) / np.linalg.norm(whole))
                cosine.append(np.mean([g @ whole / np.linalg.norm(g) / np.linalg.norm(whole) for g in each]))
            found[moment]["noise"].append(noise)
            found[moment]["cosine"].append(cosine)
            everything = rng.permutation(len(x))
            again = _gradient(net, x[everything], y[everything])
            found[moment]["whole"].append(float(np.linalg.norm(again - whole) / np.linalg.norm(whole)))
        found["numbers"].append(_of_numbers(rng, found["sizes"], len(x)))
    return found


def _gradient(net: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.concatenate([gradient.ravel() for gradient in net.backward(x, y)[1]]).astype(float)


def _draws(lab: Lab, rng: np.random.Generator, examples: int, size: int, draws: int) -> list[np.ndarray]:
    """Mini-batches without replacement; or, for the sabotage, of copies of one example."""
    if lab.part("batch") == "copies":
        return [np.repeat(rng.integers(examples), size) for _ in range(draws)]
    return [rng.permutation(examples)[:size] for _ in range(draws)]


def _of_numbers(rng: np.random.Generator, sizes: list[int], examples: int) -> list[float]:
    """The same measure for means of plain random numbers, where the exponent is known."""
    table = rng.standard_normal((examples, 50)) + 1
    whole = table.mean(axis=0)
    return [float(np.sqrt(np.mean([np.sum((table[rng.permutation(examples)[:size]].mean(axis=0) - whole) ** 2)
                                   for _ in range(200)])) / np.linalg.norm(whole)) for size in sizes]  # fmt: skip


def correction(sizes: np.ndarray, examples: int) -> np.ndarray:
    """√((N - B)/(N - 1)): without replacement a batch of all examples has no noise."""
    return np.sqrt((examples - sizes) / (examples - 1))


def exponents(evidence: Evidence, table: np.ndarray) -> np.ndarray:
    """[seed] slope of the corrected noise over the batch size, on logarithmic axes."""
    sizes = evidence.array("sizes")
    corrected = np.asarray(table, float) / correction(sizes, evidence.numbers["examples"])
    return np.array([np.polyfit(np.log(sizes), np.log(row), 1)[0] for row in corrected])


def judge(evidence: Evidence) -> Finding:
    settings = []
    for moment in MOMENTS:
        effect = mean(
            exponents(evidence, evidence.numbers[moment]["noise"]), "exponent of the noise over the batch size"
        )
        low, high = (effect.value if end is None else end for end in (effect.low, effect.high))
        inside = low >= EXPONENT - WITHIN and high <= EXPONENT + WITHIN
        outside = high < EXPONENT - WITHIN or low > EXPONENT + WITHIN
        settings.append(Setting(moment, "supported" if inside else "refuted" if outside else "undecided", effect))
    numbers = exponents(evidence, evidence.array("numbers"))
    whole = max(max(evidence.numbers[moment]["whole"]) for moment in MOMENTS)
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(abs(float(numbers.mean()) - EXPONENT) <= WITHIN,
                         f"means of plain random numbers have the exponent {numbers.mean():.3f}"),
        negative=Control(whole < 1e-3, f"a batch of all examples is off by {whole:.1g} of the gradient"),
        settings=tuple(settings),
        power=float(np.mean([setting.verdict != "undecided" for setting in settings])),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    sizes = evidence.numbers["sizes"]
    words = []
    for setting in finding.settings:
        noise = np.mean(evidence.numbers[setting.name]["noise"], axis=0)
        cosine = np.mean(evidence.numbers[setting.name]["cosine"], axis=0)
        words.append(f"{setting.name} the noise is {noise[0]:.3g} times the gradient with one example and "
                     f"{noise[-1]:.2g} times with {sizes[-1]} (cosine {cosine[0]:.2f} and {cosine[-1]:.2f}), with an "
                     f"exponent of {setting.effect.words()}")  # fmt: skip
    return (
        f"Of {evidence.numbers['examples']:,} examples: {'; '.join(words)}. The factor for drawing without replacement "
        "was divided out of the exponents, not of the noise."
    )


def draw(evidence: Evidence, finding: Finding):
    sizes = evidence.array("sizes")
    noise = [charts.of_seeds(moment, sizes, np.array(evidence.numbers[moment]["noise"], float)) for moment in MOMENTS]
    first = float(np.mean(evidence.numbers["at the start"]["noise"], axis=0)[0])
    fine = np.geomspace(1, evidence.numbers["examples"] - 1, 100)
    noise += [charts.Line("1/√B", fine, first / np.sqrt(fine), points=False),
              charts.Line("1/√B, finite data", fine,
                          first / np.sqrt(fine) * correction(fine, evidence.numbers["examples"]),
                          points=False)]  # fmt: skip
    turned = [charts.of_seeds(moment, sizes, np.array(evidence.numbers[moment]["cosine"], float)) for moment in MOMENTS]
    panels = [charts.Panel(noise, "batch size", "distance / norm of the gradient", title="Distance", logx=True,
                           logy=True),
              charts.Panel(turned, "batch size", "cosine to the whole gradient", title="Direction",
                           logx=True)]  # fmt: skip
    return charts.lines("How noisy a mini-batch's gradient is", f"{evidence.where}, {evidence.lab.seeds} seeds", panels,
                        note=f"Whole: {evidence.numbers['examples']:,} examples. Finite data: without replacement a "
                        "batch of all of them has no noise. Bands: 95 % interval of the mean.")  # fmt: skip


CLAIMS = (
    Claim(
        id="minibatch-noisier",
        kind="M",
        statement="The gradient of a mini-batch is noisier than that of the full batch, the more so the smaller it is.",
        prediction="Its distance from the full gradient falls as one over the root of the batch size, times the factor "
        "for drawing without replacement.",
        rule=f"at either moment: supported if the 95 % interval of the mean exponent is within {WITHIN:g} of "
        f"{EXPONENT:g}, refuted if it lies outside, else undecided; depends if the moments disagree. The power stated "
        "is the share of moments that were decided.",
        positive="means of plain random numbers show the exponent",
        negative="a batch of all examples, in another order, has no noise",
        limits=f"Kernels of one net, a part of {EXAMPLES:,} examples at most as the whole, batches drawn without "
        "replacement. Noise in the gradient is not harm in the outcome.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"batch": "distinct"},
    ),
)
