"""How far each component is from the nearest Keras built-in, both as they come, in one sentence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom.spec import Spec


def measured(spec: "Spec") -> str:
    """The largest difference, and over what, in one sentence; empty where Keras has nothing to compare with.

    Args:
        spec: a component's card.
    """
    from experiments.conformance.measuring import keras_gap

    found = keras_gap(spec)
    if found is None:
        return ""
    gap, over = found
    return f"at most {gap.values:.2g} apart over {over}"
