"""Which Ray clusters are taken, and which are refused because others could reach them."""

import pytest

from experiments.errors import PlanError
from experiments.scheduling import address
from experiments.scheduling.address import Cluster, check, cluster


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No token anywhere."""
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_an_address_is_taken_apart():
    assert cluster(None, False, None) == Cluster("local")
    assert (Cluster("auto").host, Cluster("local").host) == ("", "")
    found = cluster("[::1]:6379", False, 3)
    assert (found.host, found.port, found.workers) == ("::1", 6379, 3)
    assert cluster("localhost:1", False, None).host == "localhost"


@pytest.mark.parametrize("wrong", ["head", "head:", ":6379", "head:x", "head:0", "head:65536", "ray://head:10001x"])
def test_what_is_no_address(wrong):
    with pytest.raises(PlanError, match=r"--address is '.*'; allowed: HOST:PORT of a Ray head"):
        cluster(wrong, True, None)


@pytest.mark.parametrize("host", ["192.168.1.5", "10.0.0.1", "head.example.org", "0.0.0.0", "fe80::1"])
def test_a_cluster_that_others_reach_is_refused_without_a_token(host, monkeypatch, tmp_path):
    def refused(text: str) -> None:
        with pytest.raises(PlanError, match=f"the Ray cluster at {host} can be reached from elsewhere.*{text}"):
            check(Cluster(), ["127.0.0.1", host])

    refused("RAY_AUTH_MODE is not token: make a token by `ray get-auth-token --generate`.*or say --insecure")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    refused("RAY_AUTH_MODE is not token")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    check(Cluster(), [host])
    monkeypatch.setenv("RAY_AUTH_TOKEN", " ")
    refused("there is no token in RAY_AUTH_TOKEN")
    (tmp_path / "mine").write_text("\n")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "mine"))
    refused("there is no token in")
    (tmp_path / "mine").write_text("secret\n")
    check(Cluster(), [host])
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH")
    refused("there is no token in")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("secret")
    check(Cluster(), [host])


def test_what_only_this_machine_reaches_or_the_user_vouches_for_is_taken():
    check(Cluster(), ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    check(Cluster(insecure=True), ["192.168.1.5"])
    assert cluster("192.168.1.5:6379", True, None).insecure
    with pytest.raises(PlanError, match="say --insecure"):
        cluster("192.168.1.5:6379", False, None)


def test_without_ray_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PlanError, match=r"needs the package ray: `make install`, or `pip install gradlab\[ray\]`"):
        cluster(None, False, None)
