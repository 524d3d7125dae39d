"""What the verbs share: a parser that tells errors in one line, and the options that several of them have."""

import argparse
import os
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from experiments import checks
from experiments.errors import MissingLedger, PlanError, printable, shorten

PROGRAM = "python -m experiments"
OUT = "results/latest"
OK, FAILED_RUNS = 0, 1

Run = Callable[[argparse.Namespace], int]
Names = Callable[[], Iterable[str]]


class Parser(argparse.ArgumentParser):
    """A parser that raises what is wrong, so that it is told like any other error: in one line."""

    def error(self, message: str) -> NoReturn:
        raise PlanError(f"{shorten(message, 600)}; see `{self.prog} --help`")


class Verbs:
    """The verbs of a parser.

    Attributes:
        program: the parser that they belong to.
        examples: verb -> its examples, as they are typed.
    """

    def __init__(self, parser: Parser):
        self.program = parser
        self._parsers = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
        self.examples: dict[str, Sequence[str]] = {}

    @property
    def names(self) -> list[str]:
        return list(self._parsers.choices)

    def add(self, name: str, run: Run, text: str, *examples: str) -> Parser:
        """A new verb; each example is what follows the program's name, with a comment if need be."""
        self.examples[name] = [f"{PROGRAM} {each}" for each in examples]
        told = "\n".join(f"  {each}" for each in self.examples[name])
        parser = self._parsers.add_parser(
            name,
            help=text,
            description=textwrap.fill(text[0].upper() + text[1:] + ".", 78),
            epilog=f"example{'s' if len(examples) > 1 else ''}:\n{told}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.set_defaults(run=run)
        return parser

    def options(self, verb: str) -> list[str]:
        """The options of a verb, ``--out`` and so on."""
        return [flag for action in self._parsers.choices[verb]._actions for flag in action.option_strings]

    def check(self, arguments: Sequence[str]) -> None:
        """Tell the nearest name of a verb that there is none of.

        Raises:
            PlanError: the first word is no verb.
        """
        if word := next((each for each in arguments if not each.startswith("-")), None):
            checks.one_of(word, "verb", self.names)

    def unknown(self, verb: str, rest: Sequence[str]) -> PlanError:
        """The error about what is left over, with the nearest option where one was meant."""
        options = self.options(verb)
        told = [f"{each}{checks.hint(each.partition('=')[0], options)}" for each in rest]
        return PlanError(f"unrecognized arguments: {shorten(' '.join(told), 600)}; see `{PROGRAM} {verb} --help`")


def with_out(parser: argparse.ArgumentParser, out: str = OUT) -> None:
    parser.add_argument("--out", type=Path, default=Path(out), metavar="DIR", help=f"folder of the ledger ({out})")


def with_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", default=os.environ.get("DATA_DIR") or None, metavar="DIR",
                        help="folder of mnist.npz, cifar10.npz and so on ($DATA_DIR)")  # fmt: skip


def with_plugin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plugin", metavar="MODULE",
                        help="parts of your own from a .py file or a module, named plugin:NAME")  # fmt: skip


def with_workers(parser: argparse.ArgumentParser, more: str = "") -> None:
    parser.add_argument("--workers", type=int, metavar="N", help=f"worker processes (one a core{more})")


def mended(out: Path) -> None:
    """Before a ledger is written: where it is damaged, save what can be read, and say so."""
    from experiments import salvage
    from experiments.ledger import LEDGER

    if told := salvage.mend(out / LEDGER):
        print(f"NOTE: {printable(told)}", file=sys.stderr)


def unmended(out: Path) -> None:
    """Where a ledger is looked at and left as it is: say what is missing in it."""
    from experiments import keylog
    from experiments.ledger import LEDGER, Ledger

    try:
        with Ledger.read(out / LEDGER, quick=True) as ledger:
            missing = ledger.missing()
    except MissingLedger:
        missing = keylog.read(out / LEDGER)[1]
    if told := keylog.told(missing):
        print(f"NOTE: {told}", file=sys.stderr)


def suggest(action: argparse.Action, names: Names) -> None:
    """Say what an argument may be, for completion alone: a misspelt name is refused where it is used."""
    vars(action)["suggested"] = names


def workers(given: int | None, engine: str = "compiled") -> int:
    """How many worker processes: as given, else one a GPU for stacks of runs, else one a core."""
    if given is not None and not 1 <= given <= 1024:
        raise PlanError(f"--workers is {given}; allowed: a whole number from 1 to 1024")
    if given is not None:
        return given
    if engine == "stacked":
        from experiments.scheduling import devices

        if there := devices.gpus():
            return len(there)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def recorded() -> str:
    """The command line for the record, without this machine's folder of data and its cluster, which the report shall
    not show, and without --more: what it added is remembered, and added once."""
    kept: list[str] = []
    data, drop = bool(os.environ.get("DATA_DIR")), ""
    for each in sys.argv[1:]:
        if kept[-1:] in (["--data"], ["--plugin"]):
            each = Path(each).name
        if (drop == "--more" and each.isdigit()) or drop in ("--data-dir", "--address"):
            drop = ""
            continue
        drop = each if each in ("--more", "--data-dir", "--address") else ""
        data = data or each.startswith("--data-dir")
        if each.startswith("--address"):
            kept += ["--address", "HOST:PORT"]
        elif not each.startswith(("--more", "--data-dir")):
            kept.append(each)
    return ("DATA_DIR=DIR " if data else "") + shlex.join(["python", "-m", "experiments", *kept])
