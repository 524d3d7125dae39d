"""Checks of the stacked engine, as their own process: Keras has one backend a process.

    python -m tests.experiments.training.on_jax FILE

writes a JSON object: name of a check -> its traceback, or nothing where it holds. `test_stacked` reads it.
"""

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.records import TUNING_SEEDS, Outcome, Run
from experiments.training import backend
from tests.experiments.training.toy import a_run, toy

DATA = toy(train=200)
RUN = a_run(DATA, {"depth": 2, "width": 8}, optimizer="adam", learning_rate=0.01, batch_size=20, epochs=4)


def trainer_of(run: Run = RUN, data=DATA):
    from experiments.training import engines
    from experiments.training.setup import prepare

    return engines.make("stacked", prepare(run, data))


def outcomes(messages) -> list[Outcome]:
    return [value for kind, _, value in messages if kind == "outcome"]


def same(one: Outcome, other: Outcome, rel: float) -> None:
    assert (one.status, one.step, one.best_epoch) == (other.status, other.step, other.best_epoch)
    for mine, its in zip(one.curve, other.curve, strict=True):
        assert np.isclose(mine.train_loss, its.train_loss, rtol=rel, atol=0)
        assert np.isclose(mine.validation_loss, its.validation_loss, rtol=rel, atol=0)
    for name in ("test_loss", "last_test_loss"):
        mine, its = getattr(one, name), getattr(other, name)
        assert (mine is None and its is None) or np.isclose(mine, its, rtol=rel, atol=0)


def a_stack_of_eight_gives_what_stacks_of_one_give() -> None:
    trainer = trainer_of()
    runs = [replace(RUN, seed=seed, learning_rate=rate) for seed in range(4) for rate in (0.01, 0.001)]
    together = outcomes(trainer.train(runs))
    alone = [outcomes(trainer.train([run]))[0] for run in runs]
    for one, other in zip(together, alone, strict=True):
        same(one, other, 1e-4)
    assert len({outcome.test_loss for outcome in together}) == 8
    assert [outcome.compile_seconds > 0 for outcome in together] == [True] + [False] * 7


def a_diverging_run_leaves_the_others_as_they_are() -> None:
    trainer = trainer_of(replace(RUN, optimizer="sgd"))
    calm = [replace(RUN, optimizer="sgd", seed=seed) for seed in range(3)]
    wild = replace(calm[1], learning_rate=1e12)
    before, after = outcomes(trainer.train(calm)), outcomes(trainer.train([calm[0], wild, calm[2]]))
    assert after[1].status == "diverged"
    assert after[1].step == outcomes(trainer.train([wild]))[0].step
    assert 1 < after[1].step <= 10
    assert after[1].test_metric is None
    for place in (0, 2):
        assert before[place].curve[-1].train_loss == after[place].curve[-1].train_loss
        same(before[place], after[place], 0.0)


def weights_that_overflow_at_an_update_diverge_at_the_next() -> None:
    data = toy("regression")
    run = a_run(data, {"depth": 1, "width": 4}, batch_size=0, learning_rate=1e30, epochs=3)
    (outcome,) = outcomes(trainer_of(run, data).train([run]))
    assert (outcome.status, outcome.step, outcome.curve) == ("diverged", 2, ())


def the_best_epochs_weights_are_those_that_are_scored() -> None:
    trainer = trainer_of()
    runs = [replace(RUN, seed=seed, learning_rate=rate, epochs=6) for seed in range(4) for rate in (0.3, 0.03)]
    found = outcomes(trainer.train(runs))
    earlier = [(run, outcome) for run, outcome in zip(runs, found, strict=True) if outcome.best_epoch < run.epochs]
    assert earlier, "a best epoch before the last is what this is about"
    for run, outcome in earlier:
        (short,) = outcomes(trainer.train([replace(run, epochs=outcome.best_epoch)]))
        assert np.isclose(outcome.test_loss, short.last_test_loss, rtol=1e-4)
        assert outcome.test_loss != outcome.last_test_loss


def runs_that_tune_never_meet_the_test_part() -> None:
    from experiments.training.programs import Programs

    read = []
    evaluate = Programs.evaluate

    def noted(self, trainable, others, part):
        read.append((part, np.asarray(trainable[0])))
        return evaluate(self, trainable, others, part)

    Programs.evaluate = noted
    try:
        trainer = trainer_of()
        tuning = [replace(RUN, seed=TUNING_SEEDS + number) for number in range(2)]
        for outcome in outcomes(trainer.train(tuning)):
            assert (outcome.test_metric, outcome.last_test_metric, outcome.diagnostics) == (None, None, ())
        assert {part for part, _ in read} == {"validation"}
        mixed = outcomes(trainer.train([tuning[0], RUN]))
        assert [outcome.test_metric is None for outcome in mixed] == [True, False]
        tested = [weights for part, weights in read if part == "test"]
        assert len(tested) == 2
        for weights in tested:
            assert np.array_equal(weights[0], weights[1]), "both places hold the run that is scored"
    finally:
        Programs.evaluate = evaluate


