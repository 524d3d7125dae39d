"""The command line: the parser of all verbs, exit codes, and errors in one line. The verbs are in ``commands``."""

import argparse
import io
import os
import signal
import sys
from collections.abc import Sequence

from experiments.commands import (
    bench,
    claims,
    completion,
    components,
    data,
    explain,
    export,
    published,
    report,
    status,
    sweep,
    verify,
)
from experiments.commands.parser import FAILED_RUNS, OK, PROGRAM, Parser, Verbs
from experiments.errors import UserError

INTERRUPTED, UNREAD = 130, 141

VERBS = (sweep, status, report, explain, verify, export, claims, published, components, data, bench, completion)
"""In the order of the help."""

EXIT_CODES = f"""exit codes:
{OK:3d}  all is well
{FAILED_RUNS:3d}  some runs failed (the same command tries them again), or claims are broken
  2  the plan or the command line is wrong
  3  a data file is wrong
  4  the ledger cannot be used
  5  workers cannot start, or Ray is lost
{INTERRUPTED:3d}  interrupted: the same command resumes"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser, verbs = build()
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = argparse.Namespace(verb=None)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # formulas have Greek letters: where they cannot be shown, `?` is
            stream.reconfigure(errors="replace")
    try:
        verbs.check(words)
        given, rest = parser.parse_known_args(words)
        if given.verb is None:
            parser.print_help()
            return OK
        if rest:
            raise verbs.unknown(given.verb, rest)
        signal.signal(signal.SIGTERM, _interrupt)
        # Before NumPy is there: our matrices are small, and the threads of its products only wait for each other.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        return given.run(given)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        goes_on = "starts anew" if given.verb == "bench" else "resumes"
        print(f"\ninterrupted: what was finished is kept; the same command {goes_on}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read what is printed has gone, as after `| head`
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())
        return UNREAD


def build() -> tuple[Parser, Verbs]:
    """The parser with all verbs."""
    parser = Parser(
        prog=PROGRAM, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Compare activations, losses and optimizers in Keras, fairly.",
    )  # fmt: skip
    verbs = Verbs(parser)
    for each in VERBS:
        each.add(verbs)
    return parser, verbs


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
