"""The tables of the bench: pure, from what was measured."""

from collections.abc import Callable, Iterator
from statistics import mean, median
from typing import TYPE_CHECKING

from experiments.bench.ways import Took

if TYPE_CHECKING:
    from experiments.bench.speed import Race

OURS = "sweep"


def line(way: str, took: Took) -> str:
    """What a way took, while the bench goes on."""
    some = f" ({took.timed} of {took.all_runs} runs timed)" if took.timed < took.all_runs else ""
    return (f"{way}: {took.seconds:.0f} s for all{some}, {took.marginal:.3f} s by model-epoch, "
            f"first run after {took.first:.0f} s, {took.peak_bytes / 1e9:.1f} GB")  # fmt: skip


def ratios(race: "Race", way: str, what: Callable[[Took], float]) -> list[float]:
    """Of a way to ours, round by round."""
    return [what(each[way]) / what(each[OURS]) for each in race.rounds]


def gap(race: "Race", way: str) -> float:
    """Mean difference of test accuracy, ours minus theirs, on the runs that both trained."""
    return mean(each[OURS].accuracies[key] - theirs for each in race.rounds
                for key, theirs in each[way].accuracies.items())  # fmt: skip


def summary(race: "Race") -> Iterator[str]:
    for way in race.rounds[0]:
        if way != OURS:
            yield f"{way}: {_spread(ratios(race, way, lambda took: took.seconds))} times our time for all"
    yield f"our training: {race.share:.0%} of the machine's sgemm peak"


def page(races: list["Race"]) -> str:
    parts = ["# Speed, side by side", ""]
    for race in races:
        ours = [each[OURS] for each in race.rounds]
        machine = ours[0].machine or {}
        versions = machine.get("versions", {})
        parts += [
            f"## {race.title}", "",
            f"{len(race.task.cells)} cells x {race.task.seeds} seeds x {race.task.epochs} epochs of {race.examples} "
            f"examples, batch {race.task.batch_size}; rounds of all ways in turn: {len(race.rounds)}. {race.cores} "
            f"cores of {machine.get('processor', '')}, sgemm {_spread([peak / 1e9 for peak in race.peaks])} GFLOP/s a "
            f"core, all at it; Keras {versions.get('keras')}, TensorFlow {versions.get('tensorflow')}.", "",
            "Ratios are to the sweep of the same round: median (smallest to largest). Seconds for all count from the "
            "command to its end. A rival's are extrapolated from the runs timed: its start once, the rest by run.", "",
            "| way | runs timed | s for all | ratio | s by model-epoch | ratio | first run, s | memory, GB | accuracy "
            "gap, points |", "|---|---|---|---|---|---|---|---|---|",
            *(_row(race, way) for way in race.rounds[0]), "",
            f"Our workers reach {race.share:.0%} of the sgemm peak within epochs. Of the sweep's seconds, "
            f"{median(_compiling(each, race.cores) for each in ours):.0f} go into tracing and compiling. It looks "
            "three times at gradients and dead units of each run beside, which the others do not. Accuracy gap: mean "
            "test accuracy of the sweep minus the way's, on the runs that both trained.", "",
        ]  # fmt: skip
    return "\n".join(parts)


def _row(race: "Race", way: str) -> str:
    took = [each[way] for each in race.rounds]
    timed = sum(each.timed for each in took) / len(took)
    took_all, by_epoch = (lambda each: each.seconds), (lambda each: each.marginal)
    cells = [way, f"{timed:.0f} of {took[0].all_runs} a round"]
    cells += [f"{median(map(took_all, took)):.0f}", "1" if way == OURS else _spread(ratios(race, way, took_all))]
    cells += [f"{median(map(by_epoch, took)):.3f}", "1" if way == OURS else _spread(ratios(race, way, by_epoch))]
    cells += [
        f"{median(each.first for each in took):.0f}",
        f"{max(each.peak_bytes for each in took) / 1e9:.1f}",
        "" if way == OURS else f"{100 * gap(race, way):+.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _compiling(took: Took, cores: int) -> float:
    return took.compile / cores


def _spread(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
