"""Write the figures of a report in one style, and the page that shows those of all styles."""

import json
from collections.abc import Sequence
from pathlib import Path

from experiments.places import own
from experiments.reports import style
from experiments.reports.blocks import Block
from experiments.reports.figures.drawings import Drawing, drawings
from experiments.reports.figures.fit import misfit
from experiments.reports.files import pictures, save_figure, write_text
from experiments.reports.formats import SCREEN, Format, formats
from experiments.reports.gallery import CAPTIONS, write_gallery
from experiments.reports.parallel import in_parallel
from experiments.reports.sheets import Sheet


def write_figures(out_dir: Path, blocks: Sequence[Block], named: str = "screen", title: str = "Figures") -> list[Path]:
    """The files written; the same runs give the same bytes.

    A figure whose words do not fit into a format of fixed size is not written in it; ``captions.json`` and the page
    tell why.

    Args:
        out_dir: folder of the figures; other styles than ``screen`` have a folder in it.
        blocks: what to draw.
        named: the style, one of ``formats.STYLES``.
        title: of the page.
    """
    written: list[Path] = []
    captions: dict[str, str] = {}
    told: dict[str, dict[str, str]] = {}
    drawn = drawings(blocks)
    jobs = [(own(out_dir / chosen.folder), chosen, each) for chosen in formats(named) for each in drawn]
    for (_, chosen, each), (paths, caption, why) in zip(jobs, in_parallel(_write, jobs), strict=True):
        written += paths
        captions[each.name] = caption
        alone = {"caption": caption, "alt": each.alt()} | ({"left out": why} if why else {})
        told[f"{each.name}{chosen.suffix}"] = alone
    if formats(named) != (SCREEN,):
        text = json.dumps(told, indent=1, ensure_ascii=True) + "\n"
        written.append(write_text(out_dir / formats(named)[0].folder / CAPTIONS, text))
    return [*written, write_gallery(out_dir, drawn, captions, title)]


def _write(folder: Path, chosen: Format, each: Drawing) -> tuple[list[Path], str, str]:
    """Draw one figure in one format: its files, its caption, and why it was left out where it was."""
    stem = folder / f"{each.name}{chosen.suffix}"
    with style.theme(chosen):
        figure = each.draw()
        caption = figure.caption if isinstance(figure, Sheet) else each.heading
        why = misfit(figure) if chosen.width is not None else ""
        if not why:
            return save_figure(figure, stem, chosen.kinds), caption, ""
    for path in pictures(stem, chosen.kinds):
        path.unlink(missing_ok=True)
    return [], caption, why
