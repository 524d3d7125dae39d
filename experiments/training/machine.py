"""What a run was made on: versions, cores, backend, commit. Nothing that names the host."""

import functools
import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "keras-tuner", "gradlab")


@functools.cache
def describe() -> dict[str, Any]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
        "commit": commit(),
        "versions": versions,
    }


@functools.cache
def commit() -> str:
    """The commit of the code, with ``+`` where the tree differs from it; empty outside a checkout."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return ""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=here, capture_output=True, text=True, timeout=5
        )
        changes = subprocess.run(["git", "status", "--porcelain", "custom", "experiments"], cwd=here,
                                 capture_output=True, text=True, timeout=5)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
