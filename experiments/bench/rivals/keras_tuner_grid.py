"""KerasTuner's GridSearch over the same cells. It trains one after the other, and keeps checkpoints as it does."""

import sys
import tempfile
from typing import Any

import keras_tuner

from experiments.bench.rivals.lines import tell
from experiments.bench.rivals.stock import Task


class Cells(keras_tuner.HyperModel):
    """One hyperparameter, the number of the run, so that exactly the given runs are searched."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def build(self, hp: Any) -> Any:
        run = self.task.runs[hp.Choice("run", list(range(len(self.task.runs))))]
        return self.task.model(**run)

    def fit(self, hp: Any, model: Any, *_: Any, callbacks: Any = (), **__: Any) -> dict[str, float]:
        line = self.task.fit(model, callbacks=tuple(callbacks))
        tell(run=self.task.runs[hp.get("run")], **line)
        return {"accuracy": line["accuracy"]}


def main() -> None:
    task = Task(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.GridSearch(Cells(task), objective=keras_tuner.Objective("accuracy", "max"),
                                       directory=folder, project_name="bench")  # fmt: skip
        tell(ready=True)
        tuner.search(verbose=0)


if __name__ == "__main__":
    main()
