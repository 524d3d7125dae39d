"""momentum-memory: a larger beta keeps the direction for longer."""

import itertools
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent
from experiments.claims.rules import compare, overall

BETAS = (0.5, 0.9, 0.99)
EXACT = 1e-12
"""Largest difference of a weight from beta^k, of the largest one."""
LEAST = 0.1
"""Smallest gain in the cosine of successive steps that counts."""
LAGS, HISTORY, AFTER = 200, 4000, 120
EXAMPLES, BATCH, UPDATES = 512, 16, 120


def probe(lab: Lab) -> dict[str, Any]:
    optimizer, constant, betas = lab.part("optimizer"), lab.part("constant"), lab.part("betas")
    found: dict[str, Any] = {"weights": {}, "turn": {}, "after": {}, "difference": 0.0}
    for key, beta in zip(BETAS, betas, strict=True):
        constants = {constant: beta}
        weights = impulse(optimizer, constants)
        expected = key ** np.arange(LAGS)
        found["difference"] = max(found["difference"], float(np.abs(weights / weights[0] - expected).max()))
        found["weights"][f"{key:g}"] = (weights / weights[0])[:60]
        turned, steps = flip(optimizer, constants)
        found["turn"][f"{key:g}"], found["after"][f"{key:g}"] = turned, steps[:80]
    found["turn_plain"] = flip("sgd", {})[0]
    # A plain mean of the last ten gradients: its memory is known, whatever the rule of the catalog does.
    window = np.convolve(np.r_[np.ones(HISTORY), -np.ones(AFTER)], np.ones(10) / 10, "valid")[HISTORY - 10 :]
    found["turn_window"] = int((window < -1e-12).argmax())
    found["cosines"] = in_a_net(lab, optimizer, [{constant: beta} for beta in betas])
    return found


def impulse(optimizer: str, constants: dict[str, float]) -> np.ndarray:
    """How much one gradient of 1, and none after it, still moves the weight k steps later."""
    return -Descent(optimizer, 1.0, constants).steps(np.eye(1, LAGS)[0][:, None])[:, 0]


def flip(optimizer: str, constants: dict[str, float]) -> tuple[int, list[float]]:
    """Steps until the movement reverses after the gradient has, and the movement by step before and after.

    The gradient is 1 for long and then -1; movement is in units of that just before.
    """
    gradients = np.r_[np.ones(HISTORY), -np.ones(AFTER)][:, None]
    moves = -Descent(optimizer, 1.0, constants).steps(gradients)[:, 0]
    after = moves[HISTORY - 1 :] / moves[HISTORY - 1]
    back = after < -1e-12
    return (int(back.argmax()) if back.any() else AFTER), after.tolist()


