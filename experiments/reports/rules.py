"""The rules about what goes with a good or a bad result, in the order in which they are asked."""

import numpy as np

from experiments.reports import causes
from experiments.reports.case import Rule
from experiments.reports.symptoms import Symptoms
from experiments.reports.text import count, rate

# Losses go up and down by some per cent from epoch to epoch, and a validation loss may double where a net
# overfits; only a net that is being thrown about comes to these.
TRAIN_RISE, VALIDATION_RISE = 1.5, 10.0
# A factor of 100 between first and last layer: at one rate for all, the first hardly moves while the last learns.
FLOW = 0.01
DEAD = 0.25  # a quarter of a layer gone is more than chance at the start leaves (a few per cent)
# Nets that learn change their weights by about a thousandth an update; at a ten-thousandth, a thousand updates
# move them by a tenth.
STEP = 1e-4
SATURATED = 0.5  # half of all unit-example pairs pass next to no gradient
SQUASHING = ("sigmoid", "tanh", "keras:sigmoid", "keras:tanh")
"""Activations with two flat ends; that half of a ReLU is flat is no trouble."""
LEARNED = 0.05  # less than a twentieth of the way from chance to the best cell is no learning to speak of
SPREAD = 3.0  # times the spread that is usual in this grid
OVERFIT_LOSS, OVERFIT_GAP = 1.05, 0.01  # beyond what a validation loss wavers; a point of accuracy between the parts
UNDERFIT = 0.01  # a point of accuracy: twice the margin, since training metrics have no interval
NEEDS_RATE = 0.05  # ten times the margin: a default that nobody would keep


def _vanishes(cell: Symptoms) -> bool:
    return cell.flow_start < FLOW and cell.flow_end < FLOW


