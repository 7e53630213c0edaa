"""The load balancers of the local AWS as one object: install, use, reset, close.

Assembled by `testgate.local`; the ECS control plane asks it for the health of its targets.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from testgate.local.balancer.health import HealthChecker, HealthIntervals
from testgate.local.balancer.listeners import Listeners
from testgate.local.balancer.moto_rules import HealthCheck, read_health_check
from testgate.local.balancer.nodes import Nodes
from testgate.local.balancer.proxy import ListenerView
from testgate.local.balancer.targets import TargetTable

if TYPE_CHECKING:
    from testgate.local.balancer.backend import ListeningBackend


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSettings:
    """Real seconds between health checks, and failures in a row that make a target unhealthy."""

    health: HealthIntervals = field(default_factory=HealthIntervals)


class Balancer:
    """Makes moto's elbv2 listen, route and check health.

    Differences from ELB, all on purpose: one good answer makes a target healthy; a group without
    a healthy target answers 503 (ELB would try all of its targets); HTTP and HTTPS listeners only,
    with certificates that the local ACM was given; one address each unless a tag asks for more
    (see nodes); sticky sessions are not kept; draining takes no time unless the group's
    `deregistration_delay.timeout_seconds` is set.
    """

    def __init__(self, *, region: str, settings: BalancerSettings = BalancerSettings()) -> None:
        self.region = region
        self.targets = TargetTable()
        self._directory = tempfile.TemporaryDirectory(prefix="balancer-")
        self.nodes = Nodes(Path(self._directory.name) / "hosts")
        checker = HealthChecker(self.targets, _health_check, settings.health)
        self.listeners = Listeners(self.targets, checker)

    def install(self) -> None:
        """Put `ListeningBackend` in place of moto's own; moto's elbv2 state is dropped.

        Idempotent. Process-wide, as moto's state is: the balancer installed last serves.
        """
        from moto.elbv2.models import elbv2_backends

        from testgate.local.balancer.backend import ListeningBackend

        if _installed_for(self, elbv2_backends.backend):
            return
        backend = type("ListeningBackend", (ListeningBackend,), {"balancer": self})
        backend.__module__ = ListeningBackend.__module__
        elbv2_backends.backend = backend
        elbv2_backends.clear()

    def route(self, request: Request) -> Response | None:
        """Nothing: the elbv2 API is answered by moto with the backend that `install` put in."""
        del request
        return None

    def freeze(self, address: str) -> None:
        """A node of a load balancer that changes no longer reach: it goes on by today's rules."""
        views: dict[str, ListenerView | None] = {}
        for backend in self._backends():
            views |= backend.listener_views(address)
        self.nodes.freeze(address, views)

    def reset(self) -> None:
        """Close every listener and forget every target and load balancer."""
        for backend in self._backends():
            backend.reset()
        self.targets.clear()

    def close(self) -> None:
        """`reset()`, end the thread, and give moto its own backend back."""
        self.reset()
        self.listeners.close()
        self._directory.cleanup()
        from moto.elbv2.models import ELBv2Backend, elbv2_backends

        if _installed_for(self, elbv2_backends.backend):
            elbv2_backends.backend = ELBv2Backend
            elbv2_backends.clear()

    def _backends(self) -> "list[ListeningBackend]":
        from moto.elbv2.models import elbv2_backends

        return [
            backend
            for _, _, backend in elbv2_backends.iter_backends()
            if getattr(backend, "balancer", None) is self
        ]


def _installed_for(balancer: Balancer, backend_class: Any) -> bool:
    return getattr(backend_class, "balancer", None) is balancer


def _health_check(group_arn: str) -> HealthCheck | None:
    from moto.elbv2.models import elbv2_backends

    _, _, _, region, account, *_ = group_arn.split(":")
    if account not in elbv2_backends or region not in elbv2_backends[account]:
        return None
    group = elbv2_backends[account][region].target_groups.get(group_arn)
    return read_health_check(group) if group is not None else None
