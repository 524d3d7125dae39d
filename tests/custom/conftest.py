"""Two logical CPUs for TensorFlow, so that a distribution strategy has something to distribute to.

This has to be said before TensorFlow computes anything, hence at import.
"""

import keras

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
