"""A few runs, trained in this process by an engine, so many threads, deterministic or not: for `determinism`.

    python -m experiments.bench.variant JSON

prints a JSON object for each run: its name, its outcome, the title of its data.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from experiments.records import Outcome, Run
from experiments.training import backend


def main(text: str) -> None:
    given = json.loads(text)
    backend.start(given["engine"], threads=given["threads"], deterministic=given["deterministic"])
    for told in trained(given):
        print(json.dumps(told), flush=True)


def trained(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train the runs of a plan's table one after the other."""
    from experiments import datasets
    from experiments.grid import DataFacts, cells
    from experiments.plan import parse
    from experiments.training import engines
    from experiments.training.setup import Arrays, prepare

    (block,) = given["plan"]["block"]
    data, _ = datasets.resolve(block["dataset"], given["data_dir"])
    facts = DataFacts(data.name, data.fingerprint, data.task, data.outputs, data.input_shape, len(data.train))
    plan, arrays = parse(given["plan"] | {"engine": given["engine"]}), Arrays(data)
    for cell in cells(plan, {block["dataset"]: facts}):
        trainer = engines.make(plan.engine, prepare(cell.template, arrays))
        for seed in range(plan.seeds):
            run = replace(cell.template, seed=seed)
            outcome = _outcome(trainer, run)
            yield {"run": f"{run.activation} {run.optimizer} {seed}", "title": data.title, "outcome": outcome.to_json()}


def _outcome(trainer: Any, run: Run) -> Outcome:
    if run.engine == "stacked":
        return next(value for kind, _, value in trainer.train([run]) if kind == "outcome")
    from experiments.training import loop

    return loop.train(trainer, run)


if __name__ == "__main__":
    main(sys.argv[1])