def places_that_are_left_over_change_nothing() -> None:
    trainer = trainer_of()
    runs = [replace(RUN, seed=seed) for seed in range(3)]
    padded, exact = outcomes(trainer.train(runs, size=4)), outcomes(trainer.train(runs))
    assert len(padded) == 3
    for one, other in zip(padded, exact, strict=True):
        same(one, other, 1e-5)


def slots_that_start_as_weights_do_so_in_every_run() -> None:
    run = replace(RUN, optimizer="keras:ScheduleFreeAdamW")
    trainer = trainer_of(run)
    runs = [replace(run, seed=seed, learning_rate=0.01 * (seed + 1)) for seed in range(3)]
    state = trainer._start(runs)
    for place, each in enumerate(runs):
        trainer.model.set_weights(trainer.setup.initial_weights(each))
        trainer.slots.reset()
        trainer.optimizer.learning_rate = each.learning_rate
        for slot, value in zip(trainer.optimizer.variables, state.slots, strict=True):
            assert np.array_equal(np.asarray(slot.value), np.asarray(value[place])), slot.path


def a_silent_unit_of_maxout_with_a_gradient_is_not_dead() -> None:
    from experiments.diagnostics.jax import Diagnostics

    run = replace(RUN, activation="maxout")
    trainer = trainer_of(run)
    state = trainer._start([run])
    # The hidden layers give 0 everywhere; through the head a gradient comes back to the last of them only.
    paths = [variable.path for variable in trainer.model.trainable_variables]
    weights = [np.asarray(value[0]) * ("output" in path) for path, value in zip(paths, state.trainable, strict=True)]
    rows = Diagnostics(trainer.setup, "maxout").measure("start", weights, [], [value[0] for value in state.slots])
    assert {row["layer"]: row["dead"] for row in rows if "dead" in row} == {"hidden_1": 1.0, "hidden_2": 0.0}


def where_memory_runs_out_stacks_are_halved() -> None:
    from experiments.training import stacks

    trainer = trainer_of()
    train, tried = trainer.train, []

    def small_memory(runs, size=0):
        tried.append(len(runs))
        if len(runs) > room:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 123 bytes.")
        yield from train(runs, size)

    trainer.train = small_memory
    runs = [replace(RUN, seed=seed, epochs=1 + seed % 2) for seed in range(10)]
    room = 2
    messages = [*stacks.train(trainer, runs, most=5)]
    assert sorted(run.seed for kind, run, _ in messages if kind == "outcome") == list(range(10))
    assert tried == [5, 2, 2, 1, 2, 2, 1]
    room = 0
    try:
        [*stacks.train(trainer, runs[:1])]
    except MemoryError:
        return
    raise AssertionError("one run that does not fit is an error")


def other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    from experiments.training import stacks

    trainer = trainer_of()

    def broken(runs, size=0):
        raise ValueError("no")

    trainer.train = broken
    try:
        [*stacks.train(trainer, [RUN, replace(RUN, seed=1)], most=2)]
    except ValueError:
        return
    raise AssertionError("it went on")


def a_stack_is_no_larger_than_memory_holds() -> None:
    from experiments.training import stacks

    trainer = trainer_of()
    assert stacks.most_runs(trainer, None) == 1, "the default on a CPU"
    assert stacks.most_runs(trainer, 7) == 7
    free = stacks.free_bytes
    try:
        stacks.free_bytes = lambda: int(3.5 * stacks.bytes_of_a_run(trainer) / stacks.SHARE)
        assert stacks.most_runs(trainer, 7) == 3
        stacks.free_bytes = lambda: 0
        assert stacks.most_runs(trainer, 7) == 1
    finally:
        stacks.free_bytes = free
    wide = trainer_of(replace(RUN, model_args=(("depth", 2), ("width", 800))))
    assert stacks.bytes_of_a_run(wide) > 10 * stacks.bytes_of_a_run(trainer)


CHECKS = (
    a_stack_of_eight_gives_what_stacks_of_one_give,
    a_diverging_run_leaves_the_others_as_they_are,
    weights_that_overflow_at_an_update_diverge_at_the_next,
    the_best_epochs_weights_are_those_that_are_scored,
    runs_that_tune_never_meet_the_test_part,
    places_that_are_left_over_change_nothing,
    slots_that_start_as_weights_do_so_in_every_run,
    a_silent_unit_of_maxout_with_a_gradient_is_not_dead,
    where_memory_runs_out_stacks_are_halved,
    other_errors_are_not_taken_for_a_lack_of_memory,
    a_stack_is_no_larger_than_memory_holds,
)


def main(file: str) -> None:
    backend.start("stacked")
    found = {}
    for check in CHECKS:
        try:
            check()
            found[check.__name__] = ""
        except Exception:
            found[check.__name__] = traceback.format_exc()
    Path(file).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
