"""maxout-contains-relu: ReLU, leaky ReLU and |z| are Maxout with two pieces and fixed weights."""

from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding
from experiments.claims.lab import Lab
from experiments.claims.rules import identity

SMALL, LARGE = 1e-30, 1e30
SPECIAL = {"relu": (1.0, 0.0), "leaky_relu": (1.0, 0.01), "abs": (1.0, -1.0)}
"""What Maxout becomes -> the weights of its two pieces; all biases are 0."""


def probe(lab: Lab) -> dict[str, Any]:
    """Values and slopes of the Maxout layer, with its kernel set, beside those of what it should become."""
    from experiments.claims.autodiff import slope

    size = np.geomspace(SMALL, LARGE, lab.pick(4001, 40001))
    z = np.concatenate([-size[::-1], size]).astype(np.float32)
    shown = np.linspace(-3, 3, 121).astype(np.float32)
    found: dict[str, Any] = {"inputs": len(z) + 1, "values": {}, "slopes": {}, "at_zero": {}, "z": shown.tolist(),
                             "pieces": {}, "drawn": {}}  # fmt: skip
    for name, weights in lab.part("special").items():
        layer, function = _layer(weights), _function(name)
        wanted = np.array(function(z))
        size_of = np.where(wanted == 0, 1, np.abs(wanted))
        found["values"][name] = float((np.abs(np.array(layer(z)) - wanted) / size_of).max())
        found["slopes"][name] = float(np.abs(slope(layer, z) - slope(function, z)).max())
        zero = np.zeros(1, np.float32)
        found["values"][name] = max(found["values"][name], float(abs(np.array(layer(zero)) - function(zero))[0]))
        found["at_zero"][name] = [float(slope(layer, zero)[0]), float(slope(function, zero)[0])]
        found["pieces"][name] = [(weight * shown).tolist() for weight in weights]
        found["drawn"][name] = np.array(layer(shown)).tolist()
    near = z[np.abs(z) <= 10]
    curved = np.array(_function(lab.part("curved"))(near))
    found["curved"] = min(float(np.abs(np.array(_layer(weights)(near)) - curved).max())
                          for weights in SPECIAL.values())  # fmt: skip
    found["linear"] = float(np.abs(np.array(_layer((1.0, 1.0))(z)) - z).max())
    return found


def _layer(weights: tuple[float, ...]):
    """z -> a Maxout unit with one input z, as many pieces as weights, and no bias."""
    import tensorflow as tf

    from custom.layers import MaxoutDense

    layer = MaxoutDense(1, pieces=len(weights), use_bias=False)
    layer.build((None, 1))
    layer.kernel.assign(np.array([weights], np.float32))
    return lambda z: layer(tf.convert_to_tensor(z)[:, None])[:, 0]


def _function(name: str):
    import tensorflow as tf

    from experiments.claims.autodiff import activation

    return tf.abs if name == "abs" else activation(name)


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    off = max(n["values"].values())
    return Finding(
        verdict=identity(off == 0 and max(n["slopes"].values()) == 0),
        effect=Effect("largest relative distance of a value", off),
        positive=Control(n["linear"] == 0, f"two equal pieces z and z miss z by {n['linear']:g}"),
        negative=Control(n["curved"] > 0.1,
                         f"none of these weights comes nearer to {evidence.lab.part('curved')} than {n['curved']:.2g}"),
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    values = ", ".join(f"{name} {off:.2g}" for name, off in n["values"].items())
    slopes = ", ".join(f"{name} {off:.2g}" for name, off in n["slopes"].items())
    zero = ", ".join(f"{layer:g} against {own:g} for {name}" for name, (layer, own) in n["at_zero"].items())
    return (
        f"Over {n['inputs']:,} inputs of sizes {SMALL:g} to {LARGE:g} and 0, a Maxout unit with the right weights "
        f"misses the values by (relative): {values}; and the slopes, away from 0, by: {slopes}. At 0 the pieces tie "
        f"and share the gradient, so the slope is {zero}. The same weights come no nearer to "
        f"{evidence.lab.part('curved')} than {n['curved']:.2g} on -10 to 10."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    panels = [charts.Panel([*(charts.Line(f"piece {k}", n["z"], piece, points=False)
                              for k, piece in enumerate(n["pieces"][name], 1)),
                            charts.Line("maxout", n["z"], n["drawn"][name], points=False)],
                           "input z", "output", f"{name}: max of "
                           + " and ".join(f"{weight:g} z" for weight in evidence.lab.part("special")[name]))
              for name in n["drawn"]]  # fmt: skip
    figure = charts.lines("Maxout with two pieces becomes ReLU, leaky ReLU or |z|", "weights of the pieces set by "
                        "hand, biases 0", panels, size=(2.4, 2.2))  # fmt: skip
    for axes in figure.axes:
        axes.lines[-1].set_linewidth(3.0)  # it lies on its pieces
    return figure


CLAIMS = (
    Claim(
        id="maxout-contains-relu",
        kind="I",
        statement="ReLU, leaky ReLU and the absolute value are special cases of Maxout.",
        prediction="With pieces (z, 0), (z, 0.01 z) and (z, -z) a Maxout unit has their values and slopes.",
        rule=f"holds if for |z| from {SMALL:g} to {LARGE:g} and at 0 all values are equal to the last digit, and for "
        "z other than 0 all slopes by autodiff.",
        positive="two equal pieces z give z",
        negative="the same weights stay more than 0.1 away from elu somewhere on -10 to 10",
        limits="At z = 0 the slopes differ, as Maxout shares the gradient among pieces that tie. Weights are set, not "
        "learned.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"special": SPECIAL, "curved": "elu"},
        source="Goodfellow et al. (2013), Maxout networks",
    ),
)
