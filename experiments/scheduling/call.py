"""A function call as a job: measured in a worker, where a training backend may be loaded."""

import importlib
import os
import traceback
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """
    Attributes:
        key: names the job.
        function: ``package.module:name``.
        arguments: of the call; it and what it returns go through a pipe.
        cost: nominal seconds.
    """

    key: str
    function: str
    arguments: dict[str, Any] = field(default_factory=dict)
    cost: float = 1.0

    @property
    def trace(self) -> tuple:
        return (self.function, self.key)


@dataclass(frozen=True)
class Returned:
    """What came of a call: its value, or in one line why there is none."""

    value: Any = None
    error: str = ""


def perform(call: Call) -> Returned:
    """Make the call; an error is an answer, and the worker goes on."""
    module, _, name = call.function.partition(":")
    try:
        return Returned(getattr(importlib.import_module(module), name)(**call.arguments))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(str(error).split())[:500]
        return Returned(error=f"{type(error).__name__}: {text} ({os.path.basename(where.filename)}:{where.lineno})")
