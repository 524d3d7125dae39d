"""adagrad-stalls, adadelta-does-not-stall: what becomes of the effective rate in a long run."""

import functools
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, below, overall, ratio

AGES = (100, 1000, 10000)
"""Steps after which the rate is read, and the minimum moves."""
FALL = 3.0
"""Smallest factor between the first age and the last that counts as stalling."""
STEADY = 1.5
"""A factor below this is no stalling."""
WEIGHTS = 20
JUMP = 10.0
"""How far the minimum moves, where the noise of the gradients has a standard deviation of 1."""
SMALL = 1e-9
"""A gradient that asks for a rate without changing it."""
PATIENCE = 3000
"""Steps after which a rule that has not made half of the way is given up."""


def probe(lab: Lab) -> dict[str, Any]:
    """Effective rates |step| / |gradient| by age, and steps for half of the way after the minimum has moved."""
    found: dict[str, Any] = {}
    rules = {"falling": lab.part("falling"), "going": lab.part("going"), "other": ("rmsprop", 0.05),
             "constant": ("sgd", 0.05)}  # fmt: skip
    for role, (name, rate) in rules.items():
        found[role] = {"name": name, **_measured(lab, name, rate, None)}
    found["by hand"] = {"name": "sgd", **_measured(lab, "sgd", 1.0, lambda t: 0.5 / np.sqrt(t))}
    return found


def _measured(lab: Lab, name: str, rate: float, schedule) -> dict[str, Any]:
    walker = _Walker(name, rate, schedule)
    shape = (lab.seeds, WEIGHTS)
    start = lab.rng(0).standard_normal(shape)
    noisy = walker.walk(start, AGES[-1], lab.rng(1))
    quiet = walker.walk(np.full(shape, JUMP), AGES[-1], None)
    return {"noisy": noisy["rates"], "quiet": quiet["rates"], "rises": noisy["rises"], "shown": noisy["shown"],
            "recovery": [noisy["recovery"][str(age)] for age in AGES]}  # fmt: skip


class _Walker:
    """A rule on the bowl ½ |w - c|², a step at a time, so that its state can be taken along when c moves."""

    def __init__(self, name: str, rate: float, schedule):
        from custom import catalog

        spec = catalog.OPTIMIZERS[name]
        self.rule: Any = spec.function
        self.made = spec.factory(learning_rate=rate)
        self.rate = schedule or (lambda _: rate)

    def walk(self, w: np.ndarray, steps: int, rng: np.random.Generator | None) -> dict[str, Any]:
        slots = self.made.initial_slots(w)
        shown = np.unique(np.geomspace(1, steps, 40).astype(int)).tolist()
        wanted = {*shown, *AGES}
        found: dict[str, Any] = {"rates": {}, "shown": shown, "recovery": {}, "rises": False}
        last = np.inf
        for t in range(1, steps + 1):
            g = w + (rng.standard_normal(w.shape) if rng else 0.0)
            before = slots
            delta, slots = self.rule(g, t, self.rate(t), slots, **self.made.constants)
            w = w + delta
            each = np.abs(delta / np.where(g == 0, 1, g))
            if np.any(g == 0):  # there is a rate even where there is nothing to go down
                asked, _ = self.rule(SMALL + 0 * g, t, self.rate(t), before, **self.made.constants)
                each = np.where(g == 0, np.abs(asked) / SMALL, each)
            found["rises"] = found["rises"] or bool(np.any(each > last * (1 + 1e-9)))
            last = each
            if t in wanted:
                found["rates"][str(t)] = np.median(each, axis=-1).tolist()
            if t in AGES and rng:
                found["recovery"][str(t)] = self._recover(w, slots, t, rng)
        return found

    def _recover(self, w: np.ndarray, slots: tuple, age: int, rng: np.random.Generator) -> list[int]:
        """[seed] steps until the mean over the weights has gone half of the way to a minimum that has moved."""
        taken = np.zeros(len(w), int)
        goal = w.mean(axis=1) + (JUMP - w.mean(axis=1)) / 2
        for t in range(1, PATIENCE + 1):
            g = w - JUMP + rng.standard_normal(w.shape)
            delta, slots = self.rule(g, age + t, self.rate(age + t), slots, **self.made.constants)
            w = w + delta
            taken[(taken == 0) & (w.mean(axis=1) >= goal)] = t
            if taken.all():
                break
        return np.where(taken, taken, PATIENCE + 1).tolist()


def fall(evidence: Evidence, role: str, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """[seed] what is larger if a rule stalls, and what it is compared to."""
    n = evidence.numbers[role]
    if kind == "recovery":
        return np.array(n["recovery"][-1], float), np.array(n["recovery"][0], float)
    return np.array(n[kind][str(AGES[0])], float), np.array(n[kind][str(AGES[-1])], float)


KINDS = {
    "noisy": "rate, noisy gradients",
    "recovery": "steps to follow a minimum that moved",
    "quiet": "rate, gradients that vanish",
}


def stalls(evidence: Evidence, role: str, kind: str) -> Compared:
    return ratio(*fall(evidence, role, kind), FALL, f"{KINDS[kind]}: factor of slowing down")


def steady(evidence: Evidence, role: str, kind: str) -> Compared:
    """Whether the factor of slowing down is below ``STEADY``, on a logarithmic scale."""
    logs = np.log(np.divide(*fall(evidence, role, kind)))
    found = below(logs, float(np.log(STEADY)), "")
    ends = [float(np.exp(np.array(each, float))) for each in found.effect[1:4]]
    effect = found.effect._replace(what=f"{KINDS[kind]}: factor of slowing down", value=ends[0], low=ends[1],
                                   high=ends[2], unit="x")  # fmt: skip
    return found._replace(effect=effect)


def judge(test, role: str, positive: str, negative: str, evidence: Evidence) -> Finding:
    """``positive`` is the role that must pass the test with noisy gradients, ``negative`` one that must fail."""
    found = {kind: test(evidence, role, kind) for kind in KINDS}
    settings = tuple(Setting(KINDS[kind], each.verdict, each.effect) for kind, each in found.items())
    yes, no = test(evidence, positive, "noisy"), test(evidence, negative, "noisy")
    words = {"constant": "a constant rate", "by hand": "a rate that is divided by the root of the step"}
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(yes.verdict == "supported", f"{words[positive]} slows down {yes.effect.words()}"),
        negative=Control(no.verdict == "refuted", f"{words[negative]} slows down {no.effect.words()}"),
        settings=settings,
        power=min(each.power for each in found.values()),
    )


