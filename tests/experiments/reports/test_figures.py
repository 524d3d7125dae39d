"""Nothing in a figure is cut off, nothing overlaps, and a name always looks the same."""

import itertools
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from experiments.names import ACTIVATIONS, KERAS_ACTIVATIONS, KERAS_RATES, OPTIMIZERS
from experiments.reports import style
from experiments.reports.evidence import across, evidence
from experiments.reports.figures import PICTURES, critical, curves, heatmap, moves
from tests.experiments.reports.made_up import astray

HOSTILE = (
    "<script>alert(1)</script>|*_",
    "$x^2$ \\alpha",
    "激活函数",
    "a" * 80,
    "a" * 79 + "b",
    "الشبكة",
    "",
    "x\ny",
)
SMALL = {"activations": ("relu", "tanh"), "optimizers": ("adam", "sgd")}
BIG = {
    "activations": (*ACTIVATIONS, *(f"keras:{name}" for name in KERAS_ACTIVATIONS[:11])),
    "optimizers": (*OPTIMIZERS, *(f"keras:{name}" for name in list(KERAS_RATES)[:11])),
    "epochs": 3,
    "seeds": (0,),
}


def diverge(row):
    return "diverged" if zlib.crc32(row["key"].encode()) % 9 == 0 else None


SCENES: dict[str, dict[str, Any]] = {
    "grid": {},
    "tuned": {"tuned": True},
    "one cell": {"activations": ("relu",), "optimizers": ("adam",), "tuned": True},
    "one seed": SMALL | {"seeds": (0,), "epochs": 1, "tuned": True},
    "20 x 20": BIG | {"status": diverge, "tuned": True},
    "hostile": {"tuned": True, "activations": HOSTILE, "optimizers": (*HOSTILE[:4], "adam"),
                "datasets": (("<b>|", "<b>Data</b> $\\frac{1}{0}$ " + "long " * 50, False),)},
    "regression": SMALL | {"metric": "r2", "top": 0.5, "tuned": True},
    "nothing finished": SMALL | {"status": lambda row: "failed"},
    "astray": {"tuned": True},  # the same with means of fifteen digits inside
    "all diverged": SMALL | {"status": lambda row: "diverged", "tuned": True},
}  # fmt: skip
CASES = [(scene, picture) for scene, given in SCENES.items() for picture in PICTURES
         if (picture.there is None or given.get("tuned"))
         and (scene != "astray" or picture.name == "means")]  # fmt: skip


@pytest.fixture(scope="module")
def scenes(made, ledger, tuned, cut_up):
    far = replace(tuned, diagnostics=astray(tuned.diagnostics))
    ready = {"grid": ledger, "tuned": tuned, "astray": far}
    found = {name: cut_up(ready[name] if name in ready else made(**scene)) for name, scene in SCENES.items()}
    assert {len(each) for each in found.values()} == {1}
    return {name: each[0] for name, each in found.items()}


@pytest.fixture(scope="module")
def drawn(scenes):
    """(scene, picture) -> the figure, drawn once."""
    made = {}

    def draw(scene, picture):
        if (scene, picture.name) not in made:
            with style.theme():
                figure = picture.draw(scenes[scene])
                figure.draw_without_rendering()
            made[scene, picture.name] = figure
        return made[scene, picture.name]

    return draw


@pytest.mark.parametrize(("scene", "picture"), CASES, ids=[f"{scene}-{picture.name}" for scene, picture in CASES])
def test_all_text_is_inside_and_apart(drawn, scene, picture):
    figure = drawn(scene, picture)
    with style.theme():  # ticks are made when they are asked for
        boxes = visible_text(figure)
    assert boxes
    width, height = figure.bbox.size
    outside = [
        words for words, box, _ in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]  # fmt: skip
    assert not outside
    assert not touching(boxes)


