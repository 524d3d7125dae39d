"""The bench's own arithmetic and tables; its timings are for `make bench`, never for a test."""

import json
import subprocess
import sys

import pytest

from experiments.bench import process, table, ways
from experiments.bench.speed import Race
from experiments.bench.task import TASKS, Task
from experiments.bench.ways import Took
from experiments.cli import main
from experiments.errors import UserError

TOY = Task("Digits, MLP", "digits", "mlp", 32, 10, 3)
MACHINE = {"processor": "x86_64", "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"}}


def took(seconds: float, marginal: float, accuracy: float = 0.9, **more) -> Took:
    fields = {
        "timed": 36,
        "all_runs": 36,
        "first": 9.0,
        "peak_bytes": 2e9,
        "accuracies": {("relu", "sgd", 0): accuracy},
    }
    return Took(**{**fields, "seconds": seconds, "marginal": marginal, **more})  # fmt: skip


def race() -> Race:
    rounds = [
        {"sweep": took(10.0, 0.1, busy=20.0, compile=4.0, machine=MACHINE), "loop": took(60.0, 0.4, 0.88, timed=4)},
        {"sweep": took(20.0, 0.2, busy=20.0, compile=4.0, machine=MACHINE), "loop": took(160.0, 0.4, 0.91, timed=4)},
    ]
    return Race(TOY, "Digits, MLP", 2, work=1000, examples=640, rounds=rounds, peaks=[2e4, 4e4])


def test_ratios_are_taken_round_by_round():
    assert table.ratios(race(), "loop", lambda each: each.seconds) == pytest.approx([6.0, 8.0])
    page = table.page([race()])
    assert "| loop | 4 of 36 a round | 110 | 7.0 (6.0 to 8.0) | 0.400 | 3.0 (2.0 to 4.0) | 9 | 2.0 | +0.50 |" in page
    assert "Keras 3.15.1" in page
    assert len({line.count("|") for line in page.splitlines() if line.startswith("|")}) == 1


def test_the_share_of_the_peak_counts_operations_over_busy_seconds():
    """1000 operations x 640 examples x 10 epochs x 36 runs in 20 s, against 2e4 and 4e4 a second: 576 and 288."""
    assert race().share == pytest.approx((576 + 288) / 2)


def test_a_rival_pays_its_start_once_and_the_rest_by_run():
    run = {"activation": "relu", "optimizer": "sgd", "seed": 0}
    lines = [{"at": 10.0, "ready": True}, {"at": 14.0, "run": run, "epochs": [3.0, 1.0, 1.0], "accuracy": 0.5},
             {"at": 18.0, "run": run | {"seed": 1}, "epochs": [3.0, 2.0, 2.0], "accuracy": 0.6}]  # fmt: skip
    found = ways._took(TOY, process.Watched(lines=lines, seconds=20.0), at_once=2)
    assert found.seconds == pytest.approx(10 + 36 * 5)
    assert found.marginal == pytest.approx(0.75)
    assert (found.first, found.timed, found.all_runs) == (14.0, 2, 36)
    assert found.accuracies == {("relu", "sgd", 0): 0.5, ("relu", "sgd", 1): 0.6}


def test_the_rounds_go_through_all_cells_and_with_enough_runs_through_all_seeds():
    cells = [(run["activation"], run["optimizer"]) for number in range(3) for run in TOY.chosen(number, 3, 4)]
    assert len(set(cells)) == len(cells) == 12
    runs = [tuple(run.values()) for number in range(3) for run in TOY.chosen(number, 3, 0)]
    assert len(set(runs)) == len(runs) == TOY.runs
    assert len({run["activation"] for run in TOY.chosen(0, 3, 4)}) >= 3


def test_a_command_is_watched_and_a_failing_one_is_told_in_one_line():
    text = "import time; print('{\"a\": 1}', flush=True); print('noise'); x = bytearray(60_000_000); time.sleep(2.5)"
    seen = process.watch([sys.executable, "-c", text], {})
    assert [line["a"] for line in seen.lines] == [1]
    assert 0 < seen.lines[0]["at"] < seen.seconds
    assert seen.peak_bytes > 60e6
    with pytest.raises(UserError, match=r"exit code 1: .*it is broken") as told:
        process.watch([sys.executable, "-c", "raise ValueError('it is broken')"], {})
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("given", "text"), [("--tasks=mlp,rnn", "rnn"), ("--rounds=0", "--rounds is 0"), ("--runs=-1", "--runs is -1")]
)
def test_wrong_options_are_told_in_one_line(given, text, capsys):
    assert main(["bench", given]) == 2
    err = capsys.readouterr().err
    assert text in err
    assert err.count("\n") == 1


def test_the_work_of_an_example_is_counted_from_the_layers():
    """MLP 64-128-64-10 on the digits: 2 a b operations a layer and pass; the first has no gradient for its inputs."""
    seen = process.watch([sys.executable, "-m", "experiments.bench.peak", "work", "mlp", "digits"], {})
    products = [2 * 64 * 128, 2 * 128 * 64, 2 * 64 * 10]
    assert seen.lines[0]["work"] == 3 * sum(products) - products[0]


@pytest.mark.slow
@pytest.mark.parametrize("script", ["fit_loop", "keras_tuner_grid", "ray_tune_grid"])
def test_every_rival_trains_what_it_is_told(script, tmp_path):
    runs = [{"activation": "relu", "optimizer": "adam", "seed": seed} for seed in (0, 1)]
    (tmp_path / "task.json").write_text(json.dumps(TOY.given(None, runs)))
    done = subprocess.run([sys.executable, "-m", f"experiments.bench.rivals.{script}", str(tmp_path / "task.json")],
                          capture_output=True, text=True, check=True)  # fmt: skip
    ready, *rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert ready["ready"]
    assert sorted(row["run"]["seed"] for row in rows) == [0, 1]
    assert [len(row["epochs"]) for row in rows] == [10, 10]
    assert all(row["accuracy"] > 0.7 for row in rows)


def test_every_task_has_the_twelve_cells_of_the_table():
    assert [len(each.cells) for each in TASKS.values()] == [12, 12]
