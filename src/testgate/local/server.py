"""moto's server in a thread of this process, behind the front, with the bridges installed.

Part of the local AWS; imported by `testgate.local` and by tests. moto keeps its state in module
globals: two servers in one process share it, so run one at a time and `reset()` between tests.
"""

import errno
import logging
import socket
import threading
from collections.abc import Iterable
from typing import Any

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from testgate.core.errors import GateError
from testgate.local.front import Front
from testgate.local.moto.process import ProcessSettings
from testgate.local.moto.warm_up import WarmUp

_log = logging.getLogger(__name__)
_BACKLOG = 128
_POLL_INTERVAL_S = 0.02
_LONGEST_LAMBDA_S = 900
_RESET_PATH = "/moto-api/reset"


class PortInUseError(GateError):
    """The port asked for belongs to another program."""


class MotoServer:
    """One endpoint URL with moto behind it; requests are served by threads.

    Args:
        host: address to listen on.
        port: 0 lets the system choose.
        region: of the clients that `client()` makes.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, region: str = "us-east-1"
    ) -> None:
        self.region = region
        self.front = Front(self._moto_when_ready)
        self.front.add_route(self._stop_executions_before_reset)
        self._host = host
        self._port = port
        self._moto_app = DomainDispatcherApplication(create_backend_app)
        self._warm_up = WarmUp()
        self._settings = ProcessSettings()
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()

    @property
    def url(self) -> str:
        """`http://host:port`; known after `start()`."""
        if self._server is None:
            raise RuntimeError("the local AWS has no URL before start()")
        return f"http://{_reachable(self._host)}:{self._port}"

    def start(self) -> None:
        """Listen and serve; a warm-up goes on in the background.

        Raises:
            PortInUseError: another program listens on the port.
        """
        if self._server is not None:
            raise RuntimeError("the local AWS is already started")
        with _listener(self._host, self._port) as listener:
            self._port = listener.getsockname()[1]
            self._server = make_server(
                self._host,
                self._port,
                self.front,
                threaded=True,
                request_handler=_QuietHandler,
                fd=listener.fileno(),
            )
        self._settings.apply(host=_reachable(self._host), port=self._port)
        self._warm_up.start(self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _POLL_INTERVAL_S},
            name="testgate-moto",
            daemon=True,
        )
        self._thread.start()

    def wait_until_ready(self) -> None:
        """Wait until moto can be reached; calls over HTTP wait by themselves.

        For code that uses moto inside this process: beside the warm-up's imports it must not import
        parts of moto.

        Raises:
            RuntimeError: the bridges could not be installed; its cause says why.
        """
        self._warm_up.wait_for_bridges()

    def close(self) -> None:
        """Stop executions and serving; put environment and moto's configuration back."""
        if self._server is None or self._thread is None:
            return
        self._warm_up.close()
        if self._warm_up.bridges_stand:
            self._stop_executions()
            self._forget_endpoint()
        self._server.shutdown()
        self._thread.join()
        self._server, self._thread = None, None
        with self._clients_lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
        self._settings.restore()

    def reset(self) -> None:
        """Empty every service; running executions are stopped and awaited first."""
        self._stop_executions()
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()

    def client(self, service: str) -> Any:
        """A boto3 client of `service` for this server, the same one at each call; thread-safe."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        session = boto3.session.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name=self.region
        )
        config = Config(
            connect_timeout=5,
            read_timeout=_LONGEST_LAMBDA_S + 10,
            # A retry would hide a defect of the local AWS, and repeat side effects.
            retries={"total_max_attempts": 1, "mode": "standard"},
            s3={"addressing_style": "path"},
            inject_host_prefix=False,
        )
        return session.client(service, endpoint_url=self.url, config=config)

    def _moto_when_ready(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.wait_until_ready()
        answer: Iterable[bytes] = self._moto_app(environ, start_response)
        return answer

    def _stop_executions_before_reset(self, request: Request) -> Response | None:
        if request.method == "POST" and request.path == _RESET_PATH:
            self._stop_executions()
        return None

    def _stop_executions(self) -> None:
        self.wait_until_ready()
        from testgate.local.moto import stepfunctions

        stepfunctions.stop_all()

    def _forget_endpoint(self) -> None:
        from testgate.local.moto.interpreter_clients import clients

        clients.forget(self.url)


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    """moto's handler (it keeps S3 metadata headers) without access lines."""

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            _log.debug(message.rstrip(), *args)


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        if exc.errno != errno.EADDRINUSE:
            raise
        message = f"port {port} on {host} is in use by another program; name another, or 0 for any"
        raise PortInUseError(message) from exc


def _reachable(host: str) -> str:
    """The address by which this machine reaches a listener on `host`, as URLs write it."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable
