"""The oracles: what they propose depends on the question alone, stays inside the space, and ends."""

import itertools
import json
import math
import os
import random
import subprocess
import sys
from typing import Any

import pytest

from experiments.tuning.oracles import propose

RATES = [0.001, 0.00316, 0.01, 0.0316, 0.1]
GRID = {"learning_rate": {"choices": RATES}}
RANGE = {"learning_rate": {"low": 0.0001, "high": 0.01}}
DEEP = {
    "learning_rate": {"choices": [0.001, 0.01, 0.1]},
    "beta_1": {"choices": [0.9, 0.5]},
    "epsilon": {"choices": [1e-8, 1e-3]},
}
DEEP_RANGE = {**RANGE, "momentum": {"choices": [0.5, 0.9, 0.99]}}

QUESTIONS: dict[str, dict[str, Any]] = {
    "grid": {"strategy": "grid", "space": GRID, "trials": 12, "epochs": 5, "seed": 0},
    "grid, one rate": {
        "strategy": "grid",
        "space": {"learning_rate": {"choices": [0.1]}},
        "trials": 12,
        "epochs": 5,
        "seed": 0,
    },
    "grid, constants": {"strategy": "grid", "space": DEEP, "trials": 2, "epochs": 5, "seed": 0},
    "random": {"strategy": "random", "space": RANGE, "trials": 10, "epochs": 5, "seed": 0},
    "random, constants": {"strategy": "random", "space": DEEP_RANGE, "trials": 6, "epochs": 5, "seed": 3},
    "bayesian": {"strategy": "bayesian", "space": RANGE, "trials": 5, "epochs": 5, "seed": 0},
    "hyperband": {"strategy": "hyperband", "space": RANGE, "trials": 12, "epochs": 9, "seed": 0},
    "hyperband, one epoch": {"strategy": "hyperband", "space": RANGE, "trials": 12, "epochs": 1, "seed": 0},
    "hyperband, constants": {
        "strategy": "hyperband",
        "space": DEEP_RANGE,
        "trials": 12,
        "epochs": 5,
        "seed": 1,
    },
}


def score(values: dict) -> float:
    return 0.9 - 0.05 * abs(math.log10(values["learning_rate"]) + 2.7) - 0.1 / values.get("epochs", 20)


@pytest.fixture(scope="session")
def searches() -> dict[str, list[list[dict]]]:
    """Every round of each search, told its scores."""
    return {name: search(question) for name, question in QUESTIONS.items()}


def search(question: dict, score=score) -> list[list[dict]]:
    rounds: list[list[dict]] = []
    for _ in range(60):
        proposals = propose(**question, told=[[score(values) for values in each] for each in rounds])
        if not proposals:
            return rounds
        rounds.append(proposals)
    raise AssertionError("the search does not end")


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_round_follows_from_the_scores_of_the_rounds_before(searches, name):
    """As after a kill: any round is asked again, alone, in any order, with the told scores through JSON."""
    rounds = searches[name]
    told = json.loads(json.dumps([[score(values) for values in each] for each in rounds]))
    numbers = list(range(len(rounds)))
    random.Random(0).shuffle(numbers)
    for number in numbers[-2:] if "bayesian" in name else numbers:
        assert propose(**QUESTIONS[name], told=told[:number]) == rounds[number]


@pytest.mark.slow
def test_another_process_proposes_the_same(searches):
    names = ["random", "hyperband", "grid, constants"]
    told = [[[score(values) for values in searches[name][0]]] for name in names]
    code = (
        "import json, sys\nfrom experiments.tuning.oracles import propose\n"
        "print(json.dumps([propose(**q, told=told) for q, told in json.load(sys.stdin)]), file=sys.stderr)"
    )
    given = json.dumps([[QUESTIONS[name], scores] for name, scores in zip(names, told, strict=True)])
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
    )
    found = json.loads(ended.stderr.strip().splitlines()[-1])
    assert found == [(searches[name][1:2] or [[]])[0] for name in names]


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_outside_the_space_is_proposed(searches, name):
    question = QUESTIONS[name]
    for values in itertools.chain(*searches[name]):
        assert set(values) - {"epochs"} == set(question["space"])
        for each, given in question["space"].items():
            if "choices" in given:
                assert values[each] in given["choices"]
            else:
                assert given["low"] <= values[each] <= given["high"]
        assert values.get("epochs", 1) >= 1
        assert values.get("epochs", 0) < question["epochs"], "the full budget is not named, and never exceeded"


