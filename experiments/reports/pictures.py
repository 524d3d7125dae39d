"""Write the figures of a report in one style, and the page that shows those of all styles."""

import json
from collections.abc import Sequence
from pathlib import Path

from experiments.reports import style
from experiments.reports.blocks import Block
from experiments.reports.figures.drawings import drawings
from experiments.reports.figures.fit import misfit
from experiments.reports.files import pictures, save_figure, write_text
from experiments.reports.formats import SCREEN, formats
from experiments.reports.gallery import CAPTIONS, write_gallery
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
    for chosen in formats(named):
        folder = out_dir / chosen.folder
        with style.theme(chosen):
            for each in drawn:
                figure, name = each.draw(), f"{each.name}{chosen.suffix}"
                captions[each.name] = caption = figure.caption if isinstance(figure, Sheet) else each.heading
                why = misfit(figure) if chosen.width is not None else ""
                told[name] = {"caption": caption, "alt": each.alt()} | ({"left out": why} if why else {})
                if not why:
                    written += save_figure(figure, folder / name, chosen.kinds)
                for path in pictures(folder / name, chosen.kinds) if why else ():
                    path.unlink(missing_ok=True)
    if formats(named) != (SCREEN,):
        text = json.dumps(told, indent=1, ensure_ascii=True) + "\n"
        written.append(write_text(out_dir / formats(named)[0].folder / CAPTIONS, text))
    return [*written, write_gallery(out_dir, drawn, captions, title)]
