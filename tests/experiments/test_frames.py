"""The ledger as tables: who planned what, what came of it, and that the report takes them as they are."""

from dataclasses import replace

import pytest

from experiments import frames
from experiments.ledger import Ledger
from experiments.records import TUNING_SEEDS, arguments
from experiments.reports import frames as report_frames
from tests.experiments.samples import CURVE, DONE, FAILED, a_run

TRIAL = replace(DONE, test_metric=None, test_loss=None, last_test_metric=None, last_test_loss=None)
INSIDE = ({"when": "end", "layer": "hidden_1", "depth": 1, "gradient_norm": 0.5, "dead": 0.25},)
MACHINE = {"python": "3.11", "versions": {"keras": "3"}}
RUNS = (
    ("both", a_run(), replace(DONE, diagnostics=INSIDE, machine=MACHINE)),
    ("trial", a_run(seed=TUNING_SEEDS), TRIAL),
    ("deep", a_run(optimizer_args=arguments({"epsilon": 0.1, "beta_1": 0.5})), DONE),
    ("both", a_run(seed=1), FAILED),
    ("both", a_run(seed=2), None),
)
CHOICE = {
    "position": 0, "dataset": "digits", "model": "mlp", "activation": "relu", "optimizer": "adam",
    "default_rate": 0.001, "constants": [], "values": {"learning_rate": 0.001}, "score": 0.4, "edge": "",
    "all_diverged": False, "scored": [RUNS[0][1].key],
}  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        sets = [{"name": "digits", "title": "Digits", "canonical": None, "provenance": "here"}]
        ledger.plan([(place, role, run) for place, (role, run, _) in enumerate(RUNS)], {"datasets": sets})
        for _, run, outcome in RUNS:
            if outcome is not None:
                ledger.record(run, outcome)
        ledger.choose("cell", CHOICE)
        yield ledger


def test_a_row_a_finished_run(ledger):
    runs = frames.frames(ledger).runs
    assert runs["role"].tolist() == ["both", "trial", "deep", "both"]
    assert runs["constants"].tolist() == ["", "", "beta_1=0.5, epsilon=0.1", ""]
    assert runs["test_metric"].isna().tolist() == [False, True, False, True]
    assert runs["dataset_title"].tolist() == ["Digits"] * 4


def test_curves_timings_diagnostics_and_choices(ledger):
    found = frames.frames(ledger)
    assert len(found.curves) == 3 * len(CURVE)
    assert found.timings["seconds_per_epoch"].tolist()[:3] == pytest.approx([0.1] * 3)
    first = found.diagnostics.iloc[0]
    assert (first["key"], first["when"], first["gradient_norm"]) == (RUNS[0][1].key, "end", 0.5)
    (choice,) = found.choices.to_dict("records")
    assert choice["tuned_learning_rate"] == 0.001
    assert choice["scored"] == [RUNS[0][1].key]


def test_facts_count_scoring_runs_and_trials_apart(ledger):
    told = frames.facts(ledger)
    assert (told["planned_runs"], told["planned_trials"]) == (4, 1)
    assert told["planned_cells"] == [("digits", "mlp", "relu", "adam", "sparse_categorical_crossentropy", "softmax")]
    assert told["versions"] == {"python": "3.11", "keras": "3"}


def test_the_report_takes_them_as_they_are(ledger):
    found = frames.frames(ledger)
    runs = report_frames.sorted_runs(found.runs)
    assert list(runs) == list(report_frames.RUNS)
    assert list(report_frames.sorted_diagnostics(found.diagnostics, runs)) == list(report_frames.DIAGNOSTICS)
    assert list(report_frames.sorted_choices(found.choices)) == list(report_frames.CHOICES)
    assert list(report_frames.sorted_curves(found.curves, runs)) == list(report_frames.CURVES)
    assert list(report_frames.sorted_timings(found.timings, runs)) == list(report_frames.TIMINGS)


def test_an_empty_ledger_has_empty_tables(tmp_path):
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        found = frames.frames(ledger)
    assert [len(table) for table in found] == [0] * 5
    assert list(found.choices) == list(frames.CHOICE_COLUMNS)
