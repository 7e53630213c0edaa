"""Asks every registered target for its health, as a load balancer would.

Runs on the balancer's event loop; intervals are real time and shorter than ELB's, because a local
process is ready in milliseconds. Imported by `testgate.local.balancer` alone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from testgate.local.balancer.moto_rules import HealthCheck
from testgate.local.balancer.targets import (
    Probe,
    ProbeAnswered,
    ProbeRefused,
    ProbeTimedOut,
    TargetKey,
    TargetState,
    TargetTable,
)

_TICK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthIntervals:
    """Seconds between two probes of a target; `waiting_s` until its first good answer."""

    waiting_s: float = 0.04
    watching_s: float = 0.5
    unhealthy_threshold: int = 2


class HealthChecker:
    """Probes what is due, for ever; `run` is one task of the event loop.

    Args:
        health_check: the settings of a target group by ARN; None if the group is gone.
    """

    def __init__(
        self,
        targets: TargetTable,
        health_check: Callable[[str], HealthCheck | None],
        intervals: HealthIntervals,
    ) -> None:
        self._targets = targets
        self._health_check = health_check
        self._intervals = intervals
        self._probing: dict[TargetKey, asyncio.Task[None]] = {}

    async def run(self, session: aiohttp.ClientSession) -> None:
        try:
            while True:
                for key in self._targets.due():
                    if key not in self._probing:
                        self._start(key, session)
                await asyncio.sleep(_TICK_S)
        finally:
            for task in self._probing.values():
                task.cancel()

    def _start(self, key: TargetKey, session: aiohttp.ClientSession) -> None:
        task = asyncio.create_task(self._check(key, session))
        self._probing[key] = task
        task.add_done_callback(lambda _: self._probing.pop(key, None))

    async def _check(self, key: TargetKey, session: aiohttp.ClientSession) -> None:
        check = self._health_check(key.group_arn)
        if check is None:
            self._targets.forget_group(key.group_arn)
            return
        answer = await probe(session, key, check) if check.enabled else _ASSUMED_HEALTHY
        health = self._targets.health_of(key)
        waiting = health is not None and health.state is not TargetState.HEALTHY
        became_healthy = isinstance(answer, ProbeAnswered) and answer.accepted
        intervals = self._intervals
        again_in_s = intervals.waiting_s if waiting and not became_healthy else intervals.watching_s
        self._targets.record(
            key, answer, threshold=intervals.unhealthy_threshold, again_in_s=again_in_s
        )


_ASSUMED_HEALTHY = ProbeAnswered(status=200, accepted=True)


async def probe(session: aiohttp.ClientSession, key: TargetKey, check: HealthCheck) -> Probe:
    """One GET of the health check path; never raises for what a target may do."""
    url = f"http://{key.host}:{check.port or key.port}{check.path}"
    timeout = aiohttp.ClientTimeout(total=check.timeout_s)
    headers = {"User-Agent": "ELB-HealthChecker/2.0"}
    try:
        async with session.get(
            url, timeout=timeout, headers=headers, allow_redirects=False
        ) as response:
            return ProbeAnswered(status=response.status, accepted=check.accepts(response.status))
    except TimeoutError:
        return ProbeTimedOut()
    except (aiohttp.ClientError, OSError, ValueError):
        return ProbeRefused()
