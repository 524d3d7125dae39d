"""Ray Tune over the same cells, each trial a ``model.fit`` on one core; actors are used again from trial to trial."""

import json
import logging
import os
import sys
import tempfile
import time
from typing import Any


def trial(config: dict[str, Any]) -> None:
    """In a worker process: one run."""
    import tensorflow as tf
    from ray import tune

    if not tf.config.threading.get_intra_op_parallelism_threads():  # one trial a core: one thread a trial
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    from experiments.bench.rivals.stock import Task

    task = _kept.setdefault("task", None) or Task(config["path"])
    _kept["task"] = task
    begun = time.time()
    run = task.runs[config["run"]]
    line = task.fit(task.model(**run))
    tune.report({"begun": begun, "ended": time.time(), "line": json.dumps({"run": run, **line})})


_kept: dict[str, Any] = {}
"""The data, read once by each worker."""


def main() -> None:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AIR_NEW_OUTPUT": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
                   "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}  # fmt: skip
    import ray
    from ray import tune

    from experiments.bench.rivals.lines import tell

    path = os.path.abspath(sys.argv[1])
    with open(path, encoding="utf-8") as file:
        count = len(json.load(file)["runs"])
    ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
             runtime_env={"env_vars": {"PYTHONPATH": os.getcwd()}})  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_resources(trial, {"cpu": 1}),
            param_space={"path": path, "run": tune.grid_search(list(range(count)))},
            tune_config=tune.TuneConfig(reuse_actors=True),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        results = tuner.fit()
    if results.errors:
        raise SystemExit(f"a trial failed: {results.errors[0]}")
    metrics = [results[number].metrics or {} for number in range(count)]
    # Told at the end, with the clock of each worker: Ray Tune itself tells only between trials.
    tell(ready=True, at=min(each["begun"] for each in metrics))
    for each in sorted(metrics, key=lambda each: each["ended"]):
        tell(at=each["ended"], **json.loads(each["line"]))
    ray.shutdown()


if __name__ == "__main__":
    main()
