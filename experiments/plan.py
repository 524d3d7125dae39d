"""A validated plan (names only) and the runs that it asks for."""

import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments import checks, names
from experiments.errors import PlanError
from experiments.tuning.space import STRATEGIES, Tuning

FOLDER = Path(__file__).with_name("plans")
LONGEST = 2**20
"""Bytes of a plan's file."""
SUBSET = re.compile(r"(?P<base>[a-z0-9_]+)-[1-9][0-9]{0,8}k?")
GRID = {"activations": names.ACTIVATIONS[:8], "optimizers": names.OPTIMIZERS}
"""The whole grid: what a block gets that names no activations or no optimizers."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One (data set, model) grid of a plan.

    ``optimizer_args`` fixes an optimizer's constants, ``constants`` gives those that are tuned beside the
    rate and their choices; ``learning_rates`` replaces default rates. An ``initialiser`` given here is used
    for all activations, as a control; without it each gets its own.
    """

    dataset: str
    model: str = "mlp"
    model_args: dict[str, Any] = field(default_factory=dict)
    activations: tuple[str, ...] = GRID["activations"]
    optimizers: tuple[str, ...] = GRID["optimizers"]
    optimizer_args: dict[str, dict[str, float]] = field(default_factory=dict)
    learning_rates: dict[str, float] = field(default_factory=dict)
    constants: dict[str, dict[str, list[float]]] = field(default_factory=dict)
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
    tuning: Tuning = field(default_factory=Tuning)

    def with_seeds(self, seeds: int) -> "Plan":
        return replace(self, seeds=checks.whole(seeds, "seeds", 1, 10_000))

    def on(self, dataset: str) -> "Plan":
        """The same plan on another data set; blocks that then say the same are told once."""
        blocks = {repr(block): block for block in (replace(each, dataset=dataset) for each in self.blocks)}
        return replace(self, blocks=tuple(blocks.values()))

    def narrowed(self, only: dict[str, list[str]]) -> "Plan":
        """The same plan with fewer activations, optimizers, data sets or models."""
        there = {
            "activation": [name for block in self.blocks for name in block.activations],
            "optimizer": [name for block in self.blocks for name in block.optimizers],
            "dataset": [block.dataset for block in self.blocks],
            "model": [block.model for block in self.blocks],
        }
        for factor, values in only.items():
            for value in values:
                checks.one_of(value, f"{factor} of --only", tuple(dict.fromkeys(there[factor])))
        blocks = []
        for block in self.blocks:
            activations = tuple(a for a in block.activations if a in only.get("activation", [a]))
            optimizers = tuple(o for o in block.optimizers if o in only.get("optimizer", [o]))
            here = block.dataset in only.get("dataset", [block.dataset])
            if here and activations and optimizers and block.model in only.get("model", [block.model]):
                blocks.append(replace(block, activations=activations, optimizers=optimizers))
        if not blocks:
            asked = " ".join(f"--only {factor}={','.join(values)}" for factor, values in only.items())
            raise PlanError(f"no block of plan {self.name!r} has all of {asked}: widen it")
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
    if name_or_path in available():  # a folder of the same name, say the --out of before, does not hide it
        path = FOLDER / f"{name_or_path}.toml"
    elif path.suffix != ".toml" and not os.path.lexists(name_or_path):
        raise PlanError(checks.unknown("plan", name_or_path, available()) + "; or give the path of a .toml file")
    try:
        if path.exists() and not path.is_dir() and (not path.is_file() or path.stat().st_size > LONGEST):
            raise PlanError(f"plan {path} is no file of at most {LONGEST:,} bytes: give a .toml file")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"plan {path} cannot be read ({error.strerror}): give a .toml file") from None
    except (ValueError, RecursionError) as error:  # tomllib passes on what int() and deep nesting raise
        why = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)[:300]
        raise PlanError(f"plan {path} is not valid TOML: {why}") from None
    try:
        return parse(table)
    except PlanError as error:
        raise PlanError(f"plan {path}: {error}") from None


def parse(table: dict[str, Any]) -> Plan:
    """A plan from the tables of its TOML file."""
    checks.keys(table, "the plan", {"name", "title", "seeds", "engine", "tuning", "block"})
    blocks = table.get("block")
    if not isinstance(blocks, list) or not blocks or not all(isinstance(block, dict) for block in blocks):
        raise PlanError("a plan needs at least one [[block]] with a dataset")
    name = checks.text(table.get("name", "unnamed"), "name")
    if not re.fullmatch(r"[\w.-]{1,60}", name):
        raise PlanError(f"name is {name[:80]!r}; allowed: letters, digits, '.', '_' and '-', at most 60")
    return Plan(
        name=name,
        title=checks.text(table.get("title", name), "title"),
        seeds=checks.whole(table.get("seeds", 5), "seeds", 1, 10_000),
        engine=checks.one_of(table.get("engine", "compiled"), "engine", names.ENGINES),
        tuning=_tuning(checks.table(table.get("tuning", {}), "tuning")),
        blocks=_distinct([_block(block, f"block {number}") for number, block in enumerate(blocks, 1)]),
    )


