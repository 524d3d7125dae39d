"""What makes the bits of a run: the same runs by other engines, with more threads, without TensorFlow's determinism.

And what that determinism costs: seconds by model-epoch with and without it, in turn.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from experiments.bench.process import watch
from experiments.bench.task import Task, task
from experiments.records import Outcome
from experiments.reports.files import write_text
from experiments.reports.layout import table
from experiments.verify import compare

ACTIVATIONS, OPTIMIZERS = ("sigmoid", "relu"), ("sgd", "adam")


@dataclass(frozen=True)
class Variant:
    """How runs are trained. The defaults are a sweep's."""

    engine: str = "compiled"
    threads: int = 1
    deterministic: bool = True

    @property
    def name(self) -> str:
        off = "" if self.deterministic else ", determinism off"
        return f"{self.engine}, {self.threads} thread{'s' * (self.threads > 1)}{off}"


BASE, FREE = Variant(), Variant(deterministic=False)
OTHERS = (
    Variant(threads=2), Variant(threads=2, deterministic=False), Variant("reference"), Variant("reference", threads=2),
    Variant("stacked"), Variant("stacked", threads=2),
)  # fmt: skip

Outcomes = Mapping[str, Outcome]
"""Name of a run -> what came of it."""


@dataclass(frozen=True)
class Difference:
    """A variant against another, over all their runs.

    Attributes:
        runs: that both trained. identical: those of which every number is the same to the last bit, clocks aside.
        loss: the largest difference of any loss of any epoch.
        metric: the same of test accuracy.
    """

    runs: int
    identical: int
    loss: float
    metric: float


def run(out: Path, data_dir: str | None, names: Sequence[str], rounds: int, epochs: int | None,
        seeds: int | None) -> Iterator[str]:  # fmt: skip
    """Train the same runs in every way and write ``determinism.md`` and ``determinism.json``.

    Args:
        out: folder of the tables.
        data_dir: where the data is.
        names: of tasks.
        rounds: how often with and without determinism, in turn.
        epochs: of each run (3 for mlp, 2 for cnn).
        seeds: of each cell (1).
    """
    result: dict[str, Any] = {}
    parts = ["# What makes the bits of a run", ""]
    for name in names:
        wanted = task(name, epochs or (3 if name == "mlp" else 2), seeds or 1)
        runs = len(ACTIVATIONS) * len(OPTIMIZERS) * wanted.seeds
        yield f"{wanted.title}: {runs} runs x {wanted.epochs} epochs"
        on: list[Outcomes] = []
        off: list[Outcomes] = []
        title = ""
        for number in range(rounds):
            for variant in (BASE, FREE) if number % 2 == 0 else (FREE, BASE):
                title, outcomes = _trained(variant, wanted, data_dir)
                (on if variant == BASE else off).append(outcomes)
            yield f"  round {number + 1}: {seconds(on[-1]):.3f} s by model-epoch, {seconds(off[-1]):.3f} without it"
        again = on[1] if rounds > 1 else _trained(BASE, wanted, data_dir)[1]
        found = {f"{BASE.name}, again": difference(again, on[0]), FREE.name: difference(off[0], on[0])}
        for variant in OTHERS:
            found[variant.name] = difference(_trained(variant, wanted, data_dir)[1], on[0])
        ratios = [seconds(one) / seconds(other) for one, other in zip(on, off, strict=True)]
        yield from (f"  {each}: {told.identical} of {told.runs} runs bit-identical" for each, told in found.items())
        result[name] = {
            "data": title, "task": asdict(wanted), "machine": next(iter(on[0].values())).machine,
            "seconds_on": [seconds(each) for each in on], "seconds_off": [seconds(each) for each in off],
            "ratios": ratios, "against": BASE.name, "variants": {each: asdict(told) for each, told in found.items()},
        }  # fmt: skip
        parts += page(wanted, title, result[name], found)
    write_text(out / "determinism.json", json.dumps(result, indent=1) + "\n")
    write_text(out / "determinism.md", "\n".join(parts))
    yield f"table: {out / 'determinism.md'}"


def seconds(outcomes: Outcomes) -> float:
    """By model-epoch: the mean over runs and epochs."""
    return mean(epoch.seconds for outcome in outcomes.values() for epoch in outcome.curve)


def difference(one: Outcomes, base: Outcomes) -> Difference:
    """
    >>> a, b = ({"relu adam 0": Outcome(status="done", test_metric=x)} for x in (0.5, 0.75))
    >>> difference(a, a).identical, difference(a, b).metric
    (1, 0.25)
    """
    found = [compare(base[name], one[name]) for name in base if name in one]
    losses = ("train_loss", "validation_loss", "test_loss", "last_test_loss")
    return Difference(
        runs=len(found),
        identical=sum(each.identical for each in found),
        loss=max((each.largest.get(name, 0.0) for each in found for name in losses), default=0.0),
        metric=max((each.largest.get("test_metric", 0.0) for each in found), default=0.0),
    )


def page(wanted: Task, title: str, told: Mapping[str, Any], found: Mapping[str, Difference]) -> list[str]:
    rows = [
        [name, f"{each.identical} of {each.runs}", f"{each.loss:.2g}", f"{100 * each.metric:.3f}"]
        for name, each in found.items()
    ]
    on, off, ratios = told["seconds_on"], told["seconds_off"], told["ratios"]
    machine = told["machine"]
    versions = machine.get("versions", {})
    cells = f"{len(ACTIVATIONS) * len(OPTIMIZERS)} cells x {wanted.seeds} seed{'s' * (wanted.seeds > 1)}"
    return [
        f"## {title}, {wanted.model}", "",
        f"{cells} x {wanted.epochs} epochs at default rates, batch {wanted.batch_size}, each way in a process of its "
        f"own, on {machine.get('cores')} cores of {machine.get('processor', '')}; Keras {versions.get('keras')}, "
        f"TensorFlow {versions.get('tensorflow')}, JAX {versions.get('jax')}.", "",
        f"Determinism costs a factor of {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}, rounds: "
        f"{len(ratios)}): {median(on):.3f} s by model-epoch with it, {median(off):.3f} s without.", "",
        f"Against {BASE.name}, as a sweep trains:", "",
        table(["trained by", "bit-identical runs", "largest difference of a loss", "of test accuracy, points"], rows),
        "",
    ]  # fmt: skip


def _trained(variant: Variant, wanted: Task, data_dir: str | None) -> tuple[str, Outcomes]:
    """The title of the data that was used, and what came of every run."""
    plan = {
        "name": "determinism", "seeds": wanted.seeds,
        "block": [{"dataset": wanted.dataset, "model": wanted.model, "epochs": wanted.epochs,
                   "batch_size": wanted.batch_size, "activations": ACTIVATIONS, "optimizers": OPTIMIZERS}],
    }  # fmt: skip
    given = json.dumps({"plan": plan, "data_dir": data_dir, **asdict(variant)})
    lines = watch([sys.executable, "-m", "experiments.bench.variant", given], {}).lines
    return lines[0]["title"], {line["run"]: Outcome.from_json(line["outcome"]) for line in lines}
