"""What goes on inside a net: by layer, on a fixed probe of training examples, outside the timed path.

`probe` names what is looked at, `tensorflow` looks, `rows` turns what it saw into numbers that are kept.
"""

from experiments.diagnostics.probe import PROBE, Probe
from experiments.diagnostics.tensorflow import Diagnostics

__all__ = ["PROBE", "Diagnostics", "Probe"]
