"""Every component held against its formula in float64 and against other libraries: how far apart, and why.

``references``  the formulas again, in float64 NumPy; what other libraries define differently
``sources``     the libraries: what is installed, their tensors and derivatives
``activations``, ``losses``, ``optimizers``  inputs, names elsewhere, how each is computed
``measuring``   the rows: component, source, gap, verdict
``report``      the page, its figures and its numbers as JSON
"""

from experiments.conformance.builtin import measured

__all__ = ["measured"]
