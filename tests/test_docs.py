"""The README and CONTRIBUTING agree with the command line and the Makefile; what the README says to type runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli import build
from experiments.commands.parser import PROGRAM

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DOCS = README + "".join(page.read_text(encoding="utf-8") for page in PAGES)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):(?!=)", MAKEFILE, re.MULTILINE))
PARSER, VERBS = build()

FOREIGN = {"--head", "--num-cpus", "--generate", "--require-hashes"}
"""Options in the docs that belong to other programs: ``ray`` and ``pip``."""


def blocks() -> list[list[str]]:
    """The commands of each fenced ``sh`` block of the README."""
    found = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [[line for line in block.splitlines() if line and not line.startswith("#")] for block in found]


def commands() -> list[str]:
    """Every ``python -m experiments ...`` of the docs: in blocks, and as code in a sentence."""
    fenced = [line for block in blocks() for line in block]
    inline = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", DOCS, flags=re.DOTALL))
    spoken = [" ".join(each.split()) for each in [*fenced, *inline]]
    found = [match[1] for each in spoken if (match := re.search(rf"({PROGRAM} [^#|)]+)", each))]
    assert len(found) > 8
    return [each.replace(" ...", "").strip().rstrip('"') for each in found]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_in_the_docs_parses(command):
    words = [{"VERB": "status"}.get(word, word) for word in shlex.split(command, comments=True)[3:]]
    words = [*words, "local"] if words[-1] == "--address" else words
    VERBS.check(words)
    given, rest = PARSER.parse_known_args(words)
    assert rest == []
    assert given.verb in VERBS.names


@pytest.mark.parametrize("verb", VERBS.names)
def test_every_verb_is_in_the_readme(verb):
    assert re.search(rf"{PROGRAM}\s+{verb}\b|make {verb}\b", README), f"the README does not mention `{verb}`"


def test_every_option_in_the_docs_exists():
    ours = {option for verb in VERBS.names for option in VERBS.options(verb)}
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", DOCS))
    assert told <= ours | FOREIGN, f"no verb has {sorted(told - ours - FOREIGN)}"


def test_every_make_target_in_the_docs_exists():
    in_code = re.findall(r"`([^`\n]+)`", DOCS) + [line for block in blocks() for line in block]
    told = {target for each in in_code for target in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", each.partition("#")[0])}
    assert {"sweep", "smoke", "report", "claims", "test", "lint", "lock"} <= told
    assert told <= TARGETS, f"the Makefile has no {sorted(told - TARGETS)}"


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_make_help_lists_every_target():
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z-]+) ", told, re.MULTILINE))
    assert listed == TARGETS
    assert all(f"{target}:" in MAKEFILE for target in listed)


def test_every_target_is_phony():
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


RUN_WITH = {
    # what the README says to type -> the same, small enough for a test: the digits, a part of the grid, another folder
    "make sweep ": "sweep smoke --only activation=relu --only optimizer=adam,sgd --out {out}",
    "make report ": "report --out {out}",
    "make status ": "status --out {out}",
    f"{PROGRAM} status --watch": "status --watch --out {out}",
    f"{PROGRAM} explain relu adam": "explain relu adam --out {out}",
    f"{PROGRAM} claims --list": "claims --list",
}
"""In the order in which a user would: the sweep first."""


@pytest.mark.slow
def test_what_the_readme_says_to_type_runs(tmp_path):
    lines = [line for block in blocks() for line in block]
    for typed, small in RUN_WITH.items():
        assert any(line.startswith(typed) for line in lines), f"the README no longer says {typed!r}"
        done = subprocess.run(
            [sys.executable, "-m", "experiments", *small.format(out=tmp_path).split()],
            cwd=ROOT, capture_output=True, text=True, timeout=600, env=os.environ | {"GRADLAB_OFFLINE": "1"},
        )  # fmt: skip
        assert done.returncode == 0, f"{typed}: {done.stderr}"
        assert done.stdout.strip(), typed
    told = subprocess.run(
        [sys.executable, "-m", "experiments", "sweep", *RUN_WITH["make sweep "].format(out=tmp_path).split()[1:]],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env=os.environ | {"GRADLAB_OFFLINE": "1"}, check=True,
    ).stdout.splitlines()  # fmt: skip
    page = tmp_path / "report.html" if (tmp_path / "report.html").exists() else tmp_path / "report.md"
    assert told[-1].endswith(f"; report: {page}"), "a finished sweep ends at once, and names the page"
