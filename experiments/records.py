"""What a run is (its identity, hashed to its key) and what came of it (its outcome)."""

import functools
import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any

SEMANTICS = 2
"""Version of what training means here. Raise it when the same identity would train otherwise."""

TUNING_SEEDS = 1_000_000
"""Seeds from here on are for tuning, those below for scoring: the two never overlap."""

STATUSES = ("done", "diverged", "failed", "oom")
RESULTS = ("done", "diverged")
"""The statuses that are results. The others are tried again by the next sweep."""

Arguments = tuple[tuple[str, float | int | str | bool], ...]
"""Named arguments in alphabetical order, so that equal arguments hash alike."""


_SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def arguments(named: dict[str, Any]) -> Arguments:
    return tuple(sorted(named.items()))


@dataclass(frozen=True, kw_only=True)
class Run:
    """The identity of a run. Change anything here and it is another run.

    Attributes:
        dataset: name, such as ``mnist`` or ``cifar10-5k``.
        fingerprint: sha256 over the arrays of all three splits.
        model, model_args: named builder and its arguments.
        activation, activation_args: of the hidden layers.
        optimizer, optimizer_args: the constants beside the learning rate.
        loss, head: of the output.
        initialiser: ``glorot``, ``he`` or ``lecun``.
        batch_size: examples an update; 0 is the whole training part.
        epochs: budget, in passes over the training part.
        seed: fixes initial weights and the order of the data.
        engine: ``compiled``, ``reference`` or ``stacked``.
        plugin: digest of the plugin that a part of it is from; empty, and then no part of the key, without one.
    """

    dataset: str
    fingerprint: str
    model: str
    activation: str
    optimizer: str
    loss: str
    head: str
    initialiser: str
    learning_rate: float
    batch_size: int
    epochs: int
    seed: int
    model_args: Arguments = ()
    activation_args: Arguments = ()
    optimizer_args: Arguments = ()
    schedule: str = "constant"
    precision: str = "float32"
    engine: str = "compiled"
    semantics: int = SEMANTICS
    plugin: str = ""

    @functools.cached_property  # asked for many times a run, and dearer than all else about it
    def key(self) -> str:
        """16 hexadecimal digits that name this run and no other."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    @property
    def tuning(self) -> bool:
        """Whether this run only helps to choose a learning rate: it never reads test data."""
        return self.seed >= TUNING_SEEDS

    @property
    def model_label(self) -> str:
        """``mlp``, or ``mlp(depth=10)`` where an argument is not the default."""
        inner = ", ".join(f"{name}={value}" for name, value in self.model_args)
        return f"{self.model}({inner})" if inner else self.model

    def to_json(self) -> str:
        told = {name: value for name, value in vars(self).items() if name != "key"}
        if not self.plugin:  # so that keys stay what they were before there were plugins
            del told["plugin"]
        return _SORTED.encode(told)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        named = json.loads(text)
        for each in _NAMED:
            named[each] = tuple((name, value) for name, value in named.get(each, ()))
        return cls(**named)


_NAMED = tuple(each.name for each in fields(Run) if each.type == Arguments)


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One line of a learning curve. ``metric`` is accuracy, or R² for regression."""

    epoch: int
    train_loss: float
    train_metric: float
    validation_loss: float
    validation_metric: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        status: ``done``, ``diverged`` (see ``step``), ``failed`` (see ``error``) or ``oom``.
        metric: name of the metric: ``accuracy`` or ``r2``.
        chance: what the metric is without learning: the share of the commonest class; 0 for R².
        best_epoch: the epoch with the best validation metric (0 where none ended well).
        test_loss, test_metric: of the weights of ``best_epoch``; None for tuning runs.
        last_test_loss, last_test_metric: of the last weights.
        step: the first update whose loss was not finite, counted from 1.
        parameters: trainable parameters; state_bytes: of the optimizer's slots.
        seconds: wall clock of training and scoring, without tracing and diagnostics.
        compile_seconds: for tracing and compiling; 0 for the runs that share an earlier trace.
        peak_bytes: most memory that the worker has held so far.
        machine: versions, cores, backend, commit; nothing that names the host.
        diagnostics: list of rows (dictionaries), see ``experiments.diagnostics``.
    """

    status: str
    metric: str = "accuracy"
    chance: float = 0.0
    curve: tuple[Epoch, ...] = ()
    best_epoch: int = 0
    validation_metric: float | None = None
    test_loss: float | None = None
    test_metric: float | None = None
    last_test_loss: float | None = None
    last_test_metric: float | None = None
    step: int | None = None
    error: str | None = None
    parameters: int = 0
    state_bytes: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    peak_bytes: int = 0
    machine: dict[str, Any] = field(default_factory=dict)
    diagnostics: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> str:
        # As dataclasses.asdict has it, without its copies of all that is inside.
        return json.dumps({**vars(self), "curve": [vars(epoch) for epoch in self.curve]}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        named = json.loads(text)
        named["curve"] = tuple(Epoch(**epoch) for epoch in named["curve"])
        named["diagnostics"] = tuple(named["diagnostics"])
        return cls(**named)
