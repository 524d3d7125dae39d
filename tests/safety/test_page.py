"""The table of attacks names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", PAGE)) - {"hostile.py"}))
def test_the_test_is_there(named):
    file, _, name = named.partition("::")
    assert f"def {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_every_file_that_is_tried_stands_in_the_table():
    tried = re.findall(r"^def (test_\w+)", (ROOT / "tests/safety/test_files.py").read_text(encoding="utf-8"), re.M)
    assert [name for name in tried if name not in PAGE] == ["test_the_harm_would_work"]
