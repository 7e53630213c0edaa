"""How green is reached, and a connection to it.

Imported by the relay and by the questions that are asked before and after the tests.
"""

import contextlib
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from testgate.runner.incoming import Incoming

_MORE = getattr(socket, "MSG_MORE", 0)  # of Linux; without it a body takes a packet of its own


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


class Green:
    """A connection to green, whose certificate must be that of `server_name`. Made by `reach`, and
    used again for as long as green keeps it open."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.incoming = Incoming(lambda _bytes: b"")
        self._socket: socket.socket | None = None

    @property
    def socket(self) -> socket.socket:
        """What it goes over. Raises ConnectionError while there is none."""
        if self._socket is None:
            raise ConnectionError("there is no connection")
        return self._socket

    def reach(self) -> None:
        """Have a connection on which nothing is left of what was asked before. Raises OSError, of
        which ssl.SSLError where TLS is what fails."""
        if self._socket is not None and _is_stale(self._socket, self.incoming):
            self.close()
        if self._socket is None:
            self._socket = _connected(self.upstream)
            self.incoming = Incoming(self._socket.recv)

    def send(self, data: bytes, *, more: bool = False) -> None:
        """`more`: something else follows at once, and may share its packet. Raises OSError."""
        self.socket.sendall(data, _MORE if more and self.upstream.tls is None else 0)

    def break_off(self) -> None:
        """End it from another thread: whoever waits for green there waits no longer."""
        if self._socket is not None:
            shut_down(self._socket)

    def close(self) -> None:
        """End it, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> "Green":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def shut_down(connection: socket.socket) -> None:
    """End a connection that another thread may be using. Of one with TLS only what is below: its
    own state belongs to that thread."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _connected(upstream: Upstream) -> socket.socket:
    raw = socket.create_connection(upstream.address, upstream.connect_timeout_s)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = upstream.tls
        made = tls.wrap_socket(raw, server_hostname=upstream.server_name) if tls else raw
    except BaseException:
        raw.close()
        raise
    made.settimeout(upstream.answer_timeout_s)
    return made


def _is_stale(connection: socket.socket, incoming: Incoming) -> bool:
    """Whether green has ended it, or sent what nobody asked for."""
    if not incoming.is_empty or (isinstance(connection, ssl.SSLSocket) and connection.pending()):
        return True
    arriving = select.poll()  # select.select knows no file beyond the 1,024th
    arriving.register(connection, select.POLLIN)
    return bool(arriving.poll(0))
