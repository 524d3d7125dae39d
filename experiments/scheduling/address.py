"""Where a Ray cluster is, and whether it is safe to use. Imports no Ray."""

import importlib.util
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import PlanError

LOCAL, AUTO = "local", "auto"


@dataclass(frozen=True)
class Cluster:
    """
    Attributes:
        address: ``HOST:PORT`` of the head, ``auto`` (the one that this machine is a node of), or ``local`` (one that
            is started for the sweep and ends with it).
        insecure: whether a cluster that other machines reach is used without a token.
        workers: how many there may be; one a CPU if None.
    """

    address: str = LOCAL
    insecure: bool = False
    workers: int | None = None

    @property
    def host(self) -> str:
        """Empty where the address names none."""
        return "" if self.address in (LOCAL, AUTO) else self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


def cluster(address: str | None, insecure: bool, workers: int | None) -> Cluster:
    """The cluster that the command line names.

    Raises:
        PlanError: Ray is not installed, the address is none, or the cluster is open to others.
    """
    if importlib.util.find_spec("ray") is None:
        raise PlanError("--engine ray needs the package ray: `make install`, or `pip install gradlab[ray]`")
    found = Cluster(address or LOCAL, insecure, workers)
    if found.address not in (LOCAL, AUTO):
        host, _, port = found.address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise PlanError(
                f"--address is {address!r}; allowed: HOST:PORT of a Ray head (its port is 6379 unless it was told "
                "otherwise), auto, local"
            )
        check(found, [found.host])
    return found


def check(given: Cluster, hosts: list[str], environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a cluster that others may reach and that asks nobody for a token: Ray runs whatever its ports are sent.

    Args:
        given: what the user said.
        hosts: the addresses of its head or its nodes.
        environment: of this process; Ray reads the same variables.
    """
    remote = next((host for host in hosts if not loopback(host)), None)
    if remote is None or given.insecure:
        return
    if environment.get("RAY_AUTH_MODE") != "token":
        problem = "RAY_AUTH_MODE is not token"
    elif not _token(environment):
        problem = "RAY_AUTH_MODE is token, but there is no token in RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray"
    else:
        return
    raise PlanError(
        f"the Ray cluster at {remote} can be reached from elsewhere, and Ray runs whatever it is sent; {problem}: make "
        "a token by `ray get-auth-token --generate`, copy ~/.ray/auth_token to every node, set RAY_AUTH_MODE=token "
        "there and here, and start the cluster again; or say --insecure if nobody else is on that network"
    )


def loopback(host: str) -> bool:
    """Whether only this machine has that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(environment: Mapping[str, str]) -> bool:
    if environment.get("RAY_AUTH_TOKEN", "").strip():
        return True
    path = Path(environment.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    try:
        return bool(path.read_text().strip())
    except OSError:
        return False
