"""AWS's Lambda Runtime API (2018-06-01) for one execution environment, on a loopback port.

The runtime client asks for the next invocation and posts answers and errors here; paths, headers
and limits are documented in the Lambda developer guide. Used by the execution environment.
"""

import contextlib
import json
import queue
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from testgate.local.lambdas.endings import InitFailed, Raised, Report, Returned, TooLarge, Waiting

RESPONSE_LIMIT_BYTES = 6_291_556  # documented: 6 MB plus room for the envelope
_VERSION = "/2018-06-01/runtime"
_INVOCATION = re.compile(rf"{_VERSION}/invocation/(?P<id>[^/]+)/(?P<what>response|error)")
_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One invocation as the runtime receives it."""

    request_id: str
    event: bytes
    invoked_arn: str
    trace_id: str
    deadline_ms: int  # Unix time

    def headers(self) -> dict[str, str]:
        # Without Content-Type the runtime client crashes with a segmentation fault (seen).
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.invoked_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }


class RuntimeApi:
    """Serves one runtime process; tells `report` what it does, from the connection's thread."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self.report = report
        self.current: Work | None = None
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address: tuple[str, int] = self._listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._accept, name="lambda-runtime-api", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`, the value of AWS_LAMBDA_RUNTIME_API."""
        return f"{self._address[0]}:{self._address[1]}"

    def give(self, work: Work) -> None:
        """Let the runtime's next (or waiting) call for work return this."""
        self._work.put(work)

    def next_work(self) -> Work | None:
        """Block until there is work; None once closed.

        Whoever asks while an invocation is under way gets that one again, request id and all, as
        AWS's interface emulator gives it (its `core/states.go`): any process of the environment
        can ask, and answer in the runtime's name.
        """
        if self.current is not None:
            return self.current
        self.report(Waiting())
        self.current = self._work.get()
        return self.current

    def close(self) -> None:
        """Stop serving; waiting calls end without an answer."""
        if self._closed:
            return
        self._closed = True
        self._work.put(None)
        # A blocked accept() does not notice that its socket is closed; a connection wakes it.
        with contextlib.suppress(OSError):
            socket.create_connection(self._address).close()
        self._thread.join()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, address = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                threading.Thread(
                    target=self._serve,
                    args=(connection, address),
                    name="lambda-runtime",
                    daemon=True,
                ).start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        with connection:
            api: Any = self  # the handler asks nothing of a server but what it reads of ours
            # An OSError means that the runtime is gone; its sandbox reports that.
            with contextlib.suppress(OSError):
                _Connection(connection, address, api)


class _Connection(BaseHTTPRequestHandler):
    """One HTTP connection of the runtime client; `server` is the `RuntimeApi`."""

    protocol_version = "HTTP/1.1"
    # Header and body in one packet: two would wait 40 ms each for delayed acknowledgements.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Any  # RuntimeApi; the base class names its own type of server

    def do_GET(self) -> None:
        if self.path != f"{_VERSION}/invocation/next":
            self._answer(HTTPStatus.NOT_FOUND, _error("InvalidPath", self.path))
            return
        work = self.server.next_work()
        if work is None:
            self.close_connection = True
            return
        self._answer(HTTPStatus.OK, work.event, work.headers())

    def do_POST(self) -> None:
        api: RuntimeApi = self.server
        body, size = self._read_body()
        match = _INVOCATION.fullmatch(self.path)
        if self.path == f"{_VERSION}/init/error":
            self._accept(InitFailed(payload=body))
        elif match is None:
            self._answer(HTTPStatus.NOT_FOUND, _error("InvalidPath", self.path))
        elif api.current is None or match["id"] != api.current.request_id:
            self._answer(HTTPStatus.BAD_REQUEST, _error("InvalidRequestID", match["id"]))
        elif size > RESPONSE_LIMIT_BYTES:
            message = f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
            api.report(TooLarge(size_bytes=size))
            self._answer(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error("RequestEntityTooLarge", message)
            )
        elif match["what"] == "response":
            self._accept(Returned(payload=body))
        else:
            self._accept(Raised(payload=body))

    def _accept(self, report: Report) -> None:
        self.server.current = None
        self.server.report(report)
        self._answer(HTTPStatus.ACCEPTED, b'{"status":"OK"}')

    def _read_body(self) -> tuple[bytes, int]:
        """The body, cut just past the limit, and its full size."""
        left = size = int(self.headers.get("Content-Length", 0))
        kept = bytearray()
        while left > 0:
            chunk = self.rfile.read(min(left, _COPY_BYTES))
            if not chunk:
                raise ConnectionError("the runtime ended while it posted")
            left -= len(chunk)
            if len(kept) <= RESPONSE_LIMIT_BYTES:
                kept += chunk
        return bytes(kept), size

    def _answer(
        self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        carry_on = super().handle_expect_100()
        self.wfile.flush()  # buffered otherwise, and the client waits a second for it
        return carry_on

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the function's log is the place to look."""


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
