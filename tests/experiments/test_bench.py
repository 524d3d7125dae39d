"""The bench's own arithmetic and table; its timings are for `make bench`, never for a test."""

import json
import subprocess
import sys

import pytest

from experiments import bench

MACHINE = {"cores": 2, "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"}}


def took(seconds: float, marginal: float, **more) -> dict:
    return {"seconds": seconds, "fixed": 1.0, "marginal": marginal, "accuracy": 0.9, "workers": 2,
            "extrapolated": False, **more}  # fmt: skip


def test_the_table_tells_both_ratios_and_what_was_extrapolated():
    result = {"sweep": took(10.0, 0.1, machine=MACHINE, data="MNIST"), "loop": took(65.0, 0.4, extrapolated=True),
              "ratio_all": 6.5, "ratio_marginal": 4.0}  # fmt: skip
    table = bench._table(result, 10, 3)
    assert "| ratio | 6.5 | | 4.0 | |" in table
    assert table.count("(extrapolated)") == 1
    assert "Keras 3.15.1" in table
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


@pytest.mark.slow
def test_the_loop_trains_what_it_is_told(tmp_path):
    runs = [
        {"dataset": "digits", "activation": "relu", "optimizer": "adam", "seed": seed, "epochs": 12}
        for seed in (0, 0, 1)
    ]
    (tmp_path / "runs.json").write_text(json.dumps(runs))
    done = subprocess.run([sys.executable, "-m", "experiments.bench.loop", str(tmp_path / "runs.json"), ""],
                          capture_output=True, text=True, check=True)  # fmt: skip
    ready, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert ready["ready"] > 0
    assert [len(row["epochs"]) for row in rows] == [12, 12, 12]
    assert all(row["accuracy"] > 0.7 for row in rows)
    assert rows[0]["accuracy"] == pytest.approx(rows[1]["accuracy"], abs=0.03)
