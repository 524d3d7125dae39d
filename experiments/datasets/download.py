"""Download a data set through Keras, with its published checksum, in a process of its own.

``python -m experiments.datasets.download mnist`` puts the file where Keras keeps
it (``$KERAS_HOME/datasets``, else ``~/.keras/datasets``). Whoever wants data calls
``fetch``, which runs this in a child: Keras and its backend are never imported by
the caller. Without a network it gives up within seconds.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path

PROBE_SECONDS = 6
"""How long the server may take to answer at all, names looked up included."""
STALL_SECONDS = 60
"""How long a download may stand still."""
LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class Remote:
    """A file on a server: its address, its published sha256, and the name that Keras stores it under."""

    address: str
    sha256: str
    stored: str


REMOTES = {
    "mnist": Remote(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        "mnist.npz",
    ),
    "cifar10": Remote(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        "cifar-10-batches-py-target_archive",
    ),
}


def keras_folder() -> Path:
    """Where Keras keeps its data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"


def fetch(name: str, longest: float = LONGEST_SECONDS) -> str | None:
    """Download a data set in a child process.

    Args:
        name: ``mnist`` or ``cifar10``.
        longest: seconds after which it is given up.

    Returns:
        None if the file is now where Keras keeps it, else why not, in a few words.
    """
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}
    progress = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
    try:
        child = subprocess.run(
            [sys.executable, "-m", "experiments.datasets.download", name],
            stdin=subprocess.DEVNULL,
            stdout=progress.fileno() if progress else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=longest,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"given up after {longest:.0f} seconds"
    except OSError as error:
        return str(error)
    if child.returncode == 0:
        return None
    lines = child.stderr.decode(errors="replace").split("\n")
    said = [line for line in lines if line.strip()]
    return said[-1].strip()[:200] if said else f"exit code {child.returncode}"


def probe(address: str, seconds: float = PROBE_SECONDS) -> str | None:
    """None if the server answers within so many seconds, else why not.

    Looking a name up has no time limit of its own, so it is done in a thread
    that is left behind if it takes too long.
    """
    answer: list[str | None] = [f"{address} does not answer within {seconds:.0f} seconds"]

    def ask() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")
            with urllib.request.urlopen(request, timeout=seconds):
                answer[0] = None
        except (OSError, ValueError) as error:
            answer[0] = f"{address}: {getattr(error, 'reason', error)}"

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answer[0]


def download(name: str) -> None:
    """Download here and now, through ``keras.utils.get_file``; the file appears only when it is complete."""
    import keras

    remote = REMOTES[name]
    socket.setdefaulttimeout(STALL_SECONDS)
    folder = keras_folder()
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = tempfile.mkdtemp(prefix=f"{remote.stored}.", dir=folder)
    try:
        path = keras.utils.get_file(
            fname=remote.stored,
            origin=remote.address,
            file_hash=remote.sha256,
            hash_algorithm="sha256",
            cache_dir=unfinished,
            cache_subdir=".",
        )
        os.replace(path, folder / remote.stored)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Exit code 0 if the file is there; 3 and one line on stderr if it cannot be had; 2 for a wrong name."""
    if len(arguments) != 1 or arguments[0] not in REMOTES:
        sys.stderr.write(f"Name one data set to download: {', '.join(REMOTES)}.\n")
        return 2
    trouble = probe(REMOTES[arguments[0]].address)
    if trouble is None:
        try:
            download(arguments[0])
            return 0
        except Exception as error:
            trouble = " ".join(f"{error}".split())
    sys.stderr.write(f"{trouble}\n")
    return 3


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # not to wait for a name server that never answers
