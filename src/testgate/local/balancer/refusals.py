"""Listeners that the local load balancer cannot have, refused in the elbv2 API.

Imported by `testgate.local.balancer` alone.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError


def refuse_other_than_http(protocol: str) -> None:
    if protocol not in ("HTTP", "HTTPS"):
        raise ELBClientError(
            "UnsupportedProtocol",
            f"The local load balancer listens on HTTP and HTTPS only, not on {protocol}.",
        )


def refuse_duplicate(load_balancer: Any, listener: Any) -> None:
    same_port = [
        other
        for other in load_balancer.listeners.values()
        if other is not listener and int(other.port) == int(listener.port)
    ]
    if same_port:
        raise DuplicateListenerError()


@contextlib.contextmanager
def refusing_ports(address: str, port: int) -> Iterator[None]:
    """Turns the system's refusal of a port into an error of the API."""
    try:
        yield
    except OSError as exc:
        _refuse_port(address, port, exc)


def _refuse_port(address: str, port: int, exc: OSError) -> NoReturn:
    hint = " Ports below 1024 may need privileges; choose another." if port < 1024 else ""
    raise ELBClientError(
        "InvalidConfigurationRequest",
        f"The local load balancer cannot listen on {address}:{port}: {exc.strerror}.{hint}",
    ) from exc
