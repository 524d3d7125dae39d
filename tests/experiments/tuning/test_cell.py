"""A cell's state follows from what is recorded, whatever the order and however often it was killed."""

import copy
import itertools
import json
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.records import TUNING_SEEDS, Epoch, Outcome
from experiments.tuning.cell import BOTH, DEEP, DEFAULT, TRIAL, TUNED, state
from experiments.tuning.space import exponent, grid, half_decade
from tests.experiments.tuning.made_up import CHANCE, Curve, a_cell, answer, finish

MOMENTUM = {"momentum": [0.0, 0.5, 0.9]}


def runs(now, *roles: str):
    return [p.run for p in now.planned if p.role in roles]


def rates(now, *roles: str) -> set[float]:
    return {run.learning_rate for run in runs(now, *roles)}


cells = st.builds(
    a_cell,
    strategy=st.sampled_from(["grid", "grid", "random", "hyperband"]),
    seeds=st.integers(1, 3),
    template=st.fixed_dictionaries(
        {"learning_rate": st.sampled_from([0.001, 0.002, 0.01, 1.0]), "epochs": st.sampled_from([1, 3, 5])}
    ),
    constants=st.sampled_from([{}, {}, MOMENTUM]),
    points=st.sampled_from([3, 5]),
    extensions=st.integers(0, 3),
    trials=st.integers(2, 6),
)
curves = st.builds(
    Curve,
    optimum=st.floats(-9, 3),
    limit=st.sampled_from([math.inf, -1.0, -5.0, -50.0]),
    noise=st.sampled_from([0.0, 0.1]),
    digits=st.integers(1, 6),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cell=cells, curve=curves, tuning_seeds=st.integers(1, 2), rng=st.randoms(use_true_random=False))
def test_order_of_arrival_and_kills_change_nothing(cell, curve, tuning_seeds, rng):
    cell = replace(cell, tuning=replace(cell.tuning, seeds=tuning_seeds))
    undisturbed = finish(cell, curve)
    seen: list[list] = []
    disturbed = finish(cell, curve, rng, lambda now: seen.append([(p.run.key, p.role) for p in now.planned]))
    assert disturbed == undisturbed
    assert disturbed.choice is not None
    keys = [key for key, _ in seen[-1]]
    assert len(set(keys)) == len(keys), "no run is planned twice"
    for before, after in itertools.pairwise(seen):
        assert [key for key, _ in before] == [key for key, _ in after][: len(before)], "a plan only grows at its end"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cell=cells, curve=curves)
def test_the_choice_is_the_best_trial_at_the_full_budget(cell, curve):
    """Worked out again from the trials alone, by another way."""
    now = finish(cell, curve)
    trials: dict[str, list[Outcome]] = {}
    for run in runs(now, TRIAL):
        assert run.seed >= TUNING_SEEDS
        if run.epochs == cell.template.epochs:
            values = {"learning_rate": run.learning_rate, **dict(run.optimizer_args)}
            trials.setdefault(json.dumps(values, sort_keys=True), []).append(curve(run))
    assert trials
    alive = {name for name, several in trials.items() if any(o.status == "done" for o in several)} or set(trials)

    def mean(name: str) -> float:
        metrics = [CHANCE if o.validation_metric is None else o.validation_metric for o in trials[name]]
        return sum(metrics) / len(metrics)

    chosen = json.dumps(now.choice.values, sort_keys=True)
    assert chosen in alive
    assert now.choice.score == pytest.approx(mean(chosen))
    assert now.choice.score == pytest.approx(max(map(mean, alive)))
    tied = [json.loads(name) for name in alive if mean(name) == pytest.approx(now.choice.score, abs=1e-12)]
    if len(tied) == 1:
        assert now.choice.values == tied[0]
    assert now.choice.all_diverged == all(curve(run).status == "diverged" for run in runs(now, TRIAL))


@pytest.mark.parametrize("strategy", ["grid", "random", "hyperband"])
def test_tuning_seeds_and_scoring_seeds_never_meet(strategy):
    now = finish(a_cell(strategy, seeds=4), Curve(-5))
    assert {run.seed for run in runs(now, TRIAL)} == {TUNING_SEEDS}
    assert all(run.tuning for run in runs(now, TRIAL))
    for role in (DEFAULT, TUNED):
        assert [run.seed for run in runs(now, role)] == [0, 1, 2, 3]
    assert all(run.epochs == 2 for run in runs(now, DEFAULT, TUNED)), "scored with the full budget"


def test_each_trial_gets_every_tuning_seed():
    cell = a_cell()
    cell = replace(cell, tuning=replace(cell.tuning, seeds=3))
    now = finish(cell, Curve(-4))
    seeds: dict[float, list[int]] = {}
    for run in runs(now, TRIAL):
        seeds.setdefault(run.learning_rate, []).append(run.seed - TUNING_SEEDS)
    assert set(seeds) == set(grid(0.01, 5))
    assert all(each == [0, 1, 2] for each in seeds.values())


