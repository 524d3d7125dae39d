"""A validated plan (names only) and the runs that it asks for."""

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments import names
from experiments.errors import PlanError

FOLDER = Path(__file__).with_name("plans")
SUBSET = re.compile(r"^(?P<base>\w+?)-(?P<count>\d+)(?P<thousand>k?)$")
GRID = {"activations": names.ACTIVATIONS[:8], "optimizers": names.OPTIMIZERS}
"""The whole grid: what a block gets that names no activations or no optimizers."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One (data set, model) grid of a plan."""

    dataset: str
    model: str = "mlp"
    model_args: dict[str, Any] = field(default_factory=dict)
    activations: tuple[str, ...] = GRID["activations"]
    optimizers: tuple[str, ...] = GRID["optimizers"]
    optimizer_args: dict[str, dict[str, float]] = field(default_factory=dict)
    learning_rates: dict[str, float] = field(default_factory=dict)
    epochs: int = 5
    batch_size: int = 128
    loss: str | None = None
    head: str | None = None
    initialiser: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    name: str
    blocks: tuple[Block, ...]
    title: str = ""
    seeds: int = 5
    engine: str = "compiled"

    def with_seeds(self, seeds: int) -> "Plan":
        return replace(self, seeds=_whole(seeds, "seeds", 1, 10_000))

    def narrowed(self, only: dict[str, list[str]]) -> "Plan":
        """The same plan with fewer activations, optimizers, data sets or models."""
        blocks = []
        for block in self.blocks:
            kept = {
                "activations": tuple(a for a in block.activations if a in only.get("activation", block.activations)),
                "optimizers": tuple(o for o in block.optimizers if o in only.get("optimizer", block.optimizers)),
            }
            if (all(kept.values()) and block.dataset in only.get("dataset", [block.dataset])
                    and block.model in only.get("model", [block.model])):  # fmt: skip
                blocks.append(replace(block, **kept))
        if not blocks:
            raise PlanError(f"nothing of plan {self.name!r} is left with --only {only}: widen it")
        return replace(self, blocks=tuple(blocks))


def learning_rate(block: Block, optimizer: str) -> float:
    """The rate that the block gives, else the optimizer's default."""
    if optimizer in block.learning_rates:
        return block.learning_rates[optimizer]
    if optimizer.startswith("keras:"):
        return names.KERAS_RATES[optimizer.removeprefix("keras:")]
    return names.DEFAULT_RATES[optimizer]


