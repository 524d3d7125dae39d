"""Images of one's own: a folder for each class. Pixels become bytes; nothing is left out without a word."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Whole
from experiments.datasets.own_limits import MOST_BYTES
from experiments.errors import DataError

MOST_PIXELS = 4096 * 4096
"""Of one image."""
IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif"}
FORMATS = ("PNG", "JPEG", "BMP", "GIF")
"""What an image may really be, whatever its name: Pillow would hand others to programs of the system."""


def read(path: Path) -> Whole:
    """All images of a folder that holds one for each class.

    Raises:
        DataError: something in it is no image that can be used, or they are of several sizes.
    """
    classes = sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    if len(classes) < 2:
        raise DataError(f"{path.name}/ has {len(classes)} folders: it needs one for each class, with images in it")
    arrays, labels, first = [], [], None
    for label, folder in enumerate(classes):
        for file in sorted(each for each in folder.iterdir() if not _of_the_system(each.name)):
            if not file.is_file() or file.suffix.lower() not in IMAGES:
                raise DataError(
                    f"{folder.name}/{file.name} is no image of a kind that is read ({', '.join(sorted(IMAGES))}): "
                    "convert it, or move it out of the folder"
                )
            array = _picture(file)
            array = array[..., None] if array.ndim == 2 else array
            first = first or (file, array.shape)
            if array.shape != first[1]:
                other = f"{first[0].parent.name}/{first[0].name} {_size(first[1])}"
                raise DataError(
                    f"{folder.name}/{file.name} is {_size(array.shape)}, {other}: all images need one size and kind"
                )
            arrays.append(array)
            labels.append(label)
            if len(arrays) * array.size > MOST_BYTES:
                raise DataError(
                    f"{path.name}/ holds more than {MOST_BYTES >> 30} GiB of pixels: make the images smaller"
                )
    if not arrays:
        raise DataError(f"{path.name}/ holds no images ({', '.join(sorted(IMAGES))}) in its folders")
    return Whole(np.stack(arrays), np.array(labels, np.int32))


def _picture(file: Path) -> np.ndarray:
    """Its pixels, once its size is known to be sensible."""
    from PIL import Image

    try:
        if file.stat().st_size > 4 * MOST_PIXELS:
            raise ValueError(f"it is longer than {4 * MOST_PIXELS >> 20} MiB")
        content = io.BytesIO(file.read_bytes())  # a chunk that says it has 4 GiB: from a file, Pillow makes room for it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            image = Image.open(content, formats=FORMATS)
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"it has {image.width}x{image.height} pixels, more than {MOST_PIXELS:,}")
            return _bytes(image)
    except Image.UnidentifiedImageError:  # its own text holds an address in memory
        why: str = f"it is none of {', '.join(FORMATS)}"
    except (*readers.BROKEN, SyntaxError, IndexError, Image.DecompressionBombError) as error:
        why = readers.reason(error)
    raise DataError(f"{file.parent.name}/{file.name} is no image that can be read ({why}): mend or remove it")


def _bytes(image: Any) -> np.ndarray:
    """Grey ``[H, W]`` or RGB ``[H, W, 3]``. Values of 16 bits are scaled to 8, where Pillow would clip them at 255."""
    if getattr(image, "is_animated", False):
        raise ValueError("it has several frames; keep one")
    if image.has_transparency_data and image.convert("RGBA").getextrema()[3][0] < 255:
        raise ValueError("some of it is transparent; lay it on a background")
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError(f"its values go from {values.min()} to {values.max()}; 8 or 16 bits can be read")
        return np.round(values / 257).astype(np.uint8)
    return np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))


def _of_the_system(name: str) -> bool:
    """What file managers leave in folders."""
    return name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]} {'grey' if shape[2] == 1 else 'RGB'}"
