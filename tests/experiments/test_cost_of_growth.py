"""Four times the runs cost four times the work, counted and not timed: keys, statements, looks, sums."""

import hashlib
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from experiments import campaign as campaigns
from experiments import records
from experiments import work as works
from experiments.campaign import Campaign
from experiments.grid import DataFacts, cells
from experiments.ledger import LEDGER, Ledger
from experiments.plan import parse
from experiments.tuning.cell import Ask
from experiments.work import Work
from tests.experiments.tuning.made_up import Curve

FACTS = DataFacts("digits", "f" * 64, "classes", 10, (8, 8, 1), 1000)
RATES = [0.001, 0.00316, 0.01, 0.0316, 0.1]


def work_of(seeds: int, models: int) -> Work:
    blocks = [{"dataset": "digits", "activations": ["relu", "tanh"], "optimizers": ["sgd", "nag"], "epochs": 1,
               "model_args": {"width": 64 + number}} for number in range(models)]  # fmt: skip
    plan = parse({"name": "test", "seeds": seeds, "tuning": {"strategy": "grid"}, "block": blocks})
    return Work(plan, cells(plan, {"digits": FACTS}), {"digits": FACTS.examples}, [], [])


@pytest.fixture
def counted(monkeypatch):
    """What was done: ``keys`` and ``costs`` computed, ``statements``, ``rows`` of the plan written, ``states`` of
    cells looked at."""
    count: Counter[str] = Counter()

    def sha256(text: bytes):
        count["keys"] += 1
        return hashlib.sha256(text)

    def cost(run, examples):
        count["costs"] += 1
        return plain(run, examples)

    def write(path):
        ledger = opened(path)
        ledger._connection.set_trace_callback(
            lambda text: count.update(["statements"] + ["rows"] * ("INTO planned VALUES" in text))
        )
        return ledger

    def state(*given):
        count["states"] += 1
        return looked(*given)

    plain, opened, looked = works.cost, Ledger.write, campaigns.state
    monkeypatch.setattr(campaigns, "state", state)
    monkeypatch.setattr(records, "hashlib", SimpleNamespace(sha256=sha256))
    monkeypatch.setattr(works, "cost", cost)
    monkeypatch.setattr(Ledger, "write", write)
    return count


def swept(work: Work, out) -> int:
    """The whole campaign, what progress asks for asked after each outcome; the number of runs."""
    train = Curve(optimum=-3)
    with Ledger.write(out / LEDGER) as ledger:
        campaign = Campaign(work, ledger)
        ledger.plan(campaign.rows(), work.facts("sweep", 1))
        waiting = campaign.jobs()
        while waiting:
            job = waiting.pop(0)  # scores first, then what tunes: the dearest order
            if isinstance(job, Ask):
                told = job.question["told"]
                waiting += campaign.answered(job, [] if told else [{"learning_rate": rate} for rate in RATES])
                continue
            for run in job.runs:
                waiting += campaign.took(run, train(run))
                campaign.costs_left(), campaign.open_cells(), campaign.done()
        assert not campaign.pending()
        return len(campaign.needed)


@pytest.mark.parametrize(("seeds", "models"), [(4, 1), (1, 4)])
@pytest.mark.parametrize("scale", ["seeds", "models"])
def test_a_sweep(tmp_path, counted, seeds, models, scale):
    by_run = []
    for times in (2, 8):
        counted.clear()
        grown = (seeds * times, models) if scale == "seeds" else (seeds, models * times)
        runs = swept(work_of(*grown), tmp_path / str(times))
        by_run.append({name: number / runs for name, number in counted.items()})
    few, many = by_run
    assert set(few) == {"keys", "statements", "costs", "rows", "states"}
    for name in few:
        assert many[name] <= 1.1 * few[name] + 0.1, f"{name} by run grow: {few[name]:.2f}, then {many[name]:.2f}"


def test_a_cell_is_looked_at_after_its_trials_alone_and_a_row_is_written_once(tmp_path, counted):
    work = work_of(seeds=20, models=1)
    runs = swept(work, tmp_path)
    with Ledger.read(tmp_path / LEDGER) as ledger:
        trials = sum(run.tuning for run in ledger.planned())
        answers = len(ledger.answers())
    assert counted["states"] == len(work.cells) + trials + answers
    assert counted["rows"] == runs


def test_a_finished_sweep_is_looked_at_without_its_scores(tmp_path, counted, monkeypatch):
    """A resume reads the outcomes of the trials, which say how tuning goes on, and of nothing else."""
    work = work_of(seeds=10, models=2)
    runs = swept(work, tmp_path)
    read: list[str] = []
    outcome = Ledger.outcome
    monkeypatch.setattr(Ledger, "outcome", lambda self, key: read.append(key) or outcome(self, key))
    fresh = work_of(seeds=10, models=2)
    counted.clear()
    with Ledger.write(tmp_path / LEDGER) as ledger:
        campaign = Campaign(fresh, ledger)
        assert campaign.done() == runs
    trials = {key for key, run in campaign.needed.items() if run.tuning}
    assert set(read) == trials
    assert len(read) == len(trials)
    assert counted["keys"] <= 2 * runs


def test_a_run_is_hashed_once(counted):
    run = work_of(1, 1).cells[0].template
    assert len({run.key for _ in range(100)}) == 1
    assert counted["keys"] == 1
    assert replace(run, seed=1).key != run.key, "and a changed one anew"


def test_a_status_is_counted_by_the_ledger(tmp_path, monkeypatch):
    """`status` turns no planned run into an object that it has nothing to say of."""
    swept(work_of(5, 1), tmp_path)
    read: list[str] = []
    parse_run = vars(records.Run)["from_json"].__func__
    monkeypatch.setattr(
        records.Run, "from_json", classmethod(lambda cls, text: read.append(text) or parse_run(cls, text))
    )
    from experiments import cli

    assert cli.main(["status", "--out", str(tmp_path)]) == 0
    assert read == []
