"""The installed wheel in an environment of its own, with Keras and one backend: ``make smoke-custom`` runs this there.

Run from a folder outside of the repository: what is imported must be what was installed. It needs no pytest.
"""

import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
BACKEND = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
OTHERS = {"tensorflow", "jax", "torch"} - {BACKEND}
EXAMPLES, INPUTS, CLASSES = 64, 6, 3
ROUNDING = 1e-5  # a saved net is the same net; an exported one is compiled anew


def main() -> int:
    if sys.argv[1:2] == ["--loaded"]:
        return loaded(Path(sys.argv[2]))
    import keras

    import custom

    place = Path(custom.__file__).resolve()
    assert "site-packages" in place.parts, f"custom was imported from {place}, not from what was installed"
    there = sorted(name for name in OTHERS if importlib.util.find_spec(name))
    only = "the only backend here" if not there else f"beside {', '.join(there)}"
    print(f"custom {custom.__version__}, Keras {keras.__version__}, {BACKEND}, {only}")
    for name in ("tensorflow", "torch.onnx"):  # many small nets are traced here, as is meant
        logging.getLogger(name).setLevel(logging.ERROR)
    steps = EXPORTS[BACKEND] if sys.argv[1:] == ["--export"] else CHECKS
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            print(f"  {step(Path(folder))}", flush=True)
    return 0


def data():
    import numpy as np

    draw = np.random.default_rng(0)
    x = draw.normal(size=(EXAMPLES, INPUTS)).astype("float32")
    return x, (x[:, :CLASSES].argmax(axis=1)).astype("int32")


def net(activation: str):
    """A dense net with the activation in its middle; Maxout takes two maps a unit."""
    import keras

    from custom import catalog

    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(16), catalog.ACTIVATIONS[activation].factory(),
                             keras.layers.Dense(CLASSES)])  # fmt: skip


def targets(loss: str):
    """Targets, and predictions' last layer as each loss wants them."""
    import numpy as np

    x, y = data()
    one_hot = np.eye(CLASSES, dtype="float32")[y]
    return x, y if loss.startswith("sparse") else 2 * one_hot - 1 if loss == "hinge" else one_hot


def fit(model, optimizer, loss, x, y) -> tuple[float, float]:
    """The loss before and after training."""
    model.compile(optimizer=optimizer, loss=loss)
    before = float(model.evaluate(x, y, verbose=0))
    model.fit(x, y, batch_size=16, epochs=10, verbose=0)
    return before, float(model.evaluate(x, y, verbose=0))


def every_activation_trains(_folder: Path) -> str:
    from custom import catalog

    x, y = data()
    for name in catalog.ACTIVATIONS:
        loss = catalog.LOSSES["sparse_categorical_crossentropy"].factory(from_logits=True)
        before, after = fit(net(name), catalog.OPTIMIZERS["adam"].factory(learning_rate=0.01), loss, x, y)
        assert after < before, f"{name}: the loss went from {before} to {after}"
    return f"{len(catalog.ACTIVATIONS)} activations train"


def every_loss_trains(_folder: Path) -> str:
    from custom import catalog

    for name, spec in catalog.LOSSES.items():
        loss = spec.factory(from_logits=True) if "crossentropy" in name else spec.factory()
        before, after = fit(net("tanh"), catalog.OPTIMIZERS["adam"].factory(learning_rate=0.01), loss, *targets(name))
        assert after < before, f"{name}: the loss went from {before} to {after}"
    return f"{len(catalog.LOSSES)} losses train"


def every_optimizer_trains(_folder: Path) -> str:
    from custom import catalog

    x, y = data()
    for name, spec in catalog.OPTIMIZERS.items():
        loss = catalog.LOSSES["sparse_categorical_crossentropy"].factory(from_logits=True)
        before, after = fit(net("relu"), spec.factory(), loss, x, y)
        assert after < before, f"{name}: the loss went from {before} to {after}"
    return f"{len(catalog.OPTIMIZERS)} optimizers train at their default rates"


def every_file_loads_elsewhere(folder: Path) -> str:
    """Saved here with the optimizer's state, loaded by another process that imports `custom` and no more."""
    import numpy as np

    from custom import catalog

    x, y = data()
    nets = [(name, "adam") for name in catalog.ACTIVATIONS] + [("relu", name) for name in catalog.OPTIMIZERS]
    for activation, optimizer in nets:
        model = net(activation)
        loss = catalog.LOSSES["sparse_categorical_crossentropy"].factory(from_logits=True)
        fit(model, catalog.OPTIMIZERS[optimizer].factory(), loss, x, y)
        stem = folder / f"{activation}-{optimizer}"
        model.save(stem.with_suffix(".keras"))
        found = model.predict(x, verbose=0)
        model.fit(x, y, batch_size=16, epochs=1, verbose=0, shuffle=False)
        np.savez(stem.with_suffix(".npz"), saved=found, later=model.predict(x, verbose=0))
    subprocess.run([sys.executable, __file__, "--loaded", str(folder)], check=True)
    return f"{len(nets)} saved nets load in another process and train on as they would have"


