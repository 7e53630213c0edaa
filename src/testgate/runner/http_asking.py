"""One request of a check, and the answer of green to it: never one of the relay between them.

Standard library only. Imported by `testgate.runner.http_suite`.
"""

import contextlib
import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from testgate.core.checks import Check
from testgate.runner.relay_headers import OWN_ANSWER

MAX_BODY_BYTES = 1_000_000
_CHUNK_BYTES = 65_536
_BAD_GATEWAY = 502  # what the relay says of a connection that broke
_OWN_PREFIX = "Testgate relay: "
_SHORTEST_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What green answered. Headers are by lower-case name, several of one name joined as HTTP joins
    them. `cut`: its body is longer than what is read; `problem`: why it has no usable end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_ms: float
    cut: bool = False
    problem: str = ""


class UnansweredError(Exception):
    """Green gave no answer. `again`: the connection broke, so asking again may help."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


def ask(check: Check, base_url: str, within_s: float) -> Reply:
    """The answer to one request, over a connection of its own. Raises UnansweredError."""
    parts = urlsplit(base_url)
    began_s = time.monotonic()
    until_s = began_s + within_s
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=within_s)
    with contextlib.closing(connection):
        try:
            _send(connection, check, parts.path.rstrip("/") + check.path)
            stream = connection.sock
            response = connection.getresponse()
        except TimeoutError:
            raise UnansweredError(f"no answer within {within_s:g} s", again=False) from None
        except (OSError, http.client.HTTPException) as exc:
            why = f"no answer: {type(exc).__name__}: {exc}".rstrip(": ")
            raise UnansweredError(why, again=True) from exc
        with response:
            body, cut, problem = _body(response, stream, until_s, within_s)
    took_ms = (time.monotonic() - began_s) * 1000
    headers = _joined(response.getheaders())
    if OWN_ANSWER.lower() in headers:
        why = body.decode(errors="replace").strip().removeprefix(_OWN_PREFIX)
        why = why or f"the relay answered {response.status} itself"
        raise UnansweredError(f"no answer: {why}", again=response.status == _BAD_GATEWAY)
    return Reply(
        status=response.status,
        headers=headers,
        body=body,
        took_ms=took_ms,
        cut=cut,
        problem=problem,
    )


def _send(connection: http.client.HTTPConnection, check: Check, target: str) -> None:
    given = {name.lower() for name, _ in check.headers}
    own = {"User-Agent": "testgate", "Accept": "*/*", "Connection": "close"}
    if check.json is not None:
        own["Content-Type"] = "application/json"
    sent = check.sent
    if sent is not None or check.method in ("POST", "PUT", "PATCH"):
        own["Content-Length"] = str(len(sent or b""))
    connection.putrequest(check.method, target, skip_accept_encoding=True)
    for name, value in own.items():
        if name.lower() not in given:
            connection.putheader(name, value)
    for name, value in check.headers:
        connection.putheader(name, value)
    connection.endheaders(sent)


def _body(
    response: http.client.HTTPResponse, stream: object, until_s: float, within_s: float
) -> tuple[bytes, bool, str]:
    """As much as is read, whether that is not all of it, and why it has no usable end."""
    body = bytearray()
    try:
        while True:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            stream.settimeout(max(left_s, _SHORTEST_S))  # type: ignore[attr-defined]
            piece = response.read1(_CHUNK_BYTES)
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return bytes(body[:MAX_BODY_BYTES]), True, ""
            if not piece:
                break
    except TimeoutError:
        return bytes(body), True, f"its body had not ended after {within_s:g} s"
    except (OSError, http.client.HTTPException):
        return bytes(body), True, f"its body broke off after {len(body)} bytes"
    if response.length:
        return bytes(body), True, f"its body broke off after {len(body)} bytes"
    return bytes(body), False, ""


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value.strip()
    return found
