"""One connection of a suite and its twin to green: requests, answers and upgrades, streamed.

Each connection has its own to green, so that what a suite does to connections green sees too.
Imported by `testgate.runner.relay`.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from testgate.core.fence import fence_problem
from testgate.runner.incoming import CHUNK_BYTES, EndedEarlyError, Incoming, MessageError
from testgate.runner.messages import (
    IN_CHUNKS,
    TO_THE_END,
    AnswerHead,
    Framing,
    RequestHead,
    answer_framing,
    read_answer_head,
    read_body,
    read_request_head,
    request_framing,
    spell_body,
    spell_head,
)
from testgate.runner.own_answers import Loss, OwnAnswerError, refusal
from testgate.runner.relay_headers import (
    Headers,
    own_headers,
    request_headers,
    response_headers,
    wants_upgrade,
)
from testgate.runner.upstream import Green, shut_down

if TYPE_CHECKING:
    from testgate.runner.relay import Relay

_LINGER_S = 2.0
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BrokenOffError(Exception):
    """Green's answer has begun and does not end as it must."""


class Exchange:
    """Serves one connection of the suite."""

    def __init__(self, connection: socket.socket, relay: "Relay") -> None:
        self.connection = connection
        self.relay = relay
        self.incoming = Incoming(connection.recv)
        self.green = Green(relay.upstream)
        self.is_open = True  # whether another request may come

    def serve(self) -> None:
        """Pass on one request after the other, until either side ends. Raises OSError where it is
        the suite that breaks off."""
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.green:
            while self.is_open and not self.incoming.has_ended():
                self._pass_on()
        self._linger()

    def break_off(self) -> None:
        """End both connections, from another thread."""
        shut_down(self.connection)
        self.green.break_off()

    def _pass_on(self) -> None:
        try:
            request = self._read()
            framing, head = self._turned_request(request)
            asked_at = time.monotonic()
            with self.relay.under_way(Loss.UNREACHED):
                self._reach()
            with self.relay.under_way(Loss.UNANSWERED):
                self._send(request, head, framing)
                answer, framing = self._receive(request)
                self.relay.answered(answer.status, time.monotonic() - asked_at)
        except OwnAnswerError as own:
            self._answer_instead(own)
        else:
            self._answer(request, answer, framing)

    def _read(self) -> RequestHead:
        try:
            request = read_request_head(self.incoming)
        except MessageError as exc:
            raise refusal(f"it {exc}") from exc
        self.is_open = request.keeps_open
        if not request.target.startswith("/") and request.target != "*":
            raise refusal("its target is no path: this is no proxy")
        problem = fence_problem(self.relay.fence, request.target, request.headers)
        if problem:
            raise OwnAnswerError(
                HTTPStatus.MISDIRECTED_REQUEST, f"the request is not for green: {problem}"
            )
        return request

    def _send(self, request: RequestHead, head: bytes, framing: Framing) -> None:
        try:
            self.green.send(head, more=not framing.is_empty)
        except OSError as exc:
            raise self._broken(exc) from exc
        if framing.is_empty:
            return
        try:
            if request.minor == 1 and request.of("expect"):
                self.connection.sendall(_CONTINUE)
            for piece in spell_body(read_body(self.incoming, framing), framing):
                if not self._is_taken(piece):
                    self.is_open = False  # what is left of the body would be read as a request
                    break
        except (OSError, EndedEarlyError) as exc:
            problem = "the suite broke off a request before its body had ended"
            raise OwnAnswerError(HTTPStatus.BAD_REQUEST, problem, Loss.UNANSWERED) from exc
        except MessageError as exc:
            raise refusal(f"it {exc}") from exc

    def _turned_request(self, request: RequestHead) -> tuple[Framing, bytes]:
        """How its body ends, and its head as green gets it."""
        upstream = self.relay.upstream
        headers = request_headers(request.headers, upstream.host, upstream.headers)
        first_line = f"{request.method} {request.target} HTTP/1.1"
        try:
            framing = request_framing(request)
            return framing, spell_head(first_line, [*headers, *framing.headers])
        except MessageError as exc:
            raise refusal(f"it {exc}") from exc
        except ValueError as exc:
            raise refusal(str(exc)) from exc

    def _is_taken(self, piece: bytes) -> bool:
        """Whether green takes it. It may answer before it has read all, and end the connection;
        then its answer counts."""
        try:
            self.green.send(piece)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        except OSError as exc:
            raise self._broken(exc) from exc
        return True

    def _receive(self, request: RequestHead) -> tuple[AnswerHead, Framing]:
        try:
            answer = read_answer_head(self.green.incoming)
            upgraded = answer.status == HTTPStatus.SWITCHING_PROTOCOLS
            if upgraded and not wants_upgrade(request.headers):
                raise MessageError("speaks another protocol than it was asked for")
            return answer, answer_framing(answer, request.method)
        except (OSError, MessageError) as exc:
            raise self._broken(exc) from exc

    def _reach(self) -> None:
        try:
            self.green.reach()
        except ssl.SSLError as exc:
            raise self._unreached(f"no TLS with green at {self._where}: {_spell(exc)}") from exc
        except (OSError, UnicodeError) as exc:  # the latter of a name that cannot be looked up
            problem = f"green at {self._where} could not be reached: {_spell(exc)}"
            raise self._unreached(problem) from exc

    def _unreached(self, problem: str) -> OwnAnswerError:
        return OwnAnswerError(HTTPStatus.BAD_GATEWAY, problem, Loss.UNREACHED)

    def _broken(self, exc: OSError | MessageError) -> OwnAnswerError:
        """What the suite is told of a request that green has got and not answered."""
        if isinstance(exc, MessageError):
            problem = f"green's answer cannot be passed on: it {exc}"
        elif isinstance(exc, TimeoutError):
            problem = f"green at {self._where} did not answer in time"
            return OwnAnswerError(HTTPStatus.GATEWAY_TIMEOUT, problem, Loss.UNANSWERED)
        else:
            problem = f"green at {self._where} broke off: {_spell(exc)}"
        return OwnAnswerError(HTTPStatus.BAD_GATEWAY, problem, Loss.UNANSWERED)

    @property
    def _where(self) -> str:
        host, port = self.relay.upstream.address
        return f"{host}:{port}"

    def _answer(self, request: RequestHead, answer: AnswerHead, framing: Framing) -> None:
        unknown = framing.in_chunks or framing.to_the_end
        passed_on = (IN_CHUNKS if request.minor == 1 else TO_THE_END) if unknown else framing
        self.is_open = self.is_open and not passed_on.to_the_end
        headers = self._turned(answer, framing)
        head = self._spell_head(answer.status, answer.reason, headers, passed_on)
        if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self._splice(head)
            return
        pieces = spell_body(_from_green(self.green.incoming, framing), passed_on)
        try:
            # What has come with the head goes on with it; no head waits for what has not.
            together = framing.length_bytes and not self.green.incoming.is_empty
            self.connection.sendall(head + next(pieces) if together else head)
            for piece in pieces:
                self.connection.sendall(piece)
        except BrokenOffError:
            self.is_open = False
        if framing.to_the_end or not answer.keeps_open:
            self.green.close()

    def _turned(self, answer: AnswerHead, framing: Framing) -> Headers:
        """Its headers as the suite gets them, but for what tells the end of the body."""
        upstream = self.relay.upstream
        headers = response_headers(
            answer.headers,
            upgraded=answer.status == HTTPStatus.SWITCHING_PROTOCOLS,
            green="https" if upstream.tls else "http",
            hosts=upstream.hosts,
            origin=self.relay.origin,
        )
        if framing.is_empty and framing.length_bytes is None:
            return headers  # of an answer without a body, which may tell the length of another
        return [pair for pair in headers if pair[0].lower() != "content-length"]

    def _spell_head(self, status: int, reason: str, headers: Headers, framing: Framing) -> bytes:
        more = [*framing.headers, *([] if self.is_open else [("Connection", "close")])]
        return spell_head(f"HTTP/1.1 {status} {reason}", [*headers, *more])

    def _splice(self, head: bytes) -> None:
        """The head, then both directions, byte by byte, until either side ends."""
        self.is_open = False
        self.connection.sendall(head)
        upward = self.green.socket
        upward.settimeout(None)
        back = threading.Thread(
            target=_copy, args=(self.green.incoming, self.connection, upward), daemon=True
        )
        try:
            back.start()
        except RuntimeError:  # no threads are left: the suite sees the connection end
            return
        _copy(self.incoming, upward, self.connection)
        back.join()

    def _answer_instead(self, own: OwnAnswerError) -> None:
        """An answer of the relay itself, which says that it is."""
        self.green.close()
        self.is_open = False
        self.relay.lost(own.loss, own.text)
        body = f"Testgate relay: {own.text}\n".encode()
        framing = Framing(length_bytes=len(body))
        headers = own_headers(own.status, body)
        head = self._spell_head(own.status, own.status.phrase, headers, framing)
        self.connection.sendall(head + body)

    def _linger(self) -> None:
        """Take what the suite is still sending: were it refused, the system would throw away the
        answer that is on its way (RFC 9112, 9.6)."""
        self.connection.shutdown(socket.SHUT_WR)
        until_s = time.monotonic() + _LINGER_S
        while (left_s := until_s - time.monotonic()) > 0:
            self.connection.settimeout(left_s)
            if not self.connection.recv(CHUNK_BYTES):
                break


def _from_green(incoming: Incoming, framing: Framing) -> Iterator[bytes]:
    try:
        yield from read_body(incoming, framing)
    except (OSError, MessageError) as exc:
        raise BrokenOffError from exc


def _copy(source: Incoming, sink: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):  # the latter of TLS that the other one has ended
        while piece := source.some():
            sink.sendall(piece)
    for connection in (sink, other):
        shut_down(connection)


def _spell(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