def touching(boxes):
    upright = [(words, box) for words, box, turn in boxes if turn % 90 == 0]
    return [
        (a, b) for (a, one), (b, other) in itertools.combinations(upright, 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1.5
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 1.5
    ]  # fmt: skip


def visible_text(figure):
    """Every text that shows: its words, its box in pixels, its angle."""
    shown = []
    hidden = {id(text) for axes in figure.axes if not axes.get_visible() for text in axes.findobj(Text)}
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick, place in zip(axis.get_major_ticks(), axis.get_majorticklocs(), strict=False):
                for label, on in ((tick.label1, tick.label1.get_visible()), (tick.label2, False)):
                    if not on or not low - 1e-9 <= place <= high + 1e-9:
                        hidden.add(id(label))
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden:
            shown.append((text.get_text(), text.get_window_extent(), text.get_rotation()))
    return shown


def test_dollar_signs_in_names_are_no_formulas(drawn, scenes):
    for picture in PICTURES:
        assert picture.there is None or picture.there(scenes["hostile"])
        figure = drawn("hostile", picture)
        with style.theme():  # ticks are made when they are asked for
            texts = figure.findobj(Text)
        assert any("$" in text.get_text() for text in texts)
        assert not any(text.get_parse_math() for text in texts)


@pytest.mark.parametrize("scene", ["grid", "20 x 20"])
def test_words_of_a_cell_fit_into_it(scenes, drawn, scene):
    axes = drawn(scene, PICTURES[0]).axes[0]
    box = axes.get_window_extent()
    wide, high = box.width / len(scenes[scene].columns), box.height / len(scenes[scene].rows)
    sizes = [text.get_window_extent().size for text in axes.texts]
    assert len(sizes) >= len(scenes[scene].cells)
    assert np.max(sizes, axis=0)[0] < wide
    assert np.max(sizes, axis=0)[1] < high


def test_heat_map_tells_what_went_wrong(drawn):
    axes = drawn("grid", PICTURES[0]).axes[0]
    told = [text.get_text() for text in axes.texts]
    assert sum("2 of 3 div." in words for words in told) == 1
    assert sum("3 of 3 div." in words for words in told) == 1
    assert sum("1 of 3 lost" in words for words in told) == 1
    assert [told.count(words) for words in ("failed", "not run", "out of\nmemory")] == [1, 1, 1]
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    framed = [patch for patch in axes.patches if not patch.get_hatch()]
    assert (len(hatched), len(framed)) == (3, 2)


def test_heat_map_shows_mean_and_half_width(scenes):
    block = scenes["grid"]
    cell = block.cells[(block.cells["row"] == "relu") & (block.cells["column"] == "adam")].iloc[0]
    words = heatmap.words(block).loc["relu", "adam"]
    assert words == f"{100 * cell['mean']:.2f}\n±{100 * cell['half_width']:.2f}"


def test_titles_say_data_model_seeds_epochs_rates(drawn):
    for picture in PICTURES:
        if picture.name not in ("moves", "rates", "size"):
            head = " ".join(text.get_text() for text in drawn("tuned", picture).texts)
            assert "MNIST, mlp; 3 seeds (0 to 2), 5 epochs, batch 128" in head
            assert "tuned learning rates" in head


def test_unverified_data_are_called_so_in_every_picture(drawn, scenes):
    for picture in PICTURES:
        head = " ".join(text.get_text() for text in drawn("hostile", picture).texts)
        assert "not verified as the canonical release" in head
        assert "not verified" in picture.alt(scenes["hostile"])


def test_a_broken_line_counts_at_chance_from_there_on():
    matrix = np.array([[0.5, 0.7, 0.9], [0.5, np.nan, np.nan], [np.nan, np.nan, np.nan]])
    broken = np.array([False, True, False])
    assert curves.mean_path(matrix, broken, 0.1) == pytest.approx([0.5, 0.4, 0.5])


def lines_of(figure):
    return [line for axes in figure.axes for line in axes.lines]


def test_learning_rates_mark_default_chosen_edge_and_diverged(drawn, tuned_block):
    (picture,) = [each for each in PICTURES if each.name == "rates"]
    axes = {each.get_title(loc="left"): each for each in drawn("tuned", picture).axes}
    assert set(axes) - {""} == set(tuned_block.columns)
    adadelta = axes["adadelta"]
    upright = [
        line.get_xdata()[0] for line in adadelta.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2
    ]
    assert upright == [1.0]
    crosses = [x for line in adadelta.lines if line.get_marker() == "x" for x in line.get_xdata()]
    assert crosses == [10.0] * 8
    open_ = [line for line in lines_of(drawn("tuned", picture)) if line.get_markerfacecolor() == "none"]
    squares, rings = (sum(len(line.get_xdata()) for line in open_ if line.get_marker() == sign) for sign in "so")
    assert squares == (tuned_block.choices["edge"] != "").sum()
    assert squares + rings == 72


def test_moves_name_the_levels_whose_rank_moves(drawn, tuned_block):
    (picture,) = [each for each in PICTURES if each.name == "moves"]
    told = sorted(text.get_text() for axes in drawn("tuned", picture).axes for text in axes.texts)
    found = [moves.table(tuned_block, factor) for factor in ("activation", "optimizer")]
    moved = pd.concat(found).query("moves")
    assert told == sorted(f"{row.position_defaults} → {row.position_tuned}" for row in moved.itertuples())
    assert told


def test_critical_difference_diagram(made, cut_up):
    names = ("tanh", "relu", "elu", "a" * 70, "激活", "$x$")
    data = tuple((f"d{n}", f"Data {n}", False if n else None) for n in range(6))
    found = [evidence(block) for block in cut_up(made(activations=names, optimizers=("sgd", "adam"), datasets=data))]
    test = across(found, "activation")
    assert test.possible
    with style.theme():
        figure = critical.draw(test, "activation", [each.block.name for each in found])
        figure.draw_without_rendering()
    boxes = visible_text(figure)
    width, height = figure.bbox.size
    assert all(box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1 for _, box, _ in boxes)
    assert not touching(boxes)
    words = " ".join(text for text, _, _ in boxes)
    assert "not verified" in words
    assert f"relu {test.ranks['relu']:.2f}" in words or f"{test.ranks['relu']:.2f} relu" in words
