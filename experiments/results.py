"""Results for a notebook: tidy tables, and the figures of the report as functions."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.errors import ResultsError
from experiments.reports.formats import Format, formats
from experiments.stored import Stored, stored

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.reports.blocks import Block
    from experiments.reports.material import Material


CURVES = {"curves": "learning_curves"}
"""The figure that has another name here, since ``curves`` is a table."""


def read(folder: str | Path) -> "Results":
    """The results in a folder, see ``experiments.load``."""
    return Results(Path(folder), stored(Path(folder)))


def _figure(name: str, what: str) -> "Callable[..., Figure]":
    def draw(
        self: "Results",
        dataset: str | None = None,
        model: str | None = None,
        *,
        style: str = "screen",
        columns: int = 2,
    ) -> "Figure":
        return self.figure(name, dataset, model, style=style, columns=columns)

    draw.__name__ = name
    draw.__doc__ = f"{what} Arguments as of ``figure``."
    return draw


def _statistic(name: str) -> property:
    def table(self: "Results") -> "pd.DataFrame":
        import pandas as pd

        return self._statistics.get(name, pd.DataFrame())

    return property(table)


class Results:
    """What came of a sweep.

    Metrics (``mean``, ``low``, ``high``, ``test_metric``, ``validation_metric``, ...) are fractions of 1 for accuracy,
    and R² for regression; ``key`` names a run in all tables. Intervals are of 95 %.

    Attributes:
        runs: a row a run, tuning included (``role``: ``trial``, ``default``, ``tuned``, ``both``, ``deep``).
            ``learning_rate``, ``batch_size`` (examples), ``seed``, ``status``, ``test_metric``, ``parameters``,
            ``state_bytes`` (bytes), ... as ``reports.frames.RUNS`` lists them.
        curves: a row an epoch: ``key, epoch, train_loss, train_metric, validation_loss, validation_metric``.
        cells: a row a cell: ``rates`` (``tuned`` or ``default``), its settings, ``seeds`` (how many count), ``mean``,
            ``low``, ``high``, ``half_width``, ``sd``, ``iqm``, ``min``, ``max``, ``done``, ``diverged``, ``failed``.
        diagnostics: a row a run, moment (``when``) and ``layer``: ``gradient_norm``, ``dead`` and ``saturated`` (shares
            of units), ``mean``, ``spread``, ``update_ratio``, ...
        timings: a row a run: ``seconds`` (training), ``compile_seconds``, ``seconds_per_epoch``, ``peak_bytes``.
        choices: a row a tuned cell: ``default_rate``, ``tuned_learning_rate``, ``score`` (validation), ``edge``, ...
        comparisons: a row a pair of levels ``a``, ``b`` of a ``factor``: ``difference`` (a - b), ``low``, ``high``,
            ``p_holm``, ``verdict``, ``p_a_beats_b``.
        cell_comparisons: the best cell against each other one.
        rankings: a row a level: ``mean_rank`` (1 is best), ``low``, ``high``, at ``rates``.
        ranking_changes: a row a level: ranks at default and at tuned rates.
        variance: a row a term: ``share`` of the variance of the metric.
        learning_rates: a row a trial: mean validation metric at a rate, ``chosen``, ``edge``.
        survival: a row an ``effect`` and ``variant`` of a model (batch norm, skips): ``value``, ``low``, ``high``,
            ``outcome``.
        facts: what no table holds: plan, command, data, versions.
    """

    def __init__(self, folder: Path, tables: Stored):
        self.folder, self.facts = folder, tables.facts
        self._stored = tables

    def __repr__(self) -> str:
        told = ", ".join(dict.fromkeys(f"{block.dataset}/{block.model}" for block in self.blocks))
        return f"<results of {self.folder}: {len(self.runs)} runs of {told or 'nothing'}>"

    @cached_property
    def _material(self) -> "Material":
        from experiments.reports.material import material

        found = self._stored.frames
        return material(found.runs, found.curves, found.timings, self.facts, found.diagnostics, found.choices)

    @property
    def blocks(self) -> "list[Block]":
        """One comparison each: the runs on one data set with one model."""
        return self._material.blocks

    @property
    def runs(self) -> "pd.DataFrame":
        return self._material.runs

    @property
    def curves(self) -> "pd.DataFrame":
        return self._material.curves

    @property
    def diagnostics(self) -> "pd.DataFrame":
        return self._material.diagnostics

    @property
    def timings(self) -> "pd.DataFrame":
        return self._material.timings

    @property
    def choices(self) -> "pd.DataFrame":
        return self._material.choices

    @cached_property
    def cells(self) -> "pd.DataFrame":
        from experiments.reports.tables import summary_table

        table = summary_table(self.blocks)
        return table.assign(learning_rate=table["learning_rate"].astype("float64"))

    @cached_property
    def _statistics(self) -> "dict[str, pd.DataFrame]":
        """From the files of the report where there is no ledger, else worked out (some seconds)."""
        from experiments.reports.evidence import evidence
        from experiments.reports.tables import statistics_tables

        return self._stored.statistics or statistics_tables([evidence(block) for block in self.blocks])

    comparisons = _statistic("comparisons")
    cell_comparisons = _statistic("cell_comparisons")
    rankings = _statistic("rankings")
    ranking_changes = _statistic("ranking_changes")
    variance = _statistic("variance")
    learning_rates = _statistic("learning_rates")
    survival = _statistic("survival")

    def figures(self) -> list[str]:
        """The names of the figures that there is something for: each is a method."""
        from experiments.reports.figures import PICTURES, pictures
        from experiments.reports.figures.drawings import drawings

        there = {picture.name for block in self.blocks for picture in pictures(block)}
        ranks = any(each.name.startswith("ranks-") for each in drawings(self.blocks))
        named = [CURVES.get(picture.name, picture.name) for picture in PICTURES if picture.name in there]
        return [*named, *(["ranks"] if ranks else [])]

    def figure(
        self,
        name: str,
        dataset: str | None = None,
        model: str | None = None,
        *,
        style: str = "screen",
        columns: int = 2,
    ) -> "Figure":
        """A figure by its name.

        Args:
            name: one of ``figures()``.
            dataset: may be left out where there is one.
            model: likewise.
            style: ``screen``, ``paper`` or ``slides``.
            columns: of the paper, 1 (3.5 inches wide) or 2 (7.2).

        Raises:
            ResultsError: there is no such figure, data set or model.
            UserError: there is no such style.
        """
        from experiments.reports.figures import pictures
        from experiments.reports.style import theme

        block = self._block(dataset, model)
        there = {CURVES.get(picture.name, picture.name): picture for picture in pictures(block)}
        if name not in there:
            raise ResultsError(f"no figure {name!r} of {block.name}; there are: {', '.join(there)}")
        with theme(_format(style, columns)):
            figure = there[name].draw(block)
            figure.draw_without_rendering()  # ticks are made now, under these settings
        return figure

    def ranks(self, factor: str = "optimizer", *, style: str = "screen", columns: int = 2) -> "Figure":
        """Mean ranks over all data sets and models, ``factor`` ``activation`` or ``optimizer``."""
        from experiments.reports.figures.drawings import drawings
        from experiments.reports.style import theme

        there = {each.name: each for each in drawings(self.blocks) if each.name.startswith("ranks-")}
        if f"ranks-{factor}" not in there:
            known = ", ".join(name.removeprefix("ranks-") for name in there)
            raise ResultsError(f"no mean ranks by {factor!r}; "
                               + (f"allowed: {known}" if known else "they need more data sets or models"))  # fmt: skip
        with theme(_format(style, columns)):
            figure = there[f"ranks-{factor}"].draw()
            figure.draw_without_rendering()
        return figure

    heatmap = _figure("heatmap", "Mean and interval of every cell.")
    moves = _figure("moves", "Each level at tuned beside default rates.")
    rates = _figure("rates", "Validation metric by learning rate.")
    learning_curves = _figure("learning_curves", "Validation metric by epoch.")
    seeds = _figure("seeds", "Every run as a point.")
    profile = _figure("profile", "Share of runs above each threshold.")
    gradients = _figure("gradients", "Gradient norm by layer.")
    dead = _figure("dead", "Dead units over time.")
    means = _figure("means", "Mean activation by layer.")
    time = _figure("time", "Test metric against training time.")
    size = _figure("size", "Parameters and optimizer state.")

    def _block(self, dataset: str | None, model: str | None) -> "Block":
        fits = [block for block in self.blocks if dataset in (None, block.dataset) and model in (None, block.model)]
        if len(fits) == 1:
            return fits[0]
        asked = ", ".join(f"{what} {given!r}" for what, given in (("dataset", dataset), ("model", model)) if given)
        there = "; ".join(f"dataset={block.dataset!r}, model={block.model!r}" for block in fits or self.blocks)
        what = "several comparisons" if fits else "nothing"
        raise ResultsError(f"{what} with {asked or 'neither dataset nor model given'}; there are: {there or 'none'}")


def _format(style: str, columns: int) -> Format:
    of_style = formats(style)
    if columns not in (1, 2):
        raise ResultsError(f"columns is {columns!r}; allowed: 1, 2")
    return of_style[min(columns, len(of_style)) - 1]
