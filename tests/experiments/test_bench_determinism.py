"""Whether the bench of determinism can see a bit that moved; the training itself is for `bench determinism`."""

import json
import math
from dataclasses import replace

import pytest

from experiments.bench import determinism
from experiments.bench.determinism import BASE, FREE, OTHERS, Difference, Variant, difference, page, seconds
from experiments.bench.task import TASKS
from experiments.bench.variant import trained
from experiments.records import Outcome
from tests.experiments.samples import CURVE, DONE

RUNS = {"relu adam 0": DONE, "relu sgd 0": replace(DONE, test_metric=0.25)}


def test_clocks_are_no_difference():
    later = {name: replace(each, seconds=9.0, curve=tuple(replace(e, seconds=7.0) for e in each.curve))
             for name, each in RUNS.items()}  # fmt: skip
    assert difference(later, RUNS) == Difference(runs=2, identical=2, loss=0.0, metric=0.0)
    assert seconds(later) == 7.0


def test_one_bit_of_one_epoch_is_a_difference():
    moved = math.nextafter(CURVE[1].validation_loss, 9)
    bits = replace(DONE, curve=(CURVE[0], replace(CURVE[1], validation_loss=moved)))
    found = difference(RUNS | {"relu adam 0": bits}, RUNS)
    assert (found.runs, found.identical, found.metric) == (2, 1, 0.0)
    assert found.loss == moved - CURVE[1].validation_loss > 0


def test_the_largest_difference_of_several_is_told():
    others = {name: replace(each, test_metric=each.test_metric - 0.125) for name, each in RUNS.items()}
    others["relu sgd 0"] = replace(others["relu sgd 0"], test_loss=1.6)
    found = difference(others, RUNS)
    assert (found.identical, found.metric) == (0, 0.125)
    assert found.loss == pytest.approx(1.0)


def test_a_sweeps_own_way_is_what_the_others_are_held_to():
    assert Variant() == BASE
    assert BASE.name == "compiled, 1 thread"
    assert FREE.name == "compiled, 1 thread, determinism off"
    assert len({BASE.name, FREE.name, *(each.name for each in OTHERS)}) == 8
    assert {each.engine for each in OTHERS} == {"compiled", "reference", "stacked"}


def test_the_tables_are_written(tmp_path, monkeypatch):
    asked = []

    def fake(variant, wanted, data_dir):
        asked.append(variant)
        faster = replace(DONE, curve=tuple(replace(epoch, seconds=0.05) for epoch in CURVE))
        off = {name: replace(faster, test_metric=each.test_metric) for name, each in RUNS.items()}
        return "Digits", RUNS if variant.deterministic else off

    monkeypatch.setattr(determinism, "_trained", fake)
    told = list(determinism.run(tmp_path, None, ["mlp"], 2, None, None))
    assert asked[:4] == [BASE, FREE, FREE, BASE], "in turn, so that a machine that slows down favours none"
    assert "  compiled, 1 thread, again: 2 of 2 runs bit-identical" in told
    result = json.loads((tmp_path / "determinism.json").read_text())["mlp"]
    assert result["ratios"] == pytest.approx([2.0, 2.0])
    text = (tmp_path / "determinism.md").read_text()
    assert "Determinism costs a factor of 2.000 (2.000 to 2.000, rounds: 2): 0.100 s by model-epoch with it" in text
    assert "| stacked, 2 threads | 2 of 2 | 0 | 0.000 |" in text


def test_a_page_counts_what_is_not_the_same():
    told = {"seconds_on": [1.0], "seconds_off": [1.0], "ratios": [1.0], "machine": {"cores": 2}}
    text = "\n".join(page(TASKS["cnn"], "CIFAR-10", told, {"reference, 1 thread": Difference(4, 1, 2.5e-6, 0.0125)}))
    assert "| reference, 1 thread | 1 of 4 | 2.5e-06 | 1.250 |" in text


@pytest.mark.slow
def test_the_runs_are_trained_as_a_plan_says():
    block = {"dataset": "digits-100", "model_args": {"depth": 1, "width": 4}, "epochs": 2, "batch_size": 25,
             "activations": ["relu"], "optimizers": ["adam"]}  # fmt: skip
    given = {"engine": "compiled", "data_dir": None, "plan": {"name": "x", "seeds": 2, "block": [block]}}
    found = list(trained(given))
    assert [each["run"] for each in found] == ["relu adam 0", "relu adam 1"]
    outcomes = [Outcome.from_json(each["outcome"]) for each in found]
    assert [len(each.curve) for each in outcomes] == [2, 2]
    again = [Outcome.from_json(each["outcome"]) for each in trained(given)]
    assert difference(dict(enumerate(outcomes)), dict(enumerate(again))).identical == 2
