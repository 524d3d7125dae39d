"""learning-rate-sets-speed: steps to a target against the learning rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.problems import Descent, Problem, Quadratic, ravine, steps_to
from experiments.claims.rules import overall, slope

NEAR = 0.1
"""Largest distance of the slope from -1 that counts as steps going like one over the rate."""
QUICKER = 10.0
"""Smallest ratio of the steps at the smallest rate to those at the best one."""
BELOW = 4.0
"""The slope is taken over rates at most the best one over this."""
SHARE = 1e-3
TARGET = 0.65
"""Training loss of the net that counts as there, as a share of the first."""
EXAMPLES, WIDTH, STEPS = 150, 8, 900
SETTINGS = ("round bowl", "ravine of condition 30", "net")


@dataclass(frozen=True)
class Regressor:
    """Mean squared error of a tanh net with one hidden layer, over weights ``[..., features * width + 2 width + "
    "1]``."""

    x: np.ndarray
    y: np.ndarray
    minimum: np.ndarray

    def _parts(self, w: np.ndarray):
        features = self.x.shape[1]
        cut = features * WIDTH
        kernel = w[..., :cut].reshape(*w.shape[:-1], features, WIDTH)
        hidden = np.tanh(self.x @ kernel + w[..., None, cut : cut + WIDTH])
        head = w[..., cut + WIDTH : cut + 2 * WIDTH]
        return hidden, head, np.einsum("...nk,...k->...n", hidden, head) + w[..., -1:] - self.y

    def value(self, w: np.ndarray) -> np.ndarray:
        return np.mean(self._parts(w)[2] ** 2, axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        hidden, head, off = self._parts(w)
        off = 2 * off / len(self.y)
        below = off[..., None] * head[..., None, :] * (1 - hidden**2)
        kernel = np.swapaxes(below, -1, -2) @ self.x
        parts = [np.swapaxes(kernel, -1, -2).reshape(*w.shape[:-1], -1), below.sum(axis=-2),
                 np.einsum("...nk,...n->...k", hidden, off), off.sum(axis=-1, keepdims=True)]  # fmt: skip
        return np.concatenate(parts, axis=-1)


def probe(lab: Lab) -> dict[str, Any]:
    """Steps to the target by setting and rate; None where it was never reached. Of the net, one row a seed."""
    optimizer = lab.part("optimizer")
    count = lab.pick(16, 30)
    bowl, steep = Quadratic((1.0,)), ravine(30.0)
    small, start = np.geomspace(0.005, 8, count), np.array([10.0, 1.0])
    found: dict[str, Any] = {"rates": {}, "steps": {}}
    tries = {"round bowl": (bowl, np.ones(1), small), "ravine of condition 30": (steep, start, small / 30)}
    for name, (problem, first, rates) in tries.items():
        cap = 2500 if name == "round bowl" else 40_000
        found["rates"][name] = rates
        found["steps"][name] = [there(problem, optimizer, np.tile(first, (count, 1)), rates, cap)]
    found["steps"]["net"], found["rates"]["net"] = in_a_net(lab, optimizer)
    checks = np.array([0.02, 0.1, 0.5])
    found["counted"] = there(bowl, "sgd", np.ones((3, 1)), checks, 2500)
    found["theory"] = [int(np.ceil(np.log(SHARE) / (2 * np.log(1 - rate)))) for rate in checks]
    scaled = Quadratic((100.0, 3000.0))
    some = np.array([0.01, 0.1, 1.0]) / 30
    found["scaled"] = [there(steep, "sgd", np.tile(start, (3, 1)), some, 20_000),
                       there(scaled, "sgd", np.tile(start, (3, 1)), some / 100, 20_000)]  # fmt: skip
    return found


def there(problem: Problem, optimizer: str, starts: np.ndarray, rates: np.ndarray, cap: int) -> list[int | None]:
    """Steps to `SHARE` of the first excess, a start and a rate side by side."""
    grid: Any = rates[:, None]
    path = Descent(optimizer, 1.0).path(problem, starts, cap, rate=lambda _: grid)
    return [int(steps) if steps <= cap else None for steps in steps_to(problem, path, SHARE)]


def in_a_net(lab: Lab, optimizer: str) -> tuple[list[list[int | None]], np.ndarray]:
    """The same in a net on data, for all seeds and rates at once, to `TARGET` of the first loss."""
    data = lab.load("diabetes")
    x, y = np.asarray(data.train.x, float)[:EXAMPLES], np.asarray(data.train.y, float).ravel()[:EXAMPLES]
    x, y = (x - x.mean(axis=0)) / x.std(axis=0), (y - y.mean()) / y.std()
    rates, features = np.geomspace(0.002, 20, lab.pick(14, 24)), x.shape[1]
    kernels = lab.rng(3).standard_normal((lab.seeds, features * WIDTH)) / np.sqrt(features)
    heads = lab.rng(4).standard_normal((lab.seeds, WIDTH)) / np.sqrt(WIDTH)
    zeros = np.zeros((lab.seeds, WIDTH))
    starts = np.concatenate([kernels, zeros, heads, zeros[:, :1]], axis=1)
    loss = Regressor(x, y, starts[0])
    steps = []
    grid: Any = rates[:, None]
    for start in starts:
        path = Descent(optimizer, 1.0).path(loss, np.tile(start, (len(rates), 1)), STEPS, rate=lambda _: grid)
        with np.errstate(over="ignore", invalid="ignore"):
            done = np.array([loss.value(point) for point in path]) <= TARGET * loss.value(start)
        steps.append([int(each.argmax()) if each.any() else None for each in done.T])
    return steps, rates


def law(evidence: Evidence, name: str) -> tuple[Effect, float, bool] | None:
    """Slope of log steps over log rate below the best rate; steps of the slowest rate that gets there over the fewest;
    and whether a rate above the best one never gets there. None where too few get there."""
    n = evidence.numbers
    rates, gains, fails = np.array(n["rates"][name], float), [], []
    x: list[np.ndarray] = []
    y: list[np.ndarray] = []
    for row in n["steps"][name]:
        steps = np.array([np.nan if each is None else each for each in row], float)
        if np.isnan(steps).all():
            return None
        best = int(np.nanargmin(steps))
        use = (rates <= rates[best] / BELOW) & (steps > 0)
        if use.sum() < 3:
            return None
        for values, into in ((np.log(rates[use]), x), (np.log(steps[use]), y)):
            into.append(values - values.mean())  # each seed has a level of its own
        gains.append(float(np.nanmax(steps) / max(steps[best], 1)))
        fails.append(bool(np.isnan(steps[best:]).any()))
    return slope(np.concatenate(x), np.concatenate(y), "slope of log steps over log rate"), min(gains), all(fails)


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    settings = []
    for name in SETTINGS:
        found = law(evidence, name)
        if found is None:
            settings.append(Setting(name, "refuted", Effect("slope of log steps over log rate", 0.0)))
            continue
        effect, gain, fails = found
        inside = abs((effect.low or 0.0) + 1) <= NEAR and abs((effect.high or 0.0) + 1) <= NEAR
        settings.append(Setting(name, "supported" if inside and gain >= QUICKER and fails else "refuted", effect))
    same, other = n["scaled"]
    return Finding(
        verdict=overall(settings),
        effect=settings[2].effect,
        positive=Control(n["counted"] == n["theory"],
                         f"in a bowl plain descent takes {n['counted']} steps, in theory {n['theory']}"),
        negative=Control(same == other and None not in same,
                         f"with 100 times the curvature and a hundredth of the rate, {other} steps in place of {same}"),
        settings=tuple(settings),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n, rows = evidence.numbers, []
    for each in finding.settings:
        found = law(evidence, each.name)
        row = n["steps"][each.name][0]
        reached = [(steps, rate) for steps, rate in zip(row, n["rates"][each.name], strict=True) if steps is not None]
        if found is None or not reached:
            rows.append(f"in the {each.name} too few rates got there to tell")
            continue
        best, rate = min(reached)
        never = next((r for s, r in zip(row, n["rates"][each.name], strict=True) if s is None and r > rate), None)
        end = f"; from {never:.3g} on it never got there" if never else ""
        rows.append(f"in the {each.name} steps went like the rate to the power {each.effect.words()}, at best {best} "
                    f"step{'s' * (best > 1)}, at {rate:.3g}{end}")  # fmt: skip
    return f"Below the best rate, {'; '.join(rows)}. (Of the net, best and limit are those of its first seed.)"


def draw(evidence: Evidence, finding: Finding):
    n, panels, ends = evidence.numbers, [], []
    for name in SETTINGS:
        rates = np.array(n["rates"][name], float)
        table = np.array([[np.nan if each is None else each for each in row] for row in n["steps"][name]], float)
        shown = np.isfinite(table).all(axis=0)
        middle = np.median(table[:, shown], axis=0)
        measured = charts.Line(
            "measured", rates[shown], middle, table[:, shown].min(axis=0), table[:, shown].max(axis=0)
        )
        first = np.exp(np.mean(np.log(np.maximum(middle[:3], 1)) + np.log(rates[shown][:3])))
        law_ = charts.Line("steps ~ 1 / rate", rates[shown], first / rates[shown], points=False)
        above = rates[rates > rates[shown].max()]
        down = {"never": float(above[0])} if len(above) else {}
        ends.append(5 * float(rates[shown].max()))  # room for the word at the line
        panels.append(charts.Panel([measured, law_], "learning rate", "steps to the target", name, logx=True, logy=True,
                                   down=down))  # fmt: skip
    figure = charts.lines("How many steps it takes, by learning rate",
                        f"{evidence.where}; {len(n['steps']['net'])} seeds of the net", panels,
                        note=f"Target: {SHARE:g} of the first excess in the quadratics, {TARGET:g} of the first loss "
                        "in the net. Band: range over seeds. From the dashed line on, not every run gets there.",
                        size=(2.6, 2.5))  # fmt: skip
    for axes, end in zip(figure.axes, ends, strict=False):
        axes.set_xlim(right=end)
    return figure


CLAIMS = (
    Claim(
        id="learning-rate-sets-speed",
        kind="M",
        statement="The learning rate sets the speed: too small is slow, too large never arrives.",
        prediction="Below the best rate the steps to a target go like one over the rate; above some rate there is no "
        "arriving.",
        rule="for two quadratics and a net, all examples in each step: supported if the interval of the slope of log "
        f"steps over log rate, up to a {1 / BELOW:g} of the best rate, is within {NEAR:g} of -1, the slowest rate that "
        f"gets there takes at least {QUICKER:g} times the fewest steps, and a rate above the best one never gets "
        "there; else refuted; depends if these differ.",
        positive="in a round bowl the steps of plain descent are those of theory, exactly",
        negative="with 100 times the curvature, a hundredth of the rate takes the same number of steps",
        limits="Plain descent without noise, at a constant rate. Rules that scale their steps, and noisy gradients, "
        "follow other laws.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"optimizer": "sgd"},
    ),
)
