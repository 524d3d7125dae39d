"""maxout-costs: k pieces mean k times the parameters, and time; also at equal parameters."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import Compared, compare, least_power, overall, ratio

PIECES = (2, 4)
BATCH, STEPS = 64, 5
WIDTH, LAST = 128, 64
LEAST = 1.2
"""Smallest factor of a training step's time that matters."""
NEAR = 0.02
"""How far the parameters may be from k times those of relu, or from relu's own where they are made equal."""


def probe(lab: Lab) -> dict[str, Any]:
    from experiments.claims.clock import interleaved, training_steps
    from experiments.claims.nets import Net

    data = lab.load("mnist-5k")
    x, y = data.train.x, data.train.y

    def net(activation: str, pieces: int, width: int, last: int) -> Net:
        arguments = {"pieces": pieces} if activation == "maxout" else {}
        return Net(data.input_shape, data.outputs, data.task, activation=activation, arguments=arguments, width=width,
                   more={"last": last})  # fmt: skip

    inputs = int(np.prod(data.input_shape))
    rival = lab.part("rival")
    nets = {rival: net(rival, 1, WIDTH, LAST), "wide": net(rival, 1, 4 * WIDTH, 4 * LAST)}
    widths = {}
    for pieces in PIECES:
        nets[f"same width {pieces}"] = net(lab.part("activation"), pieces, WIDTH, LAST)
        width = _equal(inputs, data.outputs, pieces)
        widths[str(pieces)] = width
        nets[f"equal parameters {pieces}"] = net(lab.part("activation"), pieces, width, max(1, width // 2))
    calls = {label: training_steps(each, x, y, STEPS, BATCH) for label, each in nets.items()}
    calls["again"] = calls[rival]
    taken = interleaved(calls, lab.pick(7, 20), 6)
    return {
        "hidden": {label: _parameters(each, hidden=True) for label, each in nets.items()},
        "all": {label: _parameters(each) for label, each in nets.items()},
        "step": {label: [1e6 * second / STEPS for second in seconds] for label, seconds in taken.items()},
        "widths": widths,
    }


def _parameters(net: Any, hidden: bool = False) -> int:
    layers = [layer for layer in net.model.layers if not (hidden and layer.name == "output")]
    return sum(layer.count_params() for layer in layers)


def _equal(inputs: int, outputs: int, pieces: int) -> int:
    """The width of a first layer whose net, with k pieces and a second layer half as wide, has relu's parameters."""

    def parameters(width: int, k: int) -> int:
        last = max(1, width // 2)
        return k * ((inputs + 1) * width + (width + 1) * last) + (last + 1) * outputs

    return min(range(2, WIDTH + 1), key=lambda width: abs(parameters(width, pieces) - parameters(WIDTH, 1)))


def judge(evidence: Evidence) -> Finding:
    n, rival = evidence.numbers, evidence.lab.part("rival")
    base = np.array(n["step"][rival])
    settings, compared = [], []
    for pieces in PIECES:
        factor = n["hidden"][f"same width {pieces}"] / n["hidden"][rival]
        settings.append(Setting(f"{pieces} pieces, hidden parameters",
                                "supported" if abs(factor / pieces - 1) <= NEAR else "refuted",
                                Effect(f"hidden parameters over those of {rival}", factor, unit="x")))  # fmt: skip
    for way in ("same width", "equal parameters"):
        for pieces in PIECES:
            found: Compared = ratio(np.array(n["step"][f"{way} {pieces}"]), base, LEAST, f"time of a step over {rival}")
            compared.append(found)
            settings.append(Setting(f"{pieces} pieces, time at {way}", found.verdict, found.effect))
    wide = float(np.median(np.array(n["step"]["wide"]) / base))
    again = compare(np.array(n["step"]["again"]), base, (LEAST - 1) * float(base.mean()), "the same timed twice")
    return Finding(
        verdict=overall(settings),
        effect=settings[len(PIECES)].effect,
        positive=Control(wide >= LEAST, f"a {rival} net four times as wide takes {wide:.2f} times as long"),
        negative=Control(again.verdict == "refuted" and again.effect.value > (1 - LEAST) * float(base.mean()),
                         f"the {rival} net timed twice: {again.effect.value:+.2g} microseconds of {base.mean():.0f}"),
        settings=tuple(settings),
        power=least_power(compared),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n, rival = evidence.numbers, evidence.lab.part("rival")
    base = np.array(n["step"][rival])
    rows = []
    for pieces in PIECES:
        same, equal = (np.array(n["step"][f"{way} {pieces}"]) / base for way in ("same width", "equal parameters"))
        rows.append(
            f"with {pieces} pieces {n['hidden'][f'same width {pieces}'] / n['hidden'][rival]:.3g} times the hidden "
            f"parameters and {np.median(same):.2f} times the time ({same.min():.2f} to {same.max():.2f} over rounds), "
            f"or, narrowed to {n['widths'][str(pieces)]} units for equal parameters, {np.median(equal):.2f} times "
            f"({equal.min():.2f} to {equal.max():.2f})"
        )
    return (
        f"A training step of the {rival} net with {n['all'][rival]:,} parameters took {np.median(base):.0f} "
        f"microseconds of processor time at batch {BATCH}. {evidence.lab.part('activation').capitalize()} in its place "
        f"has {'; '.join(rows)}."
    )


def draw(evidence: Evidence, finding: Finding):
    n, rival = evidence.numbers, evidence.lab.part("rival")
    base = np.array(n["step"][rival])
    ways = (("same width", "maxout, same width"), ("equal parameters", "maxout, equal parameters"))
    sizes = [charts.Line(label, (1, *PIECES), [1.0] + [n["all"][f"{way} {k}"] / n["all"][rival] for k in PIECES])
             for way, label in ways]  # fmt: skip
    times = [charts.of_seeds(label, (1, *PIECES), np.column_stack([np.array(n["step"]["again"]) / base]
                             + [np.array(n["step"][f"{way} {k}"]) / base for k in PIECES])
                             ) for way, label in ways]  # fmt: skip
    figure = charts.lines("What Maxout costs beside relu",
                          f"{evidence.where}; net {WIDTH}-{LAST}, adam, batch {BATCH}, processor time",
                        [charts.Panel(sizes, "pieces k (1: the relu net)", "parameters / those of relu", "Size"),
                         charts.Panel(times, "pieces k (1: the relu net)", "time of a step / that of relu",
                                      "Time of a training step")],
                        note="Bands: 95 % interval of the mean over rounds of timing.")  # fmt: skip
    for axes in figure.axes:
        axes.set_xticks((1, *PIECES))
    return figure


CLAIMS = (
    Claim(
        id="maxout-costs",
        kind="C",
        statement="Maxout with k pieces costs k times the parameters, and time.",
        prediction="Hidden parameters grow by the factor k; a training step takes longer, also at equal parameters.",
        rule=f"by number of pieces k ({', '.join(map(str, PIECES))}): hidden parameters at equal width are supported "
        f"if within {NEAR:.0%} of k times those of relu, else refuted; the time of a training step over that with "
        "relu, at equal width and at equal parameters, is supported if the 95 % interval over rounds is above 1 and "
        f"the mean at least {LEAST:g}, refuted if the interval is below {LEAST:g}, else undecided. depends if the "
        "settings disagree.",
        positive=f"a relu net four times as wide takes at least {LEAST:g} times as long",
        negative=f"the relu net timed twice differs by less than {LEAST - 1:.0%}",
        limits="One core of one processor and one small net; parameters of the output layer are not multiplied, so the "
        "whole net grows by less than k.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"activation": "maxout", "rival": "relu"},
        source="Goodfellow et al. (2013), Maxout networks",
    ),
)
