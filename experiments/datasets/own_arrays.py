"""Arrays of one's own in an npz file: ``x`` and ``y``, perhaps ``x_test`` and ``y_test``."""

import math
from pathlib import Path

import numpy as np

from experiments.datasets import readers
from experiments.datasets.base import Whole
from experiments.datasets.own_limits import check_held, target_of
from experiments.errors import DataError


def read(path: Path) -> Whole:
    """The arrays of an npz file.

    Raises:
        DataError: it is damaged, too large, or holds something else.
    """
    try:
        headers = readers.npz_headers(path)
        wanted = {name: headers[name] for name in ("x", "y", "x_test", "y_test") if name in headers}
        # Numbers other than those of images become float64.
        check_held(path, sum(8 * math.prod(shape) if len(shape) < 3 else math.prod(shape) * dtype.itemsize
                              for shape, dtype in wanted.values()))  # fmt: skip
        found = readers.npz_arrays(path, wanted)
    except readers.BROKEN as error:
        why = readers.reason(error)
        raise DataError(f"{path.name} is no npz file that can be read ({why}): write it with numpy.savez") from None
    if "x" not in found or "y" not in found or ("x_test" in found) != ("y_test" in found):
        raise DataError(
            f"{path.name} holds {', '.join(headers)[:200] or 'nothing'}: it has to hold x and y, and both or none of "
            "x_test and y_test"
        )
    for name, array in found.items():
        if not array.size:
            raise DataError(f"{path.name}: {name} is of shape {array.shape}: there is nothing in it")
    targets = [found[name].reshape(-1) for name in ("y", "y_test") if name in found]
    if any(y.dtype.kind not in "iufbU" for y in targets) or len({y.dtype.kind == "U" for y in targets}) > 1:
        kinds = " and ".join(str(y.dtype) for y in targets)
        raise DataError(f"{path.name}: y is of type {kinds}; it has to hold numbers or words")
    target = target_of(path, np.concatenate(targets), "y")
    count = len(targets[0])
    if target.dtype.kind == "i" and (strange := np.setdiff1d(target[count:], target[:count])).size:
        odd = np.unique(np.concatenate(targets)).tolist()[strange[0]]
        raise DataError(f"{path.name}: y_test holds {odd!r}, which y never does: test what is trained")
    tests = (_inputs(path, found["x_test"]), target[count:]) if "x_test" in found else (None, None)
    return Whole(_inputs(path, found["x"]), target[:count], *tests)


def _inputs(path: Path, x: np.ndarray) -> np.ndarray:
    if x.dtype == np.uint8 and x.ndim in (3, 4):
        return x if x.ndim == 4 else x[..., None]
    if x.dtype.kind not in "iufb" or x.ndim < 2:
        raise DataError(
            f"{path.name}: x is {x.dtype} of shape {x.shape}; it has to be numbers [N, d] or images in bytes [N, H, W] "
            "or [N, H, W, C]"
        )
    with np.errstate(over="ignore"):  # a longdouble beyond float64 becomes infinite, and is refused as such
        return x.reshape(len(x), int(np.prod(x.shape[1:]))).astype(np.float64)
