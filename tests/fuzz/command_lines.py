"""Command lines: words of every verb in any order, odd values, folders with and without a ledger. Nothing is trained:
what would train, measure or draw is replaced; all that reads and checks before it is real."""

import contextlib
import functools
import io
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from experiments import cli, names, plan
from experiments.errors import UserError
from experiments.ledger import LEDGER
from tests.fuzz import ledger_files
from tests.fuzz.choices import TEXTS, Choices
from tests.fuzz.limits import Finding, one_line
from tests.fuzz.place import place

HEAVY = {
    "experiments.sweep.run": 0,
    "experiments.verify.again": (),
    "experiments.reports.write_report": [],
    "experiments.claims.runner.investigate": [],
    "experiments.published.runner.run": {},
    "experiments.bench.growth.run": (),
    "experiments.bench.stack.run": (),
    "experiments.bench.engines.run": (),
    "experiments.bench.speed.run": (),
    "experiments.exporters.command.lines": (),
    "experiments.conformance.measured": "",
    "experiments.conformance.report.write": [],
    "experiments.component_docs.pages.write": {},
}
"""What is replaced, and what it then gives."""

VALUES = ("1", "0", "-1", "3", "99999999999999999999", "1e9", "nan", "inf", "activation=relu", "activation=",
          "a=b", "=", "mlp", "1,2", "screen", "paper", "bash", "zsh", "fish", "tensorboard", "mlflow", "auto",
          "local", "ray", "relu", "127.0.0.1:6379", "[::1]:1", "h:0", "adam", "sigmoid-range", "scikit-learn",
          "digits", "hinge", "growth", "full", "7e814e52b77e9308", "abcdef", "--", "-", "@file", "quality",
          "a=b=c", "\udcff", "A" * 5000, *TEXTS)  # fmt: skip
"""No NUL: the system lets none into a command line."""


@functools.cache
def _paths() -> tuple[str, ...]:
    """Folders and files, good and bad, below a folder of their own."""
    root = place() / "words"
    for folder in ("empty", "good", "bad", "loop"):
        (root / folder).mkdir(parents=True)
    ledger_files.make(root / "good" / LEDGER)
    (root / "bad" / LEDGER).write_bytes(b"no database" * 99)
    (root / "bad" / "claims.json").write_text("[")
    (root / "loop" / LEDGER).symlink_to(LEDGER)
    (root / "text").write_text("a file is in the way")
    (root / "mine.csv").write_text("a,b\n" + "1,2\n3,4\n" * 30)
    (root / "short.csv").write_text("a\n")
    (root / "plan.toml").write_text('[[block]]\ndataset = "digits"\n')
    (root / "bad.toml").write_text("[[")
    there = (
        "empty",
        "good",
        "bad",
        "loop",
        "text",
        "text/inside",
        "mine.csv",
        "short.csv",
        "plan.toml",
        "bad.toml",
        "none",
    )
    return (*(str(root / each) for each in there), "/dev/null", "/dev/zero", ".", "..", "~", "x" * 300)


@functools.cache
def _words() -> dict[str, tuple[str, ...]]:
    _, verbs = cli.build()
    return {verb: tuple(verbs.options(verb)) for verb in verbs.names}


def seeds() -> list[bytes]:
    return [bytes([verb, *more]) for verb in range(len(_words())) for more in (range(7, 40), (1, 0), (1, 1, 0, 0))]


def words(choices: Choices) -> list[str]:
    """A verb, then options and values; now and then of another verb, or no verb."""
    verbs = _words()
    verb = choices.of(tuple(verbs))
    made = [verb] if choices.below(12) else [choices.text()]
    every = tuple(option for options in verbs.values() for option in options)
    for _ in range(choices.below(6)):
        kind = choices.below(8)
        if kind < 4 and verbs[verb]:
            made += [choices.of(verbs[verb]), choices.of(_paths() if choices.below(2) else VALUES)]
        elif kind == 4:
            made.append(choices.of(every))
        elif kind == 5:
            made.append(choices.of((*plan.available(), *names.ACTIVATIONS, *names.OPTIMIZERS)))
        else:
            made.append(choices.of(_paths() if kind == 6 else VALUES).replace("\0", ""))
    return made


def one_case(data: bytes) -> None:
    given = words(Choices(data))
    out, err = io.StringIO(), io.StringIO()
    with _tame(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(given)
        except SystemExit as end:  # of --help
            code = end.code
    said = err.getvalue()
    if code not in (0, 1, 2, 3, 4, 5):
        raise Finding(f"exit code {code} of {given}")
    errors = [line for line in said.split("\n") if line.startswith("error: ")]
    if len(errors) != (code not in (0, 1)):
        raise Finding(f"exit code {code}, but it says {said[:300]!r}")
    for line in [*errors, *(each for each in out.getvalue().split("\n") if each)]:
        one_line(line.replace("\t", " ")[:2000])
    if errors:
        raise UserError(errors[0])  # so that it counts as refused


@contextlib.contextmanager
def _tame() -> Iterator[None]:
    """In a folder of its own, without what is heavy; it is left as it was."""
    before, sigterm = Path.cwd(), signal.getsignal(signal.SIGTERM)
    here = place() / "here"
    here.mkdir(exist_ok=True)
    os.chdir(here)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ))
            for name, value in HEAVY.items():
                stack.enter_context(mock.patch(name, return_value=value))
            yield
    finally:
        os.chdir(before)
        signal.signal(signal.SIGTERM, sigterm)
        shutil.rmtree(here, ignore_errors=True)
