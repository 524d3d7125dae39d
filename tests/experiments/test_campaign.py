"""The campaign: what is started when, and that kills, failures and late additions change no result."""

import random
from dataclasses import replace

import pandas as pd
import pytest

from experiments.campaign import Campaign
from experiments.grid import DataFacts, cells
from experiments.ledger import LEDGER, Ledger
from experiments.plan import parse
from experiments.records import Outcome, Run
from experiments.tuning.cell import BOTH, DEFAULT, TRIAL, TUNED, Ask
from experiments.work import Work
from tests.experiments.tuning.made_up import Curve, answer
from tests.experiments.tuning.sweeps import assert_alike, survive, sweep, table, tables

FACTS = DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 1000)


def made_up(*blocks: dict, **changes) -> Work:
    """A plan on data that is not there."""
    given = table(**changes)
    given["block"] += blocks
    plan = parse(given)
    return Work(plan, cells(plan, {"digits": FACTS}), {"digits": FACTS.examples}, [], [])


def curve(run: Run) -> Outcome:
    """Each cell has its best rate elsewhere; one beyond what its grid can reach, one diverges often."""
    best = {("relu", "sgd"): -3, ("relu", "adam"): -6, ("tanh", "sgd"): 9, ("tanh", "adam"): -9}
    limit = -5 if (run.activation, run.optimizer) == ("tanh", "adam") else 99
    return Curve(best[run.activation, run.optimizer], limit, noise=0.02)(run)


@pytest.mark.parametrize("strategy", ["none", "grid", "random", "hyperband"])
def test_order_and_kills_change_no_table(tmp_path, strategy):
    work = made_up(tuning={"strategy": strategy, "trials": 5, "points": 5})
    sweep(work, tmp_path / "plain", curve)
    expected = tables(tmp_path / "plain")
    assert len(expected.choices) == (0 if strategy == "none" else 4)
    for seed in range(3):
        out = tmp_path / str(seed)
        trained = survive(work, out, curve, random.Random(seed), kills=6, most=12)
        assert_alike(tables(out), expected)
        assert sorted(trained) == sorted(expected.runs["key"]), "each run once"


def test_a_finished_sweep_trains_nothing(tmp_path):
    sweep(made_up(), tmp_path, curve)
    before = tables(tmp_path)
    assert sweep(made_up(), tmp_path, curve) == []
    assert_alike(tables(tmp_path), before)


def test_more_seeds_train_only_the_new_ones_and_a_longer_plan_only_what_is_new(tmp_path):
    sweep(made_up(seeds=2), tmp_path, curve)
    few = tables(tmp_path)
    trained = sweep(made_up(seeds=4), tmp_path, curve)
    many = tables(tmp_path)
    fresh = many.runs[many.runs["key"].isin(trained)]
    assert set(fresh["seed"]) == {2, 3}
    assert not set(fresh["role"]) & {TRIAL}
    assert len(many.runs) == len(few.runs) + len(trained)
    scored = ["scored", "tuned_learning_rate"]
    pd.testing.assert_frame_equal(few.choices.drop(columns=scored[0]), many.choices.drop(columns=scored[0]))
    wider = made_up(seeds=4, activations=["relu", "tanh"], optimizers=["sgd", "adam"])
    assert sweep(wider, tmp_path, curve) == []
    narrow = made_up(seeds=4, activations=["relu"], optimizers=["sgd"])
    assert sweep(narrow, tmp_path, curve) == []
    assert set(tables(tmp_path).runs["activation"]) == {"relu"}, "tables show the plan, not all that is there"


def test_tables_keep_the_order_of_the_plan(tmp_path):
    sweep(made_up(), tmp_path, curve, random.Random(0))
    found = tables(tmp_path)
    by_cell = list(dict.fromkeys(zip(found.runs["activation"], found.runs["optimizer"], strict=True)))
    assert by_cell == [(a, o) for a in ("relu", "tanh") for o in ("sgd", "adam")]
    assert list(zip(found.choices["activation"], found.choices["optimizer"], strict=True)) == by_cell
    for _, cell in found.runs.groupby(["activation", "optimizer"]):
        order = [DEFAULT, BOTH, TRIAL, TUNED]
        places = [order.index(role) for role in cell["role"]]
        assert places == sorted(places)


