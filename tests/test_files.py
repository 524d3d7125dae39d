"""What no file of the project may name, and how long files of code may be."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
    ".cfg",
    ".lock",
    ".json",
    ".csv",
    ".html",
    ".tex",
    ".svg",
    ".css",
    ".js",
    ".j2",
    "",
}
SKIPPED = {"__pycache__", "build", "dist", "results", "node_modules"}
HIDDEN = {".ci", ".gitignore", ".pre-commit-config.yaml"}
HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "anaconda" + ".org",
    "download.pytorch" + ".org",
    "piwheels" + ".org",
)
MACHINE = re.compile(r"(?<![\w.~$})>-])/(?:home|root|Users|work|workspace|mnt|media|private)/\w|\b[A-Z]:\\\\?Users")


def files() -> list[Path]:
    """Every text file of the project: what is installed, built or made by a user apart."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        top = Path(folder) == ROOT
        folders[:] = [
            each
            for each in folders
            if each not in SKIPPED and not each.endswith(".egg-info") and (not each.startswith(".") or each in HIDDEN)
        ]
        found += [
            Path(folder) / each
            for each in names
            if Path(each).suffix in TEXT and (not each.startswith(".") or (top and each in HIDDEN))
        ]
    showcase = ROOT / "results" / "showcase"
    return sorted(found) + sorted(
        path for path in showcase.rglob("*") if path.is_file() and path.suffix in TEXT - {".svg"}
    )


def test_there_are_files_to_look_at():
    names = {path.relative_to(ROOT).as_posix() for path in files()}
    assert {
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        ".ci/run",
        "custom/catalog.py",
        "tests/test_files.py",
    } <= names


def test_no_file_names_a_package_registry_or_a_place_on_somebodys_machine():
    for path in files():
        text = path.read_text(encoding="utf-8")
        named = [host for host in HOSTS if host in text.lower()]
        assert not named, f"{path} names {named}"
        place = MACHINE.search(text)
        assert place is None, f"{path} names a place: {text[max(0, place.start() - 40) : place.end() + 40]!r}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see " + "/".join(("", "home", "me", "data")), True),
        ("'" + "/".join(("", "mnt", "disk'")), True),
        ("C:\\" + "Users", True),
        ("~/data", False),
        ("a/home/page", False),
        ("https://example.org/mnt/it", False),
        ("$HOME/mnt/x", False),
    ],
)
def test_what_counts_as_a_place(text, found):
    assert bool(MACHINE.search(text)) is found


LONGEST = 500  # lines; most files stay under 250


def test_files_of_code_are_short():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files() if path.suffix == ".py"}
    assert not {path: length for path, length in lengths.items() if length > LONGEST}
    assert sum(length > 250 for length in lengths.values()) <= 0.15 * len(lengths)
