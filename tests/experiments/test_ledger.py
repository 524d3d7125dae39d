"""The ledger: what is kept, what a kill does to it, and who may write it."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
from dataclasses import replace

import pytest

from experiments import lock
from experiments.errors import LedgerError
from experiments.ledger import Ledger
from experiments.records import RESULTS, STATUSES, Outcome
from experiments.salvage import mend
from tests.experiments.samples import DONE, FAILED, RUN, a_run, filled, rows


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / "ledger.sqlite"


def test_what_is_recorded_is_read_again_in_the_order_of_the_plan(path):
    runs = [a_run(seed=seed) for seed in (5, 3, 4)]
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*runs), {"plan": "test", "seeds": 3, "notices": ["one"]})
        for run in reversed(runs):
            ledger.record(run, replace(DONE, parameters=run.seed))
    with Ledger.read(path) as ledger:
        assert [(role, run, outcome.parameters) for role, run, outcome in ledger.records()] == [
            ("default", run, run.seed) for run in runs
        ]
        assert ledger.planned() == runs
        assert ledger.planned_keys() == [run.key for run in runs]
        assert ledger.results() == {run.key for run in runs}
        assert ledger.outcome(runs[0].key) == replace(DONE, parameters=5)
        assert ledger.outcome("no such key") is None
        assert ledger.facts() == {"plan": "test", "seeds": 3, "notices": ["one"]}


@pytest.mark.parametrize("first", STATUSES)
@pytest.mark.parametrize("second", STATUSES)
def test_a_result_stays_and_all_else_gives_way(path, first, second):
    with Ledger.write(path) as ledger:
        ledger.record(RUN, replace(DONE, status=first, parameters=1))
        ledger.record(RUN, replace(DONE, status=second, parameters=2))
        stays = first in RESULTS
        assert ledger.statuses() == {RUN.key: first if stays else second}
        assert ledger.outcome(RUN.key).parameters == (1 if stays else 2)
        assert ledger.results() == ({RUN.key} if stays or second in RESULTS else set())


def test_a_status_is_counted_over_the_plan_and_failures_are_told_in_its_order(path):
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*(a_run(seed=seed) for seed in (5, 4, 3, 2))), {})
        for seed, outcome in ((2, FAILED), (3, DONE), (4, replace(FAILED, status="oom")), (9, DONE)):
            ledger.record(a_run(seed=seed), outcome)
        assert ledger.counts() == {"done": 1, "failed": 1, "oom": 1, "to do": 1}
        assert [(run.seed, outcome.status) for run, outcome in ledger.failures()] == [(4, "oom"), (2, "failed")]
        assert ledger.planned_run(a_run(seed=5).key) == a_run(seed=5)
        assert ledger.planned_run(a_run(seed=9).key) is None


def test_machines_are_told_once_in_the_order_of_the_plan(path):
    one, two = {"commit": "a", "versions": {"keras": "3"}}, {"commit": "b"}
    tricky = Outcome(status="failed", error='ValueError: "machine":{"commit":"no"}, {\\"machine\\":1}')
    outcomes = [replace(DONE, machine={}), tricky, replace(DONE, machine=two), replace(DONE, machine=one)]
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*(a_run(seed=seed) for seed in range(5))), {})
        for seed, outcome in reversed(list(enumerate([*outcomes, replace(DONE, machine=two)]))):
            ledger.record(a_run(seed=seed), outcome)
        ledger.record(a_run(seed=99), replace(DONE, machine={"commit": "of no plan"}))
        assert ledger.machines() == [two, one]


def test_the_same_plan_again_writes_no_row(path):
    runs = [a_run(seed=seed) for seed in range(20)]
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*runs), {"plan": "test"})
        seen: list[str] = []
        ledger._connection.set_trace_callback(seen.append)
        ledger.plan(rows(*runs), {"plan": "test"})
        assert not [text for text in seen if "planned VALUES" in text or "DELETE FROM planned" in text]
        ledger.plan(rows(*runs[1:], a_run(seed=77)), {"plan": "test"})
        assert ledger.planned() == [*runs[1:], a_run(seed=77)], "what stands elsewhere now is moved"
        ledger.plan(rows(*ledger.planned(), role="both"), {"plan": "test"})
        for run in runs:
            ledger.record(run, DONE)
        assert {role for role, _, _ in ledger.records()} == {"both"}


def test_attempts_are_counted(path):
    with Ledger.write(path) as ledger:
        for outcome in (FAILED, FAILED, DONE, FAILED):
            ledger.record(RUN, outcome)
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT attempts, status FROM runs").fetchall() == [(3, "done")]


def test_a_new_plan_replaces_the_old_and_keeps_what_was_trained(path):
    filled(path, 3)
    with Ledger.write(path) as ledger:
        ledger.plan(rows(a_run(seed=2), a_run(seed=7)), {"seeds": 8})
        assert [run.seed for run in ledger.planned()] == [2, 7]
        assert [run.seed for _, run, _ in ledger.records()] == [2]
        assert len(ledger.results()) == 3
        assert ledger.facts() == {"plan": "test", "seeds": 8}


def test_a_plan_that_cannot_be_written_leaves_the_old_one(path):
    filled(path, 2)
    with Ledger.write(path) as ledger:
        with pytest.raises(TypeError, match="not JSON serializable"):
            ledger.plan(rows(a_run(seed=9)), {"plan": object()})
        assert [run.seed for run in ledger.planned()] == [0, 1]


def test_extending_adds_and_tells_what_a_run_is_for_by_now(path):
    with Ledger.write(path) as ledger:
        ledger.plan([(10, "default", a_run(seed=0)), (20, "default", a_run(seed=1))], {})
        ledger.extend([(10, "both", a_run(seed=0)), (15, "trial", a_run(seed=2))])
        for seed in range(3):
            ledger.record(a_run(seed=seed), DONE)
        assert [(role, run.seed) for role, run, _ in ledger.records()] == [
            ("both", 0),
            ("trial", 2),
            ("default", 1),
        ]


def test_answers_and_choices(path):
    with Ledger.write(path) as ledger:
        ledger.answer("cell", 0, [{"learning_rate": 0.1}])
        ledger.answer("cell", 0, [{"learning_rate": 9.9}])  # the first answer stays
        ledger.choose("b", {"position": 1, "score": 0.5})
        ledger.choose("a", {"position": 2, "score": 0.5})
        ledger.choose("b", {"position": 1, "score": 0.6})
    with Ledger.read(path) as ledger:
        assert ledger.answers() == {("cell", 0): [{"learning_rate": 0.1}]}
        assert ledger.choices() == [{"position": 1, "score": 0.6}, {"position": 2, "score": 0.5}]


def test_what_is_running_is_told_while_a_sweep_writes_and_not_after(path):
    with Ledger.write(path) as ledger:
        ledger.plan(rows(a_run(seed=0), a_run(seed=1)), {})
        ledger.started(1, a_run(seed=1), 0)
        ledger.started(0, a_run(seed=5), 1)
        ledger.started(0, a_run(seed=0), 0)
        (begun, _) = (row[3] for row in ledger.running())
        ledger.started(0, a_run(seed=0), 2)
        assert ledger.running()[0][3] == begun  # since the run began, not its epoch
        with Ledger.read(path) as reader:
            assert [row[:3] for row in reader.running()] == [
                (0, a_run(seed=0).key, 2),
                (1, a_run(seed=1).key, 0),
            ]
            ledger.record(a_run(seed=0), DONE)
            assert [row[0] for row in reader.running()] == [1]
    with Ledger.read(path) as reader:
        assert reader.running() == []


def _write_and_die(path):
    ledger = Ledger.write(path)
    ledger.plan(rows(a_run(seed=0), a_run(seed=1)), {"plan": "test"})
    ledger.record(a_run(seed=0), DONE)
    ledger.started(0, a_run(seed=1), 1)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_writer_loses_nothing_and_lets_go_of_the_lock(path):
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not lock.is_held(path)
    with Ledger.read(path) as reader:
        assert reader.results() == {a_run(seed=0).key}
        assert len(reader.planned()) == 2
        assert reader.running() == []
    with Ledger.write(path) as ledger:
        assert ledger.results() == {a_run(seed=0).key}


def test_a_second_writer_is_refused_and_told_who_is_first(path):
    with Ledger.write(path) as ledger:
        assert lock.is_held(path)
        with pytest.raises(LedgerError, match=rf"another sweep \(process {os.getpid()}\) is writing .*--out") as caught:
            Ledger.write(path)
        assert "\n" not in str(caught.value)
        ledger.record(RUN, DONE)
    with Ledger.write(path) as again:
        assert again.results() == {RUN.key}


def test_looking_whether_it_is_held_does_not_keep_a_writer_out(path):
    filled(path, 1)
    with open(path.with_suffix(".lock")) as looker:
        lock.fcntl.flock(looker, lock.fcntl.LOCK_SH)
        with pytest.raises(LedgerError, match="another sweep"):
            Ledger.write(path)
    assert not lock.is_held(path)
    Ledger.write(path).close()


def test_readers_see_each_record_while_it_is_written(path):
    with Ledger.write(path) as writer, Ledger.read(path) as reader:
        writer.plan(rows(*(a_run(seed=seed) for seed in range(5))), {})
        for seed in range(5):
            writer.record(a_run(seed=seed), DONE)
            assert len(reader.results()) == seed + 1
        records = reader.records()
        next(records)
        writer.record(a_run(seed=9), DONE)  # a reader in the middle of a table keeps no writer waiting
        assert len(list(records)) == 4


def test_thousands_of_runs(path):
    # Not timed here (`make bench` does): a quadratic ledger would be felt in this test's seconds.
    runs = [a_run(seed=seed) for seed in range(1000)]
    with Ledger.write(path) as ledger:
        ledger.plan(rows(*runs), {})
        for run in runs:
            ledger.started(0, run, 0)
            ledger.record(run, DONE)
    with Ledger.read(path) as ledger:
        assert [run.seed for _, run, _ in ledger.records()] == list(range(1000))


@pytest.mark.parametrize("removed", ["ledger.lock", "ledger.keys"])
def test_a_sweep_whose_lock_was_taken_for_litter_still_keeps_others_out(path, removed):
    with Ledger.write(path) as ledger:
        path.with_name(removed).unlink()
        assert lock.is_held(path)
        for other in (Ledger.write, mend):
            with pytest.raises(LedgerError, match="another sweep"):
                other(path)
        ledger.record(RUN, DONE)
    assert not lock.is_held(path)
    with Ledger.write(path) as again:
        assert again.results() == {RUN.key}
