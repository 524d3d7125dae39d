"""The parts of the plugin that this worker has loaded, checked as far as that goes without building any."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from experiments.errors import PlanError
from experiments.names import INITIALISERS, PLUGIN
from experiments.plugins import source
from experiments.plugins.offer import Offer

TABLES = ("ACTIVATIONS", "OPTIMIZERS", "LOSSES", "MODELS")
BUILD = ("input_shape", "outputs", "activation")
"""What a function that builds a model is given."""


@dataclass(frozen=True)
class Parts:
    """
    Attributes:
        activations: name -> a maker of its layer, and the initialiser.
        optimizers: name -> a maker that takes ``learning_rate``, and the default rate.
        losses: name -> a maker of the loss.
        models: name -> the function that builds it.
    """

    activations: Mapping[str, tuple[Callable[[], keras.Layer], str]]
    optimizers: Mapping[str, tuple[Callable[..., Any], float]]
    losses: Mapping[str, Callable[[], Any]]
    models: Mapping[str, Callable[..., Any]]


_loaded: tuple[str, Parts] | None = None
"""Digest and parts of the one plugin of this process."""


def offer(given: str, here: str) -> Offer:
    """Import a plugin and say what it offers.

    Raises:
        PlanError: it cannot be imported, or a table of it is not as it has to be.
    """
    global _loaded
    name, folder = source.find(given, Path(here))
    module, files = source.load(name, folder)
    parts = read(module)
    found = source.digest(folder, files)
    _loaded = (found, parts)
    return Offer(
        module=name, folder=str(folder), file=Path(module.__file__ or name).name, files=files, digest=found,
        activations={name: initialiser for name, (_, initialiser) in parts.activations.items()},
        optimizers={name: rate for name, (_, rate) in parts.optimizers.items()},
        losses=tuple(parts.losses),
        models={name: _arguments(build) for name, build in parts.models.items()},
    )  # fmt: skip


def offered(given: str, here: str) -> Offer | PlanError:
    """The same for a call from the parent process, which is told what is wrong as a value."""
    try:
        return offer(given, here)
    except PlanError as error:
        return error


def use(plugin: Offer | None, wanted: str) -> None:
    """Load a plugin, if it is not there yet, for a run that was planned with it.

    Raises:
        PlanError: no plugin was named, or its sources are no longer those of the run.
    """
    global _loaded
    if plugin is None:
        raise PlanError("this run has a part of a plugin: name its module with --plugin")
    if _loaded is None:
        module, _ = source.load(plugin.module, Path(plugin.folder))
        _loaded = (source.digest(Path(plugin.folder), plugin.files), read(module))
    if _loaded[0] != wanted:
        raise PlanError(f"{plugin.file} is no longer what the plan was made with: start the sweep again")


def activation(name: str) -> Callable[[], keras.Layer]:
    return _here().activations[name.removeprefix(PLUGIN)][0]


def optimizer(name: str) -> Callable[..., Any]:
    return _here().optimizers[name.removeprefix(PLUGIN)][0]


def loss(name: str) -> Any:
    return _here().losses[name.removeprefix(PLUGIN)]()


def model(name: str) -> Callable[..., Any]:
    return _here().models[name.removeprefix(PLUGIN)]


def _here() -> Parts:
    if _loaded is None:
        raise PlanError("a part of a plugin is asked for, but no plugin was named: say --plugin MODULE")
    return _loaded[1]


def read(module: ModuleType) -> Parts:
    """The four tables of a module.

    Raises:
        PlanError: there is none, or an entry is of another form than it has to be.
    """
    tables = {table: getattr(module, table, None) for table in TABLES}
    for table, entries in tables.items():
        if entries is not None and not isinstance(entries, dict):
            raise PlanError(f"{table} of plugin {module.__name__} is of type {type(entries).__name__}; it has to be a "
                            'dictionary, such as {"name": part}')  # fmt: skip
    if not any(tables.values()):
        raise PlanError(f"plugin {module.__name__} offers nothing: it has to define one of {', '.join(TABLES)}, each a "
                        "dictionary of names")  # fmt: skip

    def parts(table: str, form: Callable[[str, Any], Any]) -> dict[str, Any]:
        found = {}
        for name, value in (tables[table] or {}).items():
            if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w{0,39}", name, re.ASCII):
                raise PlanError(f"{table} of plugin {module.__name__} names {name!r}; allowed: letters, digits and _, "
                                "a letter first, at most 40")  # fmt: skip
            found[name] = form(f"{table}[{name!r}] of plugin {module.__name__}", value)
        return found

    return Parts(
        activations=parts("ACTIVATIONS", _activation),
        optimizers=parts("OPTIMIZERS", _optimizer),
        losses=parts("LOSSES", _loss),
        models=parts("MODELS", _model),
    )


def _activation(where: str, value: Any) -> tuple[Callable[[], keras.Layer], str]:
    initialiser = "glorot"
    if isinstance(value, tuple) and len(value) == 2:
        value, initialiser = value
    if initialiser not in INITIALISERS:
        raise PlanError(f"{where} has initialiser {initialiser!r}; allowed: {', '.join(INITIALISERS)}")
    _check_class(where, value)
    if takes(value):
        return value, initialiser
    if takes(value, None):
        return (lambda: keras.layers.Activation(value)), initialiser
    raise PlanError(f"{where} {_is(value)}; it has to be a function of one tensor, or one without arguments (or a "
                    "class) that makes a Keras layer")  # fmt: skip


def _optimizer(where: str, value: Any) -> tuple[Callable[..., Any], float]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise PlanError(
            f"{where} is {value!r:.60}; it has to be a pair of class and default rate, such as (MySGD, 0.01)"
        )
    make, rate = value
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate < float("inf"):
        raise PlanError(f"{where} has the default rate {rate!r}; allowed: a finite number above 0")
    if not takes(make, learning_rate=rate):
        raise PlanError(f"{where} {_is(make)}; it has to take learning_rate=, all else with a default")
    return make, float(rate)


def _loss(where: str, value: Any) -> Callable[[], Any]:
    _check_class(where, value)
    if takes(value):
        return value
    if takes(value, None, None):
        return lambda: _Loss(value)
    raise PlanError(f"{where} {_is(value)}; it has to be a function of (y_true, y_pred) with a value for each "
                    "example, or one without arguments (or a class) that makes a Keras loss")  # fmt: skip


def _check_class(where: str, value: Any) -> None:
    """A class whose arguments have no defaults would be taken for a function of tensors."""
    if inspect.isclass(value) and not takes(value):
        raise PlanError(f"{where} is class {value.__name__}, which {_is(value)}: give each argument a default, or say "
                        f"lambda: {value.__name__}(...) in its place")  # fmt: skip


def _model(where: str, value: Any) -> Callable[..., Any]:
    if not takes(value, *BUILD):
        raise PlanError(f"{where} {_is(value)}; it has to be a function of ({', '.join(BUILD)})")
    return value


def _arguments(build: Callable[..., Any]) -> tuple[str, ...]:
    """Those that a plan may set: whole numbers by their default."""
    more = list(inspect.signature(build).parameters.values())[len(BUILD) :]
    return tuple(each.name for each in more if isinstance(each.default, int))


class _Loss(keras.losses.Loss):
    """A function of the user's as a loss."""

    def __init__(self, function: Callable[[Any, Any], Any]):
        super().__init__(name=getattr(function, "__name__", None))
        self.call = function


def takes(function: Any, *arguments: Any, **named: Any) -> bool:
    """Whether a call with these arguments would fit."""
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*arguments, **named)
    except TypeError:
        return False
    except ValueError:  # some built-in functions do not tell
        return bool(arguments or named)
    return True


def _is(value: Any) -> str:
    """What was given."""
    if not callable(value):
        return f"is {value!r:.60}"
    try:
        return f"takes {inspect.signature(value)}"
    except (TypeError, ValueError):
        return f"is {value!r:.60}"