def in_a_net(lab: Lab, optimizer: str, constants: list[dict[str, float]]) -> dict[str, list[float]]:
    """Mean cosine of successive steps while a net trains on small batches, by seed; the first entry is plain descent.

    Each rule has the rate that makes its steps as long, in the long run, as those of plain descent at 0.05.
    """
    import tensorflow as tf

    from custom import catalog
    from experiments.claims.nets import Net, scaled
    from experiments.training.order import batches

    data = lab.load("mnist-5k")
    x, y = data.train.x[:EXAMPLES], data.train.y[:EXAMPLES]
    net = Net(data.input_shape, data.outputs, depth=1, width=16)
    variables = net.model.trainable_variables
    inputs, targets = tf.constant(scaled(x)), tf.constant(net.head.encode(y))

    @tf.function(jit_compile=True, autograph=False)
    def gradient(index):
        with tf.GradientTape() as tape:
            loss = net.loss(tf.gather(targets, index), net.model(tf.gather(inputs, index), training=True))
        return [tf.reshape(g, [-1]) for g in tape.gradient(loss, [v.value for v in variables])]

    arms: list[tuple[str, str, dict[str, float], float]] = [("0", "sgd", {}, 0.05)]
    for beta, given in zip(BETAS, constants, strict=True):
        arms.append((f"{beta:g}", optimizer, given, 0.05 * (1 - next(iter(given.values())))))
    found: dict[str, list[float]] = {}
    for key, name, given, rate in arms:
        rule: Any = catalog.OPTIMIZERS[name]
        found[key] = []
        for seed in range(lab.seeds):
            net.reset(seed)
            w = np.concatenate([v.numpy().ravel() for v in variables])
            slots = rule.factory(learning_rate=rate, **given).initial_slots(w)
            order = np.concatenate([batches(seed, epoch, len(x), BATCH) for epoch in range(1, 20)])[:UPDATES]
            before, cosines = None, []
            for t, index in enumerate(order, 1):
                g = np.concatenate([each.numpy() for each in gradient(tf.constant(index))])
                delta, slots = rule.function(g, t, np.float32(rate), slots, **given)
                if before is not None:
                    cosines.append(float(delta @ before / (np.linalg.norm(delta) * np.linalg.norm(before) + 1e-30)))
                before, w, place = delta, w + delta, 0
                for variable in variables:
                    size = int(np.prod(variable.shape))
                    variable.assign(w[place : place + size].reshape(variable.shape))
                    place += size
            found[key].append(float(np.mean(cosines[UPDATES // 4 :])))
    return found


def predicted(beta: float) -> int:
    """First step after the flip at which beta^k is below a half."""
    return int(np.floor(np.log(0.5) / np.log(beta))) + 1


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    turns = [n["turn"][f"{beta:g}"] for beta in BETAS]
    right = all(abs(turn - predicted(beta)) <= 1 for turn, beta in zip(turns, BETAS, strict=True))
    rising = all(a < b for a, b in itertools.pairwise(turns))
    cosine = compare(
        np.array(n["cosines"]["0.9"]),
        np.array(n["cosines"]["0"]),
        LEAST,
        "cosine of successive steps, beta 0.9 less plain descent",
    )
    settings = (
        Setting("weights of the past", "supported" if n["difference"] <= EXACT else "refuted",
                Effect("largest difference of a weight from beta^k", n["difference"])),
        Setting("turn after a flip", "supported" if right and rising else "refuted",
                Effect(f"steps to turn at beta {BETAS[-1]:g}", turns[-1], unit="steps")),
        Setting("steps of a net in training", cosine.verdict, cosine.effect),
    )  # fmt: skip
    return Finding(
        verdict=overall(settings),
        effect=cosine.effect,
        positive=Control(n["turn_window"] == 6, f"a mean of the last ten gradients turns in step {n['turn_window']}"),
        negative=Control(n["turn_plain"] == 1, f"plain descent turns in step {n['turn_plain']}"),
        settings=settings,
        power=cosine.power,
    )


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    turns = ", ".join(f"{n['turn'][f'{beta:g}']} at beta {beta:g} (theory: {predicted(beta)})" for beta in BETAS)
    cosines = ", ".join(f"{np.mean(each):.2f} at beta {key}" for key, each in n["cosines"].items())
    return (
        f"The weight of a gradient k steps ago differs from beta^k by at most {n['difference']:.1e}. After a long "
        f"constant gradient had changed its sign, the movement reversed in step {turns}; plain descent reverses in "
        f"step {n['turn_plain']}. While a net was trained on batches of {BATCH}, the mean cosine between one "
        f"step and the next was {cosines}; from 0 to 0.9 it rose by {finding.effect.words()}."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    labels = {f"{beta:g}": f"beta {beta:g}" for beta in BETAS}
    past = [charts.Line(label, np.arange(60), n["weights"][key], points=False) for key, label in labels.items()]
    after = [charts.Line(label, np.arange(80), n["after"][key], points=False) for key, label in labels.items()]
    table = np.array(list(n["cosines"].values())).T
    net = charts.of_seeds("net in training", np.arange(table.shape[1]), table)
    panels = [
        charts.Panel(past, "age k of a gradient (steps)", "weight in the velocity", "what is remembered"),
        charts.Panel(after, "steps since the gradient flipped", "movement / that before", "how soon it turns",
                     across={"stands still": 0.0}),
        charts.Panel([net], "beta (0 is plain descent)", "cosine of successive steps", "in a net"),
    ]  # fmt: skip
    figure = charts.lines("How long momentum keeps its direction", f"{evidence.where}; {len(table)} seeds", panels,
                          note="Band: 95 % interval of the mean over seeds.", size=(2.7, 2.4))  # fmt: skip
    figure.axes[2].set_xticks(range(table.shape[1]), list(n["cosines"]))
    return figure


CLAIMS = (
    Claim(
        id="momentum-memory",
        kind="I M",
        statement="The velocity of momentum remembers past gradients, and a larger beta keeps the direction longer.",
        prediction="A gradient k steps old has the weight beta^k; after the gradient flips, the movement reverses as "
        "soon as beta^k is below a half; successive steps of a net in training are more alike than without.",
        rule=f"weights: supported if none differs from beta^k by more than {EXACT:g} over {LAGS} steps. Turn: "
        f"supported if for beta = {', '.join(map('{:g}'.format, BETAS))} it takes more and more steps, each within one "
        "of theory. Net: supported if with beta = 0.9 the cosine of successive steps is higher with an interval above "
        f"0 and by at least {LEAST:g}; refuted if the interval is below {LEAST:g}. Overall: what all three agree on; "
        "depends if some support and others refute, else undecided.",
        positive="a plain mean of the last ten gradients turns in the sixth step",
        negative="plain descent turns in the first step",
        limits="Adam and its kin remember in the same way, but divide by a size of the gradient besides. "
        "One small net, at rates that give all the same effective step.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"optimizer": "momentum", "constant": "momentum", "betas": BETAS},
        source="Sutskever et al. (2013), On the importance of initialization and momentum in deep learning",
    ),
)
