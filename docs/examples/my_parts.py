"""A plugin: an activation and an optimizer of one's own. `--plugin docs/examples/my_parts.py` puts them in a grid."""

import keras
from keras import ops


def swoosh(z):
    """z sigma(1.5 z): Swish with beta = 1.5 (Ramachandran et al. 2017, arXiv:1710.05941)."""
    return z * ops.sigmoid(1.5 * z)


@keras.saving.register_keras_serializable(package="my_parts")
class Signum(keras.optimizers.Optimizer):
    """Steps of one size, in the direction of the momentum's sign (Bernstein et al. 2018, arXiv:1802.04434).

    m <- beta m + (1 - beta) g,  w <- w - learning_rate sign(m)
    """

    def __init__(self, learning_rate=0.001, beta=0.9, name="signum", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta = beta

    def build(self, variables):
        super().build(variables)
        self.momenta = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momenta[self._get_variable_index(variable)]
        rate, g = ops.cast(learning_rate, variable.dtype), ops.cast(gradient, variable.dtype)
        self.assign(m, self.beta * m + (1 - self.beta) * g)
        self.assign_sub(variable, rate * ops.sign(m))

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}


# name -> a function of a tensor (or a maker of a layer); with "he", "glorot" or "lecun" if its nets shall start by that
ACTIVATIONS = {"swoosh": (swoosh, "he")}

# name -> class and default learning rate
OPTIMIZERS = {"signum": (Signum, 0.001)}
