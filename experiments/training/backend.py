"""Bring a training backend up in a worker: one thread, deterministic, and without what it would import for nothing."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

TENSORFLOW = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Off by default on some CPUs, and 2.5 times faster for convolutions.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # One process a core, one thread a process: threads inside an operation do not pay for nets this small.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

JAX = {
    "KERAS_BACKEND": "jax",
    # On a GPU, float32 would be rounded to TensorFloat-32 before each product: another precision than the run's.
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    # A worker takes what it needs, and not most of the GPU at its start: others may want some too.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "NPROC": "1"}
"""For JAX on a CPU, as for TensorFlow. Beside a GPU, the threads of the host are left alone."""


def jax_threads(number: int) -> dict[str, str]:
    return ONE_THREAD if number == 1 else {"NPROC": str(number)}


UNUSED = {
    "tensorflow": ("jax", "sklearn", "pandas", "matplotlib"),
    "jax": ("tensorflow", "torch", "sklearn", "pandas", "matplotlib"),
}
"""Backends and Keras import these where they find them, for converters, wrappers and plots that no worker uses:
a third of the start and 150 MB. They can do without, and whoever needs one afterwards can still import it."""


def start(engine: str = "compiled", gpu: str | None = None, threads: int = 1, deterministic: bool = True) -> None:
    """Import the backend of an engine and Keras, and settle their threads. Call it once, first thing in a process.

    Args:
        engine: JAX for ``stacked``, TensorFlow for the others.
        gpu: the GPU to use, as CUDA names it; None for a CPU.
        threads: within an operation, on a CPU. A sweep has one; ``bench determinism`` tells what more would change.
        deterministic: whether TensorFlow has to use operations that give the same bits each time. A sweep does;
            ``bench determinism`` tells what it costs.
    """
    if engine == "stacked":
        own = {"CUDA_VISIBLE_DEVICES": gpu} if gpu is not None else jax_threads(threads)
        own |= {"XLA_FLAGS": " ".join(filter(None, (os.environ.get("XLA_FLAGS"), own.get("XLA_FLAGS"))))}
        os.environ.update(JAX | own)
        with _light(UNUSED["jax"]):
            import jax  # noqa: F401
            import keras
        _settle_keras()
        return
    os.environ.update(TENSORFLOW | dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), str(threads)))
    with _light(UNUSED["tensorflow"]):
        import keras  # noqa: F401
        import tensorflow as tf
    _settle_keras()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def _settle_keras() -> None:
    """What a user's ``keras.json`` says would make other runs of the same identity."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


@contextlib.contextmanager
def _light(unused: tuple[str, ...]) -> Iterator[None]:
    """While this holds, nothing that is not loaded yet can be imported under these names, and no garbage is looked for:
    all that an import makes stays, and to look through it again and again costs a tenth of the time."""
    hidden = [name for name in unused if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # makes `import name` fail, which they expect
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
        for name in hidden:
            del sys.modules[name]
