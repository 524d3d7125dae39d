"""Folders of images as people have them: what their pixels become, and what is refused in one line."""

import re

import numpy as np
import pytest
from PIL import Image

from experiments import datasets
from experiments.datasets import own_images
from experiments.errors import DataError

DRAW = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE", str(tmp_path / "cache"))


def pets(folder, make, ending="png", **options):
    """Two classes of 20 images each."""
    for label in ("cat", "dog"):
        (folder / "pets" / label).mkdir(parents=True)
        for n in range(20):
            make().save(folder / "pets" / label / f"{n}.{ending}", **options)
    return folder / "pets"


def grey(*shape):
    return Image.fromarray(DRAW.integers(0, 256, (4, 5, *shape), np.uint8))


def refused(folder):
    with pytest.raises(DataError) as told:
        datasets.load("own:pets", folder)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_values_of_16_bits_are_scaled_and_not_clipped(tmp_path):
    values = []

    def make():
        values.append(DRAW.integers(0, 65536, (4, 5)).astype(np.uint16))
        return Image.fromarray(values[-1])

    whole = own_images.read(pets(tmp_path, make))
    in_order = [values[start + n] for start in (0, 20) for n in sorted(range(20), key=str)]
    assert whole.x.dtype == np.uint8
    np.testing.assert_array_equal(whole.x[..., 0], np.round(np.array(in_order) / 257))
    assert datasets.load("own:pets", tmp_path).input_shape == (4, 5, 1)


def test_white_and_black_keep_their_meaning_in_16_bits(tmp_path):
    values = np.array([[0, 128, 129, 257, 65535 - 129, 65535]], np.uint16)
    whole = own_images.read(pets(tmp_path, lambda: Image.fromarray(values)))
    assert whole.x[0, 0, :, 0].tolist() == [0, 0, 1, 1, 254, 255]


def test_values_of_neither_8_nor_16_bits_are_refused():
    with pytest.raises(ValueError, match="its values go from 0 to 65536; 8 or 16 bits can be read"):
        own_images._bytes(Image.fromarray(np.array([[0, 65536]], np.int32)))


def test_values_of_one_bit_are_black_and_white(tmp_path):
    whole = own_images.read(pets(tmp_path, lambda: grey().convert("1")))
    assert np.unique(whole.x).tolist() == [0, 255]
    assert whole.x.shape == (40, 4, 5, 1)


@pytest.mark.parametrize(("mode", "channels"), [("LA", 1), ("RGBA", 3), ("P", 3), ("L", 1)])
def test_an_alpha_channel_that_hides_nothing_is_left_away(tmp_path, mode, channels):
    assert own_images.read(pets(tmp_path, lambda: grey().convert(mode))).x.shape == (40, 4, 5, channels)


@pytest.mark.parametrize("kind", ["LA", "RGBA", "palette"])
def test_what_is_transparent_is_refused(tmp_path, kind):
    """Which colour it has there is for those to say who made it."""
    if kind == "palette":
        pets(tmp_path, lambda: grey().convert("P"), transparency=0)
    else:
        pets(tmp_path, lambda: grey(len(kind)))
    assert ".png is no image that can be read (some of it is transparent; lay it on a background)" in refused(tmp_path)


def test_a_film_is_refused(tmp_path):
    pets(tmp_path, grey, "gif", save_all=True, append_images=[grey()])
    assert "it has several frames; keep one" in refused(tmp_path)


@pytest.mark.parametrize("name", ["a.webp", "a.tiff", "notes.txt", "more"])
def test_nothing_is_left_out_without_a_word(tmp_path, name):
    folder = pets(tmp_path, grey)
    for each in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / "dog" / each).write_text("")
    assert len(own_images.read(folder).x) == 40
    if name == "more":
        (folder / "dog" / name).mkdir()
    elif name == "notes.txt":
        (folder / "dog" / name).write_text("")
    else:
        grey().save(folder / "dog" / name)
    told = refused(tmp_path)
    assert f"dog/{name} is no image of a kind that is read (.bmp, .gif, .jpeg, .jpg, .png): convert it, or" in told


def test_what_is_no_image_is_told_without_addresses_in_memory(tmp_path):
    (pets(tmp_path, grey) / "dog" / "3.png").write_bytes(b"no picture")
    told = refused(tmp_path)
    assert told == "dog/3.png is no image that can be read (it is none of PNG, JPEG, BMP, GIF): mend or remove it"
    (tmp_path / "pets" / "dog" / "3.png").write_bytes((tmp_path / "pets" / "dog" / "2.png").read_bytes()[:50])
    assert not re.search("0x[0-9a-f]{6}", refused(tmp_path))


def test_images_of_two_sizes_or_none_are_refused(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
    with pytest.raises(DataError, match="holds no images"):
        datasets.load("own:pets", tmp_path)
    Image.new("L", (4, 4)).save(tmp_path / "pets" / "cat" / "a.png")
    Image.new("L", (5, 4)).save(tmp_path / "pets" / "dog" / "a.png")
    with pytest.raises(DataError, match=r"dog/a\.png is 5x4 grey, cat/a.png 4x4 grey"):
        datasets.load("own:pets", tmp_path)
    (tmp_path / "pets" / "cat" / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"cat/a\.png is no image"):
        datasets.load("own:pets", tmp_path)


def test_a_second_frame_that_is_none_is_one_line(tmp_path):
    folder = pets(tmp_path, lambda: grey(), "gif")
    (folder / "cat" / "0.gif").write_bytes(bytes.fromhex(
        "474946383761050000000000000000002c00000000050004000008090001081c48b060c18000b060c1803c3cffffffffffffff0000002c"
        "000000ff0500003b"))  # fmt: skip
    assert "cat/0.gif is no image that can be read" in refused(tmp_path)
