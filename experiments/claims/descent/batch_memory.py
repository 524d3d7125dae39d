"""batch-gd-costs-memory: peak memory and work of one update, by batch size, in a process of its own."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from experiments.claims import charts
from experiments.claims.claim import Claim
from experiments.claims.evidence import Evidence
from experiments.claims.finding import Control, Effect, Finding, Setting
from experiments.claims.lab import Lab
from experiments.claims.rules import overall

SMALL = 64
FACTOR = 10.0
"""Much more: so many times the memory of weights and gradients, and the time of an update of ``SMALL``."""
ARRAY = 2**26
"""Bytes of the array that the meter is tried on."""
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
UNIT = 2**10 if sys.platform != "darwin" else 1
"""Of the peak resident memory that the system tells."""
CHILD = "from experiments.claims.descent import batch_memory; batch_memory.child()"
ARRAY_CHILD = "from experiments.claims.descent import batch_memory; batch_memory.array_child()"


def probe(lab: Lab) -> dict[str, Any]:
    """Fresh processes, a few of each kind in turn: their peak has not been raised by anything else."""
    runs = [_run(CHILD, list(lab.part("batches"))) for _ in range(lab.pick(1, 3))]
    arrays = [_run(ARRAY_CHILD, [ARRAY]) for _ in range(3)]
    median = {name: np.median([run[name] for run in runs], axis=0).tolist()
              for name in ("peak", "seconds", "chunks", "again", "weights")}  # fmt: skip
    return median | {"batches": list(lab.part("batches")), "array": [each["grown"] / ARRAY for each in arrays]}


def _run(code: str, arguments: list[int]) -> dict[str, Any]:
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True,
                          check=True, env={**os.environ, "PYTHONPATH": paths})  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def _mark(name: str) -> int | None:
    """``VmHWM`` or ``VmRSS`` of this process in bytes, where the system tells them."""
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _peak() -> int:
    """Most memory that this process has held, since the last `_forget` where there is such a thing."""
    found = _mark("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT if found is None else found


def _forget() -> int:
    """Put the peak back to what is held now, where the system can; returns it."""
    with contextlib.suppress(OSError):
        CLEAR.write_text("5", encoding="ascii")
    return _peak()


def array_child() -> None:
    """Growth of the peak by an array of known size."""
    before = _forget()
    array = np.ones(int(sys.argv[1]), np.uint8)
    print(json.dumps({"grown": _peak() - before, "sum": int(array[-1])}))


def child() -> None:
    """Updates of ascending batch sizes: where the peak cannot be put back, each is seen above the smaller ones."""
    from experiments.training import backend

    backend.start()
    import tensorflow as tf

    from experiments.claims.nets import Net

    sizes = [int(size) for size in sys.argv[1:]]
    net = Net((28, 28), 10, width=128)
    weights = net.model.trainable_variables
    rng = np.random.default_rng(0)
    x = tf.constant(rng.integers(0, 256, (max(sizes), 28, 28), dtype=np.uint8))
    y = tf.constant(rng.integers(0, 10, max(sizes)).astype(np.int32))
    total = [tf.Variable(tf.zeros_like(v)) for v in weights]

    @tf.function(jit_compile=True, autograph=False)
    def update(index):
        with tf.GradientTape() as tape:
            images = tf.cast(tf.gather(x, index), tf.float32) / 255
            loss = net.loss(tf.gather(y, index), net.model(images, training=True))
        for v, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            v.assign_sub(1e-3 * gradient)
        return loss

    @tf.function(jit_compile=True, autograph=False)
    def gather_gradient(index):
        with tf.GradientTape() as tape:
            images = tf.cast(tf.gather(x, index), tf.float32) / 255
            loss = net.loss(tf.gather(y, index), net.model(images, training=True))
        for old, gradient in zip(total, tape.gradient(loss, weights), strict=True):
            old.assign_add(gradient)
        return loss

    def rows(size: int):
        return tf.range(size, dtype=tf.int32)

    for _ in range(20):
        update(rows(SMALL)).numpy()
        gather_gradient(rows(SMALL)).numpy()
    bottom = _forget()
    for _ in range(20):
        update(rows(SMALL)).numpy()
    found: dict[str, Any] = {"again": _peak() - bottom, "peak": [], "seconds": []}
    # The gradient of everything, in pieces that are summed.
    for first in range(0, max(sizes), SMALL):
        gather_gradient(rows(SMALL) + first).numpy()
    found["chunks"] = _peak() - bottom
    for size in sizes:
        _forget()
        update(rows(size)).numpy()
        best = np.inf
        for _ in range(3):
            begun = time.perf_counter()
            update(rows(size)).numpy()
            best = min(best, time.perf_counter() - begun)
        found["peak"].append(_peak() - bottom)
        found["seconds"].append(best)
    found["weights"] = 2 * sum(int(np.prod(v.shape)) * 4 for v in weights)
    print(json.dumps(found))


def judge(evidence: Evidence) -> Finding:
    n = evidence.numbers
    factors = {
        "memory, all at once": (n["peak"][-1] / n["weights"], "growth of the peak over bytes of weights and gradients"),
        "memory, in chunks": (n["chunks"] / n["weights"], "growth of the peak over bytes of weights and gradients"),
        "work": (n["seconds"][-1] / n["seconds"][0], f"seconds of an update over those of a batch of {SMALL}"),
    }
    settings = tuple(Setting(name, "supported" if value >= FACTOR else "refuted", Effect(what, value, unit="x"))
                     for name, (value, what) in factors.items())  # fmt: skip
    array = float(np.median(n["array"]))
    return Finding(
        verdict=overall(settings),
        effect=settings[0].effect,
        positive=Control(0.9 <= array <= 1.1, f"an array of {ARRAY / 2**20:.0f} MiB raises the peak by {array:.3f} "
                         "times its size"),
        negative=Control(n["again"] < n["weights"], f"twenty more updates of {SMALL} raise it by "
                         f"{n['again'] / 2**20:.2f} MiB"),
        settings=settings,
    )  # fmt: skip


def tell(evidence: Evidence, finding: Finding) -> str:
    n = evidence.numbers
    rows = [f"{size:,}: {peak / 2**20:.1f} MiB, {1e3 * seconds:.3g} ms"
            for size, peak, seconds in zip(n["batches"], n["peak"], n["seconds"], strict=True)]  # fmt: skip
    return (
        f"Peak memory of one compiled update above that of a batch of {SMALL}, and its time, by batch size: "
        f"{'; '.join(rows)}. Weights and gradients together take {n['weights'] / 2**20:.2f} MiB. The same gradient of "
        f"{n['batches'][-1]:,} examples, summed in chunks of {SMALL}, raised the peak by {n['chunks'] / 2**20:.2f} "
        "MiB: the memory is that of what is held at once, the work that of the batch."
    )


def draw(evidence: Evidence, finding: Finding):
    n = evidence.numbers
    memory = [charts.Line("all at once", n["batches"], np.array(n["peak"]) / 2**20),
              charts.Line("summed in chunks", [n["batches"][0], n["batches"][-1]], [n["chunks"] / 2**20] * 2),
              ]  # fmt: skip
    work = [charts.Line("all at once", n["batches"], 1e3 * np.array(n["seconds"]))]
    panels = [
        charts.Panel(memory, "batch size", "growth of the peak, MiB", title="Memory", logx=True, logy="symlog",
                     across={"weights + gradients": n["weights"] / 2**20}),
        charts.Panel(work, "batch size", "ms an update", title="Work", logx=True, logy=True),
    ]  # fmt: skip
    return charts.lines("What one update costs", "net of 784-128-128-10 units on random images", panels,
                        note=f"Peak resident memory of a fresh process above that after updates of "
                        f"{SMALL}.")  # fmt: skip


CLAIMS = (
    Claim(
        id="batch-gd-costs-memory",
        kind="C",
        statement="An update from the full batch needs much more memory and work than one from a mini-batch.",
        prediction="Peak memory and time of an update rise with the batch size.",
        rule=f"memory: supported if the largest batch raises the peak of the process by at least {FACTOR:g} times the "
        f"bytes of weights and gradients; once for the batch at once, once summed in chunks of {SMALL}. work: "
        f"supported if an update takes at least {FACTOR:g} times as long as one of {SMALL}. Otherwise refuted; depends "
        "if the three disagree.",
        positive="an array of known size raises the measured peak by its size",
        negative=f"more updates of {SMALL} raise it by less than the weights and gradients take",
        limits="Peak resident memory on a CPU, a small dense net. The data themselves are in memory in either case. "
        "What is read is the high-water mark of the process above what it held "
        "before; what it had freed can be used again.",
        judge=judge,
        tell=tell,
        draw=draw,
        probe=probe,
        parts={"batches": (64, 1024, 4096, 16384)},
    ),
)
