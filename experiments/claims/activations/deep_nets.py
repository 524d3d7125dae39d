"""vanishing-stalls-bottom, depth-adds-power, depth-alone-fails: what depth does to training."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.arms import Arm
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import compare, least_power, overall, ratio

WIDTH = 64
CRAWL = 1e-6
"""A rate at which nothing can be learned in the budget."""


def net(depth: int, width: int = WIDTH, **more: int) -> dict[str, int]:
    """Arguments of an MLP whose hidden layers are all equally wide."""
    return {"depth": depth, "width": width, "last": width, **more}


# vanishing-stalls-bottom

SHALLOW, DEEP = 2, 10
STALLED = 10.0
"""The bottom stalls if its relative update is this many times smaller than that of the highest hidden layer."""
WORSE = 0.05
"""Smallest loss of accuracy that counts."""
NOTHING = 1e-12
"""Stands for an update that float32 loses beside the weight."""


def arms_stalls(lab: Lab) -> dict[str, Arm]:
    name = lab.part("activation")
    return {
        "deep": Arm(activation=name, optimizer="sgd", model_args=net(DEEP)),
        "shallow": Arm(activation=name, optimizer="sgd", model_args=net(SHALLOW)),
        "relu": Arm(activation=lab.part("healthy"), optimizer="sgd", model_args=net(DEEP)),
        "crawling": Arm(activation="relu", optimizer="sgd", model_args=net(SHALLOW), learning_rate=CRAWL, tuned=False),
    }


def updates(evidence: Evidence, arm: str, when: str) -> np.ndarray:
    """[seed, hidden layer] norm of one more update over that of the weights."""
    return np.maximum(np.nan_to_num(evidence[arm].inside("update_ratio", when))[:, :-1], NOTHING)


def judge_stalls(evidence: Evidence) -> Finding:
    found = {}
    for when, words in (("start", "updates at the start"), ("end", "updates after training")):
        by_layer = updates(evidence, "deep", when)
        found[words] = ratio(by_layer[:, -1], by_layer[:, 0], STALLED, "highest hidden layer over the lowest")
    found["accuracy"] = compare(evidence["shallow"].scores(), evidence["deep"].scores(), WORSE,
                                f"test accuracy of {SHALLOW} layers above {DEEP}")  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    healthy = updates(evidence, "relu", "start")
    even = float(np.exp(np.log(healthy[:, -1] / healthy[:, 0]).mean()))
    lost = float((evidence["shallow"].scores() - evidence["crawling"].scores()).mean())
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(lost >= WORSE, f"a net with a rate of {CRAWL:g} loses {lost:.3g} of accuracy"),
        negative=Control(even < STALLED, f"with {evidence.lab.part('healthy')} the highest of {DEEP} layers moves "
                         f"{even:.3g} times as much as the lowest"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_stalls(evidence: Evidence, finding: Finding) -> str:
    first, last, accuracy = (each.effect for each in finding.settings)
    rates = ", ".join(f"{evidence[arm].learning_rate:g} ({words})" for arm, words in
                      (("shallow", f"{SHALLOW} layers"), ("deep", f"{DEEP} layers"), ("relu", "relu")))  # fmt: skip
    return (
        f"In nets of {DEEP} layers of {evidence.lab.part('activation')}, plain SGD changed the highest hidden layer, "
        f"relative to its weights, {first.words()} as much as the lowest at the start and {last.words()} after "
        f"training. Test accuracy was {evidence['deep'].scores().mean():.3f} with {DEEP} layers and "
        f"{evidence['shallow'].scores().mean():.3f} with {SHALLOW}: a difference of {accuracy.words()}; "
        f"{DEEP} layers of {evidence.lab.part('healthy')} reach {evidence['relu'].scores().mean():.3f}. "
        f"Tuned rates: {rates}."
    )


def draw_stalls(evidence: Evidence, finding: Finding):
    name, healthy = evidence.lab.part("activation"), evidence.lab.part("healthy")
    labels = {"deep": f"{name}, {DEEP} layers", "shallow": f"{name}, {SHALLOW} layers",
              "relu": f"{healthy}, {DEEP} layers" + ("" if healthy != name else " (control)")}  # fmt: skip
    panels = []
    for when, words in (("start", "at the start"), ("end", "after training")):
        drawn = []
        for arm in ("deep", "relu"):
            logs = charts.of_seeds(labels[arm], np.arange(1, DEEP + 1), np.log10(updates(evidence, arm, when)))
            low, mid, high = (10 ** np.asarray(each, float) for each in (logs.low, logs.y, logs.high))
            drawn.append(charts.Line(labels[arm], logs.x, mid, low, high))
        panels.append(charts.Panel(drawn, "hidden layer (1 = bottom)", "update / weights (norms)",
                                   f"One update, {words}", logy=True))  # fmt: skip
    curves = [charts.of_seeds(label, np.arange(1, evidence[arm].runs[0].epochs + 1), evidence[arm].curve())
              for arm, label in labels.items()]  # fmt: skip
    panels.append(charts.Panel(curves, "epoch", "validation accuracy", "What is learned"))
    where = f"{evidence.where}; plain SGD, tuned rates"
    return charts.lines(f"What a deep net of {name} does with its gradient", where,
                        panels, note="Bands: 95 % interval of the mean over seeds.", size=(2.7, 2.5))  # fmt: skip


# depth-adds-power

NARROW, DEPTHS = 8, (1, 2, 4)
WIDE = 62
"""Units of one hidden layer with as many parameters as the deepest of the narrow nets: 4 x 62 + 1 = 249."""
LOWER = 0.05
"""Smallest difference of training loss that counts here, in nats; guessing costs ln 2 = 0.69."""


def arms_power(lab: Lab) -> dict[str, Arm]:
    made: dict[str, Any] = {"dataset": lab.part("pattern"), "epochs": 60}
    name, deepest = lab.part("activation"), DEPTHS[-1]
    found = {f"{depth} x {NARROW}": Arm(activation=name, model_args=net(depth, NARROW), **made) for depth in DEPTHS}
    return found | {
        f"1 x {WIDE}": Arm(activation=name, model_args=net(1, WIDE), **made),
        "linear": Arm(activation="linear", model_args={"depth": 0}, **made),
        "linear, deep": Arm(activation="linear", model_args=net(deepest, NARROW), **made),
    }


def final_loss(evidence: Evidence, arm: str) -> np.ndarray:
    """[seed] training loss of the last epoch; that of guessing where a run diverged."""
    last = evidence[arm].curve("train_loss")[:, -1]
    return np.where(np.isfinite(last), last, -np.log(evidence[arm].outcomes[0].chance))


def lowest_loss(evidence: Evidence, arm: str) -> np.ndarray:
    """[seed] lowest training loss of any epoch: what the net can fit at least, whatever its last steps did."""
    return np.fmin.reduce(evidence[arm].curve("train_loss"), axis=1)


def judge_power(evidence: Evidence) -> Finding:
    deep = evidence.lab.part("deep")
    deepest = lowest_loss(evidence, f"{deep} x {NARROW}")
    found = {
        "at equal width": compare(lowest_loss(evidence, f"1 x {NARROW}"), deepest, LOWER,
                                  f"training loss of 1 layer above {deep}", "nats"),
        "at equal parameters": compare(lowest_loss(evidence, f"1 x {WIDE}"), deepest, LOWER,
                                       f"training loss of 1 x {WIDE} above {deep} x {NARROW}", "nats"),
    }  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    straight = lowest_loss(evidence, "linear").mean()
    hidden = float(straight - lowest_loss(evidence, f"1 x {WIDE}").mean())
    stacked = float(straight - lowest_loss(evidence, "linear, deep").mean())
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(hidden >= LOWER, f"a first hidden layer of {WIDE} units lowers the loss by {hidden:.3g}"),
        negative=Control(stacked < LOWER, f"{DEPTHS[-1]} linear layers lower it by {stacked:.3g}"),
        settings=settings,
        power=least_power(list(found.values())),
    )


def tell_power(evidence: Evidence, finding: Finding) -> str:
    rows = ", ".join(f"{arm} {lowest_loss(evidence, arm).mean():.3f}" for arm in evidence.trained)
    gains = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    return (
        f"Lowest training loss of any epoch, each net (layers x units) at its tuned rate: {rows}. "
        f"The loss that {evidence.lab.part('deep')} layers save against one: {gains}."
    )


def draw_power(evidence: Evidence, finding: Finding):
    arms = [*(f"{depth} x {NARROW}" for depth in DEPTHS), f"1 x {WIDE}", "linear", "linear, deep"]
    names = {"linear": "linear, no hidden layer", "linear, deep": f"linear, {DEPTHS[-1]} x {NARROW}"}
    epochs = np.arange(1, evidence[arms[0]].runs[0].epochs + 1)
    panels = []
    for what, words in (("train_loss", "training loss (nats)"), ("validation_metric", "validation accuracy")):
        limits = (0.0, 1.0) if what == "train_loss" else (0.3, 1.05)
        drawn = [charts.of_seeds(names.get(arm, arm), epochs, evidence[arm].curve(what), points=False) for arm in arms]
        panels.append(charts.Panel(drawn, "epoch", words, limits=limits))
    return charts.lines(f"What more layers of {evidence.lab.part('activation')} can fit",
                        f"{evidence.where}; adam, tuned rates; layers x units", panels,
                        note=f"1 x {WIDE} has as many parameters as {DEPTHS[-1]} x {NARROW}. "
                        "Bands: 95 % interval of the mean over seeds.")  # fmt: skip


# depth-alone-fails

STACKS = (2, 6, 20)
HIGHER = 0.1
"""Smallest difference of training loss that counts here, in nats; guessing costs ln 10 = 2.3."""


def arms_fails(lab: Lab) -> dict[str, Arm]:
    found: dict[str, Arm] = {}
    for name in lab.part("activations"):
        found |= {f"{name}, {depth}": Arm(activation=name, model_args=net(depth, **lab.part("plain")))
                  for depth in STACKS}  # fmt: skip
        found[f"{name}, helped"] = Arm(activation=name, model_args=net(STACKS[-1], **lab.part("help")))
    found["crawling"] = Arm(activation="relu", model_args=net(STACKS[-1]), learning_rate=CRAWL, tuned=False)
    return found


def judge_fails(evidence: Evidence) -> Finding:
    low, high = STACKS[0], STACKS[-1]
    found = {name: compare(final_loss(evidence, f"{name}, {high}"), final_loss(evidence, f"{name}, {low}"), HIGHER,
                           f"training loss of {high} layers above {low}", "nats")
             for name in evidence.lab.part("activations")}  # fmt: skip
    settings = tuple(Setting(name, each.verdict, each.effect) for name, each in found.items())
    shallow = final_loss(evidence, f"relu, {low}").mean()
    helped = float(final_loss(evidence, "relu, helped").mean() - shallow)
    crawling = float(final_loss(evidence, "crawling").mean() - shallow)
    return Finding(
        verdict=overall(settings),
        effect=max((each.effect for each in found.values()), key=lambda effect: effect.value),
        positive=Control(crawling >= HIGHER, f"{high} layers at a rate of {CRAWL:g} end {crawling:.3g} nats higher"),
        negative=Control(helped < HIGHER, f"{high} layers of relu with batch normalisation and skips end {helped:+.3g} "
                         f"nats from {low} plain ones"),
        settings=settings,
        power=least_power(list(found.values())),
    )  # fmt: skip


def tell_fails(evidence: Evidence, finding: Finding) -> str:
    rows = []
    for name in evidence.lab.part("activations"):
        plain = [f"{final_loss(evidence, f'{name}, {depth}').mean():.3f} with {depth}" for depth in STACKS]
        helped = final_loss(evidence, f"{name}, helped").mean()
        rows.append(f"{name} {', '.join(plain)}, {helped:.3f} with {STACKS[-1]}, batch normalisation and skips")
    added = "; ".join(f"{each.name} {each.effect.words()}" for each in finding.settings)
    return (f"Final training loss by number of hidden layers, each at its tuned rate: {'; '.join(rows)}. "
            f"What {STACKS[-1]} layers cost against {STACKS[0]}: {added}.")  # fmt: skip


def draw_fails(evidence: Evidence, finding: Finding):
    names = evidence.lab.part("activations")
    by_depth = []
    for name in names:
        table = np.stack([final_loss(evidence, f"{name}, {depth}") for depth in STACKS], axis=1)
        by_depth.append(charts.of_seeds(name, STACKS, table))
    for name in names:
        helped = charts.of_seeds(f"{name}, batch norm + skips", STACKS[-1:],
                                 final_loss(evidence, f"{name}, helped")[:, None])  # fmt: skip
        by_depth.append(helped)
    epochs = np.arange(1, evidence[f"{names[0]}, {STACKS[0]}"].runs[0].epochs + 1)
    deep = [charts.of_seeds(label, epochs, evidence[arm].curve("train_loss"))
            for name in names for arm, label in ((f"{name}, {STACKS[-1]}", name),
                                                 (f"{name}, helped", f"{name}, batch norm + skips"))]  # fmt: skip
    panels = [charts.Panel(by_depth, "hidden layers", "final training loss (nats)", "By depth", logy=True),
              charts.Panel(deep, "epoch", "training loss (nats)", f"{STACKS[-1]} layers, by epoch",
                           logy=True)]  # fmt: skip
    return charts.lines("Does a deeper net fit its training data better?", f"{evidence.where}; adam, tuned rates",
                        panels, note=f"{WIDTH} units a layer. Bands: 95 % interval over seeds.")  # fmt: skip


IN_EACH = (
    "supported if the interval of the difference over seeds is above 0 and its mean at least {0:g}; refuted if the "
)
IN_EACH += "interval is below {0:g}; else undecided. depends if the settings disagree."

CLAIMS = (
    Claim(
        id="vanishing-stalls-bottom",
        kind="T",
        statement="The lowest layers of a deep sigmoid net hardly move, and so the net trains badly.",
        prediction=f"With {DEEP} layers the lowest changes far less than the highest, and accuracy is lost against "
        f"{SHALLOW} layers.",
        rule=f"By layer, the norm of one update over that of the weights, at the start and after training: supported "
        f"if the interval of the quotient of the highest over the lowest hidden layer is above 1 and its mean at least "
        f"{STALLED:g}; refuted if the interval is below {STALLED:g}. Accuracy: " + IN_EACH.format(WORSE),
        positive=f"at a rate of {CRAWL:g} a net loses at least {WORSE:g} of accuracy",
        negative=f"in {DEEP} layers of relu the quotient is below {STALLED:g}",
        limits="Plain SGD, whose update is the gradient times the rate; adaptive rules scale it anew. That the stalled "
        "bottom is why the net trains badly is not tested here, only that both occur.",
        judge=judge_stalls,
        tell=tell_stalls,
        draw=draw_stalls,
        arms=arms_stalls,
        parts={"activation": "sigmoid", "healthy": "relu"},
        source="Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks",
    ),
    Claim(
        id="depth-adds-power",
        kind="T",
        statement="More layers can express more.",
        prediction=f"{DEPTHS[-1]} narrow layers fit two spirals better than one, of equal width or equal parameters.",
        rule="On the lowest training loss of any epoch, in each of the two settings " + IN_EACH.format(LOWER),
        positive=f"one hidden layer of {WIDE} units lowers the loss by at least {LOWER:g} against none",
        negative=f"{DEPTHS[-1]} linear layers lower it by less",
        limits="What is trained, not what could be expressed, is measured; one pattern in the plane.",
        judge=judge_power,
        tell=tell_power,
        draw=draw_power,
        arms=arms_power,
        parts={"pattern": "spirals", "activation": "relu", "deep": DEPTHS[-1]},
        source="Telgarsky (2016), Benefits of depth in neural networks",
    ),
    Claim(
        id="depth-alone-fails",
        kind="T",
        statement="Stacking more layers alone makes a net train worse.",
        prediction=f"Plain nets of {STACKS[-1]} layers end with a higher training loss than those of {STACKS[0]}.",
        rule="For each activation " + IN_EACH.format(HIGHER),
        positive=f"at a rate of {CRAWL:g}, {STACKS[-1]} layers end at least {HIGHER:g} nats higher",
        negative="with batch normalisation and skips, as many layers of relu do not",
        limits="A fixed number of epochs, and 64 units a layer: a deep net may catch up later.",
        judge=judge_fails,
        tell=tell_fails,
        draw=draw_fails,
        arms=arms_fails,
        parts={"activations": ("relu", "sigmoid"), "plain": {}, "help": {"norm": 1, "skip": 1}},
        source="He et al. (2016), Deep residual learning for image recognition",
    ),
)