def test_choices_say_what_the_trials_say(tmp_path):
    sweep(made_up(tuning={"strategy": "grid", "points": 5, "extensions": 1}), tmp_path, curve, random.Random(4))
    found = tables(tmp_path)
    for choice in found.choices.itertuples():
        of = found.runs[(found.runs["activation"] == choice.activation) & (found.runs["optimizer"] == choice.optimizer)]
        trials = of[of["role"] == TRIAL]
        by_rate = trials.groupby("learning_rate")["validation_metric"]
        # The chosen rate has the confirming seeds too, and of those that have them none is better.
        assert by_rate.count()[choice.tuned_learning_rate] == 3
        assert choice.score == pytest.approx(by_rate.mean()[choice.tuned_learning_rate])
        assert choice.score == pytest.approx(by_rate.mean()[by_rate.count() == 3].max())
        tuned = of[of["role"].isin([TUNED, BOTH])]
        assert set(tuned["learning_rate"]) == {choice.tuned_learning_rate}
        assert list(choice.scored) == list(tuned["key"])
        assert trials["test_metric"].isna().all()
    edges = dict(
        zip(
            zip(found.choices["activation"], found.choices["optimizer"], strict=True),
            found.choices["edge"],
            strict=True,
        )
    )
    assert edges == {("relu", "sgd"): "", ("relu", "adam"): "", ("tanh", "sgd"): "high", ("tanh", "adam"): ""}


def test_a_role_that_changes_is_told_to_the_ledger(tmp_path):
    work = made_up(activations=["relu"], optimizers=["adam"])
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        assert {role for _, role, _ in campaign.rows()} == {DEFAULT}
    sweep(work, tmp_path, Curve(optimum=-6))  # at the default rate
    found = tables(tmp_path)
    assert sorted(found.runs["role"].unique()) == [BOTH, TRIAL]


def test_nothing_is_started_twice_and_the_end_comes_nearer(tmp_path):
    work = made_up()
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        waiting = campaign.jobs()
        assert campaign.jobs() == []
        assert campaign.open_cells() == 4
        assert len([job for job in waiting if isinstance(job, Ask)]) == 4
        left, done = campaign.cost_left(), 0
        assert left > 0
        while waiting:
            job = waiting.pop(0)
            if isinstance(job, Ask):
                waiting += campaign.answered(job, answer(job))
                continue
            for run in job.runs:
                waiting += campaign.took(run, curve(run))
                done += 1
                assert campaign.done() == done
        assert campaign.cost_left() == 0 == campaign.open_cells()
        assert campaign.pending() == []
        assert campaign.jobs() == []
        assert {run.key for _, _, run in campaign.rows()} == set(campaign.needed) == set(ledger.planned_keys())


def test_what_fails_holds_up_its_cell_only_and_is_tried_again(tmp_path):
    work = made_up()
    broken = [True]

    def flaky(run: Run) -> Outcome:
        if broken and run.tuning and (run.activation, run.optimizer) == ("relu", "sgd") and run.learning_rate == 0.01:
            return Outcome(status="failed", error="ValueError: no")
        return curve(run)

    first = sweep(work, tmp_path, flaky)
    with Ledger.read(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        assert campaign.open_cells() == 1
        assert [(run.activation, run.optimizer, run.learning_rate) for run in campaign.pending()] == [
            ("relu", "sgd", 0.01)
        ]
    assert len(tables(tmp_path).choices) == 3
    broken.clear()
    again = sweep(work, tmp_path, flaky)
    assert len(set(first) & set(again)) == 1, "what failed, and nothing else, is trained again"
    sweep(work, tmp_path / "plain", curve)
    assert_alike(tables(tmp_path), tables(tmp_path / "plain"))


def test_a_run_that_two_cells_ask_for_is_trained_once_and_stands_with_the_first(tmp_path):
    """The same cells with another default rate: their grids overlap, and so do what they score."""
    block = {
        "dataset": "digits",
        "activations": ["relu", "tanh"],
        "optimizers": ["sgd", "adam"],
        "epochs": 2,
        "learning_rates": {"sgd": 0.0316, "adam": 0.00316},
    }
    work = made_up(block)
    assert len(work.cells) == 8
    trained = sweep(work, tmp_path / "plain", curve)
    expected = tables(tmp_path / "plain")
    assert len(trained) == len(set(trained)) == len(expected.runs)
    assert expected.runs["key"].is_unique
    for seed in range(3):
        survive(work, tmp_path / str(seed), curve, random.Random(seed), kills=4, most=25)
        assert_alike(tables(tmp_path / str(seed)), expected)


def test_an_outcome_of_another_plan_is_kept_and_changes_nothing(tmp_path):
    work = made_up()
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), {})
        before = list(campaign.states)
        stranger = replace(work.cells[0].template, seed=77)
        assert campaign.took(stranger, curve(stranger)) == []
        assert campaign.states == before
        assert stranger.key in ledger.results()
