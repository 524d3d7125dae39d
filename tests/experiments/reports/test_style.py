"""Signs belong to names, axes are stretched toward the best value, and the theme leaves nothing behind."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from experiments.names import ACTIVATIONS, OPTIMIZERS
from experiments.reports import style
from experiments.reports.figures.panels import log_axis
from experiments.reports.metrics import ACCURACY, R2


def test_every_known_name_has_signs_of_its_own():
    for known in (ACTIVATIONS, OPTIMIZERS):
        looks = [style.look(name) for name in known]
        assert len({each.colour for each in looks}) == len(known)
        assert len({each.marker for each in looks}) == len(known)


@pytest.mark.parametrize(("name", "colour", "marker"), [
    ("adam", "#0072B2", "<"), ("relu", "#0072B2", "D"), ("batch_gd", "#8C8C8C", "o"),
    ("keras:gelu", "#9F135B", "v"), ("my_own", "#B44A2E", "H"),
])  # fmt: skip
def test_signs_belong_to_the_name(name, colour, marker):
    """Golden values: whoever changes them changes the figures of all earlier reports."""
    assert (style.look(name).colour, style.look(name).marker) == (colour, marker)


@pytest.mark.parametrize("width", [1.0, 1.05])
def test_a_logarithmic_axis_has_a_tick_wherever_it_is(width):
    """About one value in twenty has no round number near it."""
    axes = Figure(figsize=(3, 2)).subplots()
    for low in np.geomspace(1e-4, 1e4, 400):
        log_axis(axes, low, low * width)
        ticks, (left, right) = axes.get_xticks(), axes.get_xlim()
        assert len(ticks) >= 1
        assert (left <= ticks).all()
        assert (ticks <= right).all()


@pytest.mark.parametrize(
    ("metric", "low", "high", "words"),
    [
        (ACCURACY, 0.98, 0.999, "98.00 to 99.90 %"),
        (ACCURACY, 0.98, 1.004, "98.00 to 100.00 %"),
        (R2, 0.9, 1.02, "0.900 to 1.000"),
        (R2, -3.5, 0.2, "-3.500 to 0.200"),
    ],
)
def test_an_interval_ends_at_the_best_value_there_is(metric, low, high, words):
    assert metric.spread(low, high) == words


@pytest.mark.parametrize("metric", [ACCURACY, R2], ids=["accuracy", "r2"])
def test_stretch_and_back(metric):
    shown = np.linspace(metric.floor, metric.top, 50)
    assert metric.unstretch(metric.stretch(shown)) == pytest.approx(shown)
    assert (np.diff(metric.stretch(shown)) > 0).all()


@pytest.mark.parametrize("ends", [(0, 100), (10, 98.7), (97.9, 98.1), (99.99, 100.0), (50, 50)])
def test_an_axis_has_ticks_wherever_it_is(ends):
    limits = ACCURACY.limits(np.array(ends, dtype=float))
    ticks = ACCURACY.choose_ticks(limits)
    assert limits[0] < min(ends)
    assert limits[1] > max(ends)
    assert 1 <= len(ticks) <= 11
    assert all(limits[0] <= tick <= min(limits[1], 100) for tick in ticks)


def test_values_below_the_floor_are_drawn_at_the_floor():
    assert R2.shown([-1e9, 0.5]).tolist() == [-1.0, 0.5]


def test_the_theme_leaves_nothing_behind():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with style.theme():
        assert mpl.rcParams["svg.hashsalt"] == "gradlab"
    assert dict(mpl.rcParams) == before
