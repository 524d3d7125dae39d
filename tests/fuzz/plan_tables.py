"""Plans as tables, as they come out of a TOML file: known keys with odd values, odd keys, deep ones."""

from typing import Any

from experiments import names, plan
from tests.fuzz.choices import Choices

BLOCK = tuple(plan.Block.__dataclass_fields__)
TUNING = tuple(plan.Tuning.__dataclass_fields__)
NAMES = (*names.ACTIVATIONS, *names.OPTIMIZERS, *names.DATASETS, *names.MODELS, *names.LOSSES, *names.HEADS,
         *names.ENGINES, *names.INITIALISERS, "keras:gelu", "keras:AdamW", "mnist-5k", "own:a:b c", "grid", "hyperband",
         "none")  # fmt: skip
ARGUMENTS = (*sorted(names.LEAST), "momentum", "beta_1", "epsilon", "rho", "clipnorm", "learning_rate")


def _value(choices: Choices) -> Any:
    """Often what is allowed somewhere, so that the checks behind the first one are reached."""
    kind = choices.below(6)
    if kind == 0:
        return choices.value()
    if kind == 1:
        return 1 + choices.below(9)
    if kind == 2:
        return choices.of(NAMES)
    if kind == 3:
        return [choices.of(NAMES) for _ in range(choices.below(4))]
    if kind == 4:
        return {choices.of(NAMES): choices.of((0.1, 3, choices.value())) for _ in range(choices.below(3))}
    inner = {choices.of(ARGUMENTS): choices.of((0.5, [0.1, 0.2], 2, choices.value())) for _ in range(choices.below(3))}
    return choices.of((inner, {choices.of(NAMES): inner}))


def table(choices: Choices) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(choices.below(4)):
        made[choices.of(("name", "title", "seeds", "engine", "tuning", "block", choices.text()))] = _value(choices)
    if choices.below(8):
        made["block"] = [_block(choices) for _ in range(1 + choices.below(3))]
    if choices.below(3) == 0:
        made["tuning"] = {choices.of((*TUNING, "odd")): _value(choices) for _ in range(choices.below(4))}
    return made


def _block(choices: Choices) -> dict[str, Any]:
    made: dict[str, Any] = {"dataset": choices.of((*names.DATASETS, choices.text()))}
    for _ in range(choices.below(5)):
        made[choices.of((*BLOCK, "odd"))] = _value(choices)
    return made


def seeds() -> list[bytes]:
    return [b"", bytes(range(40)), bytes(range(7, 250, 3)), b"\x03" * 60]


def one_case(data: bytes) -> None:
    found = plan.parse(table(Choices(data)))
    used(found)


def used(found: plan.Plan) -> None:
    """What the next steps ask of a plan that was let through."""
    for block in found.blocks:
        assert all(plan.learning_rate(block, optimizer) > 0 for optimizer in block.optimizers)
    assert found.with_seeds(3).on("digits").narrowed({}).blocks
