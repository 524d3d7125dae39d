"""The optimizers: along which gradients, in which words elsewhere, and how each is walked."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.conformance import sources
from experiments.conformance.references import optimizers as references
from experiments.conformance.references import others
from experiments.conformance.rows import Peer, Sample

if TYPE_CHECKING:
    from custom.spec import Spec

STEPS = 100
SIZES = (1e-7, 1e-5, 1e-3, 1e-1, 1.0, 10.0, 0.0)
"""Of the gradients, a weight each: down to where every small constant shows, and one that is always 0."""

OTHER: dict[str, dict[str, float]] = {
    "sgd": {},
    "momentum": {"momentum": 0.5},
    "nag": {"momentum": 0.5},
    "adagrad": {"initial_accumulator_value": 0.25, "epsilon": 1e-3},
    "rmsprop": {"rho": 0.5, "epsilon": 1e-3},
    "adadelta": {"rho": 0.5, "epsilon": 1e-3},
    "adam": {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-3},
    "nadam": {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-3},
}
"""Arguments away from the defaults, at which two definitions have to agree as well."""

PUBLISHED: dict[str, dict[str, float]] = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nag": {"momentum": 0.9},
    "adagrad": {"initial_accumulator_value": 0.0, "epsilon": 1e-8},
    "rmsprop": {"rho": 0.9, "epsilon": 1e-8},
    "adadelta": {"rho": 0.95, "epsilon": 1e-6},
    "adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
    "nadam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
}
"""The constants of the publications, written here again, so that a default of ours that is another shows."""

TINY = 1e-30
"""An ε that is nothing, wherever it stands."""

Translation = Callable[[Mapping[str, float]], dict[str, Any]]
SAME: Translation = dict


def _torch(given: Mapping[str, float]) -> dict[str, Any]:
    words = {"epsilon": "eps", "rho": "rho", "momentum": "momentum",
             "initial_accumulator_value": "initial_accumulator_value"}  # fmt: skip
    found: dict[str, Any] = {words[name]: value for name, value in given.items() if name in words}
    return found | ({"betas": (given["beta_1"], given["beta_2"])} if "beta_1" in given else {})


def _optax(given: Mapping[str, float]) -> dict[str, Any]:
    words = {"epsilon": "eps", "beta_1": "b1", "beta_2": "b2"}
    return {words.get(name, name): value for name, value in given.items()}


def _renamed(translation: Translation, **names: str) -> Translation:
    return lambda given: {names.get(name, name): value for name, value in translation(given).items()}


def _peer(optimizer: str, name: str, words: Translation, *, tiny: bool = False, because: str = "", how: str = "",
          defaults: Mapping[str, float], **fixed: Any) -> Peer:  # fmt: skip
    """A peer that can be set to our definition: at our defaults, and at other arguments."""
    less = {"epsilon": TINY} if tiny else {}
    both = [{**defaults, **less}, {**defaults, **OTHER[optimizer], **less}]
    told = how or ("ε = 1e-30 in both, and other settings" if tiny else "our settings in both, and others")
    return Peer(name=name, fixed=fixed, settings=tuple((each, words(each)) for each in both), how=told,
                because=because)  # fmt: skip


def peers(spec: "Spec", over: str) -> Mapping[str, Peer]:  # noqa: ARG001
    """What each library has for an optimizer."""
    defaults = {name: value for name, value in spec.defaults.items() if name != "learning_rate"}
    name = spec.name

    def peer(dotted: str, words: Translation, **more: Any) -> Peer:
        return _peer(name, dotted, words, defaults=defaults, **more)

    keras, torch, optax = "keras.optimizers.", "torch.optim.", "optax."
    inside = "ε stands inside the root there"
    table: dict[str, Callable[[], dict[str, Peer]]] = {
        "sgd": lambda: {
            "keras": peer(keras + "SGD", SAME), "torch": peer(torch + "SGD", SAME), "optax": peer(optax + "sgd", SAME)},
        "momentum": lambda: {
            "keras": peer(keras + "SGD", SAME, momentum=0.9),
            "torch": peer(torch + "SGD", SAME, momentum=0.9),
            "optax": peer(optax + "sgd", SAME, momentum=0.9)},
        "nag": lambda: {
            "keras": peer(keras + "SGD", SAME, momentum=0.9, nesterov=True),
            "torch": peer(torch + "SGD", SAME, momentum=0.9, nesterov=True),
            "optax": peer(optax + "sgd", SAME, momentum=0.9, nesterov=True)},
        "adagrad": lambda: {
            "keras": peer(keras + "Adagrad", SAME, tiny=True, because=f"{inside}, and is 1e-7; G starts at 0.1"),
            "torch": peer(torch + "Adagrad", _torch, because="ε is 1e-10 there"),
            "optax": peer(optax + "adagrad", _optax, tiny=True, because=f"{inside}, and is 1e-7; G starts at 0.1")},
        "rmsprop": lambda: {
            "keras": peer(keras + "RMSprop", SAME, tiny=True, because=f"{inside}, and is 1e-7"),
            "torch": peer(torch + "RMSprop", _renamed(_torch, rho="alpha"), because="ρ is 0.99 there"),
            "optax": peer(optax + "rmsprop",
                          lambda given: {**_renamed(_optax, rho="decay")(given), "eps_in_sqrt": False},
                          how="eps_in_sqrt=False, our settings in both, and others",
                          because=f"{inside} unless told otherwise")},
        "adadelta": lambda: {
            "keras": peer(keras + "Adadelta", SAME, because="ε is 1e-7 there"),
            "torch": peer(torch + "Adadelta", _torch, because="ρ is 0.9 there"),
            "optax": peer(optax + "adadelta", _optax, because="ρ is 0.9 there")},
        "adam": lambda: {
            "keras": peer(keras + "Adam", SAME, tiny=True,
                          because="ε is 1e-7 there, and added to the root of the uncorrected v"),
            "torch": peer(torch + "Adam", _torch),
            "optax": peer(optax + "adam", _optax)},
        "nadam": lambda: {
            "keras": Peer(name=keras + "Nadam", definition=others.nadam_of_keras,
                          because="the schedule of μ is 0.96ᵗ there, not 0.96^(t/250), and ε is 1e-7"),
            "torch": peer(torch + "NAdam", _torch),
            "optax": Peer(name=optax + "nadam", definition=others.nadam_of_optax,
                          because="μ is constant there, β₁ from the first step on")},
    }  # fmt: skip
    return table[name]()


Gradient = Callable[[int, np.ndarray], np.ndarray]
"""Step from 0, weight -> gradient."""


def inputs(spec: "Spec") -> dict[str, np.ndarray]:  # noqa: ARG001
    """In words -> gradients ``[step, weight]``."""
    drawn = np.random.default_rng(0).normal(0.3, 1, (STEPS, len(SIZES))) * np.array(SIZES)
    return {f"{STEPS} steps along given gradients, a weight each of size 1e-7 to 10": drawn.astype(np.float32)}


def more(spec: "Spec") -> dict[str, tuple[np.ndarray, Mapping[str, Any]]]:
    """In words -> gradients and arguments away from the defaults, at which ours is held against the formula alone."""
    if not OTHER[spec.name]:
        return {}
    told = ", ".join(f"{name} = {value:g}" for name, value in OTHER[spec.name].items())
    return {f"the same gradients; {told}": (next(iter(inputs(spec).values())), OTHER[spec.name])}


def rate_of(spec: "Spec") -> float:
    """Our default rate, as Keras keeps it: a float32."""
    return float(np.float32(spec.defaults["learning_rate"]))


def reference(spec: "Spec", g: np.ndarray, arguments: Mapping[str, Any]) -> Sample:
    known = {**PUBLISHED[spec.name], **arguments, "learning_rate": rate_of(spec)}
    return Sample(getattr(references, spec.name)(np.zeros(g.shape[1]), g.astype("float64"), **known))


def ours(spec: "Spec", g: np.ndarray, arguments: Mapping[str, Any], dtype: str) -> Sample:
    optimizer = spec.factory(learning_rate=rate_of(spec), **arguments)
    return Sample(walk("keras", optimizer, lambda t, _: g[t], np.zeros(g.shape[1]), len(g), dtype)[1:])


def theirs(peer: Peer, source: str, spec: "Spec", g: np.ndarray, arguments: Mapping[str, Any],
           dtype: str) -> Sample:  # fmt: skip
    made = make(peer, source, rate_of(spec), arguments)
    return Sample(walk(source, made, lambda t, _: g[t], np.zeros(g.shape[1]), len(g), dtype)[1:])


def defined(peer: Peer, spec: "Spec", g: np.ndarray, dtype: str) -> Sample:  # noqa: ARG001
    start = np.zeros(g.shape[1])
    return Sample(peer.definition(start, g.astype("float64"), learning_rate=rate_of(spec)))


def make(peer: Peer, source: str, rate: float, arguments: Mapping[str, Any]) -> Any:
    """What ``walk`` takes: an optimizer of Keras, a maker of PyTorch's (it wants the weights), a transformation."""
    found, known = sources.named(peer.name), {**peer.fixed, **arguments}
    if source == "torch":
        return lambda weights: found(weights, lr=rate, **known)
    return found(learning_rate=rate, **known)


