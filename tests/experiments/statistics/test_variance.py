"""The variance decomposition, against statsmodels and against truths that are known."""

import numpy as np
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from experiments.statistics import variance_decomposition

ROWS = {
    "activation": "C(activation)",
    "optimizer": "C(optimizer)",
    "interaction": "C(activation):C(optimizer)",
    "seed": "C(seed)",
    "residual": "Residual",
}


def grid(holes=()):
    rng = np.random.default_rng(0)
    score = rng.normal(0.9, 0.01, (3, 4, 5)) + rng.normal(0, 0.02, 5)
    score += rng.normal(0, 0.02, (3, 1, 1)) + rng.normal(0, 0.02, (4, 1)) + rng.normal(0, 0.01, (3, 4, 1))
    for hole in holes:
        score[hole] = np.nan
    return score


@pytest.mark.parametrize("holes", [(), ((0, 0, 1), (2, 3, 4), (1, 1, slice(2, 5)))], ids=["full", "holes"])
def test_sums_of_squares_agree_with_statsmodels(holes, make_scores):
    frame = make_scores(grid(holes))
    oracle = anova_lm(ols("score ~ C(activation) * C(optimizer) + C(seed)", frame).fit(), typ=2)
    table = variance_decomposition(frame).set_index("term")
    for term, row in ROWS.items():
        assert table.loc[term, "sum_squares"] == pytest.approx(oracle.loc[row, "sum_sq"], rel=1e-9), term
        assert table.loc[term, "df"] == oracle.loc[row, "df"], term
    assert table["share"].sum() == pytest.approx(1)
    assert set(table["missing"]) == {5 if holes else 0}


def test_missing_cells_take_their_degrees_of_freedom_along(make_scores):
    """With whole cells missing, the models without interaction still have statsmodels for a witness."""
    frame = make_scores(grid([(0, 0), (2, 3)]))
    table = variance_decomposition(frame).set_index("term")
    main = ols("score ~ C(activation) + C(optimizer) + C(seed)", frame).fit()
    for term in ("activation", "optimizer"):
        kept = " + ".join(f"C({name})" for name in ("activation", "optimizer", "seed") if name != term)
        less = ols(f"score ~ {kept}", frame).fit()
        assert table.loc[term, "sum_squares"] == pytest.approx(less.ssr - main.ssr, rel=1e-9)
    frame["cell"] = frame["activation"] + frame["optimizer"]
    full = ols("score ~ C(cell) + C(seed)", frame).fit()
    assert table.loc["interaction", "sum_squares"] == pytest.approx(main.ssr - full.ssr, rel=1e-9)
    assert list(table["df"]) == [2, 3, 4, 4, full.df_resid]


def test_omega_squared_is_the_textbook_formula(make_scores):
    """Partial ω² = df(F - 1) / (df(F - 1) + N): Olejnik and Algina (2003), from statsmodels' F."""
    frame = make_scores(grid())
    oracle = anova_lm(ols("score ~ C(activation) * C(optimizer) + C(seed)", frame).fit(), typ=2)
    table = variance_decomposition(frame).set_index("term")
    for term in ("activation", "optimizer", "interaction"):
        df, f = oracle.loc[ROWS[term], ["df", "F"]]
        assert table.loc[term, "partial"] == pytest.approx(df * (f - 1) / (df * (f - 1) + len(frame)))
    # A random block's variance component: (MS - MSe) / cells.
    seed = oracle.loc["C(seed)"]
    noise = oracle.loc["Residual", "sum_sq"] / oracle.loc["Residual", "df"]
    component = (seed["sum_sq"] / seed["df"] - noise) / 12
    assert table.loc["seed", "partial"] == pytest.approx(component / (component + noise))


ONE_CAUSE = {
    "activation": np.array([0.0, 1, 2])[:, None, None] * np.ones((3, 3, 4)),
    "optimizer": np.array([0.0, 1, 2])[:, None] * np.ones((3, 3, 4)),
    "interaction": np.array([[1.0, -1, 0], [-1, 1, 0], [0, 0, 0]])[:, :, None] * np.ones((3, 3, 4)),
    "seed": np.array([0.0, 1, 2, 4]) * np.ones((3, 3, 4)),
}


@pytest.mark.parametrize("cause", ONE_CAUSE)
def test_a_single_cause_gets_all_of_the_variance(cause, make_scores):
    table = variance_decomposition(make_scores(ONE_CAUSE[cause])).set_index("term")
    np.testing.assert_allclose(table["share"], [float(term == cause) for term in table.index], atol=1e-9)


def test_shares_are_right_on_average(make_scores):
    """True components: activation 2/3, optimizer 0, interaction 0, seed 1, residual 1/4."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(150):
        score = np.array([-1.0, 0, 1])[:, None, None] + rng.normal(0, 0.5, (3, 3, 6)) + rng.normal(0, 1, 6)
        table = variance_decomposition(make_scores(score)).set_index("term")
        noise = table.loc["residual", "sum_squares"] / table.loc["residual", "df"]
        found.append(table["share"] * noise / table.loc["residual", "share"])  # back to components
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(len(found))
    assert np.all(np.abs(mean - [2 / 3, 0, 0, 1, 1 / 4]) < 4 * error)


NOTES = [
    ((3, 3, 1), "nothing is left to tell noise from: 1 seed; two or more are needed", 0),
    ((3, 3, 2), "2 seeds: no interval; three or more are needed", 0),
    ((3, 3, 3), "3 seeds: the interval is rough", 5),
    ((3, 3, 5), "", 5),
    ((1, 3, 5), "no activation to estimate: one level only, or too many cells missing", 3),
]


@pytest.mark.parametrize(("shape", "note", "intervals"), NOTES)
def test_notes_say_what_the_numbers_are_worth(shape, note, intervals, make_scores):
    table = variance_decomposition(make_scores(np.random.default_rng(0).normal(0.9, 0.01, shape)))
    assert table.loc[0, "note"] == note
    assert table["low"].notna().sum() == table["high"].notna().sum() == intervals


def test_the_interval_is_the_jackknife_over_seeds(make_scores):
    """Worked out again by leaving seeds out of the frame."""
    frame = make_scores(grid([(0, 0, 1)]))
    full = variance_decomposition(frame)
    left_out = [variance_decomposition(frame[frame["seed"] != seed])["share"] for seed in range(5)]
    pseudo = np.array([5 * full["share"] - 4 * each for each in left_out])
    half = 2.7764451052 * pseudo.std(axis=0, ddof=1) / np.sqrt(5)  # t of .975 with 4 degrees of freedom
    np.testing.assert_allclose(full["high"] - full["share"], half, rtol=1e-9)
    np.testing.assert_allclose(full["share"] - full["low"], half, rtol=1e-9)
