"""Reusable Keras components, each written from its formula with ``keras.ops`` alone.

``custom.activations``, ``custom.layers``, ``custom.losses`` and ``custom.optimizers`` hold
them, ``custom.catalog`` lists them by name with their formulas, and ``custom.testing`` has
the checks that they pass. Importing the package registers all of them with Keras under the
package name ``gradlab``, so that ``keras.models.load_model`` knows them.
"""

from collections.abc import Callable
from typing import Any

import keras

from custom import activations, layers, losses, optimizers
from custom.spec import Spec

__version__ = "0.1.0"

__all__ = ["Spec", "__version__", "activations", "layers", "load", "losses", "optimizers"]


def load() -> dict[str, Callable[..., Any]]:
    """Make every component known to ``keras.models.load_model``, and say which there are.

    Importing the package has done so already. Call this if ``keras.saving.custom_object_scope``
    or another program has changed what Keras knows since; any number of times.

    Returns:
        ``{"gradlab>ReLU": custom.layers.ReLU, ...}``, which ``custom_objects=`` of
        ``keras.models.load_model`` takes as well.

    Example:
        >>> load()["gradlab>ReLU"] is layers.ReLU
        True
    """
    known = keras.saving.get_custom_objects()
    for package in (activations, layers, losses, optimizers):
        for name in package.__all__:
            component = getattr(package, name)
            registered = keras.saving.get_registered_name(component) if callable(component) else None
            if registered is not None and registered.startswith("gradlab>"):
                known[registered] = component
    return {name: component for name, component in known.items() if name.startswith("gradlab>")}
