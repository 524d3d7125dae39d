"""Ledgers of earlier versions open for ever: to be read, and to be gone on with."""

import shutil
from pathlib import Path

import pytest

from experiments.ledger import SCHEMA, Ledger
from tests.experiments.samples import DONE, a_run

KEPT = sorted((Path(__file__).parent / "ledgers").glob("*.sqlite"))


@pytest.fixture(params=KEPT, ids=[path.stem for path in KEPT])
def ledger(request, tmp_path) -> Path:
    return Path(shutil.copy(request.param, tmp_path / "ledger.sqlite"))


def test_there_is_one_of_each_schema():
    """Whoever raises SCHEMA keeps a ledger of the old one here, and says how it becomes a new one."""
    assert [path.stem for path in KEPT] == [f"schema-{number}" for number in range(1, SCHEMA + 1)]


def test_it_can_be_read(ledger):
    with Ledger.read(ledger) as kept:
        assert kept.facts()["plan"] == "kept"
        assert kept.counts() == {"done": 5, "diverged": 1, "failed": 1}
        statuses = [(role, outcome.status) for role, _, outcome in kept.records()]
        assert statuses[:3] == [("trial", "done")] * 3
        assert {run.activation for _, run, _ in kept.records()} == {"relu"}
        assert next(outcome for _, run, outcome in kept.records() if not run.tuning).curve == DONE.curve
        assert kept.answers() == {("cell", 0): [{"learning_rate": rate} for rate in (0.0003, 0.001, 0.003)]}
        assert kept.choices()[0]["edge"] == "high"


def test_keys_are_those_that_it_was_written_with(ledger):
    with Ledger.read(ledger) as kept:
        assert {run.key for _, run, _ in kept.records()} == set(kept.planned_keys())


def test_it_can_be_written_on(ledger):
    run = a_run(seed=5)
    with Ledger.write(ledger) as kept:
        kept.record(run, DONE)
        assert run.key in kept.results()
        assert len(kept.results()) == 7