def loaded(folder: Path) -> int:
    import keras
    import numpy as np

    import custom  # noqa: F401  what registers the components

    x, y = data()
    for path in sorted(folder.glob("*.keras")):
        model, kept = keras.models.load_model(path), np.load(path.with_suffix(".npz"), allow_pickle=False)
        near(model.predict(x, verbose=0), kept["saved"], f"{path.stem}, loaded")
        model.fit(x, y, batch_size=16, epochs=1, verbose=0, shuffle=False)
        near(model.predict(x, verbose=0), kept["later"], f"{path.stem}, trained on")
    return 0


def weights_alone(folder: Path) -> str:
    x, _ = data()
    model, other = net("prelu"), net("prelu")
    model.layers[0].kernel.assign(model.layers[0].kernel * 2)
    model.save_weights(folder / "net.weights.h5")
    other.load_weights(folder / "net.weights.h5")
    near(other.predict(x, verbose=0), model.predict(x, verbose=0), "weights")
    return "weights alone save and load"


def every_net_exports(folder: Path) -> str:
    """What the backend's own format is, without anything else installed."""
    from custom import catalog

    x, _ = data()
    export = {"tensorflow": saved_model, "jax": stable_hlo, "torch": torch_program}[BACKEND]
    for name in catalog.ACTIVATIONS:
        model = net(name)
        near(export(model, x, folder / f"{name}-exported"), model.predict(x, verbose=0), f"{name}, exported")
    return f"{len(catalog.ACTIVATIONS)} nets export: {export.__doc__}"


def saved_model(model, x, path: Path):
    """SavedModel, served by TensorFlow without Keras's classes"""
    import tensorflow as tf

    model.export(path, format="tf_saved_model", verbose=False)
    served = tf.saved_model.load(path)  # by a name of its own: it holds the variables
    return served.serve(x).numpy()


def stable_hlo(model, x, _path: Path):
    """StableHLO by jax.export, called"""
    import numpy as np

    return np.asarray(program_of(model, x).call(x))


def program_of(model, x):
    import jax
    from jax import export

    state = [[variable.value for variable in kind] for kind in (model.trainable_variables,
                                                                model.non_trainable_variables)]  # fmt: skip
    return export.export(jax.jit(lambda batch: model.stateless_call(*state, batch, training=False)[0]))(x)


def torch_program(model, x, path: Path):
    """a program of torch.export, written, read and called"""
    import torch

    program = torch.export.export(model.eval(), (torch.from_numpy(x),), strict=False)
    torch.export.save(program, path.with_suffix(".pt2"))
    return torch.export.load(path.with_suffix(".pt2")).module()(torch.from_numpy(x)).detach().numpy()


def files_of_stable_hlo(folder: Path) -> str:
    import numpy as np
    from jax import export

    from custom import catalog

    x, _ = data()
    for name in catalog.ACTIVATIONS:
        model, path = net(name), folder / f"{name}.stablehlo"
        path.write_bytes(program_of(model, x).serialize())
        found = np.asarray(export.deserialize(bytearray(path.read_bytes())).call(x))
        near(found, model.predict(x, verbose=0), f"{name} as StableHLO")
    return f"{len(catalog.ACTIVATIONS)} nets are written as StableHLO, read and called"


def lite_rt(folder: Path) -> str:
    import tensorflow as tf

    from custom import catalog

    x, _ = data()
    for name in catalog.ACTIVATIONS:
        model, path = net(name), folder / f"{name}.tflite"
        model.export(path, format="litert", verbose=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that tf.lite is to move
            served = tf.lite.Interpreter(str(path)).get_signature_runner("serving_default")
        (given,) = served.get_input_details()
        near(next(iter(served(**{given: x}).values())), model.predict(x, verbose=0), f"{name} as LiteRT")
    return f"{len(catalog.ACTIVATIONS)} nets export to LiteRT and run there"


def onnx(folder: Path) -> str:
    import keras
    import onnxruntime

    from custom import catalog

    x, _ = data()
    for name in catalog.ACTIVATIONS:
        model, path = net(name), folder / f"{name}.onnx"
        model.export(path, format="onnx", verbose=False, input_signature=[keras.InputSpec("float32", x.shape)])
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        near(session.run(None, {session.get_inputs()[0].name: x})[0], model.predict(x, verbose=0), f"{name} as ONNX")
    return f"{len(catalog.ACTIVATIONS)} nets export to ONNX and run in its runtime"


def near(found, wanted, what: str) -> None:
    import numpy as np

    gap = float(np.abs(np.asarray(found) - wanted).max())
    assert gap <= ROUNDING, f"{what}: outputs are {gap:.3g} apart"


CHECKS: list[Callable[[Path], str]] = [every_activation_trains, every_loss_trains, every_optimizer_trains,
                                       every_file_loads_elsewhere, weights_alone, every_net_exports]  # fmt: skip
"""With Keras and one backend alone."""
EXPORTS: dict[str, list[Callable[[Path], str]]] = {"tensorflow": [lite_rt], "jax": [files_of_stable_hlo],
                                                   "torch": [onnx]}  # fmt: skip
"""After more was installed: what runs the exported files."""

if __name__ == "__main__":
    sys.exit(main())
