"""What a worker of the stacked engine trains on, found out without JAX: the parent process never imports it."""

import importlib.util
import os
import re
from pathlib import Path

from experiments.errors import PlanError

STACK = "GRADLAB_STACK"
"""Environment variable: the most runs that are trained side by side."""
PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")
DEVICE_FILES = Path("/dev")


def check(engine: str, on_ray: bool = False) -> None:
    """
    Raises:
        PlanError: the engine cannot be used here, or is set up wrongly.
    """
    if engine == "stacked":
        if on_ray:
            raise PlanError("engine stacked does not run on Ray: take engine compiled, or leave --engine ray out")
        if importlib.util.find_spec("jax") is None:
            raise PlanError("engine stacked needs JAX, which is not installed: pip install jax, or 'jax[cuda12]' where "
                            "there is a GPU; or take engine compiled")  # fmt: skip
        stack_size()


def stack_size() -> int | None:
    """The most runs in a stack that the user allows; None where nothing is said."""
    given = os.environ.get(STACK, "")
    if not given:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", given) or int(given) < 1:
        raise PlanError(f"{STACK} is {given!r}; allowed: a whole number from 1 to 9999, or leave it unset")
    return int(given)


def gpus() -> list[str]:
    """The NVIDIA GPUs that JAX can use, as CUDA names them; none without JAX's plugin for them."""
    forced = os.environ.get("JAX_PLATFORMS", "")
    if (forced and not re.search("cuda|gpu", forced)) or not any(map(importlib.util.find_spec, PLUGINS)):
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    nodes = (re.fullmatch(r"nvidia([0-9]+)", path.name) for path in DEVICE_FILES.glob("nvidia*"))
    return sorted((node[1] for node in nodes if node), key=int)


def gpu_of(worker: int) -> str | None:
    """The GPU of a worker: they take turns."""
    there = gpus()
    return there[worker % len(there)] if there else None
