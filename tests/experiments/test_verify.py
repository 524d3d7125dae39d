"""Training again: what counts as the same, which runs are meant, what is told."""

import math
from dataclasses import replace

import pytest

from experiments import verify
from experiments.errors import PlanError
from experiments.ledger import LEDGER, Ledger
from experiments.records import Epoch, Outcome
from experiments.schema import put
from experiments.verify import compare
from tests.experiments.processes import REAL, call
from tests.experiments.samples import CURVE, DONE, a_run


def test_clocks_memory_and_the_machine_do_not_count():
    later = replace(DONE, seconds=99.0, compile_seconds=9.0, peak_bytes=1,
                    curve=tuple(replace(epoch, seconds=7.0) for epoch in DONE.curve))  # fmt: skip
    assert compare(DONE, later).identical
    assert compare(DONE, later).compared > 10


def test_the_last_bit_of_any_epoch_counts():
    off = replace(CURVE[0], train_loss=math.nextafter(CURVE[0].train_loss, 9))
    found = compare(DONE, replace(DONE, curve=(off, *DONE.curve[1:])))
    assert not found.identical
    assert list(found.largest) == ["train_loss"]
    assert 0 < found.largest["train_loss"] < 1e-12


def test_the_largest_of_several_gaps_is_told_and_no_number_is_infinitely_far():
    rows = ({"when": "start", "dead": 0.5}, {"when": "end", "dead": 0.5})
    moved = ({"when": "start", "dead": 0.6}, {"when": "end", "dead": 0.9})
    found = compare(Outcome(status="done", diagnostics=rows), Outcome(status="done", diagnostics=moved))
    assert found.largest == {"diagnostics: dead": pytest.approx(0.4)}
    lost = compare(Outcome(status="done", test_loss=0.5), Outcome(status="done", test_loss=math.nan))
    assert lost.largest == {"test_loss": math.inf}
    assert compare(Outcome(status="done", test_loss=math.nan), Outcome(status="done", test_loss=math.nan)).identical


def test_another_end_or_a_shorter_curve_is_told_in_words():
    found = compare(DONE, Outcome(status="diverged", step=7))
    assert found.words["status"] == ("done", "diverged")
    assert found.words["step"] == (None, 7)
    epoch = Epoch(epoch=9, train_loss=1, train_metric=1, validation_loss=1, validation_metric=1, seconds=1)
    assert "train_loss" in compare(DONE, replace(DONE, curve=(*DONE.curve, epoch))).words


@pytest.mark.parametrize(("was", "now"), [(0.0, -0.0), (1.0, 1)])
def test_what_differs_by_no_amount_differs_all_the_same(was, now):
    found = compare(replace(DONE, test_loss=was), replace(DONE, test_loss=now))
    assert not found.identical
    assert found.words == {"test_loss": (was, now)}
    assert not found.largest


@pytest.fixture
def ledger(tmp_path):
    runs = [a_run(seed=seed) for seed in range(6)]
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(place, "default", run) for place, run in enumerate(runs)], {"plan": "mine"})
        for run in runs[:5]:
            ledger.record(run, DONE)
        yield ledger


def test_runs_are_chosen_by_key_or_spread_over_the_plan(ledger):
    key = a_run(seed=3).key
    assert [run.key for run in verify.chosen(ledger, [key[:8]], 3)] == [key]
    assert [run.seed for run in verify.chosen(ledger, [], 2)] == [0, 2]
    assert len(verify.chosen(ledger, [], 100)) == 5


@pytest.mark.parametrize("key", [a_run(seed=5).key, "abc", "0" * 16])
def test_what_is_no_finished_run_is_refused(ledger, key):
    with pytest.raises(PlanError, match="no finished run has the key"):
        verify.chosen(ledger, [key], 3)


def test_a_run_of_another_meaning_is_refused(tmp_path):
    old = a_run(semantics=1)
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(0, "default", old)], {})
        ledger.record(old, DONE)
        with pytest.raises(PlanError, match=r"meant something else \(semantics 1"):
            verify.chosen(ledger, [], 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"model_args": (("depth", 2**45),)}, "mlp.depth is 35184372088832; allowed: a whole number from 0 to 100000"),
     ({"model_args": (("depth", "deep"),)}, "mlp.depth is 'deep'"),
     ({"epochs": 10**9}, "epochs is 1000000000; allowed: a whole number from 1 to 100000"),
     ({"batch_size": -1}, "batch_size is -1")],
)  # fmt: skip
def test_a_run_that_no_plan_can_have_asked_for_is_not_trained(tmp_path, changes, words):
    run = a_run(**changes)
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(0, "default", run)], {"plan": "mine"})
        ledger.record(run, DONE)
        for keys in ([], [run.key]):
            with pytest.raises(PlanError, match=f"run {run.key} of the ledger: {words}") as error:
                verify.chosen(ledger, keys, 3)
            assert "\n" not in str(error.value)


PLAN = """
name = "tiny"
seeds = 1
[[block]]
dataset = "digits"
activations = ["relu", "maxout"]
optimizers = ["adam"]
epochs = 2
batch_size = 32
"""


@pytest.mark.slow
def test_the_real_engine_gives_the_same_bits_twice_and_a_changed_ledger_is_found_out(tmp_path):
    (tmp_path / "tiny.toml").write_text(PLAN)
    out = ("--out", tmp_path)
    assert call("sweep", tmp_path / "tiny.toml", *out, "--no-report", module=REAL)[0] == 0
    code, told, error = call("verify", *out, module=REAL)
    assert (code, told.splitlines()[-1]) == (0, "2 of 2 bit-identical"), error
    with Ledger.write(tmp_path / LEDGER) as ledger:
        run = ledger.planned()[0]
        outcome = ledger.outcome(run.key)
        assert outcome is not None
        assert outcome.test_metric is not None
        changed = replace(outcome, test_metric=outcome.test_metric + 0.25).to_json()
        with ledger._transaction() as write:
            put(write, "runs", [(run.key, run.to_json(), outcome.status, changed, 1, 1.5)])
    code, told, _ = call("verify", run.key, *out, module=REAL)
    assert code == 1
    assert "test_metric by 0.25" in told
