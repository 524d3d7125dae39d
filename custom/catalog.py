"""Every component of the package, by name: the tables that tests, docs and plans read.

Each family states its specs beside its code and lists them in its ``SPECS``;
nothing registers itself by being imported.
"""

from custom import activations, losses, optimizers
from custom.spec import Spec

ACTIVATIONS: dict[str, Spec] = {spec.name: spec for spec in activations.SPECS}
LOSSES: dict[str, Spec] = {spec.name: spec for spec in losses.SPECS}
OPTIMIZERS: dict[str, Spec] = {spec.name: spec for spec in optimizers.SPECS}
