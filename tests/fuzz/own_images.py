"""Data of the user's own as a folder of images by class."""

import functools
import io
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.datasets import loading
from tests.fuzz.choices import Choices, raw
from tests.fuzz.own_tables import loaded
from tests.fuzz.place import fresh

KINDS = ("png", "jpeg", "bmp", "gif")
EACH = 15
"""Images a class, of two classes: as few as three parts can be drawn from."""


@functools.cache
def _picture(kind: str, label: int, mode: str = "L") -> bytes:
    stream = io.BytesIO()
    pixels = np.full((4, 5), 60 + 120 * label, np.uint8)
    Image.fromarray(pixels).convert(mode).save(stream, kind)
    return stream.getvalue()


def seeds() -> list[bytes]:
    return [bytes([n, 0, 0]) + raw(_picture(kind, 0)) for n, kind in enumerate(KINDS)] + [b"\1" * 9]


def one_case(data: bytes) -> None:
    choices = Choices(data)
    kind = choices.of(KINDS)
    mode, bad = choices.of(("L", "RGB", "1", "P")), choices.of(("0.", "14.", "a\x1b[2J.", "\u202e."))
    content = choices.file([_picture(each, 0, mode) for each in KINDS if each != "jpeg" or mode != "P"])
    file = _folder(kind) / "mine" / "class0" / f"{bad}{kind}"
    before = file.read_bytes() if file.exists() else None
    file.write_bytes(content)
    try:
        loaded(loading.load("own:mine", _folder(kind)))
    finally:
        file.unlink() if before is None else file.write_bytes(before)


@functools.cache
def _folder(kind: str) -> Path:
    folder = fresh(f"images-{kind}")
    for label in (0, 1):
        inside = folder / "mine" / f"class{label}"
        inside.mkdir(parents=True)
        for number in range(EACH):
            (inside / f"{number}.{kind}").write_bytes(_picture(kind, label))
    return folder
