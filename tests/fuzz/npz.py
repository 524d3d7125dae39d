"""npz files: arrays of odd types and shapes, headers that lie, members that are none."""

import io
import struct
import warnings
import zipfile
from collections.abc import Mapping

import numpy as np

from tests.fuzz.choices import Choices

SHAPES = ("()", "(50,)", "(50, 5, 4)", "(0,)", "(10**12, 4)", "(2**62, 2**62)", "(-1,)", "(50, 1)", "(1,) * 40", "'a'",
          "(999999999999,)", "(True,)", "(1073741824,)")  # fmt: skip
TYPES = ("|u1", "<i8", "<f8", "|O", "<U4", "|V8", "|b1", "<c16", "<M8[s]", "<f2", ">i4", "|S0", "<U0", "<U999999999",
         "[('a', '<i4')]", "x" * 90)  # fmt: skip
ODD = (np.zeros(50), np.full((50, 3), np.nan), np.full((50, 3), 1e308), np.arange(50) % 2,
       np.array(["a", "\x1b[2J"] * 25),
       np.zeros((50, 0)), np.zeros((0, 3)), np.array(3), np.arange(50) - 2**62, np.zeros((50, 2, 2, 2, 2), np.uint8),
       np.array(["2001-01-01"] * 50, "M8[D]"), np.arange(50, dtype=np.uint64) + 2**63, np.ones((50, 3), np.complex128),
       np.ones(50, np.float16), np.ones((50, 3), np.longdouble), np.array([b"a", b"b"] * 25))  # fmt: skip


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def header(shape: str, descr: str, order: str = "False", version: int = 1) -> bytes:
    """A header of ours that may lie, in front of nothing."""
    kind = descr if descr.startswith("[") else repr(descr)
    text = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}}}".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + b"\n"


def packed(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def file(choices: Choices, arrays: Mapping[str, np.ndarray]) -> bytes:
    """An archive with some of the arrays replaced by what none should be."""
    members = {}
    for name, array in arrays.items():
        kind = choices.below(8)
        if kind == 0:
            continue
        if kind == 1:
            content = npy(choices.of(ODD))
        elif kind == 2:
            content = header(
                choices.of(SHAPES), choices.of(TYPES), choices.of(("False", "True", "2")), choices.of((1, 2, 3))
            )
            content += b"\0" * choices.below(500)
        elif kind == 3:
            content = choices.damaged(npy(array)[:200])
        else:
            content = npy(array)
        members[f"{name}.npy" if choices.below(9) else choices.of(("x.npy", "../x.npy", "/y.npy", name))] = content
    return packed(members, choices.of((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
