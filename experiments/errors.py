"""The errors that a user can act on: one line each, no traceback, an exit code."""


class UserError(Exception):
    """Something that was given is wrong. The text says what was given, what is allowed, what to do."""

    exit_code = 2


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