@pytest.mark.parametrize(
    ("optimum", "tried", "chosen", "edge"),
    [
        (-4, range(-6, -1), -4, ""),  # in the middle: nothing grows
        (-6.4, range(-8, -1), -6, ""),  # at the edge of the first grid, but not beyond
        (-7, range(-8, -1), -7, ""),  # within the first extension
        (-9, range(-10, -1), -9, ""),  # within the second
        (-30, range(-10, -1), -10, "low"),  # beyond all of them
        (-1, range(-6, 1), -1, ""),
        (2, range(-6, 3), 2, "high"),  # the last of the second extension counts as an edge
        (30, range(-6, 3), 2, "high"),
    ],
)
def test_a_grid_follows_its_best_as_far_as_it_may(optimum, tried, chosen, edge):
    now = finish(a_cell(), Curve(optimum))
    assert sorted(rates(now, TRIAL)) == [half_decade(k) for k in tried]
    assert (now.choice.values, now.choice.edge) == ({"learning_rate": half_decade(chosen)}, edge)
    assert not now.choice.all_diverged


@pytest.mark.parametrize(("extensions", "least"), [(0, -6), (1, -8), (3, -12)])
def test_a_grid_grows_only_as_often_as_it_may(extensions, least):
    now = finish(a_cell(extensions=extensions), Curve(-40))
    assert min(rates(now, TRIAL)) == half_decade(least)
    assert now.choice.edge == "low"


def test_a_grid_does_not_grow_where_the_next_rates_diverge():
    now = finish(a_cell(), Curve(30, limit=-2))
    assert sorted(rates(now, TRIAL)) == [half_decade(k) for k in range(-6, 1)]
    assert now.choice.values == {"learning_rate": 0.1}
    assert now.choice.edge == "", "the rates above it were tried, and diverged"


def test_where_all_diverge_the_lowest_rate_is_chosen_and_flagged():
    now = finish(a_cell(), Curve(0, limit=-50))
    assert now.choice.all_diverged
    assert now.choice.edge == "low"
    assert now.choice.score == CHANCE
    assert now.choice.values["learning_rate"] == min(rates(now, TRIAL)) == half_decade(-10)


def test_one_that_trains_is_enough():
    now = finish(a_cell(), Curve(0, limit=-9))
    assert not now.choice.all_diverged
    assert now.choice.values["learning_rate"] == half_decade(-9)
    assert now.choice.edge == ""


def test_what_trains_badly_is_chosen_before_what_diverges():
    """R² is negative long before anything is learned, and a diverged run counts at 0."""

    def train(run):
        if run.learning_rate > 0.005:
            return Outcome(status="diverged", metric="r2", chance=0.0, step=1)
        return outcome(-0.5 - run.learning_rate)

    now = finish(a_cell(extensions=0), train)
    assert now.choice.values["learning_rate"] == 0.001
    assert now.choice.score < 0


def outcome(metric: float, loss: float = 1.0) -> Outcome:
    epoch = Epoch(epoch=1, train_loss=1, train_metric=0, validation_loss=loss, validation_metric=metric, seconds=0)
    return Outcome(status="done", chance=CHANCE, curve=(epoch,), best_epoch=1, validation_metric=metric)


TIES = {
    "loss": ({0.00316: (0.9, 0.3), 0.01: (0.9, 0.2), 0.0316: (0.9, 0.25)}, 0.01),
    "rate": ({0.00316: (0.9, 0.2), 0.01: (0.9, 0.2), 0.0316: (0.8, 0.1)}, 0.00316),
    "metric": ({0.00316: (0.9, 0.2), 0.01: (0.91, 9.0)}, 0.01),
    "no number": (
        {
            0.00316: (math.nan, 0.2),
            0.01: (math.nan, 0.1),
            0.0316: (math.nan, 0.3),
            0.001: (math.nan, 1.0),
            0.1: (math.nan, 1.0),
        },
        0.01,
    ),
}


@pytest.mark.parametrize(("given_by_rate", "chosen"), TIES.values(), ids=TIES)
def test_ties_go_to_the_lower_loss_then_to_the_lower_rate(given_by_rate, chosen):
    now = finish(a_cell(), lambda run: outcome(*given_by_rate.get(run.learning_rate, (0.1, 5.0))))
    assert now.choice.values == {"learning_rate": chosen}


