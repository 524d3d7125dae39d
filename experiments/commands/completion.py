"""``completion``: a script that teaches a shell to complete this command line."""

import argparse

from experiments import checks
from experiments.commands.parser import OK, PROGRAM, Parser, Verbs, suggest

SHELLS = ("bash", "zsh", "fish")
SHORT = "gradlab"
"""The scripts define this word as short for the program, since shells complete single words."""

FUNCTION = {
    "bash": f'{SHORT}() {{ {PROGRAM} "$@"; }}',
    "zsh": f'{SHORT}() {{ {PROGRAM} "$@"; }}',
    "fish": f"function {SHORT}; {PROGRAM} $argv; end",
}

# In bash, `python -m experiments` completes as well: the words behind it are handed on as if `gradlab` had been
# typed. Any other use of python goes to whoever completed it before, else to the names of files.
PYTHON = rf"""
_{SHORT}_before=$(complete -p python 2>/dev/null | sed -n 's/.*-F \([^ ]*\).*/\1/p')
[[ $_{SHORT}_before == _{SHORT}_python ]] && _{SHORT}_before=
_{SHORT}_python() {{
  if [[ ${{COMP_WORDS[1]}} == -m && ${{COMP_WORDS[2]}} == experiments && $COMP_CWORD -gt 2 ]]; then
    COMP_WORDS=({SHORT} "${{COMP_WORDS[@]:3}}")
    (( COMP_CWORD -= 2 ))
    _shtab_{SHORT}
  elif [[ -n $_{SHORT}_before ]]; then
    "$_{SHORT}_before" "$@"
  else
    COMPREPLY=()
  fi
}}
complete -o default -F _{SHORT}_python python python3
"""


def add(verbs: Verbs) -> None:
    parser = verbs.add(
        "completion",
        run,
        "print a script that completes verbs, options and names in bash, zsh or fish",
        "completion bash",
        "completion zsh",
        "completion fish",
    )
    parser.set_defaults(program=verbs.program)
    suggest(parser.add_argument("shell", metavar="SHELL", help=f"one of: {', '.join(SHELLS)}"), lambda: SHELLS)


def run(given: argparse.Namespace) -> int:
    shell = checks.one_of(given.shell, "shell", SHELLS)
    print(script(given.program, shell))
    return OK


def script(parser: Parser, shell: str) -> str:
    """The script for a shell: ``gradlab`` stands for the program, and in bash it is completed by its own name too."""
    import shtab

    parser.prog = SHORT
    for action in (each for verb in _verbs(parser) for each in verb._actions):
        if names := vars(action).get("suggested"):
            action.choices = list(names())
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    completed = shtab.complete(parser, shell, root_prefix=SHORT)
    return "\n".join([FUNCTION[shell], completed, PYTHON if shell == "bash" else ""])


def _verbs(parser: Parser) -> list[argparse.ArgumentParser]:
    (verbs,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return list(verbs.choices.values())