def tell(role: str, evidence: Evidence, finding: Finding) -> str:
    name, other = evidence.numbers[role]["name"], evidence.numbers["other"]
    noisy, recovery, quiet = (setting.effect.words() for setting in finding.settings)
    steps = [f"{np.mean(each):.0f}" for each in evidence.numbers[role]["recovery"]]
    rival = [f"{np.mean(each):.0f}" for each in other["recovery"]]
    rises = "rises at times" if evidence.numbers[role]["rises"] else "never rises"
    return (
        f"From step {AGES[0]:,} to step {AGES[-1]:,}, with noise that never ends, the median effective rate of {name} "
        f"slows down by {noisy}; the rate of a single weight {rises}. After {', '.join(map(str, AGES))} steps "
        f"the minimum moved: half of the way then took {', '.join(steps)} steps, slower by {recovery}, where "
        f"{other['name']} took {', '.join(rival)}. Without noise, where the gradients vanish, the rate slows "
        f"down by {quiet}. A factor below 1 is a rise."
    )


def draw(role: str, evidence: Evidence, finding: Finding):
    panels = []
    roles = list(dict.fromkeys((role, "falling", "going", "other", "constant")))
    names = {evidence.numbers[each]["name"]: evidence.numbers[each] for each in roles}
    for kind, title in (("noisy", "Noise that never ends"), ("quiet", "Gradients that vanish")):
        drawn = []
        for name, n in names.items():
            table = np.array([n[kind][str(step)] for step in n["shown"]], float).T
            drawn.append(charts.Line(name, n["shown"], np.median(table, axis=0), points=False))
        panels.append(charts.Panel(drawn, "step", "step / gradient", title=title, logx=True, logy=True))
    half = [charts.of_seeds(name, AGES, np.array(n["recovery"], float).T) for name, n in names.items()]
    panels.append(charts.Panel(half, "steps before the minimum moved", "steps for half of the way",
                               title="Following a minimum that moved", logx=True, logy=True))  # fmt: skip
    return charts.lines("What becomes of the rate in a long run",
                        f"a round bowl with {WEIGHTS} weights, {evidence.lab.seeds} seeds", panels,
                        note="Left and middle: median over weights and seeds. Right: mean over seeds with its 95 % "
                        "interval.")  # fmt: skip


CONTROLS = {
    "falls": "a constant rate divided by the root of the step",
    "holds": "plain SGD with a constant rate",
}
PARTS = {"falling": ("adagrad", 0.5), "going": ("adadelta", 1.0)}
LIMITS = (
    "A round bowl with noise of one size. Where gradients vanish Adagrad's sum ends, and so does the fall: with "
    "sparse or vanishing gradients, for which it was made, the statement is too strong."
)

CLAIMS = (
    Claim(
        id="adagrad-stalls",
        kind="M",
        statement="Adagrad's rate only falls, so that in a long run it stalls.",
        prediction=f"Between step {AGES[0]:,} and step {AGES[-1]:,} the effective rate falls, and the rule is slower "
        "to follow a minimum that moves.",
        rule=f"for each setting: supported if the factor of slowing down has an interval above 1 and a mean of at "
        f"least {FALL:g}, refuted if the interval is below {FALL:g}, else undecided; depends if the settings "
        "disagree.",
        positive=CONTROLS["falls"],
        negative=CONTROLS["holds"],
        limits=LIMITS,
        judge=functools.partial(judge, stalls, "falling", "by hand", "constant"),
        tell=functools.partial(tell, "falling"),
        draw=functools.partial(draw, "falling"),
        probe=probe,
        parts=PARTS,
        source="Zeiler (2012), ADADELTA: An Adaptive Learning Rate Method",
    ),
    Claim(
        id="adadelta-does-not-stall",
        kind="M",
        statement="Adadelta's rate does not only fall: it goes on learning in a long run.",
        prediction=f"Between step {AGES[0]:,} and step {AGES[-1]:,} the effective rate does not fall, and the rule is "
        "not slower to follow a minimum that moves.",
        rule=f"for each setting: supported if the 95 % interval of the factor of slowing down is below {STEADY:g}, "
        "refuted if it is above, else undecided; depends if the settings disagree.",
        positive=CONTROLS["holds"],
        negative=CONTROLS["falls"],
        limits="A round bowl with noise of one size, and epsilon as in the paper. That a rate does not fall also means "
        "that the weights never settle.",
        judge=functools.partial(judge, steady, "going", "constant", "by hand"),
        tell=functools.partial(tell, "going"),
        draw=functools.partial(draw, "going"),
        probe=probe,
        parts=PARTS,
        source="Zeiler (2012), ADADELTA: An Adaptive Learning Rate Method",
    ),
)
