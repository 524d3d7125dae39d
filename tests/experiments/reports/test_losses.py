"""Losses side by side: which blocks are compared, by what, and how it is told."""

import numpy as np
import pytest

from experiments.reports import losses_told, style
from experiments.reports.evidence import evidence, scores
from experiments.reports.figures import losses as figures
from experiments.reports.figures.drawings import drawings
from experiments.reports.losses import compared
from experiments.reports.more import seeds_wanted
from experiments.reports.page import page
from experiments.reports.tables import statistics_tables
from tests.experiments.reports.asides import of_losses
from tests.experiments.reports.test_figures import touching, visible_text

TOPS = {"hinge on linear": 0.9, "mean_squared_error on sigmoid": 0.97, "hinge on tanh": 0.95}


@pytest.fixture(scope="module")
def blocks(cut_up):
    return cut_up(of_losses(TOPS))


@pytest.fixture(scope="module")
def found(blocks):
    (found,) = compared(blocks)
    return found


def test_blocks_that_differ_in_loss_and_head_are_compared_in_the_order_of_every_table(found):
    assert found.names == ["mean_squared_error on sigmoid", "hinge on linear", "hinge on tanh"]
    assert [block.output for block in found.blocks] == found.names
    assert found.name == "MNIST, mlp"


def test_one_loss_makes_no_comparison(made, cut_up):
    assert compared(cut_up(made(tuned=True))) == []


def test_the_pairs_are_those_of_the_metric_seed_by_seed_over_all_cells(found):
    means = {block.output: scores(block).groupby("seed")["score"].mean() for block in found.blocks}
    for _, pair in found.pairs.iterrows():
        by_seed = means[pair["a"]] - means[pair["b"]]
        assert pair["difference"] == pytest.approx(by_seed.mean())
        assert (pair["n"], pair["conditions"]) == (3, 4)
    assert len(found.pairs) == 3
    best = found.means().iloc[0]
    assert best["level"] == "mean_squared_error on sigmoid"
    assert best["mean"] == pytest.approx(means["mean_squared_error on sigmoid"].mean())


def test_the_section_names_the_best_and_warns_of_the_values_of_losses(blocks, found):
    ledger = of_losses(TOPS)
    text = page([evidence(block) for block in blocks], ledger.runs, ledger.timings, ledger.facts, ())
    section = text[text.index(f"## {losses_told.HEADING}") : text.index("## Pictures")]
    assert "the best loss is **mean\\_squared\\_error on sigmoid**" in section
    assert "values of two losses are on different scales" in section
    assert section.count("figures/mnist-mlp-losses-") == 2
    assert "### MNIST, mlp\n\n3 seeds (0 to 2), 5 epochs" in section
    assert section.count("\n| hinge on tanh |") >= 2
    drawn = [each.name for each in drawings(blocks) if "losses" in each.name]
    assert drawn == ["mnist-mlp-losses-cells", "mnist-mlp-losses-curves"]


def test_csv_files_have_the_pairs_of_losses(blocks):
    tables = statistics_tables([evidence(block) for block in blocks])
    pairs = tables["comparisons"]
    assert pairs["factor"].eq("loss").sum() == 3
    assert pairs.loc[pairs["factor"].eq("loss"), "p_a_beats_b"].notna().all()
    assert tables["rankings"]["factor"].eq("loss").sum() == 3


def test_losses_on_the_same_data_are_one_observation_over_data_sets(blocks):
    from experiments.reports.evidence import across_blocks

    test = across_blocks(blocks, "optimizer")
    assert test is not None
    assert test.blocks == ["mnist / mlp"]


def test_the_page_has_the_section_and_its_charts(page_in, tmp_path):
    text = page_in(of_losses(TOPS), tmp_path)
    assert 'id="losses"' in text
    for chart in ("means", "cells", "curves"):
        assert f'id="losses-0-{chart}"' in text
        assert f'"losses-0-{chart}":' in text


@pytest.mark.parametrize("scene", ["plain", "regression", "diverged", "one optimizer"])
@pytest.mark.parametrize("draw", [figures.draw_cells, figures.draw_curves])
def test_nothing_in_the_figures_is_cut_or_overlaps(draw, scene, cut_up):
    given = {
        "plain": {},
        "regression": {"metric": "r2"},
        "diverged": {"status": lambda row: "diverged" if row["optimizer"] == "sgd" and row["seed"] == 1 else None},
        "one optimizer": {"optimizers": ("adam",), "seeds": (0,)},
    }[scene]
    long = {"sparse_categorical_crossentropy on softmax": 0.9, "categorical_hinge on linear": 0.8}
    (found,) = compared(cut_up(of_losses(long, **given)))
    with style.theme():
        figure = draw(found)
        figure.draw_without_rendering()
        boxes = visible_text(figure)
    width, height = figure.bbox.size
    outside = [
        words for words, box, _ in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    assert not outside
    assert not touching(boxes)


def test_a_diverged_seed_counts_at_chance_in_the_curves(cut_up):
    diverge = {"status": lambda row: "diverged" if row["seed"] == 1 else None}
    (found,) = compared(cut_up(of_losses({"hinge on linear": 0.9, "huber on linear": 0.8}, **diverge)))
    for matrix in figures.curves(found).values():
        assert np.isfinite(matrix).all()
        assert matrix[1, -1] == pytest.approx(found.first.chance)


def test_more_seeds_are_asked_for_by_undecided_losses(blocks, found):
    ledger = of_losses(TOPS)
    open_ = found.pairs.loc[found.pairs["outcome"] == "undecided", "more_seeds"]
    reach = open_[np.isfinite(open_)].max() if len(open_) else 0
    assert seeds_wanted(ledger.runs, 1000)["mnist", "mlp"] >= reach


def test_every_loss_and_head_has_signs_of_its_own():
    from experiments.names import HEADS, LOSSES

    for loss in LOSSES:
        looks = [style.look(f"{loss} on {head}") for head in HEADS]
        assert len({each.colour for each in looks}) == 1
        assert len({(each.marker, each.dash) for each in looks}) == len(HEADS)
    assert len({style.look(f"{loss} on linear").colour for loss in LOSSES}) == len(LOSSES)
