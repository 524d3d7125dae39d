"""What the program itself opens in a folder of results. Such a folder may come from a stranger: no link in it leads
what is written elsewhere, and nothing in it that is no file keeps whoever opens it waiting."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from experiments.errors import LedgerError, UserError

_OTHER: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
)
_NOWHERE_ELSE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""No link is followed, and a pipe is not waited for. Files know neither."""


def check(path: Path, links: bool = False) -> None:
    """Refuse what is there and is no file.

    Args:
        path: of the file.
        links: whether a link to a file will do.

    Raises:
        LedgerError: it is a link, a folder, a pipe, a device.
    """
    try:
        mode = (path.stat if links else path.lstat)().st_mode
    except (FileNotFoundError, NotADirectoryError):  # the ledger itself tells what is in its way
        return
    if not stat.S_ISREG(mode):
        what = next((name for is_one, name in _OTHER if is_one(mode)), "a device")
        raise LedgerError(f"{path} is {what}, and no file: move it away, or choose another folder with --out")


def opened(path: Path, flags: int) -> int:
    """`os.open` of a file and nothing else."""
    check(path)
    return os.open(path, flags | _NOWHERE_ELSE, 0o666)


def fresh(path: Path) -> Path:
    """The same path with nothing there: a link that was there is gone, and what it led to is as it was."""
    path.unlink(missing_ok=True)
    return path


def own(folder: Path) -> Path:
    """A folder that the program fills inside of another.

    Raises:
        UserError: it is a link.
    """
    if folder.is_symlink():
        raise UserError(f"{folder} is a link, and what it leads to may be another's: remove the link, or choose "
                        "another folder with --out")  # fmt: skip
    return folder
