"""What a worker of the stacked engine trains on, told from the environment."""

import pytest

from experiments.errors import PlanError
from experiments.scheduling import devices

FOUND = {
    "no plugin": (False, {}, []),
    "hidden": (True, {"CUDA_VISIBLE_DEVICES": ""}, []),
    "none": (True, {"CUDA_VISIBLE_DEVICES": "-1"}, []),
    "two": (True, {"CUDA_VISIBLE_DEVICES": "3, GPU-ab"}, ["3", "GPU-ab"]),
    "on the CPU by wish": (True, {"CUDA_VISIBLE_DEVICES": "0", "JAX_PLATFORMS": "cpu"}, []),
    "on the GPU by wish": (True, {"CUDA_VISIBLE_DEVICES": "0", "JAX_PLATFORMS": "cuda,cpu"}, ["0"]),
}


@pytest.fixture
def plugin(monkeypatch):
    def there(is_there: bool) -> None:
        monkeypatch.setattr(devices.importlib.util, "find_spec", lambda _: object() if is_there else None)

    return there


@pytest.mark.parametrize(("is_there", "environment", "expected"), FOUND.values(), ids=FOUND)
def test_the_gpus_that_jax_can_use(plugin, monkeypatch, is_there, environment, expected):
    plugin(is_there)
    for name in ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert devices.gpus() == expected


def test_gpus_are_counted_by_their_device_files(plugin, monkeypatch, tmp_path):
    plugin(True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    for name in ("nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    monkeypatch.setattr(devices, "DEVICE_FILES", tmp_path)
    assert devices.gpus() == ["2", "10"]


def test_workers_take_turns(monkeypatch):
    monkeypatch.setattr(devices, "gpus", lambda: ["4", "7"])
    assert [devices.gpu_of(worker) for worker in range(3)] == ["4", "7", "4"]
    monkeypatch.setattr(devices, "gpus", list)
    assert devices.gpu_of(0) is None


@pytest.mark.parametrize("given", ["0", "-3", "many", "2.5", "100000"])
def test_a_size_that_is_none_is_refused_before_anything_starts(monkeypatch, given):
    monkeypatch.setenv(devices.STACK, given)
    with pytest.raises(PlanError, match=r"GRADLAB_STACK is '.*'; allowed: a whole number from 1 to 9999"):
        devices.check("stacked")
    devices.check("compiled")


def test_the_size_that_is_given(monkeypatch):
    monkeypatch.setenv(devices.STACK, "16")
    assert devices.stack_size() == 16
    monkeypatch.delenv(devices.STACK)
    assert devices.stack_size() is None


def test_without_jax_one_line_tells_what_to_do(plugin):
    plugin(False)
    with pytest.raises(PlanError, match="needs JAX, which is not installed: pip install jax"):
        devices.check("stacked")
