"""Faults that a test asks for: the next invocations of a function fail in a chosen way.

They stand for what AWS does rarely and never on request (lost answers, crashes, throttles), so that
each step's recovery can be proved. Used by the Lambda host; built by tests.
"""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum


class Moment(Enum):
    """When a fault strikes: the handler has not run, or it has with all its side effects."""

    BEFORE_HANDLER = "before_handler"
    AFTER_HANDLER = "after_handler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """The process is killed and the answer, if there was one, is lost: `Runtime.ExitError`."""

    when: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Nothing answers until the function's own timeout: `Sandbox.Timedout`, in real seconds."""

    when: Moment = Moment.BEFORE_HANDLER


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """429 `TooManyRequestsException`; no process takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFailure:
    """500 `ServiceException`; no process takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceAnswer:
    """The handler runs; its caller gets these bytes instead, unchecked, as they are."""

    payload: bytes
    function_error: str | None = None


Fault = Crash | Hang | Throttle | ServiceFailure | ReplaceAnswer


class FaultQueue:
    """Faults waiting for the next invocations, per function (by its ARN without qualifier)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, function_arn: str, fault: Fault, times: int) -> None:
        if times < 1:
            raise ValueError(f"a fault is injected at least once, got times={times}")
        with self._lock:
            self._waiting[function_arn].extend([fault] * times)

    def take(self, function_arn: str) -> Fault | None:
        """The next fault for this function, removed; None if its invocation goes undisturbed."""
        with self._lock:
            waiting = self._waiting.get(function_arn)
            return waiting.popleft() if waiting else None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
