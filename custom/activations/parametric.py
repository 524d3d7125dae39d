"""prelu: the rectifier that learns its slope on the left, and which weights must not decay."""

from typing import Any

import keras
from keras import ops

from custom.activations.base import ActivationLayer, real, register
from custom.spec import Spec


@register
def prelu(z: Any, alpha: Any = 0.25) -> Any:
    r"""Parametric rectified linear unit, for a given slope.

    .. math:: f(z) = \max(0, z) + a \min(0, z)

    with z: ``z``, a: ``alpha``. The layer :class:`PReLU` learns a.

    Derivative: f'(z) = 1 for z > 0, a for z < 0, and at the kink, z = 0, by convention a;
    df/da = min(0, z). See :func:`prelu_derivative`, :func:`prelu_alpha_derivative`.

    Args:
        z: pre-activations, a float tensor of any shape, without unit.
        alpha: slope for negative inputs: a number, or a tensor that broadcasts against ``z``.

    Returns:
        A tensor of the shape and dtype of ``z``.

    Deviations: none in the function; see the layer.

    Example:
        >>> import numpy as np
        >>> np.asarray(prelu([-8.0, 0.0, 2.0])).tolist()
        [-2.0, 0.0, 2.0]

    References:
        He, Zhang, Ren, Sun: Delving deep into rectifiers. ICCV 2015.
    """
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, z, alpha * z)


def prelu_derivative(z: Any, alpha: Any = 0.25) -> Any:
    """df/dz = 1 where z > 0, else a."""
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, 1.0, alpha * ops.ones_like(z))


def prelu_alpha_derivative(z: Any) -> Any:
    """df/da = min(0, z)."""
    z = ops.convert_to_tensor(z)
    return ops.where(z > 0, 0, z)


@register
class PReLU(ActivationLayer):
    """Layer that applies :func:`prelu` and learns its slope a, the weight ``alpha``.

    Args:
        alpha_initializer: what a starts from: a finite number, or a Keras initializer
            (an object, a name or a configuration).
        shared_by: ``"channel"``: one a for each channel (the last axis), shared by all
            places; ``"layer"``: a single a for the whole layer.
        **kwargs: those of every Keras layer, such as ``name`` and ``dtype``.

    Raises:
        ValueError: if an argument is none of these.

    Deviations: the paper does not let a decay, since decay pulls it towards 0, the ReLU. A
    layer alone cannot keep a Keras optimizer that decays weights from its own. So name them
    to the optimizer before its first step::

        optimizer = keras.optimizers.AdamW(weight_decay=1e-2)
        optimizer.exclude_from_weight_decay(var_list=no_decay_variables(model))

    Keras does not save that with a model: compile a loaded model with such an optimizer anew.
    ``keras.layers.PReLU`` starts at 0, as a ReLU, and has one a for each single input
    unless ``shared_axes`` is given.

    Example:
        >>> layer = PReLU(shared_by="layer")
        >>> layer(keras.ops.ones((2, 3))).shape[-1], layer.count_params()
        (3, 1)

    References:
        He, Zhang, Ren, Sun: Delving deep into rectifiers. ICCV 2015.
    """

    def __init__(self, alpha_initializer: Any = 0.25, shared_by: str = "channel", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if shared_by not in ("channel", "layer"):
            raise ValueError(f"shared_by={shared_by!r} is not allowed: give 'channel' or 'layer'.")
        self.alpha_initializer = start_value(alpha_initializer)
        self.shared_by = shared_by
        self.built = False

    def build(self, input_shape: tuple) -> None:
        if self.shared_by == "channel" and input_shape[-1] is None:
            raise ValueError(
                f"PReLU got inputs of shape {tuple(input_shape)}: with shared_by='channel' it needs to know "
                "how many channels (last axis) there are. Give a full shape, or shared_by='layer'."
            )
        shape = (input_shape[-1],) if self.shared_by == "channel" else ()
        self.alpha = self.add_weight(shape=shape, initializer=self.alpha_initializer, name="prelu_alpha")
        self.built = True

    def call(self, inputs: Any) -> Any:
        return prelu(inputs, alpha=ops.cast(self.alpha, inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        start = keras.initializers.serialize(self.alpha_initializer)
        return {**super().get_config(), "alpha_initializer": start, "shared_by": self.shared_by}


def start_value(alpha_initializer: Any) -> Any:
    """The initializer that a number or anything that Keras takes for one stands for."""
    if alpha_initializer is None or isinstance(alpha_initializer, (bool, int, float)):
        allowed = "a finite number, such as 0.25, or a Keras initializer"
        a = real("alpha_initializer", alpha_initializer, lambda _: True, allowed)
        return keras.initializers.Constant(a)
    return keras.initializers.get(alpha_initializer)


def no_decay_variables(model: Any) -> list[Any]:
    """The weights in ``model`` that weight decay has to leave alone: every PReLU's alpha.

    Args:
        model: a built Keras model or layer.

    Returns:
        A list of variables, empty if there is no PReLU, for the argument ``var_list`` of
        ``keras.optimizers.Optimizer.exclude_from_weight_decay``.

    Raises:
        ValueError: if a PReLU in it is not built yet.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), PReLU(), PReLU()])
        >>> optimizer = keras.optimizers.AdamW(weight_decay=1e-2)
        >>> optimizer.exclude_from_weight_decay(var_list=no_decay_variables(model))
        >>> len(no_decay_variables(model))
        2
    """
    found = [layer for layer in model._flatten_layers() if isinstance(layer, PReLU)]
    if waiting := [layer.name for layer in found if not layer.built]:
        raise ValueError(f"{waiting} have no weights yet: build the model, or call it once, before.")
    return [layer.alpha for layer in found]


PRELU = Spec(
    name="prelu",
    kind="activation",
    factory=PReLU,
    formula="f(z) = max(0, z) + a min(0, z), a learned",
    latex=r"f(z) = \max(0, z) + a \min(0, z)",
    derivative="f'(z) = 1 for z > 0, a for z < 0; at 0: a; df/da = min(0, z)",
    symbols={"z": "z", "a": "alpha"},
    kinks=(0.0,),
    defaults={"alpha_initializer": 0.25, "shared_by": "channel"},
    function=prelu,
    gradient=prelu_derivative,
    keras="keras.layers.PReLU",
    source="He, Zhang, Ren, Sun: Delving deep into rectifiers. ICCV 2015",
    deviations="a decays under an optimizer with weight decay unless it is told "
    "exclude_from_weight_decay(var_list=no_decay_variables(model)); "
    "Keras starts a at 0, not 0.25, and has one a for each input, not each channel",
)
