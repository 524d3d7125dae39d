"""Which level or cell is better: the unit of replication, the verdicts, the missing runs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from experiments.statistics import cell_comparisons, paired_comparisons, seeds_needed
from experiments.statistics.checks import simulate


def test_the_seed_is_the_unit_whatever_the_number_of_cells(make_scores):
    """n is 3, not 12: the differences are those of the averages within each seed."""
    score = np.random.default_rng(0).normal(0.9, 0.01, (4, 2, 3))
    (row,) = paired_comparisons(make_scores(score), "optimizer").to_dict("records")
    oracle = stats.ttest_rel(score[:, 0].mean(axis=0), score[:, 1].mean(axis=0))
    assert (row["n"], row["conditions"]) == (3, 4)
    assert row["p"] == row["p_holm"] == pytest.approx(oracle.pvalue)
    assert (row["mean_a"], row["mean_b"]) == pytest.approx(tuple(score.mean(axis=(0, 2))))


def test_losses_are_paired_by_seed_over_all_cells_and_holm_goes_over_their_pairs(make_scores):
    score = np.random.default_rng(0).normal(0.9, 0.01, (3, 2, 2, 4)) + np.array([0, 0.05, 0.05])[:, None, None, None]
    names = ("hinge", "huber", "mae")
    frame = pd.concat([make_scores(each).assign(loss=name) for name, each in zip(names, score, strict=True)])
    table = paired_comparisons(frame, "loss").set_index(["a", "b"])
    oracle = {
        (names[a], names[b]): stats.ttest_rel(score[a].mean(axis=(0, 1)), score[b].mean(axis=(0, 1))).pvalue
        for a, b in ((0, 1), (0, 2), (1, 2))
    }
    assert table["p"].to_dict() == pytest.approx(oracle)
    holm = multipletests([*oracle.values()], method="holm")[1]
    assert table["p_holm"].tolist() == pytest.approx(holm)
    assert set(table["n"]) == {4}
    assert set(table["conditions"]) == {4}
    assert table.loc[("hinge", "huber"), "outcome"] == "b"


def test_a_seed_that_favours_an_arm_in_every_cell_does_not_fake_certainty():
    """Arm and seed interact alike in all cells; taking cells for replicates would be wrong half the time."""
    rng = np.random.default_rng(1)
    blocks, seeds = 200, 5
    frame = simulate(rng, blocks, 8, 2, seeds)
    luck = 0.02 * rng.standard_normal((blocks, 2, seeds))
    place = [frame[name].str[1:].astype(int).to_numpy() for name in ("dataset", "optimizer")]
    frame["score"] += luck[place[0], place[1], frame["seed"]]
    called = paired_comparisons(frame, "optimizer")["outcome"].isin(["a", "b"])
    assert stats.binomtest(int(called.sum()), blocks, 0.05, "greater").pvalue > 0.001
    wide = frame.pivot(index=["dataset", "activation", "seed"], columns="optimizer", values="score")
    cells = (wide["o0"] - wide["o1"]).to_numpy().reshape(blocks, -1)
    assert np.mean(stats.ttest_1samp(cells, 0, axis=1).pvalue < 0.05) > 0.3


def arms(differences, margin=0.005, alpha=0.05):
    """The one row that compares sgd with momentum, given score differences by seed."""
    score = np.stack([0.9 + np.asarray(differences), np.full(len(differences), 0.9)])
    return score[None], {"margin": margin, "alpha": alpha}


VERDICTS = {
    "a": (arms([0.03, 0.031, 0.032]), "sgd better", 0),
    "b": (arms([-0.03, -0.031, -0.032]), "momentum better", 0),
    "tiny but sure": (arms([0.0010, 0.0011, 0.0012]), "sgd better", 0),
    "equivalent": (arms([0.0003, -0.0003, 0.0001, -0.0001]), "no difference larger than 0.005", 0),
    "wider margin": (arms([0.01, -0.01, 0.005, -0.005], margin=0.05), "no difference larger than 0.05", 0),
    "undecided": (arms([0.05, 0.02, 0.01]), "undecided, about 4 more seeds needed", 4),
    "stricter": (arms([0.03, 0.031, 0.034], alpha=0.001), "undecided, about 1 more seed needed", 1),
    "hopeless": (arms([0.1, -0.094, 0.013]), "undecided, more than 100 more seeds needed", np.inf),
    "all equal": (arms([0.03, 0.03, 0.03]), "undecided, about 3 more seeds needed", 3),
    "both alike": (arms([0.0, 0.0, 0.0]), "undecided, about 2 more seeds needed", 2),
    "both alike, enough": (arms([0.0] * 5), "no difference larger than 0.005", 0),
    "one": (arms([0.03]), "undecided, one seed in common: at least 2 more seeds needed", 2),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts(name, make_scores):
    (score, options), verdict, more = VERDICTS[name]
    table = paired_comparisons(make_scores(score), "optimizer", **options)
    assert table.loc[0, "verdict"] == verdict
    assert table.loc[0, "more_seeds"] == more


def test_more_seeds_is_what_the_power_calculation_asks_for(make_scores):
    score, _ = arms([0.05, 0.02, 0.01])
    row = paired_comparisons(make_scores(score), "optimizer").loc[0]
    assert row["more_seeds"] == seeds_needed(row["difference"], row["sd"], 0.05, 0.8) - 3


def test_pairs_still_open_have_to_pass_the_next_step_of_holm(make_scores):
    """Of three pairs two are decided, so the third faces α undivided; alone among three open ones, α/3."""
    few = np.array([[0.05, 0.02, 0.01], [0.0, 0.0, 0.0]])
    lower = np.array([[-0.8, -0.8001, -0.8003]])
    decided = paired_comparisons(make_scores((0.9 + np.concatenate([few, lower]))[None]), "optimizer")
    assert list(decided["outcome"]) == ["undecided", "a", "a"]
    assert decided.loc[0, "more_seeds"] == 4
    open_ = paired_comparisons(make_scores((0.9 + np.concatenate([few, -few[:1]]))[None]), "optimizer")
    assert list(open_["outcome"]) == ["undecided"] * 3
    row = open_.loc[0]
    assert row["more_seeds"] == seeds_needed(row["difference"], row["sd"], 0.05 / 3, 0.8) - 3 > 4


def test_arms_without_a_seed_in_common_are_not_compared(make_scores):
    score = np.full((1, 2, 4), np.nan)
    score[0, 0, :2], score[0, 1, 2:] = 0.9, 0.8
    row = paired_comparisons(make_scores(score), "optimizer").loc[0]
    assert row["verdict"] == "undecided, no seed in common: at least 3 more seeds needed"
    assert (row["n"], row["conditions"]) == (0, 0)


def test_missing_runs_never_mix_conditions(make_scores):
    """tanh is .3 below: were it averaged in for one arm or seed only, a difference would appear."""
    score = np.full((2, 2, 4), 0.9) + 0.001 * np.random.default_rng(0).standard_normal((2, 2, 4))
    score[1] -= 0.3
    score[1, 0, 3] = np.nan
    row = paired_comparisons(make_scores(score), "optimizer").loc[0]
    assert (row["n"], row["conditions"]) == (3, 2)
    assert row["difference"] == pytest.approx((score[:, 0, :3] - score[:, 1, :3]).mean())
    score[1, 0, 1:] = np.nan
    row = paired_comparisons(make_scores(score), "optimizer").loc[0]
    assert (row["n"], row["conditions"]) == (4, 1)
    assert row["difference"] == pytest.approx((score[0, 0] - score[0, 1]).mean())


def test_one_level_gives_no_pair_but_all_columns(make_scores):
    frame = make_scores(np.full((1, 1, 3), 0.9))
    assert list(paired_comparisons(frame).columns[:5]) == ["dataset", "model", "factor", "a", "b"]
    assert len(paired_comparisons(frame)) == len(cell_comparisons(frame)) == 0
    assert "may_be_best" in cell_comparisons(frame)


def test_blocks_are_families_of_their_own(untidy):
    both = paired_comparisons(untidy)
    for dataset in ("digits", "mnist"):
        alone = paired_comparisons(untidy[untidy["dataset"] == dataset])
        assert both[both["dataset"] == dataset].reset_index(drop=True).equals(alone)
    assert len(both) == 20


def test_the_best_cell_stands_against_every_other(make_scores):
    rng = np.random.default_rng(0)
    score = 0.9 + 0.002 * rng.standard_normal((3, 4, 6))
    score[1, 2] += 0.05
    score[0, 0] -= 0.3
    score[2, 3, 1:] = np.nan
    score[2, 3, 0] = 0.999  # one lucky seed makes no best cell
    table = cell_comparisons(make_scores(score)).set_index("b")
    assert set(table["a"]) == {"tanh + nag"}
    assert len(table) == 11
    assert table.loc["sigmoid + sgd", "verdict"] == "tanh + nag better"
    cells = np.delete(score.reshape(12, 6), 11, axis=0)  # the one with one seed cannot be tested
    pairs = [(i, j) for i in range(11) for j in range(i + 1, 11)]
    p_holm = multipletests([stats.ttest_rel(cells[i], cells[j]).pvalue for i, j in pairs], method="holm")[1]
    d = score[1, 2] - score[0, 1]
    row = table.loc["sigmoid + momentum"]
    assert row["p"] == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    assert row["p_not_best"] == pytest.approx(11 * stats.ttest_1samp(d, 0, alternative="greater").pvalue)
    assert row["p_holm"] == pytest.approx(p_holm[pairs.index((1, 6))])  # all pairs are the family
    assert (row["activation_b"], row["optimizer_b"]) == ("sigmoid", "momentum")
    assert not row["may_be_best"]
    assert table.loc["relu + rmsprop", "may_be_best"]


def test_the_truly_best_cell_is_seldom_thrown_out():
    """Nine equal cells but one that is a hair better: it is the truth that must stay."""
    effect = np.zeros((3, 3))
    effect[1, 1] = 1e-6
    table = cell_comparisons(simulate(np.random.default_rng(2), 150, 3, 3, 4, effect))
    thrown = (table["b"] == "a1 + o1") & ~table["may_be_best"]
    assert stats.binomtest(int(thrown.sum()), 150, 0.05, "greater").pvalue > 0.001
    worse = cell_comparisons(simulate(np.random.default_rng(2), 20, 3, 3, 4, -effect * 1e5))
    assert (worse.loc[worse["b"] == "a1 + o1", "may_be_best"]).mean() < 0.2
