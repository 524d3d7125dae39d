"""softmax-competition: one class up, the others down; and the larger the logits, the more one takes all."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import mean, overall

SCALES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Standard deviation of the logits of one example, over its classes."""
SLOPES = 3.0
"""Up to this scale every derivative must have its sign; beyond it, float32 may have lost it to 0."""
EVEN, ONE_SIDED = 0.95, 0.1
"""Entropy, in parts of the largest, above which shares count as even and below which as one-sided."""
CLASSES = 10


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    logits: dict[str, list[np.ndarray]] = {"random": [], "trained": []}
    net = Net(data.input_shape, data.outputs, data.task)
    for seed in range(lab.pick(3, 6)):
        net.reset(seed)
        for _ in net.train(data.train.x, data.train.y, "adam", 0.001, batch_size=64, epochs=lab.pick(3, 10), seed=seed):
            pass
        logits["trained"].append(net.outputs(data.test.x[:1000])[-1])
        logits["random"].append(lab.rng(seed).standard_normal((1000, CLASSES)))
    found: dict[str, Any] = {"natural": float(np.mean([each.std(axis=-1).mean() for each in logits["trained"]]))}
    for kind, drawn in logits.items():
        unit = [((z - z.mean(axis=-1, keepdims=True)) / z.std(axis=-1, keepdims=True)) for z in drawn]
        rows = [[_shares(scale * z, lab.part("activation")) for scale in SCALES] for z in unit]
        found[kind] = {name: [[each[name] for each in row] for row in rows] for name in ("entropy", "top")}
        found[kind]["signs"] = [_signs(scale * unit[0][:200], lab.part("activation")) for scale in SCALES]
    lifted = np.zeros((1, CLASSES))
    lifted[0, 0] = 20.0
    found["lifted"] = _shares(lifted, lab.part("sure"))["top"]
    found["without"] = _signs(np.concatenate(logits["random"])[:200], lab.part("without"))
    return found


def _shares(z: np.ndarray, name: str) -> dict[str, float]:
    """Mean entropy, in parts of that of even shares, and mean largest share."""
    from experiments.claims.autodiff import activation

    p = np.array(activation(name)(z.astype(np.float32))).astype(float)
    p = p / p.sum(axis=-1, keepdims=True)
    logs = np.log(np.where(p > 0, p, 1.0))
    return {"entropy": float(-(p * logs).sum(axis=-1).mean() / np.log(p.shape[-1])),
            "top": float(p.max(axis=-1).mean())}  # fmt: skip


def _signs(z: np.ndarray, name: str) -> dict[str, float]:
    """By autodiff, how a share follows its own score and those of others: shares of derivatives with the sign that
    competition asks for, and with the opposite one. What is in neither is 0."""
    import tensorflow as tf

    from experiments.claims.autodiff import activation

    x = tf.constant(z.astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        p = activation(name)(x)
    jacobian = tape.batch_jacobian(p, x).numpy()
    own = np.eye(z.shape[-1], dtype=bool)[None].repeat(len(z), axis=0)
    wanted = np.where(own, jacobian, -jacobian)
    return {"right": float((wanted > 0).mean()), "wrong": float((wanted < 0).mean()),
            "others": float((jacobian[~own] < 0).mean())}  # fmt: skip


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for kind, words in (("random", "random logits"), ("trained", "logits of a trained net")):
        table, signs = np.array(n[kind]["entropy"]), n[kind]["signs"]
        flat, steep = (mean(table[:, SCALES.index(scale)], f"entropy at logits of scale {scale:g}, in parts of even "
                            "shares") for scale in (SCALES[0], 30.0))  # fmt: skip
        competes = all(each["wrong"] == 0 for each in signs) and all(
            each["right"] == 1 for each, scale in zip(signs, SCALES, strict=True) if scale <= SLOPES)  # fmt: skip
        falls = bool((np.diff(table.mean(axis=0)) < 0).all())
        narrows = falls and (flat.low or 0) >= EVEN and (steep.high or 0) <= ONE_SIDED
        settings.append(Setting(words, "supported" if competes and narrows else "refuted", steep))
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(n["lifted"] > 0.99, f"a class 20 above all others takes {n['lifted']:.4%}"),
        negative=Control(n["without"]["others"] == 0,
                         f"with {evidence.lab.part('without')} {n['without']['others']:.0%} of the other classes go "
                         "down when one goes up"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    low, high = 0, SCALES.index(30.0)
    words = []
    for kind, name in (("random", "random logits"), ("trained", "the logits of trained nets")):
        entropy, top = (np.array(n[kind][what]).mean(axis=0) for what in ("entropy", "top"))
        words.append(
            f"for {name} it went from {entropy[low]:.3f} of its largest value at scale {SCALES[low]:g} to "
            f"{entropy[high]:.3f} at scale 30, the largest share from {top[low]:.2f} to {top[high]:.2f}"
        )
    wrong = max(each["wrong"] for kind in ("random", "trained") for each in n[kind]["signs"])
    small = [each["others"] for kind in ("random", "trained")
             for each, scale in zip(n[kind]["signs"], SCALES, strict=True) if scale <= SLOPES]  # fmt: skip
    return (
        f"By autodiff, raising one logit lowered {min(small):.0%} of the other shares at scales up to "
        f"{SLOPES:g}, and at no scale did more than {wrong:.1%} of the derivatives have the wrong sign. The entropy of "
        f"the shares follows the scale of the logits: {'; '.join(words)}. Left to themselves, the trained nets' logits "
        f"had a mean scale of {n['natural']:.2g}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    kinds = (("random", "random logits"), ("trained", "logits of trained nets"))
    note = (
        "Logits of each example are scaled to a standard deviation over the classes. Bands: 95 % interval over seeds."
    )

    def panel(what: str, y: str, title: str, across: dict[str, float]) -> charts.Panel:
        return charts.Panel([charts.of_seeds(label, SCALES, np.array(n[kind][what])) for kind, label in kinds],
                            "standard deviation of the logits", y, title, logx=True, across=across,
                            down={"trained": n["natural"]}, limits=(-0.03, 1.12))  # fmt: skip

    return charts.lines("Small logits share, large logits let one class take all",
                        f"{evidence.where}; {CLASSES} random classes, {len(n['random']['entropy'])} seeds",
                        [panel("entropy", "entropy / entropy of even shares", "How even the shares are", {}),
                         panel("top", "largest share", "What the winner takes", {})], note=note)  # fmt: skip


CLAIMS = (
    Claim(
        id="softmax-competition",
        kind="M",
        statement="In softmax classes compete: raising one score lowers all other shares, and large logits make the "
        "outcome one-sided.",
        prediction="By autodiff a share rises with its own score and falls with every other; entropy falls as logits "
        "grow.",
        rule=f"supported in a setting (random logits; a trained net's, scaled) if no derivative of a share has the "
        f"wrong sign, all have the right one at logit scales up to {SLOPES:g}, the mean entropy falls at every step "
        f"from scale {SCALES[0]:g} to {SCALES[-1]:g}, and its 95 % interval over seeds, in parts of the entropy of "
        f"even shares, is above {EVEN:g} at {SCALES[0]:g} and below {ONE_SIDED:g} at 30; refuted otherwise. depends if "
        "the settings disagree.",
        positive="a class 20 above all others takes more than 99 %",
        negative="with sigmoid on each logit no other class goes down",
        limits="At large scales float32 loses the derivatives to 0: the competition is over, and nothing is learned "
        "from it.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": "softmax", "without": "sigmoid", "sure": "softmax"},
        source="Bridle (1990), Probabilistic interpretation of feedforward classification network outputs",
    ),
)
