"""Time for the local AWS, passed in so that tests own it.

A scale may shorten what ECS would only wait for (bake times, callback delays); nothing that a suite
measures is scaled. Used by `testgate.local` alone.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the local control plane asks of time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...

    def wait(self, interrupted: threading.Event, delay_s: float) -> bool:
        """Wait `delay_s` nominal seconds, or less if `interrupted` is set; True if it was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """The machine's clock, with nominal waits multiplied by `scale` (0.01: a minute is 0.6 s)."""

    scale: float = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, interrupted: threading.Event, delay_s: float) -> bool:
        return interrupted.wait(max(0.0, delay_s * self.scale))
