"""The command line: what is wrong ends with its exit code and one line that says what to do."""

import errno
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest

from experiments import cli, plan
from experiments.cli import EXIT_CODES, main
from experiments.commands import parser, status
from experiments.errors import DataError, LedgerError, PlanError, UserError, WorkerError
from experiments.ledger import Ledger
from tests.experiments.processes import REAL, ROOT, call
from tests.experiments.samples import CURVE, DONE, FAILED, a_run


@pytest.fixture(autouse=True)
def own_signals(monkeypatch):
    """`main` takes SIGTERM for itself: give it back."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.delenv("DATA_DIR", raising=False)
    yield
    signal.signal(signal.SIGTERM, before)


def said(capsys, *arguments: object) -> tuple[int, str, str]:
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as end:  # argparse's own
        code = end.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


WRONG = [
    (("sweep", "defalt"), 2, "unknown plan: 'defalt' (did you mean 'default'?); allowed: cifar10"),
    (("sweep", "none.toml"), 2, "plan none.toml cannot be read"),
    (("claims", "sigmoid-rang"), 2, "unknown claim: 'sigmoid-rang' (did you mean 'sigmoid-range'?); allowed: linear-"),
    (("claims", "--workers", 0), 2, "--workers is 0; allowed: a whole number from 1 to 1024"),
    (("claims", "sigmoid-range", "--out", "{tmp}/page"), 2, "claims.json cannot be read (JSONDecodeError): move it"),
    (("claims", "sigmoid-range", "--out", "{tmp}/bad"), 4, "restore it from a copy"),
    (("claims", "sigmoid-range", "--out", "{tmp}/text"), 4, "choose another folder with --out"),
    (("sweep", "smoke", "--seeds", 0), 2, "seeds is 0; allowed: a whole number from 1 to 10000"),
    (("sweep", "smoke", "--seeds", -3), 2, "seeds is -3; allowed"),
    (("sweep", "smoke", "--workers", 0), 2, "--workers is 0; allowed: a whole number from 1 to 1024"),
    (("sweep", "smoke", "--workers", 10**6), 2, "--workers is 1000000; allowed"),
    (("sweep", "smoke", "--engine", "rya"), 2, "unknown engine: 'rya' (did you mean 'ray'?); allowed: reference"),
    (("sweep", "smoke", "--address", "auto"), 2, "are about a Ray cluster: say --engine ray as well"),
    (("sweep", "smoke", "--insecure"), 2, "are about a Ray cluster: say --engine ray as well"),
    (("sweep", "smoke", "--engine", "ray", "--address", "head"), 2, "--address is 'head'; allowed: HOST:PORT"),
    (("sweep", "smoke", "--engine", "ray", "--address", "192.0.2.1:6379"), 2, "or say --insecure"),
    (("sweep", "smoke", "--only", "relu"), 2, "--only 'relu': give FACTOR=A,B"),
    (("sweep", "smoke", "--only", "seed=1"), 2, "a factor of activation, optimizer, loss, dataset, model"),
    (("sweep", "smoke", "--only", "loss=hinge"), 2, "no block of plan 'smoke' names its losses"),
    (("sweep", "smoke", "--only", "activation="), 2, "give FACTOR=A,B"),
    (("sweep", "smoke", "--only", "activation=relu,tnah"), 2, "'tnah' (did you mean 'tanh'?)"),
    (("sweep", "smoke", "--only", "dataset=mnist"), 2, "allowed: digits"),
    (
        ("status", "--out", "{tmp}/none"),
        4,
        "there is no ledger at {tmp}/none/ledger.sqlite: run `sweep` first",
    ),
    (
        ("report", "--out", "{tmp}/none"),
        4,
        "there is no ledger at {tmp}/none/ledger.sqlite: run `sweep` first",
    ),
    (("status", "--out", "{tmp}/text"), 4, "there is no ledger at"),
    (("sweep", "smoke", "--out", "{tmp}/text", "--no-report"), 4, "choose another folder with --out"),
    (("sweep", "smoke", "--out", "{tmp}/bad", "--no-report"), 4, "restore it from a copy"),
    (("status", "--out", "{tmp}/bad"), 4, "restore it from a copy"),
    (("sweep", "smoke", "--out", "{tmp}", "--more", 0), 2, "--more is 0; allowed: a whole number above 0"),
    (("sweep", "smoke", "--out", "{tmp}", "--more"), 4, "there is no ledger at"),
    (("sweep", "smoke", "--only", "activaton=relu"), 2, "optimizer, loss, dataset, model (did you mean 'activation'?)"),
    (("sweep", "smoke", "--only", "activation=ReLu"), 2, "'ReLu' (did you mean 'relu'?)"),
    (("claims", "--budget", "ful"), 2, "unknown budget: 'ful' (did you mean 'full'?); allowed: quick, full"),
    (("bench", "spead"), 2, "unknown bench: 'spead' (did you mean 'speed'?); allowed: speed, engines, stacked, growth"),
    (("bench", "speed", "--tasks", "mpl"), 2, "unknown task of --tasks: 'mpl' (did you mean 'mlp'?)"),
    (("components", "rleu"), 2, "unknown component: 'rleu' (did you mean 'relu'?)"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG)
def test_what_is_wrong_is_one_line_and_an_exit_code(arguments, code, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("a file is in the way")
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "claims.json").write_text("[")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "ledger.sqlite").write_bytes(b"no database" * 999)
    got, _, err = said(capsys, *(str(each).format(tmp=tmp_path) for each in arguments))
    assert got == code
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert words.format(tmp=tmp_path) in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sweeep",), "unknown verb: 'sweeep' (did you mean 'sweep'?); allowed: sweep, "),
        (("sweep", "smoke", "--worksers", 3), "--worksers (did you mean '--workers'?)"),
        (("status", "--oot=x"), "--oot=x (did you mean '--out'?); see `python -m experiments status --help`"),
        (("sweep", "smoke", "--seeds", "three"), "argument --seeds: invalid int value: 'three'"),
        (("sweep", "smoke", "--worker"), "--worker"),
        (("status", "extra"), "unrecognized arguments: extra"),
    ],
)
def test_what_argparse_refuses_has_the_same_exit_code_as_a_wrong_plan(capsys, arguments, words):
    code, _, err = said(capsys, *arguments)
    assert code == PlanError.exit_code
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert words in err


def test_no_verb_is_help(capsys):
    code, out, _ = said(capsys)
    assert code == 0
    for verb in cli.build()[1].names:
        assert re.search(rf"^ +{verb}\s", out, re.MULTILINE)
    assert EXIT_CODES in out


@pytest.mark.parametrize("verb", cli.build()[1].names)
def test_every_verb_has_help_with_examples_that_parse(capsys, verb):
    code, out, _ = said(capsys, verb, "--help")
    assert code == 0
    assert verb != "sweep" or all(name in out for name in plan.available())
    assert max(map(len, out.splitlines())) <= 80
    arguments, verbs = cli.build()
    assert verbs.examples[verb]
    for example in verbs.examples[verb]:
        assert f"\n  {example}\n" in f"{out}\n"
        assert example.startswith(f"python -m experiments {verb}")
        given, rest = arguments.parse_known_args(shlex.split(example, comments=True)[3:])
        assert (given.verb, rest) == (verb, [])


def test_every_exit_code_is_in_the_help():
    codes = {each.exit_code for each in (UserError, PlanError, DataError, LedgerError, WorkerError)}
    for code in codes | {cli.OK, cli.FAILED_RUNS, cli.INTERRUPTED}:
        assert f"\n{code:3d}  " in EXIT_CODES


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (PlanError("a"), 2, "error: a\n"),
        (DataError("b"), 3, "error: b\n"),
        (LedgerError("c"), 4, "error: c\n"),
        (WorkerError("d"), 5, "error: d\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted: what was finished is kept; the same command resumes\n"),
    ],
)
def test_errors_become_exit_codes(capsys, monkeypatch, error, code, words):
    def fail(_):
        raise error

    monkeypatch.setattr(status, "run", fail)
    assert said(capsys, "status") == (code, "", words)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_file_that_cannot_be_written_is_one_line(capsys, monkeypatch, number):
    def fail(_):
        raise OSError(number, os.strerror(number), "out/runs.parquet")

    monkeypatch.setattr(status, "run", fail)
    code, _, err = said(capsys, "status")
    assert code == 6
    assert err.startswith(f"error: out/runs.parquet: {os.strerror(number)}: what was finished is kept; free disk space")
    assert err.count("\n") == 1


@pytest.mark.parametrize("verb", ["sweep", "status", "report", "claims", "verify", "explain"])
def test_a_name_too_long_for_a_folder_is_one_line(capsys, verb):
    code, _, err = said(capsys, verb, *(["1f"] if verb == "explain" else []), "--out", "x" * 300)
    assert code in (2, 4)
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "File name too long" in err
    assert len(err) < 400


def test_a_file_where_a_folder_must_be_is_one_line(capsys, tmp_path):
    (tmp_path / "page").write_text("mine")
    code, _, err = said(capsys, "components", "--docs", tmp_path / "page")
    assert code == 2
    assert err == f"error: {tmp_path}/page: File exists: nothing was lost; give another path\n"
    assert (tmp_path / "page").read_text() == "mine"


def test_a_value_as_long_as_a_book_is_told_in_one_short_line(capsys):
    code, _, err = said(capsys, "sweep", "smoke", "--seeds", "A" * 5000)
    assert code == 2
    assert err.count("\n") == 1
    assert "--seeds: invalid int value: 'AAAA" in err
    assert len(err) < 700
    code, _, err = said(capsys, "sweep", "smoke", "--plugin", "A" * 5000)
    assert (code, err.count("\n")) == (2, 1)
    assert len(err) < 2100
    code, _, err = said(capsys, "status", "A" * 5000)
    assert code == 2
    assert len(err) < 700


@pytest.mark.parametrize("name", ["\udcff", "a\x1b[2Jb", "two\nlines"])
@pytest.mark.parametrize("verb", ["sweep", "status", "report", "claims"])
def test_a_name_that_cannot_be_shown_is_refused(capsys, verb, name):
    code, out, err = said(capsys, verb, "--out", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "has characters that cannot be shown" in err
    assert err.strip().isprintable()


def test_a_folder_may_have_any_blank_in_its_name(capsys, tmp_path):
    code, _, err = said(capsys, "status", "--out", tmp_path / "my\u3000results")
    assert code == 4
    assert "there is no ledger at" in err


TWICE = """
import os, signal, sys, time
from experiments import cli
from experiments.commands import status

