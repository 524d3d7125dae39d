"""CSV files as people write them: what is read as it is meant, and what could mislead is one line."""

import warnings

import numpy as np
import pytest

from experiments import datasets
from experiments.datasets import own_tables
from experiments.errors import DataError

ROWS = [(f"{n / 7:.3f}", ("red", "white")[n % 2], str(n % 3)) for n in range(60)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))


def written(folder, head="acid,colour,quality", rows=ROWS, separator=",", before=""):
    lines = [head, *(separator.join(row) for row in rows)]
    (folder / "mine.csv").write_text(before + "\n".join(lines) + "\n")
    return folder


def load(folder, name="own:mine"):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return datasets.load(name, folder)


def refused(folder, name="own:mine"):
    with pytest.raises(DataError) as told:
        load(folder, name)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("head", ["acid,quality,quality", "quality, acid,quality ", '"quality",a,quality'])
def test_columns_of_one_name_are_refused_as_they_stand_in_the_file(tmp_path, head):
    """pandas calls the second ``quality.1``: the target would be among the inputs."""
    assert "has columns of one name: rename one of" in refused(written(tmp_path, head), "own:mine:quality")


@pytest.mark.parametrize("head", ["5.1,red,0", "7,white,2"])
def test_a_file_without_a_head_line_is_refused(tmp_path, head):
    told = refused(written(tmp_path, head))
    first = head.replace(",", ", ")
    assert f"has no head line: its first line ({first}) looks like an example; put a line before it that" in told
    told = refused(written(tmp_path, "0,red,0"))
    assert (
        "one name: rename one of 0, red, 0; if this is an example, put a line before it that names the columns" in told
    )


def test_a_file_of_truths_without_a_head_line_is_refused(tmp_path):
    rows = [(str(n % 2 == 0), str(n % 3)) for n in range(60)]
    assert "mine.csv has no head line: its first line (False, 2) looks" in refused(written(tmp_path, "False,2", rows))


def test_a_file_of_pixels_without_a_head_line_is_refused(tmp_path):
    rows = [("0", "0", str(n % 3)) for n in range(60)]
    assert "mine.csv has no head line: its first line (0, 0, 1) looks" in refused(written(tmp_path, "0,0,1", rows))


@pytest.mark.parametrize(
    "head", ["0,1,2", "1,2,3", "2019,2020,2021", "1100.5,1101.5,protein", "red,white,2", "0,1,quality"]
)
def test_columns_that_are_called_by_numbers_are_read(tmp_path, head):
    rows = [(str(n % 7), str(n % 5), str(n % 3)) for n in range(60)]
    assert load(written(tmp_path, head, rows)).outputs == 3


@pytest.mark.parametrize(("head", "place"), [(",acid,quality", 1), ("Unnamed: 0,acid,quality", 1),
                                             ("acid,quality, ", 3)])  # fmt: skip
def test_a_column_without_a_name_is_refused(tmp_path, head, place):
    """``to_csv`` writes the number of each line so: in a sorted table that number tells the class."""
    told = refused(written(tmp_path, head))
    assert f"column {place} has no name: if it only counts the lines, leave it out (index=False), else name it" in told


def test_numbers_and_words_in_one_target_are_words(tmp_path):
    """pandas reads long files in pieces, and would give each its own type."""
    rows = [("1.5", str(n % 3) if n < 299_990 else "z") for n in range(300_000)]
    data = load(written(tmp_path, "a,b", [(str(n % 7), row[1]) for n, row in enumerate(rows)]))
    assert (data.task, data.outputs) == ("classes", 4)


def test_blanks_around_a_word_do_not_make_another(tmp_path):
    rows = [(acid, colour + " " * (n % 3), " " * (n % 2) + "ab"[n % 2] + " " * (n % 5)) for n, (acid, colour, _) in
            enumerate(ROWS)]  # fmt: skip
    data = load(written(tmp_path, rows=rows))
    assert (data.task, data.input_shape) == ("binary", (3,))


@pytest.mark.parametrize("word", ["NA", "None", "null", "", '"  "'])
def test_words_that_mean_a_gap_are_told(tmp_path, word):
    rows = [(acid, word if n == 7 else colour, quality) for n, (acid, colour, quality) in enumerate(ROWS)]
    told = refused(written(tmp_path, rows=rows))
    assert "has 1 gaps, the first in column 'colour', line 9" in told
    assert "words such as NA, None and null are read as gaps, too" in told


@pytest.mark.parametrize(("separator", "head"), [(";", '"acid";"colour";"quality"'), ("\t", "acid\tcolour\tquality"),
                                                 (", ", "\ufeffacid, colour, quality")])  # fmt: skip
def test_columns_may_be_separated_in_other_ways(tmp_path, separator, head):
    plain = load(written(tmp_path))
    other = load(written(tmp_path, head, separator=separator))
    assert other.fingerprint == plain.fingerprint
    assert load(tmp_path, "own:mine:acid").task == "regression"


def test_a_comma_within_numbers_is_not_taken_for_a_word(tmp_path):
    rows = [(f"{n % 9},5", colour, quality) for n, (_, colour, quality) in enumerate(ROWS)]
    written(tmp_path, "acid;colour;quality", rows, ";")
    for name in ("own:mine", "own:mine:acid"):
        assert "column 'acid' has numbers with a comma in them" in refused(tmp_path, name)


@pytest.mark.parametrize("before", ["", "\n", " \n\r\n", '"a\n'])
def test_too_many_columns_are_refused_wherever_the_head_line_is(tmp_path, before, monkeypatch):
    monkeypatch.setattr("pandas.read_csv", None)  # not even begun
    names = ",".join(f"c{n}" for n in range(10_001))
    told = refused(written(tmp_path, ('"' if before.startswith('"') else "") + names, before=before))
    assert "has more than 10,000 columns" in told


def test_a_head_line_without_an_end_is_refused(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b'a,b,"' + b"x\n" * 2**20)
    assert "field larger than field limit" in refused(tmp_path)
    (tmp_path / "mine.csv").write_bytes(b"\n" * 2**21)
    assert "more than 10,000 columns (or a head line of 1 MiB)" in refused(tmp_path)
    (tmp_path / "mine.csv").write_bytes(b"")
    assert "is no CSV file that can be read (it is empty)" in refused(tmp_path)


def test_more_entries_than_memory_is_for_are_refused_before_they_are_read(tmp_path, monkeypatch):
    written(tmp_path)
    monkeypatch.setattr("pandas.read_csv", None)
    monkeypatch.setattr(own_tables, "MOST_ENTRIES", 100)
    assert "has more than 100 entries: leave lines or columns out" in refused(tmp_path)
    monkeypatch.setattr(own_tables, "LONGEST", 1 << 20)
    np.zeros(2**18 + 1, np.float32).tofile(tmp_path / "mine.csv")
    assert "is longer than 1 MiB" in refused(tmp_path)
