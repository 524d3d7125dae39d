"""The losses: over which targets and predictions, in which words elsewhere, and how each is computed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.conformance import sources
from experiments.conformance.references import losses as references
from experiments.conformance.references import others
from experiments.conformance.rows import Peer, Sample

if TYPE_CHECKING:
    from custom.spec import Spec

EXAMPLES, OUTPUTS = 200, 5
SMOOTHING = 0.1


class Pairs(NamedTuple):
    """Targets, predictions, the arguments that go with them, and whether the loss is reduced as it is by default."""

    y: np.ndarray
    p: np.ndarray
    arguments: Mapping[str, Any]
    reduced: bool = False


LOGITS, SMOOTH = {"from_logits": True}, {"from_logits": True, "label_smoothing": SMOOTHING}
EDGES = "p of 0 and 1"
"""Where each library keeps the logarithm finite in its own way."""


def inputs(spec: "Spec") -> dict[str, Pairs]:
    """In words -> targets and predictions that a loss is made for; the numbers are float32."""
    draw = np.random.default_rng(0)
    number = draw.normal(0, 2, (EXAMPLES, OUTPUTS)).astype(np.float32)
    scores = draw.normal(0, 2, (EXAMPLES, OUTPUTS)).astype(np.float32)
    bits = draw.integers(0, 2, (EXAMPLES, OUTPUTS)).astype(np.float32)
    classes = draw.integers(0, OUTPUTS, EXAMPLES)
    one_hot = np.eye(OUTPUTS, dtype=np.float32)[classes]
    chances = draw.uniform(0.001, 0.999, (EXAMPLES, OUTPUTS)).astype(np.float32)
    shares = (chances / chances.sum(axis=-1, keepdims=True)).astype(np.float32)
    sure = np.eye(OUTPUTS, dtype=np.float32)[(classes + np.arange(EXAMPLES) % 2) % OUTPUTS]  # right and wrong in turn
    size = f"{EXAMPLES} x {OUTPUTS} examples"
    numbers = {f"normal y and ŷ, {size}": Pairs(number, scores, {})}
    found: dict[str, dict[str, Pairs]] = {
        "binary_crossentropy": {
            f"p from 0.001 to 0.999, {size}": Pairs(bits, chances, {}),
            f"normal logits, {size}": Pairs(bits, scores, LOGITS),
            f"normal logits, labels smoothed by {SMOOTHING:g}": Pairs(bits, scores, SMOOTH),
            EDGES: Pairs(bits, sure, {}),
        },
        "categorical_crossentropy": {
            f"p that sum to 1, {size}": Pairs(one_hot, shares, {}),
            f"normal logits, {size}": Pairs(one_hot, scores, LOGITS),
            f"normal logits, labels smoothed by {SMOOTHING:g}": Pairs(one_hot, scores, SMOOTH),
            EDGES: Pairs(one_hot, sure, {}),
        },
        "sparse_categorical_crossentropy": {
            f"p that sum to 1, {size}": Pairs(classes, shares, {}),
            f"normal logits, {size}": Pairs(classes, scores, LOGITS),
            EDGES: Pairs(classes, sure, {}),
        },
        "huber": {
            f"normal y and ŷ, {size}": Pairs(number, scores, {}),
            "the same with δ = 0.5": Pairs(number, scores, {"delta": 0.5}),
        },
        "hinge": {f"y of -1 and 1, normal ŷ, {size}": Pairs(2 * bits - 1, scores, {})},
        "categorical_hinge": {
            f"normal ŷ, {size}": Pairs(one_hot, scores, {}),
            "the same, strict": Pairs(one_hot, scores, {"strict": True}),
        },
    }
    return found.get(spec.name, numbers)


def more(spec: "Spec") -> dict[str, tuple[Pairs, Mapping[str, Any]]]:
    """In words -> what ours is held against the formula alone over: the mean over the examples, its default."""
    over, pairs = next(iter(inputs(spec).items()))
    return {f"{over}; one number, the mean over examples": (pairs._replace(reduced=True), {})}


CLIPS = "Keras keeps p between 1e-7 and 1 - 1e-7, without a gradient outside"
DIVIDES = "Keras divides p by its sum, which changes the gradient"
F = "torch.nn.functional."
CROSS_ENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
ABSENT = Peer(name=sources.NONE)


def peers(spec: "Spec", over: str) -> Mapping[str, Peer]:
    """What each library has for a loss over these inputs."""
    at_edges, logits, smooth = over == EDGES, "logits" in over, "smoothed" in over
    name = spec.name
    if name == "binary_crossentropy":
        keras = Peer(name="keras.losses.BinaryCrossentropy")
        if at_edges:
            keras = Peer(name=keras.name, definition=others.binary_crossentropy_of_keras, because=CLIPS)
        torch = Peer(name=F + ("binary_cross_entropy_with_logits" if logits else "binary_cross_entropy"))
        if at_edges:
            torch = Peer(
                name=torch.name,
                definition=others.binary_crossentropy_of_torch,
                because="PyTorch keeps log p above -100, and p (1 - p) of the gradient above 1e-12",
            )
        optax = Peer(name="optax.losses.sigmoid_binary_cross_entropy" if logits else sources.NONE)
        return {"keras": keras, "torch": ABSENT if smooth else torch, "optax": ABSENT if smooth else optax}
    if name == "categorical_crossentropy":
        keras = Peer(name="keras.losses.CategoricalCrossentropy")
        if not logits:
            keras = Peer(
                name=keras.name,
                definition=others.categorical_crossentropy_of_keras,
                because=f"{DIVIDES}; {CLIPS}" if at_edges else DIVIDES,
            )
        torch = Peer(name=F + "cross_entropy" if logits else F + "nll_loss")
        optax = Peer(name="optax.losses.softmax_cross_entropy" if logits else sources.NONE)
        return {"keras": keras, "torch": ABSENT if at_edges else torch, "optax": optax}
    if name == "sparse_categorical_crossentropy":
        keras = Peer(name="keras.losses.SparseCategoricalCrossentropy")
        if not logits:
            softmax = sources.backend() == "tensorflow"
            keras = Peer(
                name=keras.name,
                definition=others.sparse_crossentropy_of_keras_on_tensorflow
                if softmax
                else others.categorical_crossentropy_of_keras,
                because=f"{DIVIDES}; {CLIPS}" if at_edges else DIVIDES,
            )
        torch = Peer(name=F + "cross_entropy" if logits else F + "nll_loss")
        optax = Peer(
            name="optax.losses.softmax_cross_entropy_with_integer_labels" if logits else sources.NONE,
        )
        return {"keras": keras, "torch": ABSENT if at_edges else torch, "optax": optax}
    return {source: Peer(name=found) for source, found in NAMES[name].items()} | STRICT.get((name, over), {})


NAMES: dict[str, dict[str, str]] = {
    "mean_squared_error": {
        "keras": "keras.losses.MeanSquaredError", "torch": F + "mse_loss", "optax": "optax.losses.squared_error"},
    "mean_absolute_error": {
        "keras": "keras.losses.MeanAbsoluteError", "torch": F + "l1_loss", "optax": sources.NONE},
    "huber": {
        "keras": "keras.losses.Huber", "torch": F + "huber_loss", "optax": "optax.losses.huber_loss"},
    "hinge": {
        "keras": "keras.losses.Hinge", "torch": sources.NONE, "optax": "optax.losses.hinge_loss"},
    "categorical_hinge": {
        "keras": "keras.losses.CategoricalHinge", "torch": sources.NONE, "optax": sources.NONE},
}  # fmt: skip

STRICT: dict[tuple[str, str], dict[str, Peer]] = {
    ("categorical_hinge", "the same, strict"): {
        "keras": ABSENT,
        "optax": Peer(name="optax.losses.multiclass_hinge_loss"),
    }
}


def reference(spec: "Spec", pairs: Pairs, arguments: Mapping[str, Any]) -> Sample:
    known = {**pairs.arguments, **arguments}
    y, p = pairs.y, pairs.p.astype("float64")
    values = getattr(references, spec.name)(y, p, **known)
    slope = getattr(references, f"{spec.name}_slope")(y, p, **known)
    return Sample(values.mean(), slope / values.size) if pairs.reduced else Sample(values, slope)


def ours(spec: "Spec", pairs: Pairs, arguments: Mapping[str, Any], dtype: str) -> Sample:
    known = {**pairs.arguments, **arguments}
    loss = spec.factory(**known, **({} if pairs.reduced else {"reduction": None}), dtype=dtype)
    y, p = _targets("keras", pairs.y, dtype), pairs.p.astype(dtype)
    values = sources.array(loss(y, sources.tensor("keras", p)))
    slope = sources.derivative("keras", lambda z: loss(y, z), p)
    if slope is None and spec.gradient is not None:
        slope = sources.array(spec.gradient(y, sources.tensor("keras", p), **known))
        slope = slope / len(slope) if pairs.reduced else slope
    return Sample(values, slope)


def theirs(peer: Peer, source: str, spec: "Spec", pairs: Pairs, arguments: Mapping[str, Any],
           dtype: str) -> Sample:  # fmt: skip
    p, y = pairs.p.astype(dtype), _targets(source, pairs.y, dtype)
    known = {**peer.fixed, **arguments}
    if source == "keras":
        loss = sources.named(peer.name)(**pairs.arguments, **known, reduction=None, dtype=dtype)
        return Sample(sources.array(loss(y, sources.tensor("keras", p))),
                      sources.derivative("keras", lambda z: loss(y, z), p))  # fmt: skip
    found = sources.named(peer.name)
    known |= {name: value for name, value in pairs.arguments.items() if name == "delta"}
    smoothing = pairs.arguments.get("label_smoothing", 0)
    if source == "torch":
        known |= {"reduction": "none"} | ({"label_smoothing": smoothing} if smoothing else {})
    if source == "optax" and smoothing:
        y = sources.named("optax.losses.smooth_labels")(y, smoothing)
    if spec.name == "categorical_hinge":
        y = y.argmax(-1)

    def loss_of(z: Any) -> Any:
        if peer.name.endswith("nll_loss"):  # of the logarithm, and of class numbers
            return found(z.log(), y if y.ndim < z.ndim else y.argmax(-1), **known)
        loss = found(z, y, **known)
        return loss.mean(-1) if loss.ndim == z.ndim else loss

    values = sources.array(loss_of(sources.tensor(source, p)))
    return Sample(values, sources.derivative(source, loss_of, p))


def defined(peer: Peer, spec: "Spec", pairs: Pairs, dtype: str) -> Sample:  # noqa: ARG001
    """What a peer's own definition gives, in the precision in which it clips."""
    return Sample(*(each.astype("float64") for each in peer.definition(pairs.y, pairs.p.astype(dtype))))


def _targets(source: str, y: np.ndarray, dtype: str) -> Any:
    return sources.tensor(source, y if y.dtype.kind == "i" else y.astype(dtype))


def known(name: str) -> bool:
    """Whether there is a reference, and a word on who else has it."""
    return (
        (name in NAMES or name in CROSS_ENTROPIES)
        and hasattr(references, name)
        and hasattr(references, f"{name}_slope")
    )
