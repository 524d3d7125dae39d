"""For TensorBoard: a folder a run with its curve, and its settings for the HParams page.

Records are written by TensorBoard's own writer, without TensorFlow. A run's file depends on the ledger alone and
replaces that of an earlier export, so exporting again changes nothing, and adds what is new.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.record_writer import RecordWriter

from experiments.errors import ResultsError
from experiments.exporters.runs import Exported, exported
from experiments.ledger import Ledger
from experiments.reports.files import atomic

FILE = "events.out.tfevents.0.gradlab"
"""TensorBoard knows its files by the beginning of this."""


def export(ledger: Ledger, to: str) -> Iterator[str]:
    """Write all runs under the folder ``to``; yields what was done."""
    folder, count = Path(to), 0
    names: dict[str, dict[str | float, None]] = {}
    metrics: dict[str, None] = {}
    try:
        for each in exported(ledger):
            _write(folder / each.path / FILE, _events(each))
            count += 1
            for name, value in each.parameters.items():
                names.setdefault(name, {})[value] = None
            metrics |= dict.fromkeys(each.finals)
        _write(folder / FILE, [_experiment(names, metrics)])
    except OSError as error:
        raise ResultsError(f"cannot write to {folder} ({error.strerror}): name another folder with --to") from error
    yield f"{count} runs in {folder}; to look at them: tensorboard --logdir {folder}"


def _events(each: Exported) -> Iterator[Event]:
    """Settings first, then the curve, the final values at the best epoch, and how it ended."""
    end = each.finished
    start = SessionStartInfo(start_time_secs=end - each.outcome.seconds, group_name=each.name)
    for name, value in each.parameters.items():
        if isinstance(value, str):
            start.hparams[name].string_value = value
        elif isinstance(value, bool):
            start.hparams[name].bool_value = value
        else:
            start.hparams[name].number_value = value
    yield _hparams(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start), end)
    for epoch, clock, metrics in each.curve():
        yield Event(wall_time=clock, step=epoch, summary=_scalars(metrics))
    yield Event(wall_time=end, step=each.outcome.best_epoch, summary=_scalars(each.finals))
    status = api_pb2.STATUS_SUCCESS if each.has_result else api_pb2.STATUS_FAILURE
    done = SessionEndInfo(status=status, end_time_secs=end)
    yield _hparams(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=done), end)


def _scalars(values: dict[str, float]) -> Summary:
    return Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])


def _experiment(names: dict[str, dict[str | float, None]], metrics: Iterable[str]) -> Event:
    """What the HParams page shows: the settings that differ between runs, and the final values."""
    found = api_pb2.Experiment(description="runs of gradlab")
    for name, values in names.items():
        if len(values) > 1:
            text = any(isinstance(value, str) for value in values)
            kind = api_pb2.DATA_TYPE_STRING if text else api_pb2.DATA_TYPE_FLOAT64
            found.hparam_infos.append(api_pb2.HParamInfo(name=name, type=kind))
    for name in metrics:
        found.metric_infos.append(api_pb2.MetricInfo(name=api_pb2.MetricName(tag=name)))
    return _hparams(metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=found), 0.0)


def _hparams(tag: str, data: HParamsPluginData, clock: float) -> Event:
    value = Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR)
    return Event(wall_time=clock, summary=Summary(value=[value]))


def _write(path: Path, events: Iterable[Event]) -> None:
    with atomic(path) as partial, partial.open("wb") as file:
        writer = RecordWriter(file)
        for event in [Event(wall_time=0.0, file_version="brain.Event:2"), *events]:
            writer.write(event.SerializeToString(deterministic=True))
