"""The command line: the parser of all verbs, exit codes, and errors in one line. The verbs are in ``commands``."""

import argparse
import errno
import io
import os
import signal
import sys
import unicodedata
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
from experiments.errors import PlanError, UserError, printable, shorten

LONGEST = 2000
"""Letters of an error: what was given, and is told again, may be a book."""
UNWRITTEN, INTERRUPTED, UNREAD = 6, 130, 141
KEPT = "interrupted: what was finished is kept; the same command"
REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""Errors of a disk, not of the program."""
NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
"""Errors of a path that was given: too long, a link to itself, a file where a folder must be, or the other way."""

VERBS = (sweep, status, report, explain, verify, export, claims, published, components, data, bench, completion)
"""In the order of the help."""

EXIT_CODES = f"""exit codes:
{OK:3d}  all is well
{FAILED_RUNS:3d}  some runs failed (the same command tries them again), or claims are broken
  2  the plan or the command line is wrong
  3  a data file is wrong
  4  the ledger cannot be used
  5  workers cannot start, or Ray is lost
  6  a file cannot be written: the disk is full, or the folder closed
{INTERRUPTED:3d}  interrupted: the same command resumes"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser, verbs = build()
    before = signal.signal(signal.SIGINT, _interrupt)
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = argparse.Namespace(verb=None)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # formulas have Greek letters: where they cannot be shown, `?` is
            stream.reconfigure(errors="replace")
    try:
        for word in words:
            if not all(letter.isprintable() or unicodedata.category(letter) == "Zs" for letter in word):
                told = shorten(printable(word), 200)
                raise PlanError(f"{told!r} has characters that cannot be shown; give a name without, or rename it")
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
        print(f"error: {shorten(str(error), LONGEST)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        goes_on = "starts anew" if given.verb == "bench" else "resumes"
        print(f"\n{KEPT} {goes_on}", file=sys.stderr)
        if signal.getsignal(signal.SIGINT) is _at_once:
            for number in (signal.SIGINT, signal.SIGTERM):
                # A handler in Python would be taken away before the end, and the exit code with it.
                signal.signal(number, signal.SIG_IGN)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read what is printed has gone, as after `| head`
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())
        return UNREAD
    except OSError as error:
        where = f"{shorten(printable(error.filename), 200)}: " if error.filename else ""
        if where and error.errno in NO_PATH:
            print(f"error: {where}{os.strerror(error.errno)}: nothing was lost; give another path", file=sys.stderr)
            return UserError.exit_code
        if error.errno not in REFUSED:
            raise
        print(f"error: {where}{os.strerror(error.errno)}: what was finished is kept; free disk space or open the "
              "folder, and the same command goes on", file=sys.stderr)  # fmt: skip
        return UNWRITTEN
    finally:
        if signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, before)


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
    """The first Ctrl-C asks for an orderly end; another one during it ends all at once, which the ledger can take."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _at_once)
    raise KeyboardInterrupt


def _at_once(*_: object) -> None:
    os.write(2, f"\n{KEPT} resumes\n".encode())
    os._exit(INTERRUPTED)
