"""Results in a notebook: from a ledger and from a report alone, the tables, the figures, and what is asked wrongly."""

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import experiments
from experiments import frames
from experiments.errors import ResultsError, UserError
from experiments.ledger import LEDGER, Ledger
from experiments.reports import build, write_report
from experiments.reports.figures import PICTURES
from experiments.reports.tables import STATISTICS
from experiments.results import CURVES, Results, read
from experiments.stored import Stored
from tests.experiments.reports.made_up import make
from tests.experiments.samples import DONE, a_run

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
SMALL = {"activations": ("relu", "tanh"), "optimizers": ("adam", "sgd"), "tuned": True,
         "deep": (("relu", "adam"),)}  # fmt: skip


@pytest.fixture(scope="module")
def direct(made_ledger):
    """Results straight from the frames of a ledger."""
    given = made_ledger
    tables = frames.Frames(given.runs, given.curves, given.timings, given.diagnostics, given.choices)
    return Results(Path("made"), Stored(tables, given.facts, {}))


@pytest.fixture(scope="module")
def made_ledger():
    given = make(**SMALL, models=("mlp", "mlp(norm=1)", "cnn"))
    given.runs = given.runs.replace({"constants": {"beta_1=0.5": "beta_1=0.8"}})  # what was tried is what was scored
    return given


@pytest.fixture(scope="module")
def reread(made_ledger, tmp_path_factory):
    """The same through the files of a report, without a ledger."""
    out = tmp_path_factory.mktemp("report")
    (out / "survival.csv").write_text("left,by\nan earlier,report\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "write_figures", lambda *_: [])  # they take long, and are not read
        write_report(out, *made_ledger.arguments)
    return read(out)


def test_a_report_alone_gives_the_same_as_a_ledger(direct, reread):
    for name in ("runs", "curves", "diagnostics", "cells"):
        pd.testing.assert_frame_equal(getattr(direct, name), getattr(reread, name), check_dtype=False, rtol=1e-5)
    same = ["dataset", "model", "activation", "optimizer", "constants", "scored", "edge", "all_diverged"]
    pd.testing.assert_frame_equal(direct.choices[same], reread.choices[same])
    rates = ["default_rate", "tuned_learning_rate"]
    pd.testing.assert_frame_equal(direct.choices[rates], reread.choices[rates], rtol=1e-5)
    for name in STATISTICS:
        found, again = getattr(direct, name), getattr(reread, name)
        assert list(found) == list(again), name
        assert len(found) == len(again), name
        assert len(found), name
    pd.testing.assert_frame_equal(direct.survival, reread.survival, check_dtype=False, rtol=1e-5)


def test_a_ledger_comes_before_a_report(tmp_path):
    runs = [a_run(activation=activation, seed=seed) for activation in ("relu", "tanh") for seed in (0, 1)]
    with Ledger.write(tmp_path / LEDGER) as ledger:
        ledger.plan([(place, "default", run) for place, run in enumerate(runs)], {"plan": "mine", "seeds": 2})
        for run in runs:
            ledger.record(run, DONE)
    (tmp_path / "runs.parquet").write_text("not read")
    results = experiments.load(tmp_path)
    assert set(results.runs["key"]) == {run.key for run in runs}
    assert results.cells[["mean", "seeds"]].drop_duplicates().values.tolist() == [[0.7, 2]]
    assert results.facts["plan"] == "mine"
    assert "4 runs of digits/mlp" in repr(results)


def test_every_picture_of_the_report_is_a_method(direct):
    names = [CURVES.get(picture.name, picture.name) for picture in PICTURES]
    assert direct.figures() == names
    assert all(inspect.isfunction(getattr(Results, name)) and getattr(Results, name).__doc__ for name in names)


def test_a_figure_is_drawn_for_what_was_asked(direct):
    figure = direct.heatmap(model="cnn", style="paper", columns=1)
    assert figure.get_figwidth() == 3.5
    assert "cnn" in figure.caption
    assert direct.heatmap(model="mlp", style="paper").get_figwidth() == 7.2
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_mean_ranks_need_several_data_sets():
    names = ("tanh", "relu", "elu")
    data = tuple((f"d{n}", f"Data {n}", None) for n in range(6))
    given = make(activations=names, optimizers=("sgd", "adam"), datasets=data, seeds=(0,), epochs=1)
    tables = frames.Frames(given.runs, given.curves, given.timings, given.diagnostics, given.choices)
    results: Any = Results(Path("made"), Stored(tables, given.facts, {}))
    assert results.figures()[-1] == "ranks"
    assert "Mean rank of each activation" in results.ranks("activation").caption
    with pytest.raises(ResultsError, match="no mean ranks by 'size'; allowed: activation"):
        results.ranks("size")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda r: r.heatmap(), "several comparisons .*model='cnn'; .*model='mlp'"),
        (lambda r: r.heatmap("nist"), "nothing with dataset 'nist'; there are: dataset='mnist'"),
        (lambda r: r.figure("heat", model="mlp"), "no figure 'heat' of MNIST, mlp; there are: heatmap, moves"),
        (lambda r: r.heatmap(model="mlp", style="poster"), "unknown style: 'poster'"),
        (lambda r: r.heatmap(model="mlp", columns=3), "columns is 3; allowed: 1, 2"),
        (lambda r: r.ranks(), "they need more data sets or models"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(direct, ask, told):
    with pytest.raises(UserError, match=told) as caught:
        ask(direct)
    assert "\n" not in str(caught.value)


def test_a_folder_without_results_says_so(tmp_path):
    with pytest.raises(ResultsError, match=r"neither ledger.sqlite of a sweep nor runs.parquet of a report"):
        experiments.load(tmp_path / "nowhere")


def test_a_damaged_report_says_so(tmp_path):
    (tmp_path / "runs.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(ResultsError, match="cannot be read") as caught:
        experiments.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("file", "column"), [("runs", "seed"), ("curves", "epoch"), ("diagnostics", "layer")])
def test_a_report_without_a_column_says_which(reread, tmp_path, file, column):
    for path in reread.folder.glob("*.*"):
        shutil.copy(path, tmp_path)
    pd.read_parquet(tmp_path / f"{file}.parquet").drop(columns=column).to_parquet(tmp_path / f"{file}.parquet")
    with pytest.raises(ResultsError, match=rf"cannot be read \({file}.parquet has no column {column}\): write it"):
        experiments.load(tmp_path)


@pytest.mark.slow
def test_the_package_is_light_and_results_load_no_backend():
    code = ("import sys, experiments; print('pandas' in sys.modules); r = experiments.load('results/showcase'); "
            "r.choices, r.comparisons; print(sorted({'keras', 'tensorflow', 'jax'} & set(sys.modules)))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["False", "[]"], done.stderr


def code_of(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_code_of_the_notebook_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    space = {}
    for cell in code_of(json.loads(NOTEBOOK.read_text("utf-8"))):
        exec(cell, space)
    assert len(space["mnist"]) > 0
    assert len(space["pairs"]) > 0


def test_the_notebook_is_kept_without_outputs():
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook["cells"])


@pytest.mark.slow
def test_the_notebook_runs_in_jupyter_and_shows_its_figures(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    shutil.copy(NOTEBOOK, tmp_path / "notebook.ipynb")
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "docs")}}).execute()
    shown = [output["data"] for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    assert sum("image/png" in data for data in shown) == 2
    assert sum("text/html" in data for data in shown) == 3
    assert os.getcwd() != str(ROOT / "docs")