def walk(source: str, optimizer: Any, gradient: Gradient, start: np.ndarray, steps: int,
         dtype: str) -> np.ndarray:  # fmt: skip
    """The weights before the first step and after each: ``[step + 1, weight]``, float64."""
    step = {"keras": _keras_step, "torch": _torch_step, "optax": _optax_step}[source](optimizer, start.astype(dtype))
    path = [start.astype(dtype).astype("float64")]
    for t in range(steps):
        path.append(step(gradient(t, path[-1]).astype(dtype)))
    return np.array(path)


Step = Callable[[np.ndarray], np.ndarray]


def _keras_step(optimizer: Any, start: np.ndarray) -> Step:
    import keras

    w = keras.Variable(start, dtype=start.dtype.name)
    optimizer.build([w])

    def step(g: np.ndarray) -> np.ndarray:
        optimizer.apply([sources.tensor("keras", g)], [w])
        return sources.array(w.value)

    return step


def _torch_step(maker: Any, start: np.ndarray) -> Step:
    import torch

    w = torch.nn.Parameter(torch.tensor(start))
    optimizer = maker([w])

    def step(g: np.ndarray) -> np.ndarray:
        w.grad = torch.tensor(g)
        optimizer.step()
        return sources.array(w).copy()

    return step


def _optax_step(transformation: Any, start: np.ndarray) -> Step:
    import jax
    import optax

    w = sources.tensor("optax", start)
    state = transformation.init(w)

    @jax.jit
    def moved(g: Any, state: Any, w: Any) -> Any:
        change, state = transformation.update(g, state, w)
        return optax.apply_updates(w, change), state

    def step(g: np.ndarray) -> np.ndarray:
        nonlocal w, state
        w, state = moved(g, state, w)
        return sources.array(w)

    return step


def known(name: str) -> bool:
    """Whether there is a reference, and a word on who else has it."""
    return name in OTHER and hasattr(references, name)
