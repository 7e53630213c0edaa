"""A function's log: lines into CloudWatch Logs (moto, in this process), and the tail of each call.

One stream per execution environment, as AWS has it; what is written is readable through the Logs
API at once. Used by the execution environment.
"""

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import logs_backends

from testgate.local.lambdas.catalog import Settings

TAIL_BYTES = 4096  # documented: the last 4 KB
_EVENT_BYTES = 256 * 1024  # longest message that CloudWatch Logs has always taken
_creation = threading.Lock()  # moto's "ensure" calls race with themselves


class LogStream:
    """`/aws/lambda/<name>` (or the configured group), stream `YYYY/MM/DD/[<version>]<32 hex>`."""

    def __init__(self, settings: Settings) -> None:
        today = datetime.now(UTC)
        self.name = f"{today:%Y/%m/%d}/[{settings.version}]{uuid.uuid4().hex}"
        self._group = settings.log.group
        self._account = settings.account
        self._region = settings.region
        self._lock = threading.Lock()
        self._muted = False
        self._partial = b""
        self._tail = b""
        self._last_ms = 0

    def write(self, output: bytes) -> None:
        """Take raw output; complete lines become events, a rest waits for its end of line."""
        with self._lock:
            *lines, self._partial = (self._partial + output).split(b"\n")
            while len(self._partial) > _EVENT_BYTES:
                lines.append(self._partial[:_EVENT_BYTES])
                self._partial = self._partial[_EVENT_BYTES:]
            self._put(lines)

    def write_line(self, line: str) -> None:
        """Write one line of the platform, after any unfinished line of the function."""
        with self._lock:
            unfinished = [self._partial] if self._partial else []
            self._partial = b""
            self._put([*unfinished, line.encode()])

    def take_tail(self) -> bytes:
        """The last 4 KiB since the previous call of this method."""
        with self._lock:
            tail, self._tail = self._tail, b""
            return tail

    def mute(self) -> None:
        """Write nothing more: after a reset, a late line must not bring the group back."""
        with self._lock:
            self._muted = True

    def _put(self, lines: list[bytes]) -> None:
        messages = [_readable(line) for line in lines if line]
        self._tail = (self._tail + "".join(messages).encode())[-TAIL_BYTES:]
        if self._muted or not messages:
            return
        # The machine's clock, not the local AWS's: moto compares with it and drops the rest.
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        events = [{"timestamp": self._last_ms, "message": message} for message in messages]
        self._backend().put_log_events(self._group, self.name, events)

    def _backend(self) -> Any:
        backend = logs_backends[self._account][self._region]
        with _creation:
            backend.ensure_log_group(self._group)
            backend.ensure_log_stream(self._group, self.name)
        return backend


def _readable(line: bytes) -> str:
    """One message; the runtime client parts the lines of a traceback by carriage returns."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return text.replace("\r", "\n").replace("\u00a0", " ") + "\n"
