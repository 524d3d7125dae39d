"""Running claims: what is measured and trained, what is reused, what goes wrong and is told."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from experiments.claims import outputs, probing, runner
from experiments.claims.lab import Lab
from experiments.claims.runner import Study, investigate
from experiments.errors import LedgerError, UserError
from experiments.ledger import LEDGER, Ledger
from experiments.records import TUNING_SEEDS
from experiments.scheduling.pool import Pool
from tests.experiments.claims.made_up import NUMBER, TRAINED
from tests.experiments.scheduling import trivial


@pytest.fixture(autouse=True)
def trivial_workers(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runner, "Pool", partial(Pool, target=trivial.main))


class Run:
    """One run of claims, and what it did."""

    def __init__(self, claims, out, budget="quick", data_dir=None, fresh=False):
        self.events = []
        self.study = Study(claims, budget, str(data_dir) if data_dir else None)

        def watch(campaign, calls):
            self.calls = calls
            self.pending = campaign.pending()
            return self.events.append

        self.results = investigate(self.study, out, 2, watch, fresh)

    def kinds(self, kind):
        return [event for event in self.events if event.kind == kind]


def test_a_probe_runs_in_a_worker_once_and_its_numbers_are_kept(tmp_path):
    first = Run([NUMBER], tmp_path)
    (result,) = first.results
    assert result.finding.verdict == "holds"
    numbers = result.evidence.numbers
    assert numbers["pid"] != __import__("os").getpid()
    assert numbers["odd"] == [1, 2]  # as JSON gives it back, the first time too
    assert numbers["drawn"] == np.random.default_rng([0, 1]).random()
    again = Run([NUMBER], tmp_path)
    assert not again.calls
    assert again.results[0].evidence.numbers == numbers
    fresh = Run([NUMBER], tmp_path, fresh=True)
    assert fresh.results[0].evidence.numbers["pid"] != numbers["pid"]


@pytest.mark.parametrize("change", ["parts", "budget", "seed", "code"])
def test_whatever_a_probe_hangs_on_is_in_its_key(change, monkeypatch):
    before = probing.key_of(NUMBER, "quick", 0)
    if change == "code":
        monkeypatch.setattr(probing, "_own_code", lambda module: "other")
    after = probing.key_of(
        NUMBER.sabotaged(value=2) if change == "parts" else NUMBER,
        "full" if change == "budget" else "quick",
        1 if change == "seed" else 0,
    )
    assert before != after
    assert probing.key_of(replace(NUMBER, id="other", rule="another"), "quick", 0) == probing.key_of(NUMBER, "quick", 0)


def test_claims_that_share_a_probe_measure_once(tmp_path):
    run = Run([NUMBER, replace(NUMBER, id="twin"), NUMBER.sabotaged(value=2)], tmp_path)
    assert len(run.kinds("answer")) == 2
    assert [result.finding.verdict for result in run.results] == ["holds", "holds", "fails"]


def test_one_that_fails_or_dies_stops_no_other(tmp_path):
    run = Run([NUMBER, NUMBER.sabotaged(trouble="raise"), NUMBER.sabotaged(trouble="die"), NUMBER.sabotaged(value=None),
               NUMBER.sabotaged(value=-1)], tmp_path)  # fmt: skip
    good, raised, died, odd, broken = run.results
    assert good.finding.verdict == "holds"
    assert raised.problem.startswith("its probe failed: ValueError: no such number (made_up.py:")
    assert died.problem == "its probe failed: the worker died: exit code 9"
    assert odd.problem == "its rule cannot be applied: TypeError: no number to compare"
    assert broken.finding.verdict == "broken"
    again = Run([NUMBER.sabotaged(trouble="raise")], tmp_path)
    assert len(again.calls) == 1  # what failed is tried again


def test_numbers_cut_short_by_a_kill_are_taken_again(tmp_path):
    Run([NUMBER], tmp_path)
    (kept,) = (tmp_path / runner.PROBES).glob("*.json")
    kept.write_text(kept.read_text()[:20])
    assert Run([NUMBER], tmp_path).results[0].finding.verdict == "holds"


def test_arms_are_trained_through_the_ledger_and_reused(tmp_path):
    run = Run([TRAINED], tmp_path)
    (result,) = run.results
    assert result.finding is not None, result.problem
    fast, again, tuned = (result.evidence[label] for label in ("fast", "again", "tuned"))
    assert [r.seed for r in fast.runs] == list(range(5))
    assert fast.runs == again.runs
    np.testing.assert_array_equal(fast.scores(), [outcome.test_metric for outcome in fast.outcomes])
    assert all(r.learning_rate == tuned.choice.values["learning_rate"] for r in tuned.runs)
    with Ledger.read(tmp_path / LEDGER) as ledger:
        assert ledger.planned() == []  # the plan of a sweep in the same folder is left alone
        trained = len(ledger.results())
    assert trained == len(run.kinds("outcome"))
    assert sum(event.run.seed >= TUNING_SEEDS for event in run.kinds("outcome")) >= 7
    assert not Run([TRAINED], tmp_path).events
    more = Run([TRAINED], tmp_path, budget="full")
    assert len(more.results[0].evidence["fast"].runs) == 10
    assert all(event.run.key not in {r.key for r in fast.runs} for event in more.kinds("outcome"))


def test_an_arm_that_fails_leaves_its_claim_without_a_verdict_and_a_diverged_one_counts_at_chance(tmp_path):
    (tmp_path / "behaviour.json").write_text(json.dumps({"relu": "raise", "tanh": "diverge"}))
    run = Run([TRAINED, TRAINED.sabotaged(activation="tanh")], tmp_path / "out", data_dir=tmp_path)
    failed, diverged = run.results
    assert failed.problem.startswith("arm 'fast': ValueError: the parts do not fit")
    assert diverged.evidence["fast"].diverged == 5
    np.testing.assert_array_equal(diverged.evidence["fast"].scores(), np.zeros(5))
    assert np.isnan(diverged.evidence["fast"].curve()).all()


def test_a_ledger_in_use_is_said(tmp_path):
    with Ledger.write(tmp_path / LEDGER), pytest.raises(LedgerError, match="another"):
        Run([NUMBER], tmp_path)


def test_a_part_that_is_not_there_cannot_be_sabotaged():
    with pytest.raises(KeyError, match="number has no part valeu: choose from value, trouble, range"):
        NUMBER.sabotaged(valeu=2)


def test_random_numbers_depend_on_seed_and_salt_alone():
    lab = Lab(seed=3)
    assert lab.rng(1).random() == lab.rng(1).random() == np.random.default_rng([3, 1]).random()
    assert lab.rng(1).random() != lab.rng(2).random()


TABLE = {"number": NUMBER, "twin": replace(NUMBER, id="twin")}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Both claims, measured once; what is written of them, each test looks at in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(runner, "Pool", partial(Pool, target=trivial.main))
        return Run(list(TABLE.values()), tmp_path_factory.mktemp("measured")).results


class TestOutputs:
    @pytest.fixture
    def results(self, measured, monkeypatch):
        monkeypatch.setattr(outputs, "CLAIMS", dict(TABLE))
        monkeypatch.setattr(outputs, "FAMILY", dict.fromkeys(TABLE, "Made up"))
        return [replace(each) for each in measured]

    def told(self, out):
        return json.loads((out / "claims.json").read_text(encoding="utf-8"))

    def test_json_has_rule_numbers_versions_and_seed(self, results, tmp_path):
        outputs.write(tmp_path, results, "python -m experiments claims")
        first = self.told(tmp_path)["claims"][0]
        assert (first["id"], first["rule"], first["seed"]) == ("number", NUMBER.rule, 0)
        assert first["numbers"]["value"] == 1
        assert first["machine"]["versions"]["keras"]
        assert first["controls"]["positive"]["passed"] is True
        assert (tmp_path / first["figure"]).stat().st_size > 1000

    def test_a_claim_alone_keeps_what_the_others_said(self, results, tmp_path):
        outputs.write(tmp_path, results, "all")
        outputs.write(tmp_path, results[1:], "one")
        assert [each["id"] for each in self.told(tmp_path)["claims"]] == ["number", "twin"]

    def test_another_version_of_a_claim_is_dropped(self, results, tmp_path, monkeypatch):
        outputs.write(tmp_path, results, "all")
        monkeypatch.setitem(outputs.CLAIMS, "number", replace(NUMBER, version=2))
        outputs.write(tmp_path, results[1:], "one")
        assert [each["id"] for each in self.told(tmp_path)["claims"]] == ["twin"]

    def test_what_is_not_ours_is_said_and_left(self, results, tmp_path):
        (tmp_path / "claims.json").write_text("{", encoding="utf-8")
        with pytest.raises(UserError, match=r"claims.json cannot be read .* move it away"):
            outputs.write(tmp_path, results, "all")
        assert (tmp_path / "claims.json").read_text() == "{"

    def test_texts_are_text_on_both_pages(self, results, tmp_path):
        outputs.write(tmp_path, results, "python -m experiments claims <x>")
        html, page = ((tmp_path / f"claims.{kind}").read_text(encoding="utf-8") for kind in ("html", "md"))
        assert "<i>" not in html
        assert "&lt;b&gt;&amp; more" in html
        assert "claims &lt;x&gt;" in html
        assert "<b>" not in page
        row = next(line for line in page.splitlines() if line.startswith("| [number]"))
        assert row.replace("\\|", "").count("|") == 6
        for each in ("number", "twin"):
            assert f'id="{each}"' in html
            assert f"figures/claim-{each}.png" in html

    def test_the_same_evidence_gives_the_same_bytes(self, results, tmp_path):
        outputs.write(tmp_path, results, "x")
        names = ("claims.json", "claims.md", "claims.html", "figures/claim-twin.png", "figures/claim-twin.svg")
        before = {name: (tmp_path / name).read_bytes() for name in names}
        outputs.write(tmp_path, results, "x")
        assert before == {name: (tmp_path / name).read_bytes() for name in names}
        for path in (tmp_path / "figures").iterdir():
            path.unlink()
        outputs.write(tmp_path, results, "x")
        assert before == {name: (tmp_path / name).read_bytes() for name in names}

    def test_a_figure_is_drawn_again_only_where_something_changed(self, results, tmp_path):
        drawn = []
        counting = replace(NUMBER, draw=lambda *given: drawn.append(1) or NUMBER.draw(*given))
        results[0].claim = counting
        for change, times in ((None, 1), (None, 1), ("missing", 2), ("evidence", 3)):
            if change == "missing":
                (tmp_path / "figures" / "claim-number.svg").unlink()
            if change == "evidence":
                results[0].evidence = replace(results[0].evidence, numbers={**results[0].evidence.numbers, "value": 7})
            outputs.write(tmp_path, results[:1], "x")
            assert len(drawn) == times, change

    def test_a_figure_that_cannot_be_drawn_is_told(self, results, tmp_path):
        def fail(evidence, finding):
            raise ZeroDivisionError("nothing to draw")

        results[0].claim = replace(results[0].claim, draw=fail)
        outputs.write(tmp_path, results, "x")
        assert results[0].problem == "it cannot be shown: ZeroDivisionError: nothing to draw"
        assert [each["id"] for each in self.told(tmp_path)["claims"]] == ["twin"]
