"""Figures for papers and slides: as large as was asked for, nothing cut, nothing that overlaps, one page of all."""

import json
import re
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from experiments.errors import UserError
from experiments.reports import write_report
from experiments.reports.figures import PICTURES, drawings, fit
from experiments.reports.formats import ONE_COLUMN, SLIDE, STYLES, TWO_COLUMNS, current, formats
from experiments.reports.style import theme
from tests.experiments.reports.test_figures import BIG, HOSTILE, diverge, touching, visible_text

SMALL = {"activations": ("relu", "tanh"), "optimizers": ("adam", "sgd"), "tuned": True}
FORMATS = {"1": ONE_COLUMN, "2": TWO_COLUMNS, "slide": SLIDE}
QUICK = {("heatmap", "1"), ("heatmap", "2"), ("profile", "2"), ("heatmap", "slide"), ("time", "slide")}
LARGEST = [(picture.name, "2") for picture in PICTURES if picture.name != "seeds"]
LARGEST += [(picture.name, "slide") for picture in PICTURES if picture.name != "seeds"]
LARGEST += [("heatmap", "1")]
"""What 20 activations by 20 optimizers fit into: 400 names of lines fit on neither a page nor a slide."""


@pytest.fixture(scope="module")
def largest(made, cut_up):
    (block,) = cut_up(made(**BIG, status=diverge, tuned=True))
    return block


def check(block, name, chosen):
    (picture,) = [each for each in PICTURES if each.name == name]
    with theme(chosen):
        figure = picture.draw(block)
        figure.draw_without_rendering()
    boxes = visible_text(figure)
    width, height = figure.bbox.size
    cut = [words for words, box, _ in boxes
           if min(box.x0, box.y0, width - box.x1, height - box.y1) < -1.5]  # fmt: skip
    assert not cut
    assert not touching(boxes)
    assert figure.get_figwidth() == chosen.width
    assert figure.get_figheight() <= fit.PAGE
    return figure


@pytest.mark.parametrize(
    ("name", "chosen"),
    [pytest.param(*each, marks=() if each in QUICK else pytest.mark.slow) for each in LARGEST],
)
def test_the_largest_grid_fits(largest, name, chosen):
    check(largest, name, FORMATS[chosen])


@pytest.mark.slow
@pytest.mark.parametrize("chosen", FORMATS)
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_the_usual_grid_fits_everywhere(tuned_block, picture, chosen):
    check(tuned_block, picture.name, FORMATS[chosen])


def test_a_paper_leaves_titles_to_the_caption_and_slides_have_them(tuned_block):
    paper = check(tuned_block, "heatmap", ONE_COLUMN)
    slide = check(tuned_block, "heatmap", SLIDE)
    assert not paper.texts
    assert slide.texts[0].get_text() == "Test accuracy by activation and optimizer"
    assert "MNIST, mlp; 3 seeds" in paper.caption
    assert slide.get_figwidth() / slide.get_figheight() == 16 / 9
    assert (slide.get_figwidth() * SLIDE.dpi, slide.get_figheight() * SLIDE.dpi) == (1920, 1080)
    assert paper.axes[0].xaxis.label.get_fontsize() == 8


def test_a_caption_does_not_tell_numbers_that_are_not_shown(largest, tuned_block):
    assert "half width" in check(tuned_block, "heatmap", TWO_COLUMNS).caption
    assert "half width" not in check(largest, "heatmap", TWO_COLUMNS).caption
    assert check(largest, "heatmap", ONE_COLUMN).note.startswith("The colour of each cell")


def test_the_format_ends_with_its_theme():
    with theme(SLIDE):
        assert current() is SLIDE
    assert current() is STYLES["screen"][0]
    with pytest.raises(UserError, match=r"unknown style: 'poster'.*allowed: screen, paper, slides"):
        formats("poster")


def test_words_that_do_not_fit_are_found():
    figure = Figure(figsize=(4, 2))
    figure.text(0.1, 0.5, "here")
    figure.text(0.6, 0.5, "there")
    assert fit.misfit(figure) == ""
    figure.text(0.11, 0.5, "on it")
    assert fit.misfit(figure) == "'here' lies on 'on it'"
    cut = Figure(figsize=(4, 2))
    cut.text(0.9, 0.5, "too long for this")
    assert fit.misfit(cut) == "no room for 'too long for this'"
    assert fit.misfit(Figure(figsize=(3, 12))) == "longer than a page"


@contextmanager
def few_figures():
    """Three of them stand for all."""
    with pytest.MonkeyPatch.context() as patch:
        few = [each for each in PICTURES if each.name in ("heatmap", "rates", "size")]
        patch.setattr(drawings, "pictures", lambda block: few)
        yield


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    """The default report of a few cells, then its figures for papers."""
    out = tmp_path_factory.mktemp("styles")
    ledger = made(**SMALL | {"activations": (HOSTILE[0], "tanh")})
    with few_figures():
        write_report(out, *ledger.arguments)
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.name != "index.html"}
        written = write_report(out, *ledger.arguments, style="paper")
    assert {path: path.read_bytes() for path in before} == before
    return out / "figures", written


def test_a_style_has_a_folder_of_its_own(folder):
    figures, written = folder
    assert {path.parent for path in written} == {figures, figures / "paper"}
    assert {path.name for path in written if "heatmap" in path.name} == {
        f"mnist-mlp-heatmap-{columns}col.{kind}" for columns in (1, 2) for kind in ("svg", "pdf")
    }
    told = json.loads((figures / "paper" / "captions.json").read_text("utf-8"))
    assert told["mnist-mlp-heatmap-1col"]["caption"].startswith("Test accuracy by activation and optimizer. MNIST, mlp")
    pdf = (figures / "paper" / "mnist-mlp-heatmap-1col.pdf").read_bytes()
    assert b"/TrueType" in pdf or b"/CIDFontType2" in pdf
    assert b"CreationDate" not in pdf
    assert "<text" not in (figures / "paper" / "mnist-mlp-heatmap-1col.svg").read_text("utf-8")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.links, self.tags = {}, [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "img":
            self.images[given["src"]] = given["alt"]
        elif tag == "a":
            self.links.append(given["href"])


def test_the_page_shows_every_figure_with_words_and_files(folder):
    figures, _ = folder
    text = (figures / "index.html").read_text("utf-8")
    page = Links()
    page.feed(text)
    assert set(page.images) == {path.name for path in figures.glob("*.png")}
    assert all(len(alt) > 20 for alt in page.images.values())
    files = {link for link in page.links if not link.startswith("#")}
    assert files == {path.relative_to(figures).as_posix() for path in figures.rglob("mnist*.*")}
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(re.findall(r'id="([^"]+)"', text))
    assert "script" not in page.tags
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text


def test_what_does_not_fit_is_left_out_and_told(folder, made, monkeypatch):
    figures, _ = folder
    out = figures.parent
    monkeypatch.setattr(fit, "PAGE", 2.0)
    with few_figures():
        written = write_report(out, *made(**SMALL | {"activations": (HOSTILE[0], "tanh")}).arguments, style="paper")
    assert not (figures / "paper" / "mnist-mlp-rates-1col.svg").exists()
    assert "longer than a page" in (figures / "index.html").read_text("utf-8")
    assert figures / "paper" / "mnist-mlp-rates-1col.pdf" not in written