def test_the_mean_over_tuning_seeds_decides_and_a_diverged_one_counts_at_chance():
    scores = {0.001: [0.6, 0.6], 0.00316: [0.9, None], 0.01: [0.7, 0.4], 0.0316: [0.9, 0.2], 0.1: [0.1, 0.1]}

    def train(run):
        if run.seed < TUNING_SEEDS:
            return outcome(0.5)
        metric = scores[run.learning_rate][run.seed - TUNING_SEEDS]
        return Outcome(status="diverged", chance=CHANCE, step=1) if metric is None else outcome(metric)

    cell = a_cell(extensions=0)
    now = finish(replace(cell, tuning=replace(cell.tuning, seeds=2)), train)
    assert {values["learning_rate"]: score for values, score, _ in now.trials} == pytest.approx(
        {0.001: 0.6, 0.00316: 0.5, 0.01: 0.55, 0.0316: 0.55, 0.1: 0.1}
    )
    assert now.choice.values == {"learning_rate": 0.001}


def test_the_tuned_rate_that_is_the_default_is_scored_once():
    now = finish(a_cell(seeds=3), Curve(exponent(0.01)))
    assert [(p.role, p.run.seed) for p in now.planned if p.role != TRIAL] == [(BOTH, seed) for seed in range(3)]
    assert rates(now, BOTH) == {0.01}
    assert now.choice.scored == tuple(run.key for run in runs(now, BOTH))


def test_another_tuned_rate_is_scored_beside_the_default():
    now = finish(a_cell(seeds=3), Curve(-5))
    assert not runs(now, BOTH)
    assert (rates(now, DEFAULT), rates(now, TUNED)) == ({0.01}, {0.00316})
    assert now.choice.scored == tuple(run.key for run in runs(now, TUNED))


def test_without_tuning_there_are_default_runs_and_no_question():
    now = state(a_cell("none", seeds=2), lambda _: None, {})
    assert [(p.role, p.run.seed, p.run.learning_rate) for p in now.planned] == [
        (DEFAULT, 0, 0.01),
        (DEFAULT, 1, 0.01),
    ]
    assert now.ask is None
    assert now.choice is None


@pytest.mark.parametrize("strategy", ["grid", "random", "hyperband"])
def test_more_scoring_seeds_change_no_trial_and_no_choice(strategy):
    few, many = (a_cell(strategy, seeds=seeds) for seeds in (1, 7))
    assert few.key == many.key
    curve = Curve(-5, noise=0.05)
    before, after = finish(few, curve), finish(many, curve)
    assert runs(before, TRIAL) == runs(after, TRIAL)
    assert replace(before.choice, scored=()) == replace(after.choice, scored=())
    assert {run.key for run in runs(before, DEFAULT, TUNED)} < {run.key for run in runs(after, DEFAULT, TUNED)}


