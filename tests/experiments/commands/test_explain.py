"""`explain`: the numbers of a cell are those of the frames; a run is told by its key; errors are one line."""

import os
import subprocess
import sys

import pytest

from experiments.cli import main
from experiments.commands.plots import PLAIN
from experiments.commands.told_cell import cell_lines
from experiments.ledger import LEDGER, Ledger
from experiments.reports import frames
from experiments.reports.blocks import blocks
from experiments.reports.reasons import reason
from experiments.reports.text import rate
from experiments.reports.tuning import rate_trials
from tests.experiments.processes import ROOT
from tests.experiments.reports.made_up import make
from tests.experiments.samples import CURVE, DONE, FAILED, a_run


@pytest.fixture(scope="module")
def block():
    ledger = make(activations=("sigmoid", "relu"), optimizers=("sgd", "adam"), tuned=True)
    runs = frames.sorted_runs(ledger.runs)
    (block,) = blocks(
        runs,
        frames.sorted_curves(ledger.curves, runs),
        frames.sorted_timings(ledger.timings, runs),
        ledger.facts,
        frames.sorted_diagnostics(ledger.diagnostics, runs),
        frames.sorted_choices(ledger.choices),
    )
    return block


def test_a_cell_is_told_with_its_numbers_and_its_reason(block):
    lines = cell_lines(block, "relu", "adam", PLAIN)
    text = " ".join(" ".join(lines).split())
    cell = block.cells[block.cells["row"].eq("relu") & block.cells["column"].eq("adam")].iloc[0]
    metric = block.metric
    assert f"test accuracy {metric.say(cell['mean'])}, 95 % interval {metric.spread(cell['low'], cell['high'])}" in text
    rank = 1 + int((block.cells["mean"] > cell["mean"]).sum())
    assert f"rank {rank} of 4" in text
    told = reason(block, "relu", "adam")
    assert told.sentence in text
    assert f"rule: {told.rule} ({told.condition})" in text
    runs = block.runs[block.runs["row"].eq("relu") & block.runs["column"].eq("adam")]
    for _, run in runs.iterrows():
        assert f"{run['seed']} {run['key']} done {metric.say(run['value'])}" in text
    trials = rate_trials(block)
    trials = trials[trials["activation"].eq("relu") & trials["optimizer"].eq("adam")]
    start = next(n for n, line in enumerate(lines) if line.startswith("validation accuracy by learning rate"))
    for line, (_, trial) in zip(lines[start + 1 :], trials.iterrows(), strict=False):
        assert line.startswith(rate(trial["learning_rate"]))
        assert metric.say(trial["mean"]) in line
        assert ("chosen" in line) == trial["chosen"]
        assert ("default" in line) == (rate(trial["learning_rate"]) == rate(trial["default"]))
    assert sum(line.startswith(("start", "middle", "end")) for line in lines) == 9
    assert max(map(len, lines)) <= 80
    assert "\n".join(lines).isascii()


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    runs = [a_run(activation=activation, seed=seed) for activation in ("relu", "tanh") for seed in (0, 1)]
    with Ledger.write(folder / LEDGER) as ledger:
        data = [{"name": "digits", "title": "Digits", "fingerprint": runs[0].fingerprint}]
        ledger.plan(
            [(number, "default", run) for number, run in enumerate(runs)],
            {"plan": "mine", "seeds": 2, "datasets": data, "command": "x", "tuning": {"strategy": "none"}},
        )
        for run, outcome in zip(runs, (DONE, DONE, FAILED), strict=False):
            ledger.record(run, outcome)
    return folder


def said(capsys, *arguments) -> tuple[int, str, str]:
    code = main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def test_a_cell_of_a_ledger(capsys, out):
    code, told, err = said(capsys, "explain", "relu", "adam", "--out", out)
    assert (code, err) == (0, "")
    assert told.startswith("relu with adam: Digits, mlp\n")
    assert "The only cell with a result" in told
    code, told, _ = said(capsys, "explain", "tanh", "adam", "--dataset", "digits", "--model", "mlp", "--out", out)
    assert code == 0
    assert "1 run failed (ValueError: no)" in told


def test_a_run_by_its_key_or_its_first_digits(capsys, out):
    run = a_run(activation="relu", seed=1)
    whole = said(capsys, "explain", run.key, "--out", out)
    assert whole == said(capsys, "explain", run.key[:8], "--out", out)
    code, told, _ = whole
    assert code == 0
    assert told.startswith(f"run {run.key}\n")
    assert "status: done" in told
    assert f"{max(epoch.validation_metric for epoch in CURVE):.4f}" in told
    failed, waiting = a_run(activation="tanh", seed=0), a_run(activation="tanh", seed=1)
    assert "status: failed: ValueError: no" in said(capsys, "explain", failed.key, "--out", out)[1]
    assert "it has not ended yet" in said(capsys, "explain", waiting.key, "--out", out)[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rleu", "adam"), "unknown activation in {out}: 'rleu' (did you mean 'relu'?); allowed: "),
        (("relu", "adm"), "unknown optimizer in {out}: 'adm' (did you mean 'adam'?)"),
        (("relu", "adam", "--dataset", "digit"), "unknown data set in {out}: 'digit' (did you mean 'digits'?)"),
        (("relu", "adam", "--model", "mpl"), "unknown model in {out}: 'mpl' (did you mean 'mlp'?)"),
        (("relu",), "'relu' is no cell and no run"),
        (("relu", "adam", "sgd"), "but 3 names were given"),
        (("ffffffff",), "no run of this sweep has the key 'ffffffff'"),
    ],
)
def test_what_is_wrong_is_one_line(capsys, out, arguments, words):
    code, told, err = said(capsys, "explain", *arguments, "--out", out)
    assert (code, told) == (2, "")
    assert words.format(out=out) in err
    assert err.count("\n") == 1


def test_it_can_be_told_where_nothing_but_ascii_can_be_shown(out):
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "explain", "relu", "adam", "--out", str(out)],
        cwd=ROOT, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=True,
    )  # fmt: skip
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.splitlines())) <= 80
