"""A function's log: lines into CloudWatch Logs (moto, in this process), and the tail of each call.

One stream per execution environment, as AWS has it; what is written is readable through the Logs
API at once, if the function's role may write. Used by the execution environment.
"""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.logs.models import logs_backends

from testgate.local.lambdas.catalog import Settings

TAIL_BYTES = 4096  # documented: the last 4 KB
_EVENT_BYTES = 256 * 1024  # longest message that CloudWatch Logs has always taken
_creation = threading.Lock()  # moto's "ensure" calls race with themselves

LogRights = Callable[[Settings, str, str], bool]
"""Whether a function's role allows an action (`logs:…`) on the ARN of a group or stream."""


def may_always(_settings: Settings, _action: str, _arn: str) -> bool:
    """Without IAM, every function may log."""
    return True


class LogStream:
    """`/aws/lambda/<name>` (or the configured group), stream `YYYY/MM/DD/[<version>]<32 hex>`."""

    def __init__(self, settings: Settings, rights: LogRights = may_always) -> None:
        today = datetime.now(UTC)
        self.name = f"{today:%Y/%m/%d}/[{settings.version}]{uuid.uuid4().hex}"
        self._settings = settings
        self._rights = rights
        self._created: bool | None = None
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
        backend = logs_backends[self._settings.account][self._settings.region]
        if self._created is None:
            self._created = self._create(backend)
        group = self._settings.log.group
        if self._created and self._may("PutLogEvents", f"{group}:log-stream:{self.name}"):
            with _creation:  # somebody may have deleted it meanwhile
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, self.name)
            backend.put_log_events(group, self.name, events)

    def _create(self, backend: Any) -> bool:
        """AWS (documented): without the rights, a function runs all the same and logs nothing."""
        group = self._settings.log.group
        with _creation:
            if group not in backend.groups:
                if not self._may("CreateLogGroup", group):
                    return False
                backend.ensure_log_group(group)
            if not self._may("CreateLogStream", f"{group}:log-stream:{self.name}"):
                return False
            backend.ensure_log_stream(group, self.name)
        return True

    def _may(self, action: str, group_or_stream: str) -> bool:
        region, account = self._settings.region, self._settings.account
        arn = f"arn:aws:logs:{region}:{account}:log-group:{group_or_stream}"
        return self._rights(self._settings, f"logs:{action}", arn)


def _readable(line: bytes) -> str:
    """One message; the runtime client parts the lines of a traceback by carriage returns."""
    text = line.decode("utf-8", "replace").rstrip("\r")
    return text.replace("\r", "\n").replace("\u00a0", " ") + "\n"
