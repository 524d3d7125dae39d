"""A plugin: a model of one's own, a convolution with a shortcut around it."""

import keras
from keras import layers


def small_resnet(input_shape, outputs, activation, filters=8):
    """
    Args:
        input_shape: of one example, such as (8, 8, 1).
        outputs: how many numbers the last layer gives; no softmax, the plan puts the head on.
        activation: makes a new layer of the activation that is compared, each time it is called.
        filters: a whole number that a plan may set: model_args = { filters = 16 }.
    """
    inputs = keras.Input(input_shape)
    x = activation()(layers.Conv2D(filters, 3, padding="same")(inputs))
    y = activation()(layers.Conv2D(filters, 3, padding="same")(x))
    x = layers.MaxPooling2D(2)(layers.Add()([x, y]))
    x = layers.Dropout(0.1)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(outputs)(x))


MODELS = {"small_resnet": small_resnet}
