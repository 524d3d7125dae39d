"""Writes small data of each kind into a folder: a table, arrays, a folder of images by class."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_wine

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
draw = np.random.default_rng(0)

# A table with a head line; one of its columns is to be learned.
wine = load_wine(as_frame=True)
wine.frame.assign(target=wine.target_names[wine.target]).to_csv(folder / "wine.csv", index=False)

# Arrays: x with the examples along its first axis, y with a class or a number for each.
angle, ring = draw.uniform(0, 2 * np.pi, 400), draw.integers(0, 2, 400)
x = (1 + ring)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1) + draw.normal(0, 0.2, (400, 2))
np.savez(folder / "rings.npz", x=x, y=ring)

# A folder a class, with images of one size: bars that stand, bars that lie.
for name in ("standing", "lying"):
    (folder / "bars" / name).mkdir(parents=True, exist_ok=True)
    for number in range(60):
        image = draw.integers(0, 80, (12, 12), dtype=np.uint8)
        place = draw.integers(1, 10)
        image[:, place : place + 2] = 220
        image = image if name == "standing" else image.T
        Image.fromarray(image).save(folder / "bars" / name / f"{number:02}.png")