RULES: tuple[Rule, ...] = (
    Rule(
        "not run",
        "no run of the cell has ended",
        lambda c: c.cell.seeds + c.cell.failed == 0,
        lambda _: "no run has ended yet",
    ),
    Rule(
        "failed",
        "no run gave a result, and some failed",
        lambda c: c.cell.seeds == 0 and c.cell.failed > 0,
        causes.failed,
    ),
    Rule(
        "diverged", "the loss of at least one run was no longer finite", lambda c: c.cell.diverged > 0, causes.diverged
    ),
    Rule(
        "unstable",
        f"behind the best by more than the margin, and the training loss ends at {TRAIN_RISE:g} times its lowest or"
        f" more, or the validation loss at {VALIDATION_RISE:g} times",
        lambda c: c.apart and (c.cell.train_rise >= TRAIN_RISE or c.cell.validation_rise >= VALIDATION_RISE),
        causes.unstable,
    ),
    Rule(
        "few updates",
        "behind the best by more than the margin, and an epoch is one update (the batch is the whole training part)",
        lambda c: c.apart and np.isfinite(c.cell.updates) and not np.isfinite(c.best.updates),
        lambda c: (
            f"one update an epoch makes {count(int(c.cell.updates), 'update')} in all, where the best cell "
            "makes one a batch"
        ),
    ),
    Rule(
        "edge of the grid",
        "behind the best by more than the margin, and the best rate is the highest or lowest that was tried",
        lambda c: c.apart and c.cell.edge in ("low", "high"),
        lambda c: (
            f"its best rate, {rate(c.cell.rate)}, is the {c.cell.edge}est that was tried, so a better one may "
            "lie beyond"
        ),
    ),
    Rule(
        "vanishing gradient",
        f"behind the best by more than the margin, and at the start and at the end the gradient norm of the first"
        f" layer is below 1/{1 / FLOW:g} of the last layer's",
        lambda c: c.apart and _vanishes(c.cell),
        causes.vanishing,
    ),
    Rule(
        "vanishing at first",
        f"behind the best by more than the margin, and at the start alone the gradient norm of the first layer is"
        f" below 1/{1 / FLOW:g} of the last layer's",
        lambda c: c.apart and c.cell.flow_start < FLOW <= c.cell.flow_end,
        causes.vanishing_first,
    ),
    Rule(
        "dead units",
        f"behind the best by more than the margin, and at the end {causes.share(DEAD)} of a layer's units or more are"
        " dead",
        lambda c: c.apart and c.cell.dead >= DEAD,
        causes.dead,
    ),
    Rule(
        "small updates",
        f"behind the best by more than the margin, and an update changes the weights by less than {STEP:g} of their"
        " norm, at the start and at the end (geometric mean over layers)",
        lambda c: c.apart and c.cell.step_start < STEP and c.cell.step_end < STEP,
        lambda c: (
            f"updates are too small: {c.cell.step_start:.1g} of the weights at the start, "
            f"{c.cell.step_end:.1g} at the end, at rate {rate(c.cell.rate)}"
        ),
    ),
    Rule(
        "no learning",
        f"surely behind the best, and not even {causes.share(LEARNED)} of the way from chance to the best cell",
        lambda c: c.behind and c.cell.mean - c.cell.chance < LEARNED * (c.best.mean - c.cell.chance),
        lambda c: f"it has learned next to nothing: {c.say(c.cell.mean)}, where chance is {c.say(c.cell.chance)}",
    ),
    Rule(
        "saturated units",
        f"surely behind the best, a sigmoid or tanh, {causes.share(SATURATED)} of a layer's slopes or more are flat at"
        f" the end, and the training metric is {UNDERFIT:g} or more below the best cell's",
        lambda c: (
            c.behind
            and c.cell.activation in SQUASHING
            and c.cell.saturated >= SATURATED
            and c.best.train - c.cell.train >= UNDERFIT
        ),
        lambda c: (
            f"{causes.share(c.cell.saturated)} of the slopes of {c.cell.saturated_layer} are flat at the end, and it "
            f"fits the training data less well: {c.say(c.cell.train)} against {c.say(c.best.train)} of the best cell"
        ),
    ),
    Rule(
        "linear net",
        f"surely behind the best, activation linear in a net of dense layers, an epoch of many updates, and the"
        f" training metric is {UNDERFIT:g} or more below the best cell's",
        lambda c: (
            c.behind
            and not np.isfinite(c.cell.updates)
            and c.cell.activation in ("linear", "keras:linear")
            and c.model.partition("(")[0] == "mlp"
            and c.best.train - c.cell.train >= UNDERFIT
        ),
        lambda c: (
            "without a bend all layers are one linear map, which fits even the training data less well: "
            f"{c.say(c.cell.train)} against {c.say(c.best.train)} of the best cell"
        ),
    ),
    Rule(
        "large spread",
        f"behind the best by more than the margin but not surely, and the standard deviation over seeds is"
        f" {SPREAD:g} times the grid's median or more",
        lambda c: c.apart and not c.behind and c.cell.sd >= SPREAD * c.usual_sd > 0,
        lambda c: (
            f"its seeds lie far apart, from {c.metric.spread(c.cell.least, c.cell.most)} (standard deviation "
            f"{c.metric.number(c.cell.sd)}, usual here {c.metric.number(c.usual_sd)}), so more seeds have to decide"
        ),
    ),
    Rule(
        "best",
        "the highest mean of all cells with as many seeds",
        lambda c: c.is_best,
        lambda c: causes.healthy(c.cell, c),
        trouble=False,
    ),
    Rule(
        "needs its rate",
        f"not surely behind the best, and at its default rate {NEEDS_RATE:g} or more worse than at its tuned rate",
        lambda c: not c.behind and c.gap.seeds > 0 and c.cell.mean - c.cell.default >= NEEDS_RATE,
        causes.needs_rate,
        trouble=False,
    ),
    Rule(
        "level with the best",
        "behind the best by no more than the margin",
        lambda c: not c.apart and c.gap.seeds > 0,
        causes.level,
        trouble=False,
    ),
    Rule(
        "undecided",
        "behind the best by more than the margin, but the interval of the difference includes zero",
        lambda c: c.apart and not c.behind,
        lambda c: f"{causes.undecided(c)}; {causes.healthy(c.cell, c)}",
        trouble=False,
    ),
    Rule(
        "overfits",
        f"surely behind the best, the validation loss ends {causes.share(OVERFIT_LOSS - 1)} or more above its lowest,"
        f" and the training metric ends {OVERFIT_GAP:g} or more above the validation metric",
        lambda c: (
            c.behind and c.cell.validation_rise >= OVERFIT_LOSS and c.cell.train - c.cell.validation >= OVERFIT_GAP
        ),
        causes.overfits,
    ),
    Rule(
        "still learning",
        "surely behind the best, most runs have their best epoch last, and the validation metric rose in the last"
        " epoch by more than the margin, and by more than the margin above the best cell's rise",
        lambda c: c.behind and c.cell.last_best > 0.5 and c.cell.gain > c.margin + max(0.0, c.best.gain),
        causes.learning,
    ),
    Rule(
        "underfits",
        f"surely behind the best, and the training metric is {UNDERFIT:g} or more below the best cell's",
        lambda c: c.behind and c.best.train - c.cell.train >= UNDERFIT,
        causes.underfits,
    ),
    Rule(
        "nothing",
        "no rule above holds",
        lambda _: True,
        lambda _: "nothing in the diagnostics stands out",
        trouble=False,
    ),
)
"""All rules, in the order in which they are asked. The margin is what counts as a difference in the report."""
