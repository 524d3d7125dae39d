"""Checks the parts of my_parts.py as the suite checks its own: values, gradients, dtypes, saving, compilers."""

import numpy as np
from my_parts import Signum, swoosh

from custom.testing import check_activation, check_optimizer


def signum(w, gradients, learning_rate, beta):
    """The same path, written again with NumPy in float64."""
    m, path = np.zeros_like(w), []
    for g in gradients:
        m = beta * m + (1 - beta) * g
        w = w - learning_rate * np.sign(m)
        path.append(w)
    return np.array(path)


# Where e^-1.5z is large, what rounding does to z shows 1.5 |z| times over: up to 15 units at 10, and some for the rest.
check_activation(swoosh, lambda z: z * np.exp(-np.logaddexp(0, -1.5 * z)), reach=10, units=32)
print("swoosh: all checks passed")
# Left out: Signum takes a rate that is no number, and says nothing.
check_optimizer(Signum, signum, other_arguments={"learning_rate": 0.5, "beta": 0.5}, quadratic=(0.001, 4_000),
                rosenbrock=(0.0005, 20_000), skip=["bad_arguments_are_told"])  # fmt: skip
print("signum: all checks passed")
