"""From a plan to its runs: every cell of every block, every seed."""

from dataclasses import dataclass

from experiments.errors import PlanError
from experiments.heads import head_for
from experiments.initialisers import initialiser_for
from experiments.names import PLUGIN
from experiments.plan import Block, Plan, fixed_constants, learning_rate
from experiments.records import Run, arguments
from experiments.tuning.cell import Cell


@dataclass(frozen=True)
class DataFacts:
    """What a plan must know of a data set to become runs."""

    name: str
    fingerprint: str
    task: str
    outputs: int
    input_shape: tuple[int, ...]
    examples: int


def cells(plan: Plan, facts: dict[str, DataFacts]) -> list[Cell]:
    """Every cell of every block once, in the order of the plan.

    Args:
        plan: the plan.
        facts: for each data set of the plan, what stands in for it (itself, or the digits).

    Raises:
        PlanError: a loss, head or model does not fit the data.
    """
    found: dict[str, Cell] = {}
    for block in plan.blocks:
        for run in _block(block, facts[block.dataset], plan):
            for constants in ({}, block.constants.get(run.optimizer, {})):
                cell = Cell(run, plan.seeds, plan.tuning, constants)
                found.setdefault(cell.key, cell)
    return list(found.values())


def _block(block: Block, data: DataFacts, plan: Plan) -> list[Run]:
    try:
        heads = [head_for(data.task, data.outputs, head, loss) for loss, head in block.losses_and_heads]
    except PlanError as error:
        raise PlanError(f"{data.name}: {error}") from None
    if block.model.startswith("cnn") and len(data.input_shape) != 3:
        raise PlanError(
            f"model {block.model!r} needs images, {data.name} has inputs of shape {data.input_shape}: use mlp"
        )
    if block.model.startswith(PLUGIN) and "maxout" in block.activations:
        raise PlanError(
            f"maxout needs layers twice as wide, which {block.model} knows nothing of: leave it out, or use mlp or cnn"
        )
    own = plan.plugin.activations if plan.plugin else {}

    def scheme(activation: str) -> str:
        return block.initialiser or own.get(activation.removeprefix(PLUGIN) if activation.startswith(PLUGIN) else "") \
            or initialiser_for(activation)  # fmt: skip

    def digest(*parts: str) -> str:
        """Of the plugin, where a part is from it: all other runs are what they are without one."""
        return plan.plugin.digest if plan.plugin and any(part.startswith(PLUGIN) for part in parts) else ""

    return [
        Run(
            dataset=data.name,
            fingerprint=data.fingerprint,
            model=block.model,
            model_args=arguments(block.model_args),
            activation=activation,
            optimizer=optimizer,
            optimizer_args=arguments(fixed_constants(block, optimizer)),
            loss=head.loss,
            head=head.activation,
            initialiser=scheme(activation),
            learning_rate=learning_rate(block, optimizer),
            batch_size=0 if optimizer == "batch_gd" else block.batch_size,
            epochs=block.epochs,
            seed=0,
            engine=plan.engine,
            plugin=digest(block.model, activation, optimizer, head.loss),
        )
        for head in heads
        for activation in block.activations
        for optimizer in block.optimizers
    ]
