"""From a file of the user's own to a report, by one command."""

import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.commands.parser import recorded
from experiments.plan import load
from tests.experiments.processes import REAL, call


def table(path: Path) -> Path:
    """Two classes that a line divides, and a column that says nothing."""
    draw = np.random.default_rng(0)
    rows = ["left,right,noise,side"]
    for _ in range(200):
        left, right, noise = draw.normal(size=3)
        rows.append(f"{left:.4f},{right:.4f},{noise:.4f},{'a' if left > right else 'b'}")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_plan_is_put_on_other_data_and_equal_blocks_are_told_once():
    plan = load("default").on("own:wine")
    assert {block.dataset for block in plan.blocks} == {"own:wine"}
    twice = load("smoke")
    assert len(type(twice)(name="x", blocks=twice.blocks * 2).on("own:a").blocks) == 1


def test_the_record_tells_the_file_and_not_where_it_is(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "sweep", "--data", "../private/wine.csv", "--target", "quality"])
    assert recorded().endswith("sweep --data wine.csv --target quality")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--data", "{tmp}/none.csv"), "there is no such file or folder"),
        (("--data", "{tmp}/my-wine.csv"), "may have letters, digits and _"),
        (("--data", "{tmp}/wine.txt"), "a CSV file, an npz file or a folder"),
        (("--target", "side"), "no --data names the file"),
        (("--data", "{tmp}/wine.csv", "--target", "prize"), "has no column 'prize'"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, arguments, text):
    for name in ("wine.csv", "my-wine.csv", "wine.txt"):
        table(tmp_path / name)
    code, _, error = call("sweep", "--dry-run", *(each.format(tmp=tmp_path) for each in arguments), module=REAL)
    assert code in (2, 3)
    assert text in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_one_command_answers_for_a_small_table(tmp_path):
    out = tmp_path / "out"
    code, _, error = call("sweep", "--data", table(tmp_path / "wine.csv"), "--out", out, module=REAL)
    assert code == 0, error
    page = (out / "report.md").read_text()
    assert "wine (own data)" in page
    assert "The best cell is" in page
    assert "--data wine.csv" in page
    assert str(tmp_path / "wine.csv") not in page
    assert (out / "report.html").is_file()
