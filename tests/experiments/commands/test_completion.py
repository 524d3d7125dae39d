"""The completion script of bash, asked as bash asks it; those of zsh and fish hold the same names."""

import shutil
import subprocess

import pytest

from experiments.cli import build
from experiments.commands.completion import SHELLS, script

ASK = """
eval "$SCRIPT"
while IFS= read -r line; do
  read -ra COMP_WORDS <<< "$line"
  [[ $line == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
  COMPREPLY=()
  function=$(complete -p "${COMP_WORDS[0]}" | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
  "$function" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" ""
  echo "${COMPREPLY[*]}"
done
"""

ASKED = {
    "python -m experiments sw": {"sweep"},
    "python3 -m experiments sweep smo": {"smoke"},
    "python -m experiments sweep smoke --se": {"--seeds"},
    "python -m experiments sweep smoke --engine st": {"stacked"},
    "python -m experiments claims vanishing-": {"vanishing-sigmoid", "vanishing-stalls-bottom"},
    "python -m experiments claims vanishing-sigmoid dying-": {"dying-relu"},
    "python -m experiments claims --budget f": {"full"},
    "python -m experiments components leaky": {"leaky_relu"},
    "python -m experiments completion f": {"fish"},
    "python -m experiments bench gr": {"growth"},
    "gradlab report --o": {"--out"},
    "python -m other sw": set(),
    "python sw": set(),
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_verbs_options_and_names():
    told = subprocess.run(
        ["bash", "--norc", "-c", ASK],
        input="\n".join(ASKED) + "\n",
        env={"SCRIPT": script(build()[0], "bash"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stderr == ""
    answers = [set(line.split()) for line in told.stdout.splitlines()]
    assert dict(zip(ASKED, answers, strict=True)) == ASKED


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_knows_every_verb_and_the_names(shell):
    text = script(build()[0], shell)
    for name in (
        *build()[1].names,
        "smoke",
        "leaky_relu",
        "dying-relu",
        "stacked",
        "--dry-run" if shell != "fish" else "dry-run",
    ):
        assert name in text
    assert "gradlab" in text.splitlines()[0]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_finds_no_fault(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    subprocess.run([shell, "-n"], input=script(build()[0], shell), text=True, check=True, timeout=60)
