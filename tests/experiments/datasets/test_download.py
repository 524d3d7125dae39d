"""The download: verified, whole or not at all, and quick to give up."""

import functools
import hashlib
import http.server
import socket
import threading
import time

import pytest

from experiments.datasets import download


@pytest.fixture(scope="session")
def keras():
    """Imported before this folder's tests point KERAS_HOME elsewhere: other tests share it."""
    return pytest.importorskip("keras")


@pytest.fixture
def server(keras, tmp_path, monkeypatch):
    """A server on this machine with one file, for ``mnist`` and (with a wrong checksum) for ``cifar10``."""
    for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "file").write_bytes(b"content" * 1000)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=shared))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{made.server_port}"
    right = hashlib.sha256(b"content" * 1000).hexdigest()
    remotes = {
        "mnist": download.Remote(f"{address}/file", right, "mnist.npz"),
        "cifar10": download.Remote(f"{address}/file", "0" * 64, "cifar"),
        "gone": download.Remote(f"{address}/gone", right, "gone"),
    }
    monkeypatch.setattr(download, "REMOTES", remotes)
    monkeypatch.setattr(download, "STALL_SECONDS", None)  # it is for the whole process
    yield address
    made.shutdown()
    made.server_close()


def test_a_download_is_verified_and_whole_or_not_at_all(server, capfd):
    assert download.main(["mnist"]) == 0
    assert (download.keras_folder() / "mnist.npz").read_bytes() == b"content" * 1000
    assert download.main(["cifar10"]) == 3
    said = capfd.readouterr().err.strip().splitlines()[-1]
    assert "corrupted" in said
    assert [path.name for path in download.keras_folder().iterdir()] == ["mnist.npz"]


def test_a_file_that_is_not_there(server, capfd):
    assert download.main(["gone"]) == 3
    assert "gone: File not found" in capfd.readouterr().err
    assert not download.keras_folder().exists()


def test_a_server_that_never_answers(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        start = time.monotonic()
        said = download.probe(f"http://127.0.0.1:{mute.getsockname()[1]}/file", seconds=0.3)
    assert time.monotonic() - start < 3
    assert said is not None
    assert "does not answer" in said or "timed out" in said


def test_a_name_server_that_never_answers(monkeypatch):
    """Looking up a name has no time limit of its own."""
    given_up = threading.Event()

    def look_up(*arguments, **options):
        given_up.wait(10)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.delenv("http_proxy")
    monkeypatch.delenv("HTTP_PROXY")
    start = time.monotonic()
    said = download.probe("http://name.invalid/file", seconds=0.3)
    given_up.set()
    assert said == "http://name.invalid/file does not answer within 0 seconds"
    assert time.monotonic() - start < 3


def test_a_child_without_a_network_says_why():
    start = time.monotonic()
    said = download.fetch("mnist")
    assert said is not None
    assert "mnist.npz: " in said
    assert "refused" in said.lower()
    assert time.monotonic() - start < download.PROBE_SECONDS + 10


def test_a_child_that_takes_too_long_is_ended():
    assert download.fetch("mnist", longest=0.01) == "given up after 0 seconds"


@pytest.mark.parametrize("arguments", [[], ["fashion"], ["mnist", "cifar10"]])
def test_other_names(arguments, capfd):
    assert download.main(arguments) == 2
    assert "Name one data set to download: mnist, cifar10." in capfd.readouterr().err
