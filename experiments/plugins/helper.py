"""A worker of its own that imports a plugin for the parent process: what it offers, and whether its parts work."""

import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from experiments.errors import PlanError
from experiments.grid import DataFacts
from experiments.names import PLUGIN
from experiments.plugins.offer import Offer
from experiments.records import Run
from experiments.scheduling import worker
from experiments.scheduling.call import Call
from experiments.scheduling.pool import Pool


class Helper:
    """``with Helper("my_parts", "compiled") as helper``: the worker lives as long, and imports the plugin once.

    Args:
        given: as the command line names it.
        engine: whose backend it has.
    """

    def __init__(self, given: str, engine: str):
        self.given, self.engine = given, engine

    def __enter__(self) -> "Helper":
        self._folder = tempfile.TemporaryDirectory()
        self._pool = Pool(1, None, Path(self._folder.name) / "log", engine=self.engine)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.__exit__()
        self._folder.cleanup()

    def offer(self) -> Offer:
        """What the plugin offers.

        Raises:
            PlanError: it cannot be imported, or offers nothing that can be used.
        """
        return self._ask("experiments.plugins.parts:offered", given=self.given, here=str(Path.cwd()))

    def check(self, runs: Iterable[Run], data: Iterable[DataFacts], plugin: Offer) -> None:
        """Build and train each part once that these runs use.

        Raises:
            PlanError: one does not work.
        """
        if runs := covering(runs):
            facts = {each.name: each for each in data}
            error = self._ask("experiments.plugins.check:check", runs=runs, data=facts, folder=plugin.folder)
            if error:
                raise PlanError(error)

    def _ask(self, function: str, **arguments: Any) -> Any:
        self._pool.submit([Call(function, function, arguments)])
        (returned,) = [event.value[1] for event in self._pool.events() if event.kind == "answer"]
        if returned.error:
            raise PlanError(f"--plugin {self.given}: {returned.error}")
        if isinstance(returned.value, PlanError):
            raise returned.value
        return returned.value


def covering(runs: Iterable[Run]) -> list[Run]:
    """Some of the runs that have all parts of a plugin among them, each model with each data set."""
    seen: set[tuple] = set()
    chosen = []
    for run in runs:
        named = {"activation": run.activation, "optimizer": run.optimizer, "loss": run.loss}
        parts: set[tuple] = {(kind, name) for kind, name in named.items() if name.startswith(PLUGIN)}
        if run.model.startswith(PLUGIN):
            parts.add((run.model, run.model_args, run.dataset, run.head))
        if not parts <= seen:
            seen |= parts
            chosen.append(run)
    return chosen


def serving(plugin: Offer | None) -> dict[str, Any]:
    """The arguments of a `Pool` whose workers may be given runs with parts of this plugin."""
    return {"target": partial(worker.main, plugin=plugin)} if plugin else {}
