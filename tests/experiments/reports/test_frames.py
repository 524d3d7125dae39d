"""The ledger's frames, checked and in one order."""

import pandas as pd
import pytest

from experiments.reports import frames


def test_the_order_of_rows_given_does_not_matter(ledger, tuned):
    once = frames.sorted_runs(ledger.runs)
    again = frames.sorted_runs(ledger.runs.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(once, again)
    shuffled = ledger.curves.sample(frac=1, random_state=4)
    again = frames.sorted_choices(tuned.choices.sample(frac=1, random_state=5))
    pd.testing.assert_frame_equal(frames.sorted_choices(tuned.choices), again)
    rows = tuned.diagnostics.sample(frac=1, random_state=6)
    runs = frames.sorted_runs(tuned.runs)
    pd.testing.assert_frame_equal(
        frames.sorted_diagnostics(tuned.diagnostics, runs), frames.sorted_diagnostics(rows, runs)
    )
    pd.testing.assert_frame_equal(frames.sorted_curves(ledger.curves, once), frames.sorted_curves(shuffled, once))


def test_components_come_in_their_fixed_order(ledger):
    runs = frames.sorted_runs(ledger.runs)
    assert list(dict.fromkeys(runs["activation"]))[:4] == ["linear", "sigmoid", "tanh", "relu"]
    assert list(dict.fromkeys(runs.loc[runs["activation"] == "tanh", "optimizer"]))[:2] == ["batch_gd", "sgd"]


@pytest.mark.parametrize(("what", "check", "columns"), [
    ("runs", frames.RUNS, ["key"]), ("curves", frames.CURVES, ["key", "epoch"]),
    ("timings", frames.TIMINGS, ["key"]), ("diagnostics", frames.DIAGNOSTICS, ["key", "when"]),
    ("choices", frames.CHOICES, ["dataset", "model"]),
])  # fmt: skip
def test_a_missing_column_is_named(what, check, columns):
    frame = pd.DataFrame([dict.fromkeys(columns, 1)])
    absent = next(name for name in check if name not in columns)
    with pytest.raises(ValueError, match=f"frame of {what} lacks .*{absent}"):
        frames.checked(frame, check, what)


def test_an_empty_frame_needs_no_columns():
    assert list(frames.checked(pd.DataFrame(), frames.RUNS, "runs")) == list(frames.RUNS)


def test_types_do_not_depend_on_what_happened(made):
    """A column of errors that is empty today and full tomorrow keeps its type in the parquet file."""
    calm = frames.sorted_runs(made(activations=("relu",), optimizers=("adam",)).runs)
    wild = frames.sorted_runs(made(activations=("relu",), optimizers=("adam",), status=lambda row: "failed").runs)
    assert calm.dtypes.to_dict() == wild.dtypes.to_dict()


def test_rows_of_unknown_runs_are_left_out(ledger):
    runs = frames.sorted_runs(ledger.runs.head(5))
    assert set(frames.sorted_timings(ledger.timings, runs)["key"]) <= set(runs["key"])


def test_columns_that_others_add_are_kept(ledger):
    runs = frames.sorted_runs(ledger.runs.assign(precision="float32"))
    assert list(runs)[-1] == "precision"