def run(_):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    finally:
        if {during}: os.kill(os.getpid(), signal.SIGINT)
        print("stopped cleanly")

status.run = run
code = cli.main(["status"])
if not {during}:  # the second comes when the interpreter itself is about to end
    import atexit
    class Last:
        def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.SIGINT): kill(pid, number)
    sys.last = Last()
sys.exit(code)
"""


@pytest.mark.parametrize("during", [True, False], ids=["during the clean stop", "while Python ends"])
def test_a_second_interrupt_changes_neither_the_words_nor_the_exit_code(during):
    done = subprocess.run([sys.executable, "-c", TWICE.format(during=during)], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)  # fmt: skip
    assert done.returncode == 130
    assert done.stderr == "\ninterrupted: what was finished is kept; the same command resumes\n"
    assert ("stopped cleanly" in done.stdout) is not during


def test_a_bug_is_not_hidden(capsys, monkeypatch):
    def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr(status, "run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["status"])


def test_workers_default_to_the_cores_that_this_process_may_use(monkeypatch):
    assert parser.workers(3) == 3
    monkeypatch.setattr(parser.os, "sched_getaffinity", lambda _: {0, 5, 6}, raising=False)
    assert parser.workers(None) == 3
    monkeypatch.delattr(parser.os, "sched_getaffinity")
    monkeypatch.setattr(parser.os, "cpu_count", lambda: None)
    assert parser.workers(None) == 1


def test_status_counts_what_there_is(capsys, tmp_path):
    runs = [a_run(seed=seed) for seed in range(6)]
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan([(n, "default", run) for n, run in enumerate(runs)], {"plan": "mine", "command": "do it again"})
        for run, outcome in zip(runs, (DONE, DONE, FAILED), strict=False):
            ledger.record(run, outcome)
        ledger.record(a_run(seed=99), DONE)  # of another plan
        ledger.started(1, runs[3], 0)
        ledger.started(1, runs[3], CURVE[0].epoch)
        code, out, err = said(capsys, "status", "--out", tmp_path)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"plan mine: 6 runs in {tmp_path}",
        "       2 done",
        "       1 failed",
        "       3 to do",
        "  worker 1: digits mlp relu x adam, rate 0.001, seed 3, epoch 1, for 0 s",
        "  failed: digits mlp relu x adam, rate 0.001, seed 2: ValueError: no",
        "to go on: do it again",
    ]


def test_status_says_what_its_command_lacks(capsys, tmp_path):
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan([(0, "default", a_run())], {"plan": "mine", "command": "sweep --data iris.csv"})
    told = said(capsys, "status", "--out", tmp_path)[1].splitlines()
    assert told[-2:] == ["to go on: sweep --data iris.csv",
                         "  (the record keeps no folders: give files and DATA_DIR with theirs)"]  # fmt: skip


def test_status_of_a_finished_sweep_asks_for_nothing(capsys, tmp_path):
    with Ledger.write(tmp_path / "ledger.sqlite") as ledger:
        ledger.plan([(0, "default", a_run())], {"plan": "mine", "command": "do it again"})
        ledger.record(a_run(), DONE)
    assert said(capsys, "status", "--out", tmp_path)[1] == f"plan mine: 1 runs in {tmp_path}\n       1 done\n"


def test_it_is_a_module_that_ends_with_the_exit_code():
    code, out, err = call("sweep", "defalt", module=REAL)
    assert (code, out) == (2, "")
    assert err.startswith("error: unknown plan: 'defalt'")
    assert err.count("\n") == 1
