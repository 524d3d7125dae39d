"""docs/bring-your-own.md does what it says, command by command, in the order in which they stand there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.plan import available

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines() if line]
LONG = "--out results/wine"
"""The tuned sweep of the first section: minutes; `test_own_data` runs one like it."""


def test_every_example_is_on_the_page():
    told = set(re.findall(r"docs/examples/(\w+\.\w+)", PAGE))
    assert told == {path.name for path in (ROOT / "docs" / "examples").glob("*.*")}
    linked = set(re.findall(r"\]\(examples/(\w+\.\w+)\)", PAGE))
    assert linked <= told
    assert "small.toml" not in {f"{name}.toml" for name in available()}


def test_the_page_begins_with_the_one_command():
    assert sum(LONG in line for line in COMMANDS) == 1
    assert PAGE.index(LONG) < PAGE.index("## Data")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path):
    for line in COMMANDS:
        if LONG in line:
            continue
        words = shlex.split(line.replace("results/", f"{tmp_path}/"))
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        words = [word for word in words if word.partition("=")[0] not in given]
        assert words[0] == "python", line
        done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True, timeout=900,
                              env=os.environ | given | {"GRADLAB_OFFLINE": "1"})  # fmt: skip
        assert done.returncode == 0, f"{line}: {done.stderr[-2000:]}"
        if " sweep " in line:
            out = tmp_path / words[words.index("--out") + 1].removeprefix(f"{tmp_path}/")
            page = (out / "report.md").read_text()
            assert "planned runs have a result" in page, line
            assert (out / "report.html").is_file(), line
            for name in re.findall(r"(?:plugin|keras):\w+", line):
                assert name.replace("_", "\\_") in page, line
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, check=True)
    assert (tmp_path / "wine.csv").read_text().startswith("alcohol,")
