"""How a running deployment is stopped from outside.

Imported by `testgate.local.ecs` alone.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum


class Interruption(IntEnum):
    """Why; the greater wins."""

    ROLLBACK = 1
    SUPERSEDED = 2
    DELETED = 3
    SHUTDOWN = 4


@dataclass(frozen=True, slots=True)
class RollbackCause:
    """The deployment's status reason, and what the service event says instead, if anything else."""

    reason: str
    told: str | None = None


class Interrupt:
    """Set from API threads, read by the deployment's thread, which `event` wakes."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._lock = threading.Lock()
        self._kind: Interruption | None = None
        self._cause: RollbackCause | None = None
        self._closed = False
        self._wake: Callable[[Interruption], None] | None = None

    @property
    def kind(self) -> Interruption | None:
        with self._lock:
            return self._kind

    @property
    def cause(self) -> RollbackCause | None:
        """Why a rollback was demanded; the first of several demands counts."""
        with self._lock:
            return self._cause

    def demand(self, kind: Interruption, cause: RollbackCause | None = None) -> bool:
        """Interrupt; False if the deployment is past the point of return."""
        with self._lock:
            if self._closed and kind is not Interruption.SHUTDOWN:
                return False
            self._cause = self._cause or cause
            self._kind = most = max(kind, self._kind or kind)
            self.event.set()
            wake = self._wake
        if wake is not None:
            wake(most)
        return True

    def close(self) -> bool:
        """Refuse interruptions from now on; False if one has come before."""
        with self._lock:
            if self._kind is not None:
                return False
            self._closed = True
            return True

    def answered(self) -> None:
        """Forget a demand for rollback that is being carried out; a greater one stays."""
        with self._lock:
            if self._kind is Interruption.ROLLBACK:
                self._kind = None
                self.event.clear()

    @contextlib.contextmanager
    def waking(self, wake: Callable[[Interruption], None]) -> Iterator[None]:
        """Call `wake` with the kind when interrupted, at once if that has happened already."""
        with self._lock:
            self._wake = wake
            happened = self._kind
        if happened is not None:
            wake(happened)
        try:
            yield
        finally:
            with self._lock:
                self._wake = None
