"""Small image sets instead of the real ones, and folders of the test's own."""

import dataclasses

import pytest

from experiments.datasets import cifar10, mnist
from tests.experiments.datasets import forms as writers


@pytest.fixture
def small(monkeypatch):
    """Both image sets with few images; gives the right arrays of each by name."""
    for module in (mnist, cifar10):
        layout = dataclasses.replace(module.LAYOUT, train=writers.TRAIN, test=writers.TEST)
        monkeypatch.setattr(module, "LAYOUT", layout)
    return {"mnist": writers.image_arrays((28, 28)), "cifar10": writers.image_arrays((32, 32, 3))}


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    """No test sees the machine's own data, caches or network."""
    for name, folder in {"KERAS_HOME": "keras", "GRADLAB_CACHE": "cache"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("DATA_DIR", raising=False)
    for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture
def folder(tmp_path):
    """An empty DATA_DIR."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def forms():
    """The writers."""
    return writers
