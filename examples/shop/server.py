"""HTTP around the shop: reads requests, writes JSON, logs a line for each on standard error.

Why here: everything that knows of sockets and headers, and the faults that are a matter of time.
Imported by `shop.__main__`.
"""

import json
import sys
import time
import traceback
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from .api import Answer, Shop, error_answer
from .settings import Fault, Settings

HOST = "127.0.0.1"
MAX_BODY_BYTES = 65_536


class ShopServer(ThreadingHTTPServer):
    """Listens once it is made; `serve_forever` answers until the process ends."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, settings: Settings) -> None:
        self.shop = Shop(settings)
        self.delay_s = settings.delay_s if Fault.SLOW in settings.faults else 0.0
        super().__init__((HOST, settings.port), ShopHandler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the resolver for the host's full name, which can take seconds.
        TCPServer.server_bind(self)

    def server_close(self) -> None:
        super().server_close()
        self.shop.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ShopHandler(BaseHTTPRequestHandler):
    """One connection, kept open between requests."""

    server: ShopServer
    protocol_version = "HTTP/1.1"
    server_version = "shop"
    sys_version = ""
    disable_nagle_algorithm = True  # else the body waits for the client to acknowledge the head
    timeout = 60

    def _serve(self) -> None:
        started = time.perf_counter()
        body = self._read_body()
        answer = body if isinstance(body, Answer) else self._answer(body)
        time.sleep(self.server.delay_s)
        # Logged first: who has read the answer finds its line, even if the shop is stopped then.
        self._log(answer.status, time.perf_counter() - started)
        self._write(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve
    do_TRACE = do_QUERY = _serve  # so that they are told that a path does not take them

    def _answer(self, body: bytes) -> Answer:
        path = unquote(urlsplit(self.path).path)
        try:
            return self.server.shop.answer(self.command, path, body)
        except Exception:  # noqa: BLE001  the client is owed an answer, whatever broke
            traceback.print_exc()
            message = "the shop failed; its log says why"
            return error_answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", message)

    def _read_body(self) -> bytes | Answer:
        """The body, or the answer that refuses it; unread, it would look like the next request."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            message = "a body needs a Content-Length"
            return error_answer(HTTPStatus.LENGTH_REQUIRED, "length_required", message)
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            message = f"the body has {length} bytes, at most {MAX_BODY_BYTES} are read"
            return error_answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", message)
        return self.rfile.read(int(length))

    def _write(self, answer: Answer) -> None:
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class answers to a request that it cannot read, as JSON like the rest."""
        self.close_connection = True
        status = HTTPStatus(code)
        self._write(error_answer(status, "bad_request", message or explain or status.phrase))

    def _log(self, status: HTTPStatus, duration_s: float) -> None:
        line = f"shop: {self.command} {self.path} {status.value} {duration_s * 1000:.1f} ms\n"
        with suppress(OSError):  # nobody reads the log any more: the shop goes on
            sys.stderr.write(line)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: `_log` writes the line of a request."""
