"""A validated plan (names only) and the runs that it asks for."""

import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments import checks, names, outputs
from experiments.errors import PlanError
from experiments.names import PLUGIN
from experiments.plugins.offer import Offer
from experiments.tuning.space import STRATEGIES, Tuning

FOLDER = Path(__file__).with_name("plans")
LONGEST = 2**20
"""Bytes of a plan's file."""
WHOLE = {"epochs": (1, 100_000), "batch_size": (1, 10_000_000)}
LARGEST = 100_000
"""Of the arguments of a model."""
SUBSET = re.compile(r"(?P<base>[a-z0-9_]+)-[1-9][0-9]{0,8}k?")
GRID = {"activations": names.ACTIVATIONS[:8], "optimizers": names.OPTIMIZERS}
"""The whole grid: what a block gets that names no activations or no optimizers."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One (data set, model) grid of a plan.

    ``optimizer_args`` fixes an optimizer's constants, ``constants`` gives those that are tuned beside the
    rate and their choices; ``learning_rates`` replaces default rates. An ``initialiser`` given here is used
    for all activations, as a control; without it each gets its own.

    ``losses`` are compared like activations and optimizers: each entry is a loss, or a loss and what its outputs go
    through, ``"hinge on tanh"``. Without a head of its own an entry has ``head``, or else the textbook's for its task.
    One that does not fit the task is an error: a block has one data set, so it can only be a slip.
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
    losses: tuple[str, ...] = ()
    initialiser: str | None = None

    @property
    def named_losses(self) -> tuple[str, ...]:
        return self.losses or ((self.loss,) if self.loss else ())

    @property
    def losses_and_heads(self) -> list[tuple[str | None, str | None]]:
        """Of each of its comparisons; None is the textbook's."""
        pairs = [outputs.parted(each) for each in self.losses]
        return [(loss, head or self.head) for loss, head in pairs] or [(self.loss, self.head)]


@dataclass(frozen=True, kw_only=True)
class Plan:
    name: str
    blocks: tuple[Block, ...]
    title: str = ""
    seeds: int = 5
    engine: str = "compiled"
    tuning: Tuning = field(default_factory=Tuning)
    plugin: Offer | None = None

    def with_seeds(self, seeds: int) -> "Plan":
        return replace(self, seeds=checks.whole(seeds, "seeds", 1, 10_000))

    def on(self, dataset: str) -> "Plan":
        """The same plan on another data set; blocks that then say the same are told once."""
        blocks = {repr(block): block for block in (replace(each, dataset=dataset) for each in self.blocks)}
        return replace(self, blocks=tuple(blocks.values()))

    def widened(self, only: dict[str, list[str]]) -> "Plan":
        """The same plan with what `--only` names by a prefix (``keras:gelu``, ``plugin:swoosh``) in each block too."""
        blocks = list(self.blocks)
        for factor, key, allowed in (("activation", "activations", _activations(self.plugin)),
                                     ("optimizer", "optimizers", _optimizers(self.plugin))):  # fmt: skip
            more = [name for name in only.get(factor, []) if _prefixed(name, f"{factor} of --only", allowed)]
            blocks = [_with(block, self.plugin, **{key: tuple(dict.fromkeys([*getattr(block, key), *more]))})
                      for block in blocks]  # fmt: skip
        models = [name for name in only.get("model", []) if _prefixed(name, "model of --only", _models(self.plugin))]
        there = {block.model for block in blocks}
        added = [replace(block, model=name, model_args={}) for name in models if name not in there for block in blocks]
        distinct = {repr(block): block for block in [*blocks, *added]}
        return replace(self, blocks=tuple(distinct.values()))

    def narrowed(self, only: dict[str, list[str]]) -> "Plan":
        """The same plan with fewer activations, optimizers, losses, data sets or models."""
        there = {
            "activation": [name for block in self.blocks for name in block.activations],
            "optimizer": [name for block in self.blocks for name in block.optimizers],
            "loss": [name for block in self.blocks for name in outputs.spoken(block.named_losses)],
            "dataset": [block.dataset for block in self.blocks],
            "model": [block.model for block in self.blocks],
        }
        if "loss" in only and not there["loss"]:
            raise PlanError(f"--only loss={','.join(only['loss'])}: no block of plan {self.name!r} names its losses; "
                            "in a plan of your own, say losses = [...]")  # fmt: skip
        for factor, values in only.items():
            for value in values:
                checks.one_of(value, f"{factor} of --only", tuple(dict.fromkeys(there[factor])))
        blocks = []
        for block in self.blocks:
            activations = tuple(a for a in block.activations if a in only.get("activation", [a]))
            optimizers = tuple(o for o in block.optimizers if o in only.get("optimizer", [o]))
            losses = outputs.chosen(block.named_losses, only.get("loss"))
            here = block.dataset in only.get("dataset", [block.dataset]) and (bool(losses) or "loss" not in only)
            if here and activations and optimizers and block.model in only.get("model", [block.model]):
                blocks.append(replace(block, activations=activations, optimizers=optimizers,
                                      losses=losses if block.losses else ()))  # fmt: skip
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


def fixed_constants(block: Block, optimizer: str) -> dict[str, Any]:
    """The optimizer's constants that are not its defaults."""
    return {
        **names.KERAS_ARGUMENTS.get(optimizer.removeprefix("keras:"), {}),
        **block.optimizer_args.get(optimizer, {}),
    }


