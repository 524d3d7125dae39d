"""What each rule says of a cell: the cause in plain words, with its numbers."""

import numpy as np

from experiments.errors import shorten
from experiments.reports.case import Case
from experiments.reports.symptoms import Symptoms
from experiments.reports.text import count, rate


def share(value: float) -> str:
    return f"{100 * value:.0f} %"


def times(ratio: float) -> str:
    """``1/350 of`` or ``1.4 times``."""
    return f"1/{1 / ratio:.0f} of" if 0 < ratio < 0.1 else f"{ratio:.2g} times"


def failed(given: Case) -> str:
    why = f" ({shorten(' '.join(given.cell.error.split()), 80)})" if given.cell.error else ""
    return f"{count(given.cell.failed, 'run')} failed{why}; the next sweep tries again"


def diverged(given: Case) -> str:
    cell = given.cell
    at = f" at update {cell.step:.0f}" if np.isfinite(cell.step) else ""
    at += " (the median)" if at and cell.diverged > 1 else ""
    return (
        f"{cell.diverged} of {count(cell.seeds, 'run')} diverged{at} at rate {rate(cell.rate)}"
        f" and {'count' if cell.diverged > 1 else 'counts'} at chance level, {given.say(cell.chance)}"
    )


def unstable(given: Case) -> str:
    cell = given.cell
    part, rise = max((("training", cell.train_rise), ("validation", cell.validation_rise)), key=lambda each: each[1])
    return f"training is unstable at rate {rate(cell.rate)}: the {part} loss ends at {rise:.3g} times its lowest"


def vanishing(given: Case) -> str:
    cell = given.cell
    return (
        f"the gradient vanishes: its norm in the first layer is {times(cell.flow_start)} that in the last at the"
        f" start and {times(cell.flow_end)} it at the end"
    )


def vanishing_first(given: Case) -> str:
    cell = given.cell
    return (
        f"a slow start: the first layer's gradient begins at {times(cell.flow_start)} the last layer's (at the end"
        f" {times(cell.flow_end)} it), and after the first epoch validation {given.metric.word} is"
        f" {given.say(cell.first)}"
    )


def dead(given: Case) -> str:
    cell = given.cell
    start = f" (at the start {share(cell.dead_start)})" if np.isfinite(cell.dead_start) else ""
    return f"{share(cell.dead)} of the units of {cell.dead_layer} are dead at the end{start}: zero on the whole probe"


def overfits(given: Case) -> str:
    cell = given.cell
    return (
        f"it overfits: training {given.say(cell.train)}, validation {given.say(cell.validation)}, and the validation"
        f" loss ends {share(cell.validation_rise - 1)} above its lowest"
    )


def learning(given: Case) -> str:
    metric, best = given.metric, given.best.gain
    there = f"by {metric.number(best)}" if best > 0 else "no more"
    return (
        f"still learning: validation {metric.word} rose by {metric.gap(given.cell.gain)} in the last of"
        f" {count(given.epochs, 'epoch')} (the best cell's {there}), so more epochs would help"
    )


def underfits(given: Case) -> str:
    fitted, best = given.say(given.cell.train), given.say(given.best.train)
    return f"it fits even the training data less well: {fitted} against {best} of the best cell"


def needs_rate(given: Case) -> str:
    cell = given.cell
    good = f"{undecided(given)}, and that" if given.apart else f"{sameness(given)}, but"
    return (
        f"{good} only with its rate tuned: {given.say(cell.mean)} at {rate(cell.rate)},"
        f" {given.say(cell.default)} at the default {rate(cell.default_rate)}"
    )


def undecided(given: Case) -> str:
    return f"{count(given.gap.seeds, 'seed')} cannot tell it from the best"


def sameness(given: Case) -> str:
    """How sure it is that a cell is level with the best: the interval may reach beyond the margin."""
    if given.gap.has_interval and given.gap.high <= given.margin:
        return f"as good as the best, to within {given.metric.gap(given.margin)}"
    return f"level with the best, as far as {count(given.gap.seeds, 'seed')} can tell"


def level(given: Case) -> str:
    return f"{sameness(given)}; {healthy(given.cell, given)}"


def healthy(cell: Symptoms, given: Case) -> str:
    """What a good cell shows inside: only what was measured."""
    told = []
    if np.isfinite(cell.flow_end):
        told.append(f"the first layer's gradient is {times(cell.flow_end)} the last's")
    if np.isfinite(cell.dead):
        told.append(f"{share(cell.dead)} dead units" if cell.dead >= 0.005 else "no dead units")
    if np.isfinite(cell.train) and np.isfinite(cell.validation):
        told.append(f"training {given.say(cell.train)}, validation {given.say(cell.validation)}")
    return f"at the end {', '.join(told)}" if told else "nothing was measured inside the net"
