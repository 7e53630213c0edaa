"""One connection of a suite and its twin to green: requests, answers and upgrades, streamed.

Each connection has its own to green, kept as long, so that what a suite does to connections green
sees too. Imported by `testgate.runner.relay`.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.errors import MissingHeaderBodySeparatorDefect
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from testgate.core.fence import fence_problem
from testgate.core.headers import is_token
from testgate.runner.relay_headers import (
    Headers,
    own_headers,
    request_headers,
    response_headers,
    wants_upgrade,
)
from testgate.runner.upstream import Green

if TYPE_CHECKING:
    from testgate.runner.relay import Relay

_CHUNK_BYTES = 65_536
_MAX_LINE_BYTES = 8_192
_MORE = getattr(socket, "MSG_MORE", 0)  # of Linux; without it a body takes a packet of its own


class BadRequestError(Exception):
    """What the suite sent is no request that can be passed on."""


class MisdirectedError(Exception):
    """A request that something else than green would answer."""


class UnreachedError(Exception):
    """No connection with green came about."""


class Loss(StrEnum):
    """How a request came to nothing: never sent, because the relay refused it or no connection came
    about, or left without an answer."""

    REFUSED = "refused"
    UNREACHED = "unreached"
    UNANSWERED = "unanswered"


class Exchange(BaseHTTPRequestHandler):
    """Serves one connection of the suite."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, request: Any, client_address: Any, server: Any, relay: "Relay") -> None:
        self.relay = relay
        self.green = Green(relay.upstream)
        try:
            super().__init__(request, client_address, server)
        finally:
            self.green.close()

    def handle_one_request(self) -> None:
        """Pass on one request, whatever its method."""
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(_CHUNK_BYTES + 1)
        if not self.raw_requestline or len(self.raw_requestline) > _CHUNK_BYTES:
            return
        if not self.parse_request():
            return
        asked_at = time.monotonic()
        try:
            response = self._ask()
        except UnreachedError as exc:
            self._own(502, str(exc), Loss.UNREACHED)
        except MisdirectedError as exc:
            self._own(421, f"the request is not for green: {exc}")
        except (BadRequestError, ValueError, http.client.InvalidURL) as exc:
            self._own(400, f"the request cannot be passed on: {exc}")
        except TimeoutError:
            self._own(504, f"green at {self._where} did not answer in time", Loss.UNANSWERED)
        except (OSError, http.client.HTTPException) as exc:
            self._own(502, f"green at {self._where} broke off: {_spell(exc)}", Loss.UNANSWERED)
        else:
            with response:
                self.relay.answered(response.status, time.monotonic() - asked_at)
                self._answer(response)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library cannot read of a request is the relay's own answer, too."""
        self._own(code, f"the request cannot be passed on: {explain or message or code}")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the runner's log is not a suite's to fill."""

    @property
    def _where(self) -> str:
        host, port = self.relay.upstream.address
        return f"{host}:{port}"

    def _ask(self) -> http.client.HTTPResponse:
        target = self.requestline.split()[1]
        if not target.startswith("/") and target != "*":
            raise BadRequestError("its target is no path: this is no proxy")
        received = list(self.headers.items())
        broken = any(isinstance(d, MissingHeaderBodySeparatorDefect) for d in self.headers.defects)
        if broken or not all(is_token(name) for name, _ in received):
            raise BadRequestError("a header's name is none")
        problem = fence_problem(self.relay.fence, target, received)
        if problem:
            raise MisdirectedError(problem)
        length, chunked = _framing(received)
        green = self.green
        self._reach()
        green.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request_headers(
            received, self.relay.upstream.host, self.relay.upstream.headers
        ):
            green.putheader(name, value.encode("latin-1"))
        if chunked:
            green.putheader("Transfer-Encoding", "chunked")
        elif length is not None:
            green.putheader("Content-Length", str(length))
        green.endheaders()
        # Green may answer before it has read all; then its answer counts, not the broken pipe.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in self._body(length or 0, chunked):
                green.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                green.send(b"0\r\n\r\n")
        return green.getresponse()

    def _reach(self) -> None:
        """Have a connection with green. Raises UnreachedError."""
        if self.green.stale:
            self.green.close()
        if self.green.sock is not None:
            return
        try:
            self.green.connect()
        except ssl.SSLError as exc:
            raise UnreachedError(f"no TLS with green at {self._where}: {_spell(exc)}") from exc
        except OSError as exc:
            problem = f"green at {self._where} could not be reached: {_spell(exc)}"
            raise UnreachedError(problem) from exc

    def _body(self, length: int, chunked: bool) -> Iterator[bytes]:
        if chunked:
            yield from _chunks(self.rfile)
            return
        while length:
            piece = self.rfile.read1(min(length, _CHUNK_BYTES))
            if not piece:
                raise BadRequestError("its body ended early")
            length -= len(piece)
            yield piece

    def _answer(self, response: http.client.HTTPResponse) -> None:
        status = response.status
        upgraded = status == 101 and wants_upgrade(list(self.headers.items()))
        if status < 200 and not upgraded:
            problem = f"green sent an interim answer {status}, which cannot be passed on"
            self._own(502, problem, Loss.UNANSWERED)
            return
        bodiless = self.command == "HEAD" or status in (204, 304) or upgraded
        chunked = not bodiless and response.length is None and self.request_version == "HTTP/1.1"
        unbounded = not bodiless and response.length is None and not chunked
        self.close_connection |= unbounded
        upstream = self.relay.upstream
        headers = response_headers(
            response.getheaders(),
            upgraded=upgraded,
            green="https" if upstream.tls else "http",
            hosts=upstream.hosts,
            origin=self.relay.origin,
        )
        more = bool(response.length) and not bodiless
        self._send_head(status, response.reason, headers, chunked=chunked, more=more)
        if upgraded:
            self._splice(response)
        elif not bodiless:
            self._stream(response, chunked)

    def _send_head(
        self, status: int, reason: str, headers: Headers, *, chunked: bool, more: bool = False
    ) -> None:
        """`more`: a body of known length follows at once, and may share its packet."""
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.connection.sendall(head, _MORE if more else 0)

    def _stream(self, response: http.client.HTTPResponse, chunked: bool) -> None:
        """Pass the body on as it comes. One that breaks off breaks off for the suite, too."""
        try:
            while piece := response.read1(_CHUNK_BYTES):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        if response.length:
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _splice(self, response: http.client.HTTPResponse) -> None:
        """Both directions, byte by byte, until either side ends."""
        self.close_connection = True
        upward = self.green.sock
        assert upward is not None
        upward.settimeout(None)
        back = threading.Thread(
            target=_copy, args=(response.fp, self.connection, upward), daemon=True
        )
        back.start()
        _copy(self.rfile, upward, self.connection)
        back.join()

    def _own(self, status: int, text: str, loss: Loss = Loss.REFUSED) -> None:
        """An answer of the relay itself, which says that it is."""
        self.green.close()
        self.close_connection = True
        self.relay.lost(loss, text)
        body = f"Testgate relay: {text}\n".encode()
        headers = own_headers(status, body)
        self._send_head(status, http.client.responses[status], headers, chunked=False)
        self.wfile.write(body)


def _spell(exc: Exception) -> str:
    return str(exc) or type(exc).__name__


def _framing(headers: Headers) -> tuple[int | None, bool]:
    """Length of the request's body, or that it comes in chunks. Raises BadRequestError where two
    readers could disagree (RFC 9112, 6.3)."""
    lengths = [value.strip() for name, value in headers if name.lower() == "content-length"]
    codings = [value.strip() for name, value in headers if name.lower() == "transfer-encoding"]
    if codings:
        if lengths or [coding.lower() for coding in codings] != ["chunked"]:
            raise BadRequestError("its length is told in two ways")
        return None, True
    if not lengths:
        return None, False
    if len(lengths) > 1 or not (lengths[0].isascii() and lengths[0].isdecimal()):
        raise BadRequestError("its Content-Length is no number")
    return int(lengths[0]), False


def _chunks(stream: Any) -> Iterator[bytes]:
    """The chunks of a body; trailers are read and dropped."""
    while True:
        size_text = stream.readline(_MAX_LINE_BYTES).split(b";")[0].strip()
        if not size_text or size_text.strip(b"0123456789abcdefABCDEF"):
            raise BadRequestError("a chunk has no size")
        left = int(size_text, 16)
        if not left:
            break
        while left:
            piece = stream.read1(min(left, _CHUNK_BYTES))
            if not piece:
                raise BadRequestError("its body ended early")
            left -= len(piece)
            yield piece
        if stream.readline(_MAX_LINE_BYTES).strip():
            raise BadRequestError("a chunk is longer than its size")
    while stream.readline(_MAX_LINE_BYTES).strip():
        pass


def _copy(source: Any, sink: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):
        while piece := source.read1(_CHUNK_BYTES):
            sink.sendall(piece)
    for connection in (sink, other):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