def available() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name_or_path: str, plugin: Offer | None = None) -> Plan:
    """A plan by name, or from a TOML file.

    Args:
        name_or_path: of the plan.
        plugin: whose parts it may name too.

    Raises:
        PlanError: there is no such plan, or something in it is not allowed; the text says what is.
    """
    table, path = read(name_or_path)
    try:
        return parse(table, plugin)
    except PlanError as error:
        raise PlanError(f"plan {path}: {error}") from None


def read(name_or_path: str) -> tuple[dict[str, Any], Path]:
    """The tables of a plan's file as they stand there, and the file.

    Raises:
        PlanError: there is no such file, or it is no TOML.
    """
    path = Path(name_or_path)
    if name_or_path in available():  # a folder of the same name, say the --out of before, does not hide it
        path = FOLDER / f"{name_or_path}.toml"
    elif path.suffix != ".toml" and not os.path.lexists(name_or_path):
        raise PlanError(checks.unknown("plan", name_or_path, available()) + "; or give the path of a .toml file")
    try:
        if path.exists() and not path.is_dir() and (not path.is_file() or path.stat().st_size > LONGEST):
            raise PlanError(f"plan {path} is no file of at most {LONGEST:,} bytes: give a .toml file")
        return tomllib.loads(path.read_text(encoding="utf-8")), path
    except OSError as error:
        raise PlanError(f"plan {path} cannot be read ({error.strerror}): give a .toml file") from None
    except (ValueError, RecursionError) as error:  # tomllib passes on what int() and deep nesting raise
        why = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)[:300]
        raise PlanError(f"plan {path} is not valid TOML: {why}") from None


def parse(table: dict[str, Any], plugin: Offer | None = None) -> Plan:
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
        blocks=_distinct([_block(block, f"block {number}", plugin) for number, block in enumerate(blocks, 1)]),
        plugin=plugin,
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


def _activations(plugin: Offer | None) -> tuple[str, ...]:
    own = plugin.named("activations") if plugin else ()
    return (*names.ACTIVATIONS, *(f"keras:{name}" for name in names.KERAS_ACTIVATIONS), *own)


def _optimizers(plugin: Offer | None) -> tuple[str, ...]:
    own = plugin.named("optimizers") if plugin else ()
    return (*names.OPTIMIZERS, *(f"keras:{name}" for name in names.KERAS_RATES), *own)


def _models(plugin: Offer | None) -> tuple[str, ...]:
    return (*names.MODELS, *(plugin.named("models") if plugin else ()))


def _prefixed(name: str, where: str, allowed: tuple[str, ...]) -> bool:
    """Whether a name has a prefix; if so, it has to be allowed."""
    return ":" in name and bool(checks.one_of(name, where, allowed))


def _with(block: Block, plugin: Offer | None, **changes: Any) -> Block:
    """A block with these changes, and with the default rates of what it has of the plugin."""
    block = replace(block, **changes)
    rates = plugin.optimizers if plugin else {}
    ours = {PLUGIN + name: rate for name, rate in rates.items() if PLUGIN + name in block.optimizers}
    return replace(block, learning_rates=ours | block.learning_rates) if ours else block


def _block(table: dict[str, Any], where: str, plugin: Offer | None) -> Block:
    checks.keys(table, where, set(Block.__dataclass_fields__))
    if "dataset" not in table:
        raise PlanError(f"{where} names no dataset: give one of {', '.join(names.DATASETS)}")
    checked: dict[str, Any] = {"dataset": check_dataset(table["dataset"], f"{where}: dataset")}
    activations, optimizers, models = _activations(plugin), _optimizers(plugin), _models(plugin)
    one_of = {
        "model": models,
        "loss": (*names.LOSSES, *(plugin.named("losses") if plugin else ())),
        "head": names.HEADS,
        "initialiser": names.INITIALISERS,
    }
    some_of = {"activations": activations, "optimizers": optimizers}
    for key, value in table.items():
        label = f"{where}: {key}"
        if key in one_of:
            checked[key] = checks.one_of(value, label, one_of[key])
        elif key in some_of:
            checked[key] = checks.some_of(value, label, some_of[key])
        elif key == "losses":
            checked[key] = outputs.checked(value, label, one_of["loss"])
        elif key in WHOLE:
            checked[key] = checks.whole(value, label, *WHOLE[key])
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
            allowed = _model_arguments(table.get("model", "mlp"), plugin)
            checked[key] = {
                checks.one_of(name, label, allowed): checks.whole(given, f"{label}.{name}", allowed[name], LARGEST)
                for name, given in checks.table(value, label).items()
            }
    if "loss" in checked and "losses" in checked:
        raise PlanError(f"{where} has both loss and losses; give losses alone, {checked['loss']!r} among them")
    return _with(Block(**checked), plugin)


def _model_arguments(model: Any, plugin: Offer | None) -> dict[str, int]:
    """What a plan may set of a model, and the least value of each."""
    if model in _models(plugin) and model not in names.MODELS:
        return dict.fromkeys(plugin.models[model.removeprefix(PLUGIN)], 0) if plugin else {}
    return {name: names.LEAST[name] for name in names.MODEL_ARGUMENTS.get(model, ())} if model in names.MODELS else {}


def _named(optimizer: str, value: Any, where: str) -> dict[str, Any]:
    """Constants of an optimizer: their names are checked for our own; those of others show when it is made."""
    table = checks.table(value, where)
    if ":" not in optimizer:
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
