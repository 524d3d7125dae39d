"""Initial weights: which scheme an activation gets, and the draws that every cell of a comparison shares."""

import math
from collections.abc import Sequence

import numpy as np

HE = ("relu", "leaky_relu", "prelu", "maxout", "keras:gelu", "keras:silu", "keras:swish", "keras:mish",
      "keras:relu6", "keras:softplus")  # fmt: skip
LECUN = ("elu", "keras:selu", "keras:celu")


def initialiser_for(activation: str) -> str:
    """The scheme made for an activation: He for the ReLU family and its smooth kin, LeCun for ELU and SELU,
    Glorot for all that is linear around 0.

    References:
        He et al. 2015, arXiv:1502.01852; LeCun et al. 1998, Efficient BackProp; Glorot and Bengio 2010,
        AISTATS.
    """
    return "he" if activation in HE else "lecun" if activation in LECUN else "glorot"


def scale(scheme: str, shape: Sequence[int]) -> float:
    """Variance of a kernel's weights: Glorot 2 / (in + out), He 2 / in, LeCun 1 / in.

    Args:
        scheme: ``glorot``, ``he`` or ``lecun``.
        shape: of the kernel, ``(..., in, out)``; the axes before those are the receptive field.
    """
    *receptive, inputs, outputs = shape
    area = math.prod(receptive)
    return {
        "glorot": 2 / (area * (inputs + outputs)),
        "he": 2 / (area * inputs),
        "lecun": 1 / (area * inputs),
    }[scheme]


def draw(scheme: str, shape: Sequence[int], seed: int, position: int) -> np.ndarray:
    """A kernel from U(-r, r) with r = sqrt(3 x variance).

    The underlying draws come from the seed and the kernel's position in the model alone and only r depends on
    the scheme, so a seed means the same draws in every cell and on every backend: differences are paired.
    """
    uniform = np.random.default_rng([seed, position, 0]).random(shape, dtype=np.float32)
    return (2 * uniform - 1) * np.float32(math.sqrt(3 * scale(scheme, shape)))
