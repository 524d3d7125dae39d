"""Files made to do harm, as a stranger would send them: each is refused in one line, and does nothing."""

import contextlib
import io
import pickle
import struct
import sys
import zipfile
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments import datasets, plan
from experiments.cli import main
from experiments.datasets import own
from experiments.errors import DataError, PlanError, UserError
from experiments.stored import stored


class Harm:
    """Writes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.fixture
def mark(tmp_path):
    """What must not be there afterwards."""
    yield tmp_path / "harm-was-done"
    assert not (tmp_path / "harm-was-done").exists()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def refused(folder, name="own:mine"):
    with pytest.raises(DataError) as error:
        datasets.whole(name, str(folder))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_harm_would_work(tmp_path):
    pickle.loads(pickle.dumps(Harm(tmp_path / "here"))).close()
    assert (tmp_path / "here").exists()


def test_objects_in_an_npz_of_ones_own(folder, mark):
    harmful = np.array([Harm(mark)] * 40, dtype=object)
    np.savez(folder / "mine.npz", x=np.zeros((40, 2)), y=harmful)
    refused(folder)
    np.savez(folder / "mine.npz", x=harmful, y=np.arange(40) % 2)
    refused(folder)


@pytest.mark.parametrize("name", ["mine.npz", "mine.csv"])
def test_a_pickle_under_another_name(folder, mark, name):
    (folder / name).write_bytes(pickle.dumps(Harm(mark)))
    refused(folder)


def test_a_zip_of_zeros(folder):
    with zipfile.ZipFile(folder / "mine.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (1 << 34,)})
        archive.writestr("x.npy", head.getvalue() + b"\0" * 1000)
        archive.writestr("y.npy", head.getvalue() + b"\0" * 1000)
    refused(folder)


def png(width: int, height: int) -> bytes:
    """A picture of a few bytes that says how large it is."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
            + chunk(b"IEND", b""))  # fmt: skip


def test_a_picture_that_says_it_is_huge(folder):
    for name in ("a", "b"):
        (folder / "mine" / name).mkdir(parents=True)
        (folder / "mine" / name / "1.png").write_bytes(png(100_000, 100_000))
    refused(folder)


@pytest.mark.parametrize("name", ["own:../secret", "own:/etc/passwd", "own:a/b", "own:..", "own:a:../b\x00"])
def test_a_name_that_leads_out_of_the_folder(folder, name):
    (folder.parent / "secret.csv").write_text("a,b\n" + "1,2\n" * 40)
    with pytest.raises(UserError):
        own.parts_of(name) if name != "own:a:../b\x00" else plan.parse({"block": [{"dataset": name}]})


@pytest.mark.parametrize(
    "table",
    [{"name": "../../out", "block": [{"dataset": "digits"}]},
     {"name": "a/b", "block": [{"dataset": "digits"}]},
     {"block": [{"dataset": "../digits"}]},
     {"block": [{"dataset": "digits", "model": "os.system"}]},
     {"block": [{"dataset": "digits", "activations": ["keras:__class__"]}]},
     {"block": [{"dataset": "digits", "optimizers": ["plugin:evil"]}]},
     {"plugin": "evil", "block": [{"dataset": "digits"}]}],
)  # fmt: skip
def test_a_plan_names_nothing_but_what_is_listed(table):
    with pytest.raises(PlanError):
        plan.parse(table)


def test_a_plan_imports_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("open('harm-was-done', 'w').close()\nACTIVATIONS = {}\n")
    (tmp_path / "mine.toml").write_text('[[block]]\ndataset = "digits"\nactivations = ["plugin:evil"]\n')
    assert main(["sweep", "mine.toml", "--dry-run", "--out", "out"]) == 2
    assert "--plugin" in capsys.readouterr().err
    assert not (tmp_path / "harm-was-done").exists()
    assert "evil" not in sys.modules


def test_steering_of_the_terminal_is_spelt_out(folder):
    (folder / "mine.csv").write_text("\x1b[2Ja,b\n" + "x,\n" * 40)
    told = refused(folder)
    assert "\x1b" not in told
    with pytest.raises(PlanError) as error:
        plan.parse({"block": [{"dataset": "\x1b]0;gone\x07"}]})
    assert "\x1b" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
def test_a_stored_table_with_a_pickled_type(tmp_path, mark):
    """Arrow once unpickled what a file named as its type."""
    harmful = {"ARROW:extension:name": "arrow.py_extension_type", "ARROW:extension:metadata": pickle.dumps(Harm(mark))}
    schema = pa.schema([pa.field("key", pa.string(), metadata=harmful)])
    pq.write_table(pa.table([pa.array(["a"])], schema=schema), tmp_path / "runs.parquet")
    with contextlib.suppress(UserError):
        stored(tmp_path)


def test_a_ledger_that_is_a_pickle_is_kept_and_refused(tmp_path, mark, capsys):
    (tmp_path / "ledger.sqlite").write_bytes(content := pickle.dumps(Harm(mark)))
    assert main(["status", "--out", str(tmp_path)]) == 4
    assert "Traceback" not in capsys.readouterr().err
    assert (tmp_path / "ledger.sqlite").read_bytes() == content


def test_words_that_a_spreadsheet_would_run_are_made_inert(tmp_path):
    from experiments.reports.tables import write_csv

    frame = pd.DataFrame({"dataset": ['=HYPERLINK("x")', "@SUM(1)", "mnist"], "n": [-1.0, 2.0, 3.0]})
    lines = write_csv(tmp_path / "t.csv", frame).read_text().splitlines()[1:]
    assert [line.lstrip('"')[0] for line in lines] == ["'", "'", "m"]
    assert lines[2] == "mnist,3.000000"
