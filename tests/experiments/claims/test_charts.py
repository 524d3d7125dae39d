"""Charts of claims: fixed colours, nothing cut, every kind of number."""

import numpy as np
import pytest
from matplotlib.text import Text

from experiments.claims import charts
from experiments.claims.problems import ravine
from experiments.reports import style
from experiments.reports.style import look


@pytest.fixture(autouse=True)
def theme():
    with style.theme():
        yield


def test_components_keep_their_colours_and_others_never_take_one_of_theirs():
    signs = charts.signs(["relu", "adam, tuned", "batch 32", "batch 64"])
    assert signs["relu"] == look("relu")
    assert signs["adam, tuned"].colour == look("adam").colour
    colours = [sign.colour for sign in signs.values()]
    assert len({signs["batch 32"].colour, signs["batch 64"].colour, look("relu").colour}) == 3
    assert len(colours) == 4


def test_losses_keep_their_colours_however_they_are_written_and_in_whatever_order():
    one = charts.signs(["mean squared error", "mean absolute error"])
    other = charts.signs(["mean_absolute_error", "mean_squared_error, linear", "hinge"])
    assert one["mean squared error"].colour == other["mean_squared_error, linear"].colour
    assert one["mean absolute error"].colour == other["mean_absolute_error"].colour
    assert len({sign.colour for sign in other.values()}) == 3


def test_two_labels_of_one_component_differ_in_marker_and_dash():
    one, two = charts.signs(["adam, tuned", "adam, default"]).values()
    assert one.colour == two.colour
    assert one.marker != two.marker
    assert one.dash != two.dash


def test_a_band_is_the_t_interval_and_leaves_out_what_is_missing():
    line = charts.of_seeds("relu", [1, 2], np.array([[1.0, 2.0], [3.0, np.nan], [2.0, np.nan]]))
    assert line.y[0] == pytest.approx(2.0)
    assert line.high[0] - line.y[0] == pytest.approx(4.302652729911275 / np.sqrt(3))
    assert line.y[1] == 2.0
    assert np.isnan(line.low[1])


def texts_outside(figure) -> list[str]:
    """Texts that stick out of the figure (a tick beyond the limits of its axis is none: it is not drawn)."""
    figure.draw_without_rendering()
    frame, found = figure.bbox, []
    for text in figure.findobj(Text):
        box = text.get_window_extent() if text.get_visible() and text.get_text() else None
        drawn = box is not None and box.x1 > 0 and box.y1 > 0 and box.x0 < frame.x1 and box.y0 < frame.y1
        if drawn and (box.x0 < -1 or box.y0 < -1 or box.x1 > frame.x1 + 1 or box.y1 > frame.y1 + 1):
            found.append(f"{text.get_text()} at {box}")
    return found


LONG = "a label of the unusual length that somebody will surely give to an arm of theirs"


@pytest.mark.parametrize("panels", [1, 3, 5])
def test_lines_of_any_number_of_panels_are_not_cut(panels):
    line = charts.Line("relu", [1, 10, 100], [1e-9, 0.0, 1.0], [0, 0, 0], [1, 1, 2])
    panel = charts.Panel([line, charts.Line("a longer label than most", [1, 100], [1, 2])], "x", "a quantity", LONG,
                         True, True, {"here": 0.1}, {"there": 10})  # fmt: skip
    figure = charts.lines("A title", "somewhere", [panel] * panels, "A note. " * 20)
    assert texts_outside(figure) == []


def test_seeds_show_every_arm_one_value_or_none():
    figure = charts.seeds("A title", "somewhere", {"accuracy": {"relu": [0.1, 0.2, 0.3], "one": [0.2], "none": []}})
    assert texts_outside(figure) == []
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == ["no value"]


def test_paths_that_leave_the_picture_do_not_stretch_it():
    away = np.array([[1.0, 1.0], [1e30, np.inf]])
    good = np.array([[1.0, 1.0], [0.0, 0.0]])
    problem = ravine(10)
    figure = charts.paths("Paths", "a ravine", problem.value, {"sgd": good, "adam": away}, problem.minimum)
    low, high = figure.axes[0].get_xlim()
    assert -3 < low < high < 3
