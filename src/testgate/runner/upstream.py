"""How green is reached, and a connection to it.

Imported by the relay and by the questions that are asked before and after the tests.
"""

import http.client
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """How green is reached: the address to connect to, and the names to use there."""

    address: tuple[str, int]
    host: str
    server_name: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext | None
    connect_timeout_s: float
    answer_timeout_s: float

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which green may speak of itself."""
        return frozenset({self.address[0].lower(), self.server_name.lower()})


class Green(http.client.HTTPConnection):
    """A connection to green, whose certificate must be that of `server_name`."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(*upstream.address)
        self.upstream = upstream

    def connect(self) -> None:
        """Connect and, for https, agree on TLS. Raises OSError."""
        upstream = self.upstream
        raw = socket.create_connection(upstream.address, upstream.connect_timeout_s)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = raw
            if upstream.tls is not None:
                self.sock = upstream.tls.wrap_socket(raw, server_hostname=upstream.server_name)
        except BaseException:
            raw.close()
            self.sock = None
            raise
        self.sock.settimeout(upstream.answer_timeout_s)

    @property
    def stale(self) -> bool:
        """Whether green has ended it, or sent what nobody asked for."""
        return self.sock is not None and bool(select.select([self.sock], [], [], 0)[0])
