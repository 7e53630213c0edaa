"""The targets of target groups and their health, shared by the elbv2 API and the proxy.

moto keys targets by address alone and calls all of them healthy; local tasks share 127.0.0.1, so
they are kept here by address and port. Imported by `testgate.local` alone.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


class TargetState(StrEnum):
    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, order=True)
class TargetKey:
    """One registration: the same address and port may be a target of several groups."""

    group_arn: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHealth:
    """State with AWS's reason code and description (documented: TargetHealth)."""

    state: TargetState
    reason: str | None = None
    description: str | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswered:
    status: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class ProbeTimedOut:
    pass


@dataclass(frozen=True, slots=True)
class ProbeRefused:
    pass


Probe = ProbeAnswered | ProbeTimedOut | ProbeRefused

_INITIAL = TargetHealth(
    state=TargetState.INITIAL,
    reason="Elb.InitialHealthChecking",
    description="Initial health checks in progress",
)
_HEALTHY = TargetHealth(state=TargetState.HEALTHY)
_DRAINING = TargetHealth(
    state=TargetState.DRAINING,
    reason="Target.DeregistrationInProgress",
    description="Target deregistration is in progress",
)


def next_health(health: TargetHealth, probe: Probe, *, unhealthy_threshold: int) -> TargetHealth:
    """The health after one more probe.

    One good answer makes a target healthy (ELB waits for the group's healthy threshold: nothing
    is learnt by waiting for it here). A target that was never reached stays initial, because
    it is still starting.
    """
    if health.state is TargetState.DRAINING:
        return health
    if isinstance(probe, ProbeAnswered) and probe.accepted:
        return _HEALTHY
    failures = health.failures + 1
    refused_at_start = isinstance(probe, ProbeRefused) and health.state is TargetState.INITIAL
    if refused_at_start or failures < unhealthy_threshold:
        return replace(health, failures=failures)
    reason, description = _failure(probe)
    return TargetHealth(
        state=TargetState.UNHEALTHY, reason=reason, description=description, failures=failures
    )


def _failure(probe: Probe) -> tuple[str, str]:
    match probe:
        case ProbeAnswered(status=status):
            return (
                "Target.ResponseCodeMismatch",
                f"Health checks failed with these codes: [{status}]",
            )
        case ProbeTimedOut():
            return "Target.Timeout", "Request timed out"
        case ProbeRefused():
            return "Target.FailedHealthChecks", "Health checks failed"


@dataclass(slots=True, kw_only=True)
class _Entry:
    health: TargetHealth = _INITIAL
    drains_until_s: float = 0.0
    next_probe_at_s: float = 0.0


class TargetTable:
    """All registrations; every method may be called from any thread.

    Args:
        now_s: a monotonic clock, in seconds.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._entries: dict[TargetKey, _Entry] = {}
        self._turns: dict[str, int] = {}

    def register(self, key: TargetKey) -> None:
        """Add a target, or take a draining one back; a registered one stays as it is."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.health.state is TargetState.DRAINING:
                self._entries[key] = _Entry()

    def deregister(self, key: TargetKey, *, delay_s: float) -> bool:
        """Drain for `delay_s` seconds, whatever goes on (documented); False if unknown."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return False
            entry.health = _DRAINING
            entry.drains_until_s = self._now_s() + delay_s
            return True

    def forget_group(self, group_arn: str) -> None:
        """Drop every target of a deleted group."""
        with self._lock:
            for key in [key for key in self._entries if key.group_arn == group_arn]:
                del self._entries[key]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._turns.clear()

    def health_of(self, key: TargetKey) -> TargetHealth | None:
        """The target's health, None if it is not registered (any more)."""
        with self._lock:
            self._drop_drained()
            entry = self._entries.get(key)
            return entry.health if entry else None

    def in_group(self, group_arn: str) -> list[TargetKey]:
        """The group's targets in the order of their registration."""
        with self._lock:
            self._drop_drained()
            return [key for key in self._entries if key.group_arn == group_arn]

    def take(self, group_arn: str) -> TargetKey | None:
        """The healthy target whose turn it is; None if none is healthy."""
        with self._lock:
            healthy = [
                key
                for key, entry in self._entries.items()
                if key.group_arn == group_arn and entry.health.state is TargetState.HEALTHY
            ]
            if not healthy:
                return None
            turn = self._turns.get(group_arn, 0)
            self._turns[group_arn] = turn + 1
            return healthy[turn % len(healthy)]

    def due(self) -> list[TargetKey]:
        """The targets whose next probe is due; draining ones are not probed."""
        with self._lock:
            self._drop_drained()
            now_s = self._now_s()
            return [
                key
                for key, entry in self._entries.items()
                if entry.health.state is not TargetState.DRAINING and entry.next_probe_at_s <= now_s
            ]

    def record(self, key: TargetKey, probe: Probe, *, threshold: int, again_in_s: float) -> None:
        """Take a probe's outcome in and set the time of the next one."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.health = next_health(entry.health, probe, unhealthy_threshold=threshold)
                entry.next_probe_at_s = self._now_s() + again_in_s

    def _drop_drained(self) -> None:
        now_s = self._now_s()
        for key, entry in list(self._entries.items()):
            if entry.health.state is TargetState.DRAINING and entry.drains_until_s <= now_s:
                del self._entries[key]
