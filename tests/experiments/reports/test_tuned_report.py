"""A report of tuned rates: both rankings, the trials, the choices, and nothing that a clock gave."""

import re

import numpy as np
import pandas as pd
import pytest

from experiments import statistics
from experiments.names import ACTIVATIONS
from experiments.reports import files, page, pictures, write_report
from experiments.reports.figures import drawings

SMALL = {"activations": ("tanh", "relu", "elu"), "optimizers": ("sgd", "adam")}


def named(figure, stem, kinds=("png", "svg")):
    """In place of saving, which takes most of the time: that is tested with the other pictures."""
    return [files.write_text(stem.with_name(f"{stem.name}.{kind}"), "") for kind in kinds]


@pytest.fixture(scope="session")
def report(tuned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "save_figure", named)
        written = write_report(folder, *tuned.arguments)
    return folder, written, (folder / "report.md").read_text("utf-8")


def test_every_table_and_picture_is_there(report):
    folder, written, text = report
    assert {path for path in folder.rglob("*") if path.is_file()} == set(written)
    tables = {path.name for path in written if path.suffix == ".csv"}
    assert tables == {
        "timings.csv", "summary.csv", "comparisons.csv", "cell_comparisons.csv", "variance.csv",
        "rankings.csv", "ranking_changes.csv", "learning_rates.csv",
    }  # fmt: skip
    drawn = {path.stem.removeprefix("mnist-mlp-") for path in written if path.suffix == ".png"}
    assert drawn == {"heatmap", "moves", "rates", "curves", "seeds", "profile", "gradients", "dead",
                        "means", "time", "size"}  # fmt: skip
    assert len(pd.read_parquet(folder / "diagnostics.parquet")) > 4_000
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert [target for target in targets if not (folder / target).is_file()] == []
    assert tables <= set(targets)


def test_the_summary_has_both_rankings(report, tuned):
    table = pd.read_csv(report[0] / "summary.csv")
    assert table["rates"].value_counts().to_dict() == {"tuned": 72, "default": 72}
    runs = tuned.runs[(tuned.runs["activation"] == "elu") & (tuned.runs["optimizer"] == "adam")]
    for rates in ("tuned", "default"):
        (row,) = table[
            (table["rates"] == rates) & (table["activation"] == "elu") & (table["optimizer"] == "adam")
        ].itertuples()
        mean = runs.loc[runs["role"].isin([rates, "both"]), "test_metric"].mean()
        assert row.mean == pytest.approx(mean, abs=1e-6)


def test_every_pair_of_a_factor_is_compared_at_tuned_rates(report, tuned):
    table = pd.read_csv(report[0] / "comparisons.csv")
    assert table["factor"].value_counts().to_dict() == {"optimizer": 36, "activation": 28}
    (row,) = table[(table["a"] == "tanh") & (table["b"] == "relu")].itertuples()
    runs = tuned.runs[tuned.runs["role"].isin(["tuned", "both"])]
    value = runs["test_metric"].where(runs["status"] == "done", runs["chance"]).astype(float)
    by_seed = runs.assign(value=value).groupby(["activation", "seed"])["value"].mean().unstack()
    gap = (by_seed.loc["tanh"] - by_seed.loc["relu"]).to_numpy()
    expected = statistics.paired_test(gap[None, :]).iloc[0]
    assert [row.difference, row.low, row.high, row.p] == pytest.approx(
        expected[["difference", "low", "high", "p"]].tolist(), rel=1e-4
    )
    assert row.p_holm >= row.p
    assert 0 <= row.p_a_beats_b <= 1


def test_rankings_at_both_rates(report):
    table = pd.read_csv(report[0] / "rankings.csv")
    assert table.groupby(["rates", "factor"]).size().to_dict() == {
        ("tuned", "activation"): 8, ("tuned", "optimizer"): 9,
        ("default", "activation"): 8, ("default", "optimizer"): 9,
    }  # fmt: skip
    changes = pd.read_csv(report[0] / "ranking_changes.csv").set_index(["factor", "level"])
    tuned = table[table["rates"] == "tuned"].set_index(["factor", "level"])["mean_rank"]
    assert changes["rank_tuned"].to_dict() == pytest.approx(tuned.to_dict())


def test_every_trial_is_in_learning_rates(report, tuned):
    table = pd.read_csv(report[0] / "learning_rates.csv", keep_default_na=False, dtype={"chosen": str})
    trials = tuned.runs[tuned.runs["role"] == "trial"]
    assert table["seeds"].sum() == len(trials)
    assert len(table) == 72 * 5 + 2
    assert (table["chosen"] == "True").sum() == 72  # deep choices here lie beside their trials
    (row,) = table[
        (table["activation"] == "relu") & (table["optimizer"] == "adam") & (table["learning_rate"] == 0.0001)
    ].itertuples()
    assert (row.chosen, row.edge, row.default) == ("True", "low", 0.001)
    adadelta = table[(table["optimizer"] == "adadelta") & (table["learning_rate"] == 10)]
    assert (adadelta["diverged"] == 1).all()
    assert adadelta["mean"].to_numpy() == pytest.approx(0.1135)


def test_variance_is_that_of_the_statistics(report, tuned_block):
    from experiments.reports.evidence import scores

    table = pd.read_csv(report[0] / "variance.csv")
    expected = statistics.variance_decomposition(scores(tuned_block))
    assert table["share"].to_numpy() == pytest.approx(expected["share"].to_numpy(), rel=1e-4)
    assert table["share"].sum() == pytest.approx(1, abs=1e-4)


