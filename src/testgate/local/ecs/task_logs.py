"""Where the output of a task goes: a bounded buffer, and CloudWatch Logs if it is asked for.

Imported by `testgate.local.ecs` alone.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_log = logging.getLogger(__name__)
_KEPT_LINES = 1000


class LogSetupError(Exception):
    """The log stream cannot be made; the message is the task's stoppedReason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsLogs:
    """The awslogs options of a container; `stream` as ECS names it, `prefix/container/task`."""

    group: str
    stream: str
    create_group: bool


def read_awslogs(container: Mapping[str, Any], task_id: str) -> AwsLogs | None:
    """The awslogs destination in a container definition, if it has one."""
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    if configuration.get("logDriver") != "awslogs" or "awslogs-group" not in options:
        return None
    prefix = options.get("awslogs-stream-prefix")
    parts = (prefix, container["name"], task_id) if prefix else (task_id,)
    return AwsLogs(
        group=options["awslogs-group"],
        stream="/".join(parts),
        create_group=options.get("awslogs-create-group") == "true",
    )


class TaskLog:
    """Takes the output of one container, in chunks, and keeps its last lines."""

    def __init__(self, destination: AwsLogs | None, logs: Any) -> None:
        self._destination = destination
        self._logs = logs
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._rest = b""

    def open(self) -> None:
        """Make the log stream.

        Raises:
            LogSetupError: in the words of ECS (seen), if the group does not exist.
        """
        if self._destination is None:
            return
        try:
            self._make_stream(self._destination)
        except ClientError as exc:
            error = exc.response["Error"]
            raise LogSetupError(
                "ResourceInitializationError: failed to validate logger args: create stream has "
                "been retried 1 times: failed to create Cloudwatch log stream: "
                f"{error['Code']}: {error['Message']} : exit status 1"
            ) from exc

    def take(self, chunk: bytes) -> None:
        """Split into lines; an unfinished line waits for its rest."""
        with self._lock:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._keep([line.decode("utf-8", "replace").rstrip("\r") for line in lines])

    def close(self) -> None:
        """Take the unfinished last line as it is."""
        with self._lock:
            rest, self._rest = self._rest, b""
        if rest:
            self._keep([rest.decode("utf-8", "replace")])

    def lines(self) -> list[str]:
        """The last lines, oldest first."""
        with self._lock:
            return list(self._lines)

    def _keep(self, lines: list[str]) -> None:
        with self._lock:
            self._lines.extend(lines)
        events = [line for line in lines if line]
        if self._destination is None or not events:
            return
        now_ms = int(time.time() * 1000)
        try:
            self._logs.put_log_events(
                logGroupName=self._destination.group,
                logStreamName=self._destination.stream,
                logEvents=[{"timestamp": now_ms, "message": line} for line in events],
            )
        except Exception:  # noqa: BLE001 - a task must not stop because its log cannot be written
            _log.warning("could not write to log group %s", self._destination.group, exc_info=True)

    def _make_stream(self, destination: AwsLogs) -> None:
        if destination.create_group:
            with contextlib.suppress(self._logs.exceptions.ResourceAlreadyExistsException):
                self._logs.create_log_group(logGroupName=destination.group)
        self._logs.create_log_stream(
            logGroupName=destination.group, logStreamName=destination.stream
        )
