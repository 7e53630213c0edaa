"""A relay on loopback between a suite and green: adds Host, headers and SNI, and counts.

A suite whose requests are counted cannot pass without having sent one. Imported by
`testgate.runner.suite` and `testgate.runner.probing`.
"""

import contextlib
import socket
import ssl
import threading
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from testgate.core.evidence import RelayCounts
from testgate.core.fence import Fence
from testgate.core.redaction import redact
from testgate.core.storing import plain
from testgate.runner.own_answers import Loss
from testgate.runner.relaying import Exchange
from testgate.runner.request_metrics import request_metrics
from testgate.runner.upstream import Upstream

LOOPBACK = "127.0.0.1"
CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 300.0
MAX_PROBLEM_CHARS = 300
MAX_TIMED_REQUESTS = 1_000_000  # 8 MB
_BACKLOG = 512
_PAUSE_S = 0.05
_WAKING_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where green answers. `host` is sent as Host and SNI instead of the URL's own, the headers
    with every request; certificates are verified against `host`. What the fence does not let pass
    is answered by the relay."""

    base_url: str
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fence: Fence = field(default_factory=Fence)
    tls: ssl.SSLContext | None = None


class Relay:
    """Listens at `origin`, http://127.0.0.1:<port>, from its making to `close`. Safe to use from
    many connections at once."""

    def __init__(self, target: Target) -> None:
        self.upstream = upstream_of(target)
        self.fence = target.fence
        self._path = urlsplit(target.base_url).path.rstrip("/")
        self._lock = threading.Lock()
        self._statuses: Counter[int] = Counter()
        self._took_ms = array("d")
        self._problem = ""
        self._lost: Counter[Loss] = Counter()
        self._under_way: Counter[Loss] = Counter()
        self._open: set[Exchange] = set()
        self._closing = threading.Event()
        self._listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
        self.origin = f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="relay", daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        """What the suite gets instead of green's URL: the same path on the relay's origin."""
        return self.origin + self._path

    @property
    def counts(self) -> RelayCounts:
        """What green has answered so far, and the last reason why it could not. A request that is
        still under way counts as what it is: the suite may have lost patience before the relay."""
        with self._lock:
            lost = self._lost + self._under_way
            statuses = {str(status): n for status, n in sorted(self._statuses.items())}
            return RelayCounts(
                requests=sum(self._statuses.values()),
                statuses=statuses,
                problem=self._problem or _spell_under_way(self._under_way),
                unreached=lost[Loss.UNREACHED],
                unanswered=lost[Loss.UNANSWERED],
            )

    @property
    def metrics(self) -> dict[str, float]:
        """What thresholds may ask of a suite's requests; see `request_metrics`."""
        with self._lock:
            return request_metrics(self._statuses, self._took_ms)

    def answered(self, status: int, took_s: float) -> None:
        """Green answered a request with this status, `took_s` after it was passed on."""
        with self._lock:
            self._statuses[status] += 1
            if len(self._took_ms) < MAX_TIMED_REQUESTS:
                self._took_ms.append(took_s * 1000)

    def lost(self, loss: Loss, problem: str) -> None:
        """A request came to nothing, and why."""
        with self._lock:
            self._problem = redact(plain(problem))[:MAX_PROBLEM_CHARS]
            self._lost[loss] += 1

    @contextlib.contextmanager
    def under_way(self, loss: Loss) -> Iterator[None]:
        """A request that is lost in that way if nobody waits for its end."""
        with self._lock:
            self._under_way[loss] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[loss] -= 1

    def close(self) -> None:
        """Stop listening and end every connection, of the suite and with green: nothing of the
        suite goes on after it."""
        self._closing.set()
        with contextlib.suppress(OSError):  # of Linux; elsewhere a listener looks up when one comes
            self._listener.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname(), _WAKING_S).close()
        self._thread.join(_WAKING_S)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for exchange in left:
            exchange.break_off()

    def _accept(self) -> None:
        """One daemon thread a connection. Where files run out the suite's connection waits, where
        threads do it is ended."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._closing.wait(_PAUSE_S):
                    return
                continue
            if self._closing.is_set():
                connection.close()
                return
            exchange = Exchange(connection, self)
            with self._lock:
                self._open.add(exchange)
            try:
                threading.Thread(target=self._serve, args=(exchange,), daemon=True).start()
            except RuntimeError:
                self._forget(exchange)

    def _serve(self, exchange: Exchange) -> None:
        """A connection that the suite breaks off is the suite's to notice; the log stays quiet."""
        try:
            with contextlib.suppress(OSError):
                exchange.serve()
        finally:
            self._forget(exchange)

    def _forget(self, exchange: Exchange) -> None:
        with self._lock:
            self._open.discard(exchange)
        exchange.connection.close()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _spell_under_way(under_way: Counter[Loss]) -> str:
    if under_way[Loss.UNREACHED]:
        return "no connection with green had come about when the suite ended"
    return "green had not answered when the suite ended" if under_way[Loss.UNANSWERED] else ""


def upstream_of(target: Target) -> Upstream:
    """How that target is connected to."""
    parts = urlsplit(target.base_url)
    secure = parts.scheme == "https"
    name = parts.hostname or ""
    return Upstream(
        address=(name, parts.port or (443 if secure else 80)),
        host=target.host or parts.netloc,
        server_name=urlsplit(f"//{target.host}").hostname or name,
        headers=dict(target.headers),
        tls=(target.tls or ssl.create_default_context()) if secure else None,
        connect_timeout_s=CONNECT_TIMEOUT_S,
        answer_timeout_s=ANSWER_TIMEOUT_S,
    )
