"""The errors that a user can act on: one line each, no traceback, an exit code."""


def printable(text: object) -> str:
    """The text in one line that steers no terminal: control characters, and those that turn text around, are spelt out.

    >>> print(printable("a\\x1b[2J\\nb"))
    a\\x1b[2J\\nb
    """
    told = str(text)
    if told.isprintable():
        return told
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in told)


def shorten(name: str, limit: int) -> str:
    """The name with its middle left out where it is longer than ``limit`` characters.

    >>> shorten("abcdefghij", 7)
    'abc…hij'
    """
    if len(name) <= limit:
        return name
    head = limit // 2
    return f"{name[:head]}…{name[len(name) - (limit - 1 - head) :]}"


class UserError(Exception):
    """Something that was given is wrong. The text says what was given, what is allowed, what to do; names and
    contents of files that stand in it are made printable."""

    exit_code = 2

    def __init__(self, text: object = ""):
        super().__init__(printable(text))


class PlanError(UserError):
    """A plan, or a name on the command line, is not valid."""


class DataError(UserError):
    """A data file is missing, damaged or not what its name says."""

    exit_code = 3


class LedgerError(UserError):
    """A ledger is damaged, foreign, newer than this program or in use."""

    exit_code = 4


class MissingLedger(LedgerError):
    """There is no ledger, or one without anything in it."""


class WorkerError(UserError):
    """No worker process comes up."""

    exit_code = 5


class ResultsError(UserError):
    """There are no results, or none of what was asked for."""


class MissingPackage(UserError):
    """A package that only some need is not installed."""