@pytest.mark.parametrize("name", [name for name in QUESTIONS if name.startswith("grid")])
def test_a_grid_proposes_every_combination_once_and_all_in_one_round(searches, name):
    space = QUESTIONS[name]["space"]
    every = {
        tuple(sorted(zip(space, values, strict=True)))
        for values in itertools.product(*(given["choices"] for given in space.values()))
    }
    (proposals,) = searches[name]
    assert len(proposals) == len(every)
    assert {tuple(sorted(values.items())) for values in proposals} == every


def test_a_grid_that_was_told_half_goes_on_with_the_other_half():
    assert propose(**QUESTIONS["grid"], told=[[0.5, 0.6], [0.7]]) == [{"learning_rate": rate} for rate in RATES[3:]]


@pytest.mark.parametrize("name", ["random", "random, constants", "bayesian"])
def test_a_budget_of_trials_is_kept_and_no_trial_is_proposed_twice(searches, name):
    trials = list(itertools.chain(*searches[name]))
    assert len(trials) == QUESTIONS[name]["trials"]
    assert len({json.dumps(values, sort_keys=True) for values in trials}) == len(trials)
    assert [len(each) for each in searches[name][:-1]] == [4] * (len(searches[name]) - 1)


def test_rates_are_drawn_by_their_logarithm():
    """Half of them below the geometric middle of the range; by the rate itself it would be a tenth."""
    rounds = search({**QUESTIONS["random"], "trials": 60})
    below = sum(values["learning_rate"] < 0.001 for values in itertools.chain(*rounds))
    assert 15 <= below <= 45, "four standard deviations either side of 30"


def test_the_seed_decides_what_is_drawn():
    one, other = (propose(**{**QUESTIONS["random"], "seed": seed}, told=[]) for seed in (0, 1))
    assert one != other


def test_bayesian_search_listens_to_its_scores(searches):
    told = [[score(values) for values in searches["bayesian"][0]]]
    assert propose(**QUESTIONS["bayesian"], told=[told[0][::-1]]) != searches["bayesian"][1]


def test_scores_belong_to_the_trials_in_their_order():
    """Hyperband goes on with the trials of the highest scores: which they are depends on the order told."""
    question = QUESTIONS["hyperband"]
    first = propose(**question, told=[])
    for winner in range(len(first)):
        rounds = search(question, lambda v, w=first[winner]: 1.0 if v["learning_rate"] == w["learning_rate"] else 0.5)
        full = [v["learning_rate"] for v in itertools.chain(*rounds) if "epochs" not in v]
        assert first[winner]["learning_rate"] in full


def test_hyperband_gives_more_epochs_to_fewer_trials(searches):
    by_epochs: dict[int, set[float]] = {}
    for values in itertools.chain(*searches["hyperband"]):
        by_epochs.setdefault(values.get("epochs", 9), set()).add(values["learning_rate"])
    assert set(by_epochs) == {1, 3, 9}
    assert any(rate in by_epochs[1] for rate in by_epochs[3]), "somebody is promoted"
    best_of_first = max(by_epochs[1], key=lambda rate: score({"learning_rate": rate}))
    assert best_of_first in by_epochs[3]


def test_all_scores_alike_end_the_search_too():
    for name in ("random", "hyperband"):
        assert search(QUESTIONS[name], lambda _: 0.1)