def available() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str) -> Plan:
    """A plan by name, or from a TOML file.

    Raises:
        PlanError: there is no such plan, or something in it is not allowed; the text says what is.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        path = FOLDER / f"{name_or_path}.toml"
        if name_or_path not in available():
            raise PlanError(_unknown("plan", name_or_path, available()) + "; or give the path of a .toml file")
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"plan {path} is not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"plan {path} cannot be read: {error}") from None
    try:
        return parse(table)
    except PlanError as error:
        raise PlanError(f"plan {path}: {error}") from None


def parse(table: dict[str, Any]) -> Plan:
    """A plan from the tables of its TOML file."""
    _keys(table, "the plan", {"name", "title", "seeds", "engine", "block"})
    blocks = table.get("block")
    if not isinstance(blocks, list) or not blocks or not all(isinstance(block, dict) for block in blocks):
        raise PlanError("a plan needs at least one [[block]] with a dataset")
    name = _text(table.get("name", "unnamed"), "name")
    if not re.fullmatch(r"[\w.-]{1,60}", name):
        raise PlanError(f"name is {name!r}; allowed: letters, digits, '.', '_' and '-', at most 60")
    return Plan(
        name=name,
        title=_text(table.get("title", name), "title"),
        seeds=_whole(table.get("seeds", 5), "seeds", 1, 10_000),
        engine=_one_of(table.get("engine", "compiled"), "engine", names.ENGINES),
        blocks=tuple(_block(block, f"block {number}") for number, block in enumerate(blocks, 1)),
    )


def check_dataset(name: Any, where: str = "dataset") -> str:
    """``mnist``, ``cifar10-5k``: a known data set, with or without a size."""
    match = SUBSET.match(name) if isinstance(name, str) else None
    if match and match["base"] in names.DATASETS and int(match["count"]) > 0:
        return name
    return _one_of(name, where, names.DATASETS, " (each also as a subset, such as cifar10-5k)")


def _block(table: dict[str, Any], where: str) -> Block:
    _keys(table, where, set(Block.__dataclass_fields__))
    if "dataset" not in table:
        raise PlanError(f"{where} names no dataset: give one of {', '.join(names.DATASETS)}")
    checked: dict[str, Any] = {"dataset": check_dataset(table["dataset"], f"{where}: dataset")}
    activations = (*names.ACTIVATIONS, *(f"keras:{name}" for name in names.KERAS_ACTIVATIONS))
    optimizers = (*names.OPTIMIZERS, *(f"keras:{name}" for name in names.KERAS_RATES))
    one_of = {"model": names.MODELS, "loss": names.LOSSES, "head": names.HEADS, "initialiser": names.INITIALISERS}
    some_of = {"activations": activations, "optimizers": optimizers}
    whole = {"epochs": (1, 100_000), "batch_size": (1, 10_000_000)}
    for key, value in table.items():
        label = f"{where}: {key}"
        if key in one_of:
            checked[key] = _one_of(value, label, one_of[key])
        elif key in some_of:
            checked[key] = _some_of(value, label, some_of[key])
        elif key in whole:
            checked[key] = _whole(value, label, *whole[key])
        elif key == "learning_rates":
            checked[key] = {_one_of(name, label, optimizers): _positive(rate, f"{label}.{name}")
                            for name, rate in _table(value, label).items()}  # fmt: skip
        elif key == "optimizer_args":
            checked[key] = {_one_of(name, label, optimizers): _numbers(given, f"{label}.{name}")
                            for name, given in _table(value, label).items()}  # fmt: skip
        elif key == "model_args":
            allowed = names.MODEL_ARGUMENTS[table.get("model", "mlp")] if table.get("model", "mlp") in names.MODELS else ()
            checked[key] = {_one_of(name, label, allowed): _whole(given, f"{label}.{name}", 0, 100_000)
                            for name, given in _table(value, label).items()}  # fmt: skip
    return Block(**checked)


def _keys(table: dict[str, Any], where: str, allowed: Iterable[str]) -> None:
    for key in table:
        if key not in allowed:
            raise PlanError(_unknown(f"key in {where}", key, sorted(allowed)))


def _unknown(what: str, given: Any, allowed: Iterable[str]) -> str:
    options = list(allowed)
    near = difflib.get_close_matches(str(given), options, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"unknown {what}: {given!r}{hint}; allowed: {', '.join(options) or 'nothing'}"


def _one_of(value: Any, where: str, allowed: Iterable[str], more: str = "") -> str:
    if not isinstance(value, str) or value not in (options := tuple(allowed)):
        raise PlanError(_unknown(where, value, allowed) + more)
    return value


def _some_of(value: Any, where: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise PlanError(f"{where} is {value!r}; give a list with at least one of {', '.join(allowed)}")
    chosen = tuple(_one_of(each, where, allowed) for each in value)
    if len(set(chosen)) < len(chosen):
        raise PlanError(f"{where} names something twice: {', '.join(chosen)}; name each once")
    return chosen


def _whole(value: Any, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise PlanError(f"{where} is {value!r}; allowed: a whole number from {low} to {high}")
    return value


def _number(value: Any, where: str, test: Callable[[float], bool], allowed: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or not test(value):
        raise PlanError(f"{where} is {value!r}; allowed: {allowed}")
    return float(value)


def _positive(value: Any, where: str) -> float:
    return _number(value, where, lambda number: number > 0, "a finite number above 0")


def _numbers(value: Any, where: str) -> dict[str, float]:
    return {name: _number(given, f"{where}.{name}", lambda _: True, "a finite number")
            for name, given in _table(value, where).items()}  # fmt: skip


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"{where} is {value!r}; give a table, such as {{ adam = 0.001 }}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise PlanError(f"{where} is {value!r}; give a text")
    return value
