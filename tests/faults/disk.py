"""A disk that is full: at the n-th write to the ledger, or from some size on (a small tmpfs, for root alone)."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.faults.scene import SMALL, Content, Scene, Trial, scene


def writes() -> int:
    """How many writes the small sweep makes."""
    low, high = 1, 1000
    while low < high:  # the last one that is missed
        middle = (low + high + 1) // 2
        with scene(SMALL) as made:
            made.fault(write=middle)
            low, high = (middle, high) if made.sweep()[0] else (low, middle - 1)
    return low


def full_at_write(number: int, calm: Content) -> Trial:
    """The n-th write to the ledger fails, and all after it; then there is space again."""
    with scene(SMALL) as made:
        made.fault(write=number)
        code, _, err = made.sweep()
        clear = code == 4 and "Traceback" not in err and err.strip().splitlines()[-1].startswith("error: ")
        before = made.recorded()
        made.fault()
        again, _, _ = made.sweep()
        judged = made.judged(calm, before, err)
        judged.same = judged.same and clear and again == 0
        return judged


def mountable() -> bool:
    """Whether this process may mount a tmpfs."""
    with scene() as made:
        (made.path / "small").mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(made.path / "small")],
                              capture_output=True, check=False) if os.getuid() == 0 else None  # fmt: skip
        if done is None or done.returncode:
            return False
        subprocess.run(["umount", str(made.path / "small")], check=True)
        return True


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def full_at_size(size: int, calm: Content, wanted: dict[str, bytes], report: bool = False) -> Trial:
    """The folder of the sweep has so many bytes; then it gets more. With ``report``, the page is written too."""
    with scene(SMALL) as made, small_disk(made.out, size):
        code, _, err = made.sweep(report=report)
        lines = err.strip().splitlines()
        # A sweep that fits has nothing to tell.
        clear = code == 0 or (code in (4, 6) and "Traceback" not in err and lines[-1].startswith("error: "))
        before = made.recorded()
        subprocess.run(["mount", "-o", "remount,size=64m", str(made.out)], check=True)
        again, _, _ = made.sweep(report=report)
        clear = clear and again == 0 and (not report or _written(made, wanted))
        judged = made.judged(calm, before, err if code else "")
        judged.same, judged.effect = judged.same and clear, code != 0
        return judged


def _written(made: Scene, wanted: dict[str, bytes]) -> bool:
    """Whether the command itself wrote the report to its end."""
    there = {name: (made.out / name).read_bytes() for name in wanted if (made.out / name).exists()}
    return there == wanted and b"</html>" in (made.out / "report.html").read_bytes()[-100:]
