"""Numbers that are told in words, in reasons, READMEs and docs, are those of the runs in the showcase."""

import json
import re
from pathlib import Path

import pytest

from experiments.published.npfl138 import TABLES
from experiments.published.reasons import REASONS

ROOT = Path(__file__).resolve().parents[3]
KEPT = json.loads((ROOT / "results/showcase/published/published.json").read_text(encoding="utf-8"))
FOUND = {(table["id"], each["line"], each["column"]): each for table in KEPT["tables"] for each in table["numbers"]}
OTHER = {"npfl138": TABLES[1], "npfl138-torch": TABLES[0]}


@pytest.mark.parametrize("place", [place for place in REASONS if place[0] in OTHER])
def test_what_the_other_edition_prints_is_quoted_rightly_and_agrees_where_that_is_said(place):
    id, line, column = place
    told = REASONS[place]
    printed = next(row.published[column] for row in OTHER[id].rows if row.name == line)
    assert f"{printed:.4f}".lstrip("0") in told
    assert FOUND[OTHER[id].id, line, column]["agrees"] is ("agrees with ours" in told)


def test_every_reason_is_of_a_number_that_disagrees():
    assert {place for place, each in FOUND.items() if each["agrees"] is False} >= REASONS.keys()


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("README.md", r"(\d+) of (\d+) published numbers lie"), ("README.ko.md", r"(?P<b>\d+)개 중 (?P<a>\d+)개가 예측")],
)
def test_the_readme_tells_the_count_of_the_showcase(file, pattern):
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"))
    assert found
    a, b = (found["a"], found["b"]) if found.groupdict() else found.groups()
    decided = [each["agrees"] for each in FOUND.values() if each["agrees"] is not None]
    assert (int(a), int(b)) == (sum(decided), len(decided))


def test_the_tables_that_lie_to_one_side_are_those_that_the_readme_says_do():
    assert [table["id"] for table in KEPT["tables"] if "beyond chance" in table["side"]] == ["nielsen"]


def test_what_determinism_costs_is_told_as_it_was_measured():
    (told,) = json.loads((ROOT / "results/showcase/bench/determinism.json").read_text(encoding="utf-8")).values()
    low, middle, high = sorted(told["ratios"])
    text = (ROOT / "docs/reproducibility.md").read_text(encoding="utf-8")
    assert f"a factor of {middle:.2f} ({low:.2f} to {high:.2f} in three rounds)" in text
    others = [each for name, each in told["variants"].items() if not name.startswith("compiled")]
    assert all(each["identical"] == 0 for each in others)
    assert f"by up to {max(each['loss'] for each in others):.3f}" in text
    assert f"by up to {100 * max(each['metric'] for each in others):.2f} points" in text
