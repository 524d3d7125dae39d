"""Where the cases keep their files: one folder a process, gone with it."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path


@functools.cache
def place() -> Path:
    """The folder. From here on nothing is downloaded, and no data or cache of the machine is seen."""
    made = Path(tempfile.mkdtemp(prefix="gradlab-fuzz-"))
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(made, ignore_errors=True) if os.getpid() == owner else None)
    return made


def environment() -> dict[str, str]:
    """What every case runs under."""
    return {"GRADLAB_OFFLINE": "1", "GRADLAB_CACHE": str(place() / "cache"), "KERAS_HOME": str(place() / "keras"),
            "COLUMNS": "80"}  # fmt: skip


def fresh(name: str) -> Path:
    """An empty folder of that name."""
    folder = place() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
