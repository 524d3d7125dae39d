"""The sweep from end to end: exit codes, resuming, growing, kills and interrupts.

Most of it with trivial training (see `trivial`), the rest once with the real engine on the digits.
"""

import json
import multiprocessing
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from experiments.frames import Frames, frames
from experiments.ledger import Ledger
from tests.experiments.processes import REAL, TRIVIAL, alive, call, family, started, until

PLAN = """
name = "tiny"
seeds = {seeds}
[[block]]
dataset = "digits"
activations = ["relu", "tanh"]
optimizers = ["adam", "sgd"]
epochs = 2
batch_size = 256
"""
DIVERGES = "learning_rates = { sgd = 1e30 }\n"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Converted data of these tests alone."""
    before = os.environ.get("GRADLAB_CACHE")
    os.environ["GRADLAB_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("GRADLAB_CACHE") if before is None else os.environ.update(GRADLAB_CACHE=before)


class Folder:
    """A plan, its output and its behaviours (see `trivial`), and the commands on them."""

    def __init__(self, path: Path, seeds: int = 1, more: str = "", module: str = TRIVIAL):
        self.path, self.out, self.module = path, path / "out", module
        self.plan = path / "tiny.toml"
        self.plan.write_text(PLAN.format(seeds=seeds) + more)

    def behave(self, **behaviours: str) -> None:
        (self.path / "behaviour.json").write_text(json.dumps(behaviours))

    @property
    def command(self) -> tuple:
        return ("sweep", self.plan, "--out", self.out, "--data-dir", self.path, "--no-report")

    def sweep(self, *more: object) -> tuple[int, str, str]:
        return call(*self.command, *more, module=self.module)

    def start(self, *more: object):
        return started(*self.command, *more, module=self.module)

    def tables(self) -> Frames:
        with Ledger.read(self.out / "ledger.sqlite") as ledger:
            return frames(ledger)

    def runs(self) -> dict[tuple, tuple]:
        """(activation, optimizer, seed) -> (status, attempts, when it ended)."""
        with closing(sqlite3.connect(self.out / "ledger.sqlite")) as file:
            rows = file.execute("SELECT run, status, attempts, finished FROM runs").fetchall()
        found = [(json.loads(text), *rest) for text, *rest in rows]
        return {(run["activation"], run["optimizer"], run["seed"]): tuple(rest) for run, *rest in found}

    def results(self) -> int:
        try:
            with Ledger.read(self.out / "ledger.sqlite") as ledger:
                return len(ledger.results())
        except Exception:
            return 0


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def keys(seeds: int) -> set[tuple]:
    return {(activation, optimizer, seed) for activation in ("relu", "tanh") for optimizer in ("adam", "sgd")
            for seed in range(seeds)}  # fmt: skip


def assert_same(one: Folder, other: Folder) -> None:
    """The same tables to the last bit; a clock or a memory meter alone may say something else."""
    ones, others = one.tables()._asdict(), other.tables()._asdict()
    assert len(ones["runs"]) > 0
    for name in set(ones) - {"timings"}:
        pd.testing.assert_frame_equal(ones[name], others[name], check_exact=True)


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and "Traceback" not in text


# With trivial training


def test_a_sweep_trains_all_and_the_same_command_again_trains_nothing(folder):
    code, out, err = folder.sweep("--workers", 2)
    assert (code, "Traceback" in err) == (0, False)
    assert "4 cells; 0 runs there already, 4 known to be missing, 2 workers" in out
    assert "\x1b" not in out + err
    assert "4/4 runs" in err
    before = folder.runs()
    assert {key: row[:2] for key, row in before.items()} == dict.fromkeys(keys(1), ("done", 1))
    assert not (folder.out / "report.md").exists()
    code, out, err = folder.sweep("--workers", 2)
    assert (code, err) == (0, "")
    assert "4 runs there already, 0 known to be missing" in out
    assert folder.runs() == before


def test_narrowing_and_growing_train_only_what_is_missing(folder):
    assert folder.sweep("--only", "activation=relu", "--only", "optimizer=adam")[0] == 0
    first = folder.runs()
    assert set(first) == {("relu", "adam", 0)}
    assert folder.sweep()[0] == 0
    second = folder.runs()
    assert set(second) == keys(1)
    code, out, _ = folder.sweep("--seeds", 3)
    assert code == 0
    assert "4 runs there already, 8 known to be missing" in out
    third = folder.runs()
    assert {key: row[:2] for key, row in third.items()} == dict.fromkeys(keys(3), ("done", 1))
    assert first.items() <= second.items() <= third.items()
    # What has grown stays grown, unless another number is given; a smaller plan's tables are its own.
    for more, rows in (
        ((), 12),
        (("--only", "activation=relu"), 6),
        (("--only", "activation=relu", "--seeds", 1), 2),
    ):
        assert folder.sweep(*more)[0] == 0
        assert folder.runs() == third
        assert len(folder.tables().runs) == rows


def test_a_dry_run_leaves_no_trace(folder):
    code, out, err = folder.sweep("--dry-run", "--seeds", 2)
    assert (code, err) == (0, "")
    assert "8 known to be missing" in out
    assert "estimated time" in out
    assert "nothing was trained" in out
    assert not folder.out.exists()


def test_a_failed_run_is_told_stops_no_other_and_is_tried_again(folder):
    folder.behave(relu="raise")
    code, out, err = folder.sweep("--workers", 1)
    assert code == 1
    assert "2 runs failed" in err
    assert "! failed: digits mlp relu x adam, rate 0.001, seed 0: ValueError: the parts do not fit" in err
    assert {key: row[:2] for key, row in folder.runs().items()} == {
        key: ("failed" if key[0] == "relu" else "done", 1) for key in keys(1)
    }
    code, out, _ = call("status", "--out", folder.out)
    assert code == 0
    assert "2 done" in out
    assert "2 failed" in out
    assert "failed: digits mlp relu x sgd" in out
    folder.behave()
    assert folder.sweep("--workers", 1)[0] == 0
    assert {key: row[:2] for key, row in folder.runs().items()} == {
        key: ("done", 2 if key[0] == "relu" else 1) for key in keys(1)
    }


def test_a_diverged_run_is_a_result(folder):
    folder.behave(tanh="diverge")
    code, _, err = folder.sweep()
    assert code == 0
    assert "~ diverged at update 5: digits mlp tanh x adam" in err
    assert folder.sweep()[1].count("0 known to be missing") == 1


def test_a_run_that_kills_its_workers_fails_alone(folder):
    folder.behave(relu="kill")
    code, _, err = folder.sweep("--workers", 2)
    assert code == 1
    assert "died: killed by SIGKILL (often: out of memory), at digits mlp relu" in err
    assert {row[0] for key, row in folder.runs().items() if key[0] == "tanh"} == {"done"}
    assert {row[0] for key, row in folder.runs().items() if key[0] == "relu"} == {"failed"}


def busy(folder: Folder, workers: int):
    """Whether so many runs wait for the file ``go``."""
    return lambda: len(list(folder.path.glob("wait-*"))) >= workers


def test_a_second_sweep_is_refused_and_status_tells_of_the_first(folder):
    folder.behave(relu="wait", tanh="wait")
    with folder.start("--workers", 2) as process:
        until(busy(folder, 2), process)
        code, out, err = folder.sweep()
        assert code == 4
        assert one_line(err)
        assert f"another sweep (process {process.pid}) is writing" in err
        code, out, _ = call("status", "--out", folder.out)
        assert code == 0
        assert "4 to do" in out
        assert out.count("  worker ") == 2
        assert "worker 0: digits mlp" in out
        (folder.path / "go").touch()
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert "worker 0" not in call("status", "--out", folder.out)[1]


def _sweep_and_die(folder: Path, told: Path) -> None:
    """Ends with a kill while the third outcome is being told."""
    from functools import partial

    from experiments import plan, sweep
    from experiments.work import prepare
    from tests.experiments.scheduling import trivial

    sweep.Pool = partial(sweep.Pool, target=trivial.main)  # type: ignore[assignment, misc]

    def watch(_):
        def tell(event) -> None:
            if event.kind == "outcome":
                with told.open("a") as file:
                    file.write(event.run.key + "\n")
                if len(told.read_text().split()) == 3:
                    os.kill(os.getpid(), signal.SIGKILL)

        return tell

    sweep.run(prepare(plan.load(str(folder / "tiny.toml")), str(folder)), folder / "out", str(folder), 2, "x", watch)


def test_an_outcome_that_was_told_survives_a_kill_at_that_moment(folder, tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=_sweep_and_die, args=(folder.path, tmp_path / "told"))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    told = (tmp_path / "told").read_text().split()
    with Ledger.read(folder.out / "ledger.sqlite") as ledger:
        assert set(told) <= ledger.results()
    assert len(set(told)) == 3
    assert folder.sweep()[0] == 0
    assert {key: row[:2] for key, row in folder.runs().items()} == dict.fromkeys(keys(1), ("done", 1))


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_within_seconds_and_nothing_is_lost(folder, which):
    folder.behave(tanh="wait")
    with folder.start("--workers", 1) as process:
        until(lambda: busy(folder, 1)() and folder.results() == 2, process)
        several = family(process)
        assert len(several) >= 2
        begun = time.monotonic()
        # Ctrl-C reaches the whole group, `kill` the process alone.
        os.killpg(process.pid, which) if which == signal.SIGINT else process.send_signal(which)
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - begun < 5
        assert process.returncode == 130
        assert "interrupted: what was finished is kept; the same command resumes" in err
        assert "Traceback" not in err
        until(lambda: not alive(several))
    assert "worker 0" not in call("status", "--out", folder.out)[1]
    (folder.path / "go").touch()
    assert folder.sweep()[0] == 0
    assert {key: row[:2] for key, row in folder.runs().items()} == dict.fromkeys(keys(1), ("done", 1))


@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
def test_an_interrupt_while_workers_start_is_as_quiet(folder, after):
    folder.behave(relu="wait", tanh="wait")
    with folder.start("--workers", 4) as process:
        until((folder.out / "ledger.lock").exists, process)
        time.sleep(after)
        several = family(process)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in err
        until(lambda: not alive(several))


def test_workers_end_with_a_parent_that_is_killed(folder):
    folder.behave(relu="wait", tanh="wait")
    with folder.start("--workers", 2) as process:
        until(busy(folder, 2), process)
        several = family(process)
        process.kill()
        until(lambda: not alive(several), seconds=15)


@pytest.mark.parametrize("finished", [0, 1, 3])
def test_killed_in_the_middle_and_started_again_the_tables_are_those_of_an_undisturbed_sweep(tmp_path, finished):
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    calm, disturbed = Folder(tmp_path / "one", seeds=2), Folder(tmp_path / "other", seeds=2)
    assert calm.sweep("--workers", 2)[0] == 0
    disturbed.behave(**({"relu": "wait", "tanh": "wait"} if finished == 0 else {"tanh": "wait"}))
    with disturbed.start("--workers", 1) as process:
        until(lambda: busy(disturbed, 1)() and disturbed.results() >= finished, process)
        os.killpg(process.pid, signal.SIGKILL)
    before = disturbed.runs()
    assert finished <= len(before) < 8
    disturbed.behave()
    assert disturbed.sweep("--workers", 2)[0] == 0
    assert before.items() <= disturbed.runs().items()
    assert_same(calm, disturbed)


def test_a_ledger_that_was_killed_at_birth_is_no_hindrance(folder):
    folder.out.mkdir()
    with closing(sqlite3.connect(folder.out / "ledger.sqlite")) as file:
        file.execute("PRAGMA journal_mode=WAL")
    code, out, _ = folder.sweep("--dry-run")
    assert code == 0
    assert "0 runs there already" in out
    assert folder.sweep()[0] == 0
    assert folder.results() == 4


def test_output_that_nobody_reads_is_told_by_the_exit_code(folder):
    folder.behave(relu="wait")
    with folder.start("--workers", 1) as process:
        until(busy(folder, 1), process)
        process.stderr.close()
        (folder.path / "go").touch()
        process.wait(30)
        assert process.returncode == 141


# With the real engine


@pytest.fixture(scope="module")
def calm(tmp_path_factory) -> Folder:
    """A real sweep that nobody disturbed."""
    folder = Folder(tmp_path_factory.mktemp("calm"), more=DIVERGES, module=REAL)
    code, _, err = folder.sweep("--workers", 1)
    assert code == 0, err
    return folder


def test_real_training_gives_results_and_divergence_is_one(calm):
    tables = calm.tables()
    runs, curves, timings = tables.runs, tables.curves, tables.timings
    found = dict(zip(zip(runs["activation"], runs["optimizer"], strict=True), runs["status"], strict=True))
    assert list(found) == [("relu", "adam"), ("relu", "sgd"), ("tanh", "adam"), ("tanh", "sgd")]
    assert found["relu", "adam"] == found["tanh", "adam"] == "done"
    assert found["relu", "sgd"] == "diverged"
    good = runs[runs["optimizer"] == "adam"]
    assert (good["test_accuracy"] > 0.2).all()
    assert (good["parameters"] == 65 * 128 + 129 * 64 + 65 * 10).all()
    diverged = runs[runs["status"] == "diverged"]
    assert (diverged["diverged_step"] >= 1).all()
    assert diverged["test_accuracy"].isna().all()
    assert (curves.groupby("key").size()[good["key"]] == 2).all()
    assert list(timings["key"]) == list(runs["key"])
    assert (timings["seconds"] > 0).all()


@pytest.mark.slow
def test_killed_and_resumed_with_the_real_engine_the_tables_are_the_same(calm, tmp_path):
    folder = Folder(tmp_path, more=DIVERGES, module=REAL)
    with folder.start("--workers", 1) as process:
        until(lambda: folder.results() >= 1, process)
        several = family(process)
        os.killpg(process.pid, signal.SIGKILL)
        until(lambda: not alive(several))
    before = folder.runs()
    assert 1 <= len(before) < 4
    code, out, err = folder.sweep("--workers", 2)
    assert code == 0, err
    assert f"{len(before)} runs there already" in out
    after = folder.runs()
    assert before.items() <= after.items()
    assert {row[1] for row in after.values()} == {1}
    assert_same(calm, folder)
