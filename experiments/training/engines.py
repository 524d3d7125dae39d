"""The engines by name."""

from experiments.training.setup import Setup


def make(name: str, setup: Setup):
    """A trainer of the named engine.

    Args:
        name: ``reference`` (plain ``model.fit``), ``compiled`` or ``stacked``, which trains runs of a trace together.
        setup: what the runs of its trace share.
    """
    if name == "reference":
        from experiments.training.reference import ReferenceTrainer

        return ReferenceTrainer(setup)
    if name == "stacked":
        from experiments.training.stacked import StackedTrainer

        return StackedTrainer(setup)
    from experiments.training.compiled import CompiledTrainer

    return CompiledTrainer(setup)