def test_only_what_a_clock_gave_differs_from_run_to_run(made, tmp_path):
    ledger = made(**SMALL, tuned=True, deep=(("relu", "adam"),))
    write_report(tmp_path / "one", *ledger.arguments)
    shuffled = [frame.sample(frac=1, random_state=n) for n, frame in enumerate(
        (ledger.runs, ledger.curves, ledger.timings, ledger.diagnostics, ledger.choices)
    )]  # fmt: skip
    runs, curves, timings, diagnostics, choices = shuffled
    timings = timings.assign(seconds=timings["seconds"] * 3, seconds_per_epoch=timings["seconds_per_epoch"] * 2)
    write_report(tmp_path / "two", runs, curves, timings, ledger.facts, diagnostics, choices)
    different = {
        path.name for path in (tmp_path / "one").rglob("*.*")
        if path.read_bytes() != (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    }  # fmt: skip
    assert different == {"timings.csv", "mnist-mlp-time.png", "mnist-mlp-time.svg", "report.md", "report.html"}
    pages = [(tmp_path / name / "report.md").read_text("utf-8") for name in ("one", "two")]
    cut = [re.sub(r"## Time and memory.*?(?=## Methods)", "", text, flags=re.S) for text in pages]
    assert cut[0] == cut[1]
    assert "At equal seconds" not in cut[0]
    assert "At equal seconds" in pages[0]


@pytest.mark.parametrize("words", [
    "393 of 393 planned runs have a result",
    "362 tuning runs in `runs.parquet` chose learning rates by validation",
    "**Learning rates were tuned for each cell** by validation, and this is the ranking at the tuned rates",
    "Paired by seed, relu with adam is better than",
    "(Holm over all pairs of cells, 0.05)",
    "Averaged over 8 activations, the best optimizer is **adam**",
    "Paired by seed, it is better than batch\\_gd, sgd,",
    "**What matters more**, as shares of the variance of test accuracy (omega squared): the activation",
    "So the activation and the optimizer matter more than the luck of the seed (what it shifts in all cells and what "
    "it shifts in one): the intervals do not touch. (3 seeds:",
    "**Tuned against default rates, by optimizer**: Kendall's tau of the two orders is 0.94; 2 of 9 change",
    "adadelta from 2 to 3 (mean rank",
    "**27 cells of 74 chose the highest or lowest rate that was tried**",
    "relu with adam (0.0001, lowest)",
    "**In 1 cell every trial diverged**, so the rate that is called tuned there is none: sigmoid with nag.",
    "**Undecided** at 0.05, with 0.50 points as the smallest difference of interest:",
    "1 (data set, model) block of the 6 needed",
    "**3 of 216 runs diverged**",
    "## Momentum, betas and epsilon tuned too",
    "| optimizer | place, tuned | mean rank | place, defaults |",
    "At equal epochs (best validation so far",
    "| optimizer: validation (%) after | 1 epoch | 3 epochs | 5 epochs |",
])  # fmt: skip
def test_the_page_says(report, words):
    assert words in report[2]


def test_the_margin_is_an_argument(made, tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "pictures", lambda block: [])
    ledger = made(activations=ACTIVATIONS[:5], optimizers=("sgd", "adam"))
    write_report(tmp_path, *ledger.arguments, margin=0.5)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "with 50.00 points as the smallest difference of interest" in text
    assert "two one-sided tests with 50.00 points" in text
    outcomes = pd.read_csv(tmp_path / "comparisons.csv")["outcome"]
    assert "equivalent" in set(outcomes)
    assert "undecided" not in set(outcomes)


def test_six_blocks_are_ranked_together(made, tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "pictures", lambda block: [])
    monkeypatch.setattr(page, "pictures", lambda block: [])
    data = tuple((f"d{n}", f"Data {n}", None) for n in range(6))
    ledger = made(activations=("tanh", "relu", "elu"), optimizers=("sgd",), seeds=(0,), datasets=data)
    write_report(tmp_path, *ledger.arguments)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "**Activations** over 6 blocks of data set and model: mean ranks" in text
    assert "(figures/ranks-activation.png)" in text
    assert (tmp_path / "figures" / "ranks-activation.svg").is_file()
    assert not (tmp_path / "figures" / "ranks-optimizer.png").exists()
    assert "**Optimizers** are not ranked over data sets and models: 1 level of optimizer" in text


def test_a_sweep_stopped_in_the_middle_of_tuning(made, tmp_path, monkeypatch):
    """Some cells have no tuned run, and of one activation all trials failed."""
    monkeypatch.setattr(pictures, "save_figure", named)
    ledger = made(
        **SMALL,
        tuned=True,
        drop=lambda row: row["role"] == "tuned" and row["activation"] != "tanh",
        status=lambda row: "failed" if row["role"] == "trial" and row["activation"] == "elu" else None,
    )
    ledger.choices = ledger.choices[ledger.choices["activation"] == "tanh"]
    ledger.diagnostics = ledger.diagnostics.iloc[:0]
    ledger.facts["planned_cells"] = [("mnist", "mlp", a, o) for a in SMALL["activations"] for o in SMALL["optimizers"]]
    write_report(tmp_path, *ledger.arguments)
    text = (tmp_path / "report.md").read_text("utf-8")
    assert "not run** so far" in text
    assert "**10 tuning runs failed**, so these cells have no choice yet" in text
    assert "elu with sgd and elu with adam" in text
    assert np.isin(["mnist-mlp-rates.png"], [path.name for path in (tmp_path / "figures").iterdir()]).all()
