"""The activations: over which inputs, in which words elsewhere, and how each is computed."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.conformance import sources
from experiments.conformance.references import activations as references
from experiments.conformance.rows import Peer, Sample

if TYPE_CHECKING:
    from custom.spec import Spec

REACH, POINTS = 10.0, 4000
"""Inputs: that far to both sides of 0, and so many: an even number leaves out 0, where some slopes are a convention."""
EXAMPLES, CLASSES = 500, 6

A_HALF = ({"alpha": 0.5}, {"alpha": 0.5})

PEERS: dict[str, dict[str, Peer]] = {
    "linear": {
        "keras": Peer(name="keras.activations.linear"),
        "torch": Peer(name="torch.nn.Identity"),
        "jax": Peer(name="jax.nn.identity"),
    },
    "sigmoid": {
        "keras": Peer(name="keras.activations.sigmoid"),
        "torch": Peer(name="torch.sigmoid"),
        "jax": Peer(name="jax.nn.sigmoid"),
    },
    "tanh": {
        "keras": Peer(name="keras.activations.tanh"),
        "torch": Peer(name="torch.tanh"),
        "jax": Peer(name="jax.nn.tanh"),
    },
    "relu": {
        "keras": Peer(name="keras.activations.relu"),
        "torch": Peer(name="torch.nn.functional.relu"),
        "jax": Peer(name="jax.nn.relu"),
    },
    "leaky_relu": {
        "keras": Peer(
            name="keras.layers.LeakyReLU",
            settings=tuple(({"negative_slope": a}, {"negative_slope": a}) for a in (0.01, 0.2)),
            how="negative_slope 0.01 and 0.2 in both",
            because="Keras's layer has the slope 0.3, its function 0.2",
        ),
        "torch": Peer(
            name="torch.nn.functional.leaky_relu",
            settings=(({"negative_slope": 0.2}, {"negative_slope": 0.2}),),
            how="negative_slope 0.2 in both",
        ),
        "jax": Peer(
            name="jax.nn.leaky_relu",
            settings=(({"negative_slope": 0.2}, {"negative_slope": 0.2}),),
            how="negative_slope 0.2 in both",
        ),
    },
    "prelu": {
        "keras": Peer(
            name="keras.layers.PReLU",
            settings=tuple(({"alpha_initializer": a}, {"alpha_initializer": a}) for a in (0.25, 0.5)),
            how="a from 0.25 and from 0.5 in both",
            because="Keras starts a at 0",
        ),
        "torch": Peer(name="torch.nn.PReLU", settings=(({"alpha_initializer": 0.5}, {"init": 0.5}),),
                      how="a from 0.5 in both"),
        "jax": Peer(name=sources.NONE),
    },
    "elu": {
        "keras": Peer(name="keras.activations.elu", settings=(A_HALF,), how="alpha 0.5 in both"),
        "torch": Peer(name="torch.nn.functional.elu", settings=(A_HALF,), how="alpha 0.5 in both"),
        "jax": Peer(name="jax.nn.elu", settings=(A_HALF,), how="alpha 0.5 in both"),
    },
    "maxout": {source: Peer(name=sources.NONE) for source in ("keras", "torch", "jax")},
    "softmax": {
        "keras": Peer(name="keras.activations.softmax"),
        "torch": Peer(name="torch.nn.functional.softmax", fixed={"dim": -1}),
        "jax": Peer(name="jax.nn.softmax"),
    },
}  # fmt: skip

FAR = 10.0
OTHER: dict[str, dict[str, float]] = {
    "linear": {"c": 2.0},
    "leaky_relu": {"negative_slope": 0.2},
    "prelu": {"alpha_initializer": 0.5},
    "elu": {"alpha": 0.5},
    "maxout": {"pieces": 3},
}
"""Arguments away from the defaults."""

ARGUMENTS = {"negative_slope": "a", "alpha": "a", "alpha_initializer": "a", "pieces": "k", "c": "c"}
"""Ours -> of the reference."""

ROWS = ("softmax", "maxout")
"""What looks at several inputs at once."""


def inputs(spec: "Spec") -> dict[str, np.ndarray]:
    """In words -> z, all of them float32 numbers."""
    if spec.name in ROWS:
        draw = np.random.default_rng(0).normal(0, 3, (EXAMPLES, CLASSES))
        return {f"{EXAMPLES} rows of {CLASSES} normal z": draw.astype(np.float32)}
    z = np.linspace(-REACH, REACH, POINTS, dtype=np.float32)[:, None]
    without = ", the kink at 0 left out" if spec.kinks else ""
    return {f"z from -{REACH:g} to {REACH:g}{without}": z}


def more(spec: "Spec") -> dict[str, tuple[np.ndarray, Mapping[str, Any]]]:
    """In words -> inputs and arguments at which ours is held against the formula alone: where numbers overflow, and
    away from the defaults."""
    over, z = next(iter(inputs(spec).items()))
    wide = f"{over}, {FAR:g} times as large" if spec.name in ROWS else over.replace(f"{REACH:g}", f"{FAR * REACH:g}")
    found: dict[str, tuple[np.ndarray, Mapping[str, Any]]] = {wide: (z * np.float32(FAR), {})}
    if spec.name in OTHER:
        told = ", ".join(f"{name} = {value:g}" for name, value in OTHER[spec.name].items())
        found[f"{over}; {told}"] = z, OTHER[spec.name]
    return found


def peers(spec: "Spec", over: str) -> Mapping[str, Peer]:  # noqa: ARG001 (all kinds have this signature)
    return PEERS[spec.name]


def reference(spec: "Spec", z: np.ndarray, arguments: Mapping[str, Any]) -> Sample:
    known = {ARGUMENTS[name]: value for name, value in arguments.items()}
    z = z.astype("float64")
    values = getattr(references, spec.name)(z, **known)
    slope = getattr(references, f"{spec.name}_slope")(z, **known)
    return Sample(values, _weighted(slope, z))


def ours(spec: "Spec", z: np.ndarray, arguments: Mapping[str, Any], dtype: str) -> Sample:
    z = z.astype(dtype)
    layer = spec.factory(**arguments, dtype=dtype)
    given = sources.tensor("keras", z)
    values = sources.array(layer(given))
    slope = sources.derivative("keras", layer, z, _weights(values))
    if slope is None and spec.gradient is not None:  # no automatic derivative here: the one written beside the formula
        known = {name.removesuffix("_initializer"): value for name, value in arguments.items()}
        slope = _weighted(sources.array(spec.gradient(given, **known)), z)
    return Sample(values, slope)


def theirs(peer: Peer, source: str, spec: "Spec", z: np.ndarray, arguments: Mapping[str, Any],  # noqa: ARG001
           dtype: str) -> Sample:  # fmt: skip
    z = z.astype(dtype)
    function = _function(peer.name, {**peer.fixed, **arguments}, dtype)
    values = sources.array(function(sources.tensor(source, z)))
    return Sample(values, sources.derivative(source, function, z, _weights(values)))


def _function(name: str, arguments: Mapping[str, Any], dtype: str) -> Any:
    """A plain function of z; a layer is made first."""
    found = sources.named(name)
    if not isinstance(found, type):
        return partial(found, **arguments)
    if name.startswith("torch."):
        return found(**arguments)
    import keras

    given = {key: keras.initializers.Constant(value) if key.endswith("initializer") else value
             for key, value in arguments.items()}  # fmt: skip
    return found(**given, dtype=dtype)


def _weights(values: np.ndarray) -> np.ndarray:
    """Of the outputs, where a derivative is a whole Jacobian: drawn, so that none of its entries can hide."""
    if values.shape[-1] == 1:
        return np.ones(values.shape)
    return np.random.default_rng(1).normal(0, 1, values.shape)


def _weighted(slope: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The gradient of the weighted outputs from a derivative: shaped like z, as a Jacobian, or by winners."""
    if slope.ndim > z.ndim:
        return np.einsum("ni,nij->nj", _weights(slope[..., 0]), slope)
    if slope.shape[-1] == 1:
        return slope
    units = slope.sum(axis=-1)[0]  # maxout: one winner an output, whose channels stand together
    weights = _weights(np.empty((len(z), round(units))))
    return slope * np.repeat(weights, z.shape[-1] // round(units), axis=-1)


def known(name: str) -> bool:
    """Whether there is a reference, and a word on who else has it."""
    return name in PEERS and hasattr(references, name) and hasattr(references, f"{name}_slope")
