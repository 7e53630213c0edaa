"""Listening ports of all load balancers, and the health checker, on one asyncio thread.

Ports are bound in the caller's thread, so that CreateListener itself fails when a port cannot be
had. Imported by `testgate.local.balancer` alone.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from testgate.local.balancer.health import HealthChecker
from testgate.local.balancer.proxy import ListenerView, Proxy
from testgate.local.balancer.targets import TargetTable

_T = TypeVar("_T")
_BACKLOG = 128
_CLOSE_TIMEOUT_S = 5.0
View = Callable[[], ListenerView | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    server: asyncio.Server
    protocol: web.Server


class Listeners:
    """Opens and closes listening ports by a key of the caller's choice (the listener's ARN), of
    which there may be several.

    The thread starts with the first listener or `start()`, and ends with `close()`; it may be
    started again.
    """

    def __init__(self, targets: TargetTable, checker: HealthChecker) -> None:
        self._targets = targets
        self._checker = checker
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: aiohttp.ClientSession | None = None
        self._checking: asyncio.Task[None] | None = None
        self._open: dict[str, list[_Open]] = {}

    def start(self) -> None:
        """Start the thread and the health checks, if they do not run yet."""
        with self._lock:
            if self._loop is not None:
                return
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_run, args=(loop,), name="balancer", daemon=True)
            thread.start()
            self._loop, self._thread = loop, thread
            _wait_for(self._begin(), loop)

    def open(
        self, key: str, address: str, port: int, view: View, tls: ssl.SSLContext | None = None
    ) -> None:
        """Bind `address:port` and serve it, over TLS if a context is given.

        Raises:
            OSError: the port is privileged or in use.
        """
        self.start()
        listening = bind(address, port)
        try:
            self._call(self._serve(key, listening, view, tls))
        except BaseException:
            listening.close()
            raise

    def close_listener(self, key: str) -> None:
        """Stop listening and break the listener's connections; unknown keys are ignored."""
        if self._loop is not None:
            self._call(self._stop(key))

    def close(self) -> None:
        """Close every listener and end the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            if loop is None or thread is None:
                return
            _wait_for(self._end(), loop)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            self._loop = self._thread = None

    def _call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise RuntimeError("the balancer is closed")
        return _wait_for(coroutine, loop)

    async def _begin(self) -> None:
        # One connection a request: a pooled one may be half closed by the task, and the 502 that
        # follows would be ours, not the service's.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._checking = asyncio.create_task(self._checker.run(self._session))

    async def _serve(
        self, key: str, listening: socket.socket, view: View, tls: ssl.SSLContext | None
    ) -> None:
        assert self._session is not None
        proxy = Proxy(self._targets, self._session)

        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            return await proxy.answer(request, view)

        protocol = web.Server(
            answer, handler_cancellation=True, auto_decompress=False, access_log=None
        )
        server = await asyncio.get_running_loop().create_server(protocol, sock=listening, ssl=tls)
        self._open.setdefault(key, []).append(_Open(server=server, protocol=protocol))

    async def _stop(self, key: str) -> None:
        for listener in self._open.pop(key, []):
            listener.server.close()
            await listener.protocol.shutdown(timeout=0)

    async def _end(self) -> None:
        for key in list(self._open):
            await self._stop(key)
        if self._checking is not None:
            self._checking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._checking
        if self._session is not None:
            await self._session.close()
        await _cancel_the_rest()


def bind(address: str, port: int) -> socket.socket:
    """A listening socket; raises OSError as the system words it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _wait_for(coroutine: Coroutine[Any, Any, _T], loop: asyncio.AbstractEventLoop) -> _T:
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=_CLOSE_TIMEOUT_S * 2)


async def _cancel_the_rest() -> None:
    current = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not current]
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), _CLOSE_TIMEOUT_S)
