"""What is exported is read back with the tools themselves; exporting again changes nothing."""

import logging
import math
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.errors import MissingLedger, MissingPackage, ResultsError
from experiments.exporters import command
from experiments.exporters.runs import exported
from experiments.ledger import LEDGER, Ledger
from tests.experiments.samples import CURVE, DONE, FAILED, a_run

ROOT = Path(__file__).resolve().parents[3]
DIVERGED = replace(DONE, status="diverged", curve=CURVE[:1], test_metric=None, test_loss=None, last_test_metric=None,
                   last_test_loss=None, validation_metric=None, best_epoch=0, step=7)  # fmt: skip
RUNS = {
    "done": (a_run(optimizer_args=(("beta_1", 0.8),)), DONE),
    "diverged": (a_run(activation="keras:gelu", model_args=(("depth", 3),), learning_rate=10.0), DIVERGED),
    "failed": (a_run(seed=1), FAILED),
}


@pytest.fixture
def out(tmp_path) -> Path:
    with Ledger.write(tmp_path / "out" / LEDGER) as ledger:
        ledger.plan([(place, "default", run) for place, (run, _) in enumerate(RUNS.values())], {"plan": "mine"})
        for run, outcome in RUNS.values():
            ledger.record(run, outcome)
    return tmp_path / "out"


def export(kind, out, to) -> str:
    return " ".join(command.lines(kind, out, str(to)))


def test_names_are_readable_unlike_and_fit_for_folders(out):
    with Ledger.read(out / LEDGER) as ledger:
        found = list(exported(ledger))
    assert found[0].name == f"digits/mlp/relu/adam/rate 0.001, seed 0, {found[0].run.key[:8]}"
    assert found[1].path == f"digits/mlp-depth=3/keras-gelu/adam/rate-10,-seed-0,-{found[1].run.key[:8]}"
    assert len({each.path for each in found}) == 3


@pytest.fixture
def accumulator(monkeypatch):
    """TensorBoard's own reader of a folder; with this module there it does without TensorFlow, which takes long."""
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", types.ModuleType("notf"))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return lambda folder: EventAccumulator(str(folder)).Reload()


def folders(to):
    return {path.parent.relative_to(to).as_posix(): path.parent for path in to.rglob("events.*")}


def test_tensorboard_reads_curves_finals_and_settings(out, tmp_path, accumulator):
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS

    to = tmp_path / "logs"
    assert "3 runs" in export("tensorboard", out, to)
    there = folders(to)
    assert len(there) == 4  # and the page of all
    (done,) = [path for name, path in there.items() if "relu" in name and "seed-0" in name]
    board = accumulator(done)
    assert set(board.Tags()["scalars"]) >= {"loss/train", "loss/validation", "accuracy/train", "accuracy/validation",
                                            "final/test_accuracy", "final/test_loss"}  # fmt: skip
    assert [(each.step, each.value) for each in board.Scalars("loss/train")] == [(1, 1.0), (2, 0.5)]
    assert [each.value for each in board.Scalars("final/test_accuracy")] == [pytest.approx(0.7)]

    def settings(folder):
        content = accumulator(folder).summary_metadata
        start = metadata.parse_session_start_info_plugin_data(
            content[metadata.SESSION_START_INFO_TAG].plugin_data.content)  # fmt: skip
        end = metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG].plugin_data.content)
        return start.hparams, end.status

    hparams, status = settings(done)
    assert (hparams["learning_rate"].number_value, hparams["seed"].number_value) == (0.001, 0)
    assert (hparams["optimizer.beta_1"].number_value, hparams["status"].string_value) == (0.8, "done")
    assert status == STATUS_SUCCESS
    (diverged,) = [path for name, path in there.items() if "gelu" in name]
    assert settings(diverged)[0]["status"].string_value == "diverged"
    (failed,) = [path for name, path in there.items() if "seed-1" in name]
    assert settings(failed)[1] == STATUS_FAILURE
    page = accumulator(there["."]).summary_metadata[metadata.EXPERIMENT_TAG]
    found = metadata.parse_experiment_plugin_data(page.plugin_data.content)
    assert {each.name for each in found.hparam_infos} == {"model", "activation", "learning_rate", "seed", "status"}
    assert "final/test_accuracy" in {each.name.tag for each in found.metric_infos}


def test_exporting_to_tensorboard_again_gives_the_same_files(out, tmp_path):
    def files():
        return {path: path.read_bytes() for path in (tmp_path / "logs").rglob("*") if path.is_file()}

    export("tensorboard", out, tmp_path / "logs")
    first = files()
    export("tensorboard", out, tmp_path / "logs")
    assert files() == first


def test_mlflow_reads_runs_metrics_and_statuses_and_nothing_twice(out, tmp_path):
    from mlflow import MlflowClient

    to = tmp_path / "store"
    assert "3 runs written" in export("mlflow", out, to)
    assert "0 runs written" in export("mlflow", out, to)
    client = MlflowClient(tracking_uri=f"sqlite:///{to / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("gradlab mine")
    assert experiment.artifact_location == (to / "artifacts").as_uri()
    found = {run.data.tags["gradlab.key"]: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == {run.key for run, _ in RUNS.values()}
    done, diverged, failed = (found[RUNS[name][0].key] for name in ("done", "diverged", "failed"))
    assert done.data.params["optimizer.beta_1"] == "0.8"
    assert done.data.params["learning_rate"] == "0.001"
    assert done.data.metrics["final/test_accuracy"] == 0.7
    history = client.get_metric_history(done.info.run_id, "loss/train")
    assert sorted((each.step, each.value) for each in history) == [(1, 1.0), (2, 0.5)]
    assert (diverged.info.status, diverged.data.tags["gradlab.status"]) == ("FINISHED", "diverged")
    assert diverged.data.metrics["final/diverged_step"] == 7
    assert (failed.info.status, failed.data.tags["gradlab.error"]) == ("FAILED", "ValueError: no")
    assert done.info.run_name.startswith("digits/mlp/relu/adam/rate 0.001, seed 0")

    run = RUNS["failed"][0]
    with Ledger.write(out / LEDGER) as ledger:  # tried again, now with a result
        ledger.record(run, DONE)
    client.set_tag(diverged.info.run_id, "gradlab.exported", "")
    client.delete_tag(diverged.info.run_id, "gradlab.exported")  # as if an export had been cut off there
    assert "2 runs written" in export("mlflow", out, to)
    found = {run.data.tags["gradlab.key"]: run for run in client.search_runs([experiment.experiment_id])}
    assert len(client.search_runs([experiment.experiment_id])) == 3
    assert found[run.key].data.tags["gradlab.status"] == "done"


def lost(out):
    """One more run, whose losses are no numbers."""
    run = a_run(seed=5)
    with Ledger.write(out / LEDGER) as ledger:
        ledger.extend([(9, "default", run)])
        ledger.record(run, replace(DIVERGED, curve=(replace(CURVE[0], train_loss=math.nan, validation_loss=math.inf),)))
    return run


def test_values_that_are_no_numbers_go_to_tensorboard(out, tmp_path, accumulator):
    lost(out)
    export("tensorboard", out, tmp_path / "logs")
    (folder,) = [path for name, path in folders(tmp_path / "logs").items() if "seed-5" in name]
    assert math.isnan(accumulator(folder).Scalars("loss/train")[0].value)


@pytest.mark.slow
def test_values_that_are_no_numbers_go_to_mlflow(out, tmp_path):
    from mlflow import MlflowClient

    run = lost(out)
    export("mlflow", out, tmp_path / "store")
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'store' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("gradlab mine").experiment_id
    found = client.search_runs([experiment], f"tags.`gradlab.key` = '{run.key}'")
    assert len(client.get_metric_history(found[0].info.run_id, "loss/train")) == 1


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow"])
def test_a_package_that_is_not_there_is_one_line_with_the_command(kind, out, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=rf"export {kind} needs .*: pip install .*{kind}"):
        export(kind, out, tmp_path / "to")


def test_what_cannot_be_written_or_read_is_one_line(out, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    for kind in ("tensorboard", "mlflow"):
        with pytest.raises(ResultsError, match="name another folder"):
            export(kind, out, tmp_path / "file" / "below")
    with pytest.raises(MissingLedger):
        export("tensorboard", tmp_path, tmp_path / "to")
    assert main(["export", "tensorboard", "--out", str(tmp_path / "nowhere"), "--to", str(tmp_path)]) == 4
    assert "no ledger" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["tensorboard", pytest.param("mlflow", marks=pytest.mark.slow)])
def test_exports_load_no_training_backend(kind, out, tmp_path):
    code = ("import sys; from experiments.cli import main; "
            f"main(['export', {kind!r}, '--out', {str(out)!r}, '--to', {str(tmp_path / 'to')!r}]); "
            "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert not done.stderr


@pytest.fixture(autouse=True)
def _as_it_was():
    """MLflow sets up logging for the whole process."""
    yield
    logging.getLogger("alembic").setLevel(logging.NOTSET)
