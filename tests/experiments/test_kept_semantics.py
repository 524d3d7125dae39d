"""Ledgers of runs that meant something else open for ever, say so, and are mixed with nothing."""

import shutil
from pathlib import Path

import pytest

from experiments import frames, verify
from experiments.campaign import Campaign
from experiments.errors import PlanError
from experiments.ledger import LEDGER, Ledger
from experiments.plan import parse
from experiments.records import SEMANTICS
from experiments.reports.evidence import evidence
from experiments.reports.material import material
from experiments.reports.page import page
from experiments.work import prepare
from tests.experiments.ledgers.semantics.make import PLAN
from tests.experiments.samples import DONE

KEPT = sorted((Path(__file__).parent / "ledgers" / "semantics").glob("*.sqlite"))


@pytest.fixture(params=KEPT, ids=[path.stem for path in KEPT])
def out(request, tmp_path) -> Path:
    shutil.copy(request.param, tmp_path / LEDGER)
    return tmp_path


def test_there_is_one_of_each_earlier_meaning():
    """Whoever raises SEMANTICS keeps a ledger of the old ones here, and makes it with the code of before."""
    assert [path.stem for path in KEPT] == [str(number) for number in range(1, SEMANTICS)]
    assert all(path.stat().st_size < 100_000 for path in KEPT)


def test_its_report_is_written_and_says_what_it_is(out):
    with Ledger.read(out / LEDGER) as ledger:
        tables, facts = frames.frames(ledger), frames.facts(ledger)
        old = ledger.planned()[0].semantics
    assert old < SEMANTICS
    assert f"(semantics {old}, now {SEMANTICS})" in facts["notices"][-1]
    assert set(tables.runs["status"]) == {"done"}
    made = material(tables.runs, tables.curves, tables.timings, facts, tables.diagnostics, tables.choices)
    text = page([evidence(block) for block in made.blocks], made.runs, made.timings, facts, ())
    assert "trained by an older version, when training meant something else" in text
    assert "relu with adam" in text


def test_the_sweep_goes_on_in_it_and_mixes_nothing(out):
    import tomllib

    work = prepare(parse(tomllib.loads(PLAN)), None)
    with Ledger.write(out / LEDGER) as ledger:
        before = ledger.results()
        campaign = Campaign(work, ledger)
        assert campaign.done() == 0, "no old run stands for a new one"
        ledger.plan(campaign.rows(), work.facts("sweep", 1))
        run = campaign.pending()[0]
        campaign.took(run, DONE)
        assert ledger.results() == before | {run.key}, "and no old run is lost"
        assert [each.semantics for _, each, _ in ledger.records()] == [SEMANTICS]
        assert not any("older version" in notice for notice in frames.facts(ledger)["notices"])


def test_a_run_of_it_is_not_verified_as_if_it_meant_the_same(out):
    with Ledger.read(out / LEDGER) as ledger, pytest.raises(PlanError, match="when training meant something else"):
        verify.chosen(ledger, [], 1)


def test_new_runs_say_nothing_of_the_kind(tmp_path):
    from tests.experiments.samples import a_run

    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(0, "default", a_run())], {"plan": "new", "notices": []})
        assert frames.facts(ledger)["notices"] == []
