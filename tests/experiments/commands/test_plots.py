"""Plots as lines of text: every point in its place, 80 columns, ASCII where asked for."""

import io
import math

import pytest

from experiments.commands.plots import FANCY, PLAIN, curves, dots, glyphs


def test_a_curve_has_its_points_in_their_places():
    assert curves([[1.0, 2.0, 3.0], [3.0, 3.0, math.nan]], PLAIN, "{:.0f}", height=3) == [
        "3 |    1       1       0",
        "  |            0",
        "1 |    0",
        "  +------------------------",
        "       1               3",
    ]


def test_points_that_meet_are_marked_and_a_flat_curve_has_one_label():
    assert curves([[1.0], [1.0]], PLAIN, "{:.0f}", height=2) == ["1 |    *", "  |", "  +--------", "       1"]
    assert curves([[math.nan]], PLAIN) == ["nothing to show"]


@pytest.mark.parametrize("length", [1, 5, 60, 1000])
def test_a_curve_never_leaves_80_columns(length):
    series = [[100 * math.sin(n + seed) for n in range(length)] for seed in range(40)]
    lines = curves(series, PLAIN, "{:.2f} %")
    assert max(map(len, lines)) <= 80
    assert lines[-1].split() == (["1"] if length == 1 else ["1", str(length)])


def test_dots_lie_by_value_or_by_ratio():
    rows = {"a": (1.0, "one"), "bb": (10.0, "ten"), "c": (100.0, "all"), "d": (math.nan, "none")}
    rails = [line[4:44] for line in dots(rows, PLAIN, log=True)]
    assert [rail.find("o") for rail in rails] == [0, 20, 39, -1]
    assert [line[4:44].find("o") for line in dots(rows, PLAIN)] == [0, 4, 39, -1]
    assert dots({"x": (0.0, "zero")}, PLAIN, log=True)[0].count("o") == 1, "only that of its name's text"


class Terminal(io.StringIO):
    def __init__(self, tty: bool, encoding: str):
        super().__init__()
        self.tty, self._encoding = tty, encoding

    def isatty(self):
        return self.tty

    @property
    def encoding(self):
        return self._encoding


@pytest.mark.parametrize(
    ("tty", "encoding", "no_color", "fancy"),
    [(True, "utf-8", "", True), (True, "UTF8", "", True), (False, "utf-8", "", False), (True, "ascii", "", False),
     (True, "latin-1", "", False), (True, "utf-8", "1", False)],
)  # fmt: skip
def test_fancy_only_where_it_can_be_shown(tty, encoding, no_color, fancy, monkeypatch):
    monkeypatch.setenv("NO_COLOR", no_color)
    assert glyphs(Terminal(tty, encoding)) is (FANCY if fancy else PLAIN)


def test_plain_is_ascii():
    assert "".join(PLAIN).isascii()
