"""The engine for accelerators: many runs of one trace, their seeds and rates side by side, as one JAX program.

Weights, optimizer slots and learning rate get an axis more, one place a run; `jax.vmap` of one run's epoch (a
`lax.scan` over its updates) goes over all of them at once. A run's numbers are its own: what becomes of one of
them, a divergence too, changes nothing in the others.
"""

import operator
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.diagnostics.jax import Diagnostics
from experiments.records import Run
from experiments.training.course import Course, Sums
from experiments.training.order import CHUNK, batches
from experiments.training.programs import Programs, State
from experiments.training.setup import Setup
from experiments.training.slots import Slots

Message = tuple[str, Run, Any]
"""``started``, ``epoch`` (with an Epoch) or ``outcome`` (with an Outcome), and the run that it is about."""


class StackedTrainer:
    """Trains stacks of runs that share the trace of ``setup``. Each size of stack is compiled once."""

    def __init__(self, setup: Setup):
        self.setup = setup
        self.model, self.optimizer, self.loss = setup.model, setup.optimizer, setup.loss
        dense = not setup.convolves
        self.chunk = CHUNK["dense" if dense else "convolution"]
        # XLA's CPU backend lowers a convolution inside a loop naively: there each update is a call of its own.
        self.looped = dense or jax.default_backend() != "cpu"
        if "jax" not in setup.kept:
            setup.kept["jax"] = jnp.asarray(setup.x)
        self.x, self.y = setup.kept["jax"], jnp.asarray(setup.y)
        self.slots = Slots(self.optimizer, self.model.trainable_variables)
        places = {id(variable): place for place, variable in enumerate(self.model.variables)}
        self._trainable = [places[id(variable)] for variable in self.model.trainable_variables]
        self._others = [places[id(variable)] for variable in self.model.non_trainable_variables]
        self.limit: int | None = None  # runs in a stack, where more have run out of memory
        self._programs: dict[int, Programs] = {}
        self._insight: Diagnostics | None = None  # one for all runs: what it compiles serves them all

    def train(self, runs: Sequence[Run], size: int = 0) -> Iterator[Message]:
        """Train runs of equal epochs side by side, and tell what happens as it does.

        A run's ``seconds``, in all and by epoch, are its share of the stack's: those of the stack over the number
        of its runs. The first run is charged with compiling.

        Args:
            runs: of one trace and one budget of epochs.
            size: places in the stack; those that are left over repeat the last run, and are not looked at. As many
                as there are runs unless given.
        """
        started = time.perf_counter()
        setup, count = self.setup, len(runs)
        places = [*runs, *[runs[-1]] * (size - count)]
        courses = [Course(setup, run) for run in runs]
        for run in runs:
            yield "started", run, None
        state = self._start(places)
        compile_seconds = self._compile(len(places), state)
        programs = self._programs[len(places)]
        best = jax.tree.map(jnp.copy, (state.trainable, state.others))
        order = self._order(places, 1)
        rows: list[list[dict]] = [[] for _ in runs]
        aside = self._look_inside("start", state, courses, rows)
        for number in range(1, runs[0].epochs + 1):
            clock = time.perf_counter()
            state, losses, score, examples = self._epoch(programs, state, order)
            validation = programs.evaluate(state.trainable, state.others, "validation")
            if number < runs[0].epochs:  # the next epoch's order is drawn while the device is at this one
                order = self._order(places, number + 1)
            updates, scores = np.asarray(losses), np.asarray(score)
            seconds = (time.perf_counter() - clock) / count
            better = np.zeros(len(places), bool)
            for place, (course, evaluated) in enumerate(zip(courses, sums(validation, setup, "validation"),
                                                            strict=False)):  # fmt: skip
                if course.step is None:
                    epoch = course.add(_to_the_first_bad(updates[place]), float(scores[place]), examples, evaluated,
                                       seconds)  # fmt: skip
                    better[place] = course.improved
                    if epoch is not None:
                        yield "epoch", runs[place], epoch
            if number in (runs[0].epochs, max(1, runs[0].epochs // 2)):
                aside += self._look_inside("end" if number == runs[0].epochs else "middle", state, courses, rows)
            best = programs.keep(better, best, state)
            if all(course.step for course in courses):
                break
        scored = [place for place, course in enumerate(courses) if course.scored]
        last, first = self._tests(programs, state, best, scored, len(places))
        share = (time.perf_counter() - started - compile_seconds - aside) / count
        for place, (run, course) in enumerate(zip(runs, courses, strict=True)):
            outcome = course.outcome(last.get(place), first.get(place), seconds=share,
                                     compile_seconds=0.0 if place else compile_seconds,
                                     diagnostics=tuple(rows[place]))  # fmt: skip
            yield "outcome", run, outcome

    def weights(self, runs: Sequence[Run], epochs: int) -> list[list[np.ndarray]]:
        """Each run's weights after some epochs, in the order of ``model.variables``; nothing is evaluated."""
        state = self._start(runs)
        self._compile(len(runs), state)
        for number in range(1, epochs + 1):
            state, *_ = self._epoch(self._programs[len(runs)], state, self._order(runs, number))
        arrays: list[Any] = [None] * len(self.model.variables)
        for place, value in zip([*self._trainable, *self._others], [*state.trainable, *state.others], strict=True):
            arrays[place] = np.asarray(value)
        return [[array[place] for array in arrays] for place in range(len(runs))]

    def _start(self, runs: Sequence[Run]) -> State:
        """Initial weights, fresh slots and the learning rate of every run, on the device."""
        drawn = {(run.initialiser, run.seed): self.setup.initial_weights(run) for run in runs}
        stacks = [np.stack(arrays) for arrays in zip(*(drawn[run.initialiser, run.seed] for run in runs), strict=True)]
        trainable = [stacks[place] for place in self._trainable]
        slots = self.slots.stacked(trainable, np.array([run.learning_rate for run in runs], np.float32))
        return jax.device_put(State(trainable, [stacks[place] for place in self._others], slots))

    def _order(self, runs: Sequence[Run], epoch: int) -> tuple[Any, ...]:
        """What one epoch's program is given beside the state: the indices of its batches, or of its chunks."""
        setup = self.setup
        if setup.whole_batch:
            return setup.whole(self.chunk)
        # Runs that differ in their rate alone have one order: it is drawn once.
        drawn = {seed: batches(seed, epoch, setup.examples, setup.batch_size) for seed in {run.seed for run in runs}}
        return (jax.device_put(np.stack([drawn[run.seed] for run in runs])),)

    def _epoch(self, programs: Programs, state: State, order: tuple[Any, ...]) -> tuple[State, Any, Any, int]:
        """The state after an epoch, the loss of each update, the summed score, and of how many examples it is."""
        if self.setup.whole_batch:
            total = programs.nothing(state)
            for index, weight in zip(*order, strict=True):
                total = programs.add(total, state.trainable, self.x, self.y, index, weight)
            return *programs.update(state, total), self.setup.examples
        (index,) = order
        steps = index.shape[1]
        losses, score = [], 0.0
        length = steps if self.looped else 1
        for step in range(0, steps, length):
            state, loss, hits = programs.updates(state, self.x, self.y, index[:, step : step + length])
            losses.append(loss)
            score = score + hits
        return state, jnp.concatenate(losses, axis=1), score, steps * self.setup.batch_size

    def _tests(self, programs, state: State, best, scored: list[int], size: int):
        """The test part with the last and with the best weights: place -> sums. Runs that tune never meet it: where
        the stack has any, a scored run takes their place."""
        if not scored:
            return {}, {}
        places = np.resize(scored, size)
        evaluated = []
        for weights in ((state.trainable, state.others), best):
            taken = jax.tree.map(lambda array: array[places], weights)
            found = sums(programs.evaluate(*taken, "test"), self.setup, "test")
            evaluated.append(dict(zip(scored, found, strict=False)))
        return evaluated

    def _look_inside(self, when: str, state: State, courses: list[Course], rows: list[list[dict]]) -> float:
        """Add diagnostics of the runs that are scored; returns the seconds it took, which are no part of training."""
        started = time.perf_counter()
        for place, course in enumerate(courses):
            if course.scored:
                self._insight = self._insight or Diagnostics(self.setup, course.run.activation)
                one = jax.tree.map(operator.itemgetter(place), state)
                rows[place] += self._insight.measure(when, one.trainable, one.others, one.slots)
        return time.perf_counter() - started

    def _compile(self, size: int, state: State) -> float:
        """Compile the programs for stacks of a size, once; returns the seconds it took."""
        started, setup = time.perf_counter(), self.setup
        if size not in self._programs:
            self._programs[size] = Programs(setup, state, self.x, self.y, self.chunk, self.looped)
        return time.perf_counter() - started


def sums(chunked: list[tuple[Any, Any]], setup: Setup, part: str) -> list[Sums]:
    """For each run, the mean loss and the summed score over a part."""
    loss, score = (np.sum([np.asarray(chunk[i], np.float64) for chunk in chunked], axis=0) for i in (0, 1))
    return list(zip((loss / setup.counts[part]).tolist(), score.tolist(), strict=True))


def _to_the_first_bad(losses: np.ndarray) -> np.ndarray:
    bad = np.flatnonzero(~np.isfinite(losses))
    return losses[: bad[0] + 1] if len(bad) else losses
