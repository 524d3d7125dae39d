"""A loop over ``model.fit``: as is, or with ``fast`` behind the task at its best flags."""

import sys

from experiments.bench.rivals.lines import tell
from experiments.bench.rivals.stock import Task


def main() -> None:
    task, fast = Task(sys.argv[1]), sys.argv[2:] == ["fast"]
    tell(ready=True)
    for run in task.runs:
        tell(run=run, **task.fit(task.model(**run, fast=fast)))


if __name__ == "__main__":
    main()