OTHERS = {
    "rate": {"template": {"learning_rate": 0.001}},
    "activation": {"template": {"activation": "tanh"}},
    "epochs": {"template": {"epochs": 3}},
    "fingerprint": {"template": {"fingerprint": "0" * 64}},
    "strategy": {"strategy": "random"},
    "points": {"points": 7},
    "extensions": {"extensions": 1},
    "constants": {"constants": MOMENTUM},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_another_tuning_has_another_key(changes):
    assert a_cell(**changes).key != a_cell().key
    assert a_cell(template={"seed": 3}).key == a_cell().key


@pytest.mark.parametrize("strategy", ["grid", "random", "hyperband"])
def test_constants_reach_the_optimizer(strategy):
    cell = a_cell(
        strategy,
        constants=MOMENTUM,
        template={"optimizer": "momentum", "optimizer_args": (("clipnorm", 1.0),)},
        trials=12,
    )
    now = finish(cell, Curve(-4))
    assert all(dict(run.optimizer_args)["clipnorm"] == 1.0 for run in runs(now, TRIAL, DEEP))
    tried = {dict(run.optimizer_args)["momentum"] for run in runs(now, TRIAL)}
    assert tried <= set(MOMENTUM["momentum"])
    assert len(tried) > 1
    assert {dict(run.optimizer_args)["momentum"] for run in runs(now, DEEP)} == {now.choice.values["momentum"]}
    assert now.choice.scored == tuple(run.key for run in runs(now, DEEP))
    assert not runs(now, DEFAULT, TUNED, BOTH), "the same cell without constants stands for these"
    if strategy == "grid":
        assert len(runs(now, TRIAL)) == 5 * 3
        assert now.choice.values == {"learning_rate": 0.01, "momentum": 0.9}
    for run in runs(now, TRIAL, DEEP):
        assert list(run.optimizer_args) == sorted(run.optimizer_args), "equal arguments hash alike"


def test_a_grown_grid_tries_all_constants_at_the_new_rates():
    now = finish(a_cell(constants=MOMENTUM, template={"optimizer": "momentum"}), Curve(-7))
    tried = {(run.learning_rate, dict(run.optimizer_args)["momentum"]) for run in runs(now, TRIAL)}
    assert tried == {(half_decade(k), m) for k in range(-8, -1) for m in MOMENTUM["momentum"]}
    assert now.choice.values == {"learning_rate": half_decade(-7), "momentum": 0.9}


def test_hyperband_chooses_among_the_full_budget_only():
    """A short trial that looks better than all the long ones is not chosen."""
    cell = a_cell("hyperband", template={"epochs": 9})
    now = finish(cell, lambda run: outcome(0.99 if run.epochs < 9 else 0.5 + run.learning_rate))
    short = [run for run in runs(now, TRIAL) if run.epochs < 9]
    assert short
    full = {run.learning_rate for run in runs(now, TRIAL) if run.epochs == 9}
    assert now.choice.values == {"learning_rate": max(full)}
    assert rates(now, TUNED) == {max(full)}
    assert {run.epochs for run in runs(now, TUNED, DEFAULT)} == {9}


@pytest.mark.parametrize(("optimum", "edge"), [(-4, ""), (-30, "low"), (30, "high")])
def test_drawn_rates_near_an_end_of_their_range_are_flagged(optimum, edge):
    """The range is two decades wide: within a tenth of a decade of its end is an edge."""
    now = finish(a_cell("random", trials=60), Curve(optimum))
    assert now.choice.edge == edge
    best = math.log10(now.choice.values["learning_rate"])
    assert (best < -3 + 0.1) == (edge == "low")
    assert (best > -1 - 0.1) == (edge == "high")


def test_a_trial_that_failed_is_waited_for():
    cell = a_cell()
    answers = {(cell.key, 0): answer(state(cell, lambda _: None, {}).ask)}
    known = {p.run.key: Curve(-4)(p.run) for p in state(cell, lambda _: None, answers).planned}
    missing = [p.run.key for p in state(cell, lambda _: None, answers).planned if p.role == TRIAL][2]
    now = state(cell, lambda key: None if key == missing else known[key], answers)
    assert now.choice is None
    assert now.ask is None, "the next question needs its score"
    assert missing in [p.run.key for p in now.planned]


def test_nothing_that_is_given_is_changed():
    cell, curve = a_cell(seeds=2), Curve(-7)
    answers: dict = {}
    outcomes: dict = {}
    while True:
        kept = copy.deepcopy((answers, outcomes))
        now = state(cell, outcomes.get, answers)
        assert (answers, outcomes) == kept
        assert state(cell, outcomes.get, answers) == now, "asked again, it says the same"
        if now.ask:
            answers[now.ask.cell, now.ask.step] = answer(now.ask)
        fresh = {p.run.key: curve(p.run) for p in now.planned if p.run.key not in outcomes}
        if not now.ask and not fresh:
            break
        outcomes |= fresh
    assert now.choice is not None


def test_the_question_tells_the_scores_in_the_order_of_the_trials():
    cell = a_cell("random", trials=8)
    curve, rng = Curve(-5, noise=0.1), random.Random(1)
    seen = []
    now = finish(cell, curve, rng, lambda now: seen.append(now.ask.question["told"]) if now.ask else None)
    longest = max(seen, key=len)
    assert [score for told in longest for score in told] == [curve(run).validation_metric for run in runs(now, TRIAL)]


def lucky_once(run):
    """Rate 0.1 is best where it does not diverge, which is only with the first tuning seed."""
    if run.learning_rate == 0.1 and run.seed != TUNING_SEEDS:
        return Curve(-2, limit=-9)(run)
    return Curve(-2, limit=-2)(run)


def test_a_rate_that_was_lucky_once_is_found_out_by_the_confirming_seeds():
    unconfirmed = finish(a_cell(confirm=0), lucky_once)
    confirmed = finish(a_cell(confirm=2), lucky_once)
    assert unconfirmed.choice.values == {"learning_rate": 0.1}
    assert confirmed.choice.values == {"learning_rate": 0.0316}
    seeds = {rate: {run.seed for run in runs(confirmed, TRIAL) if run.learning_rate == rate} for rate in (0.0316, 0.1)}
    assert seeds[0.1] == seeds[0.0316] == {TUNING_SEEDS, TUNING_SEEDS + 1, TUNING_SEEDS + 2}
    assert {run.seed for run in runs(confirmed, TRIAL) if run.learning_rate == 0.001} == {TUNING_SEEDS}


@pytest.mark.parametrize("seed", range(12))
def test_confirmation_does_not_depend_on_the_order_of_arrival_or_on_kills(seed):
    calm = finish(a_cell(confirm=2), lucky_once)
    assert finish(a_cell(confirm=2), lucky_once, random.Random(seed)) == calm
