"""Readers for files that nobody vouches for: sizes are checked before anything is read.

No pickle is loaded here and nothing is unpacked to disk.
"""

import gzip
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

import numpy as np

from experiments.datasets.checks import Shape
from experiments.errors import DataError

LARGE, MOST_PACKED = 64 * 2**20, 200
"""An array of more bytes than ``LARGE`` may be packed so many times smaller: data is not, a bomb is."""

BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    NotImplementedError,  # a zip or tar feature that Python does not have
    RuntimeError,  # an encrypted zip
    OverflowError,
    struct.error,
    tarfile.TarError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""All that a damaged file has been seen to raise in the readers of the standard library."""


def reason(error: BaseException) -> str:
    """What an error says, in one line; it may hold much of the file."""
    return " ".join(f"{error}".split())[:200] or type(error).__name__


@contextmanager
def damage(where: Path, remedy: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into one clear line."""
    try:
        yield
    except BROKEN as error:
        raise DataError(
            f"{where} is truncated or damaged ({reason(error)}). Expected: a whole file. {remedy}"
        ) from None


def npz_headers(path: Path) -> dict[str, tuple[Shape, np.dtype]]:
    """Name -> shape and type of every array in a ``.npz``, from the headers alone."""
    headers, size = {}, path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.filename.endswith(".npy"):
                continue
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # LZMA asks for memory by itself
                raise ValueError(f"{info.filename} is packed in a way that NumPy does not use")
            if info.compress_size > size:  # so many bytes would be asked for
                raise ValueError(f"{info.filename} is longer than its file")
            if info.file_size > LARGE and info.file_size > MOST_PACKED * info.compress_size:
                raise ValueError(f"{info.filename} unpacks to {info.file_size:,} bytes, far more than data does")
            with archive.open(info) as stream:
                shape, _, dtype = npy_header(stream)
                if dtype.hasobject:
                    raise ValueError(f"{info.filename} holds Python objects, which are never loaded")
                if stream.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize != info.file_size:
                    raise ValueError(f"{info.filename} has not the size that its header states")
                headers[info.filename.removesuffix(".npy")] = (shape, dtype)
    return headers


def npy_header(stream: IO[bytes]) -> tuple[Shape, bool, np.dtype]:
    """Shape, whether it is stored by columns (Fortran), and type."""
    version = np.lib.format.read_magic(cast(BinaryIO, stream))
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"unknown version {version} of the .npy format")
    return read(cast(BinaryIO, stream))


def npz_arrays(path: Path, names: Collection[str]) -> dict[str, np.ndarray]:
    """The named arrays. Check the headers first: this believes them.

    Each member is read to its end, because only there the zip's checksum is compared.
    """
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in names:
            with archive.open(f"{name}.npy") as stream:
                shape, by_columns, dtype = npy_header(stream)
                flat = np.frombuffer(stream.read(), dtype)
            arrays[name] = flat.reshape(shape, order="F" if by_columns else "C")
    return arrays


def opened(path: Path) -> IO[bytes]:
    """A file, gunzipped on the way if it begins like one that is gzipped."""
    with open(path, "rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if zipped else open(path, "rb")


def idx_header(stream: IO[bytes]) -> Shape:
    """Shape of an IDX array of bytes: two zeros, type 8, number of axes, then each length (big-endian)."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
        raise ValueError(f"begins with {magic!r}, which is no IDX file of bytes")
    return struct.unpack(f">{magic[3]}I", stream.read(4 * magic[3]))


def idx_bytes(shape: Shape) -> bytes:
    """The header that an IDX file of bytes with this shape has."""
    return struct.pack(">HBB", 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape)


def idx_array(path: Path) -> np.ndarray:
    """An IDX array of bytes, gzipped or not. Check its header first: this believes it."""
    with opened(path) as stream:
        shape = idx_header(stream)
        size = int(np.prod(shape, dtype=object))
        content = stream.read(size + 1)
    if len(content) != size:
        there = f"{len(content):,}" if len(content) < size else "more"
        raise ValueError(f"the header promises {size:,} bytes, there are {there}")
    return np.frombuffer(content, np.uint8).reshape(shape)


class Bounded:
    """A stream that ends in an error rather than give more than ``limit`` bytes."""

    def __init__(self, stream: IO[bytes], limit: int):
        self.stream = stream
        self.left = limit

    def read(self, size: int) -> bytes:
        content = self.stream.read(size)
        self.left -= len(content)
        if self.left < 0:
            raise ValueError("it unpacks to far more than it should")
        return content


def tar_members(path: Path, sizes: Callable[[str], int | None], limit: int) -> dict[str, bytes]:
    """Contents of members of a gzipped tar, by file name without its folder. Nothing reaches the disk.

    Args:
        path: the archive.
        sizes: file name -> the most bytes it may have, or None for a file that is not wanted.
        limit: the most bytes that the whole archive may unpack to.
    """
    contents = {}
    with gzip.open(path) as stream:
        bounded = cast(IO[bytes], Bounded(cast(IO[bytes], stream), limit))
        with tarfile.open(fileobj=bounded, mode="r|") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                most = sizes(name)
                if most is None:
                    continue
                if not member.isreg() or member.size > most:
                    raise ValueError(f"{member.name} is no plain file of at most {most:,} bytes")
                content = archive.extractfile(member)
                assert content is not None  # a plain file always has one
                contents[name] = content.read()
    return contents
