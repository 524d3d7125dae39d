"""Bring TensorFlow up in a worker: one thread, deterministic, and without what it would import for nothing."""

import gc
import os
import sys

ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Off by default on some CPUs, and 2.5 times faster for convolutions.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # One process a core, one thread a process: threads inside an operation do not pay for nets this small.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

UNUSED = ("jax", "sklearn", "pandas", "matplotlib")
"""TensorFlow and Keras import these where they find them, for converters, wrappers and plots that no worker uses:
a third of the start and 150 MB. They can do without, and whoever needs one afterwards can still import it."""


def start() -> None:
    """Import TensorFlow and Keras and settle their threads. Call it once, first thing in a process."""
    os.environ.update(ENVIRONMENT)
    hidden = [name for name in UNUSED if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # makes `import name` fail, which they expect
    gc.disable()  # all that an import makes stays: to look through it for garbage, again and again, costs a tenth
    try:
        import keras  # noqa: F401
        import tensorflow as tf
    finally:
        gc.enable()
        gc.freeze()
        for name in hidden:
            del sys.modules[name]
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