def _distinct(blocks: list[Block]) -> tuple[Block, ...]:
    for number, block in enumerate(blocks, 1):
        if block in blocks[: number - 1]:
            same = blocks.index(block) + 1
            raise PlanError(f"block {number} says the same as block {same}: remove it, or change one of them")
    return tuple(blocks)


def check_dataset(name: Any, where: str = "dataset") -> str:
    """``mnist``, ``cifar10-5k``: a known data set, with or without a size."""
    if isinstance(name, str) and re.fullmatch(names.OWN + r"(-[1-9][0-9]{0,8}k?)?", name):
        return name
    match = SUBSET.fullmatch(name) if isinstance(name, str) else None
    if match and match["base"] in names.DATASETS:
        return name
    return checks.one_of(
        name, where, names.DATASETS, " (each also as a subset, such as cifar10-5k; own:NAME for data of your own)"
    )


def _tuning(table: dict[str, Any]) -> Tuning:
    checks.keys(table, "tuning", Tuning.__dataclass_fields__)
    whole = {"seeds": (1, 1000), "confirm": (0, 1000), "points": (3, 25), "extensions": (0, 10), "trials": (1, 10_000)}
    checked: dict[str, Any] = {
        key: checks.one_of(value, "tuning: strategy", STRATEGIES) if key == "strategy"
        else checks.whole(value, f"tuning: {key}", *whole[key])
        for key, value in table.items()
    }  # fmt: skip
    if checked.get("points", 5) % 2 == 0:
        raise PlanError(f"tuning: points is {checked['points']}; allowed: odd numbers, the default is in the middle")
    return Tuning(**{"strategy": "grid", **checked} if table else {})


def _block(table: dict[str, Any], where: str) -> Block:
    checks.keys(table, where, set(Block.__dataclass_fields__))
    if "dataset" not in table:
        raise PlanError(f"{where} names no dataset: give one of {', '.join(names.DATASETS)}")
    checked: dict[str, Any] = {"dataset": check_dataset(table["dataset"], f"{where}: dataset")}
    activations = (*names.ACTIVATIONS, *(f"keras:{name}" for name in names.KERAS_ACTIVATIONS))
    optimizers = (*names.OPTIMIZERS, *(f"keras:{name}" for name in names.KERAS_RATES))
    one_of = {
        "model": names.MODELS,
        "loss": names.LOSSES,
        "head": names.HEADS,
        "initialiser": names.INITIALISERS,
    }
    some_of = {"activations": activations, "optimizers": optimizers}
    whole = {"epochs": (1, 100_000), "batch_size": (1, 10_000_000)}
    for key, value in table.items():
        label = f"{where}: {key}"
        if key in one_of:
            checked[key] = checks.one_of(value, label, one_of[key])
        elif key in some_of:
            checked[key] = checks.some_of(value, label, some_of[key])
        elif key in whole:
            checked[key] = checks.whole(value, label, *whole[key])
        elif key == "learning_rates":
            checked[key] = {checks.one_of(name, label, optimizers): checks.positive(rate, f"{label}.{name}")
                            for name, rate in checks.table(value, label).items()}  # fmt: skip
        elif key == "optimizer_args":
            checked[key] = {checks.one_of(name, label, optimizers): _constants(name, given, f"{label}.{name}")
                            for name, given in checks.table(value, label).items()}  # fmt: skip
        elif key == "constants":
            checked[key] = {checks.one_of(name, label, optimizers): _choices(name, given, f"{label}.{name}")
                            for name, given in checks.table(value, label).items()}  # fmt: skip
        elif key == "model_args":
            allowed = (
                names.MODEL_ARGUMENTS[table.get("model", "mlp")] if table.get("model", "mlp") in names.MODELS else ()
            )
            checked[key] = {
                checks.one_of(name, label, allowed): checks.whole(given, f"{label}.{name}", names.LEAST[name], 100_000)
                for name, given in checks.table(value, label).items()
            }
    return Block(**checked)


def _named(optimizer: str, value: Any, where: str) -> dict[str, Any]:
    """Constants of an optimizer: their names are checked for our own, Keras checks those of Keras's."""
    table = checks.table(value, where)
    if not optimizer.startswith("keras:"):
        for name in table:
            checks.one_of(name, where, names.OPTIMIZER_ARGUMENTS[optimizer])
    elif "learning_rate" in table:
        raise PlanError(f"{where} names learning_rate: give it under learning_rates")
    return table


def _constants(optimizer: str, value: Any, where: str) -> dict[str, float]:
    return {name: checks.finite(given, f"{where}.{name}") for name, given in _named(optimizer, value, where).items()}


def _choices(optimizer: str, value: Any, where: str) -> dict[str, list[float]]:
    """Constant -> the values that tuning may choose from."""
    found = {}
    for name, values in _named(optimizer, value, where).items():
        if not isinstance(values, list) or not values:
            raise PlanError(f"{where}.{name} is no list with at least one number; give what tuning may choose from")
        found[name] = [checks.finite(each, f"{where}.{name}") for each in values]
        if len(set(found[name])) < len(values):
            raise PlanError(f"{where}.{name} has a value twice; give each once")
    return found
