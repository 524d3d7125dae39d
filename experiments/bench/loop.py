"""What a user would otherwise write: a loop over ``model.fit`` with stock Keras. Run as its own process.

    python -m experiments.bench.loop RUNS.json DATA_DIR

Prints one JSON line a run: seconds by epoch, seconds in all, test accuracy.
"""

import json
import sys
import time

START = time.perf_counter()


def main() -> None:
    import keras

    from experiments import datasets

    with open(sys.argv[1], encoding="utf-8") as file:
        runs = json.load(file)
    data = datasets.load(runs[0]["dataset"], sys.argv[2] or None)
    x, y = data.train.x.astype("float32") / 255, data.train.y
    validation = (data.validation.x.astype("float32") / 255, data.validation.y)
    test = (data.test.x.astype("float32") / 255, data.test.y)
    print(json.dumps({"ready": time.perf_counter() - START}), flush=True)
    for run in runs:
        started = time.perf_counter()
        keras.utils.set_random_seed(run["seed"])
        model = keras.Sequential([
            keras.Input(data.input_shape), keras.layers.Flatten(),
            keras.layers.Dense(128, activation=run["activation"]), keras.layers.Dense(64, activation=run["activation"]),
            keras.layers.Dense(data.outputs, activation="softmax"),
        ])  # fmt: skip
        optimizer = keras.optimizers.get(run["optimizer"])
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = _Clock()
        model.fit(
            x,
            y,
            batch_size=128,
            epochs=run["epochs"],
            validation_data=validation,
            verbose=0,
            callbacks=[clock.callback(keras)],
        )
        _, accuracy = model.evaluate(*test, batch_size=1000, verbose=0)
        print(
            json.dumps({"seconds": time.perf_counter() - started, "epochs": clock.seconds, "accuracy": accuracy}),
            flush=True,
        )


class _Clock:
    """Seconds of each epoch, validation included, as a user waits for it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def callback(self, keras):
        begun = [0.0]
        return keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: begun.__setitem__(0, time.perf_counter()),
            on_epoch_end=lambda *_: self.seconds.append(time.perf_counter() - begun[0]),
        )


if __name__ == "__main__":
    main()
