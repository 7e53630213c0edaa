"""One deployment's records: read, changed, and told to subscribers.

Imported by `testgate.local.ecs` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from testgate.local.clock import Clock
from testgate.local.ecs.alarms import Alarms
from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.fleet import Fleet
from testgate.local.ecs.invoker import HookInvoker
from testgate.local.ecs.model import (
    AlarmMonitor,
    Deployment,
    DeploymentStatus,
    Revision,
    Service,
    Stage,
)
from testgate.local.ecs.store import Store
from testgate.local.ecs.traffic import NetworkError, Traffic
from testgate.local.ecs.transitions import DeploymentTransition, TransitionKind, Transitions

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """What every deployment of a control plane works with."""

    store: Store
    fleet: Fleet
    traffic: Traffic
    alarms: Alarms
    clock: Clock
    transitions: Transitions
    invoke_hook: HookInvoker
    behaviour: Callable[[], Behaviour]


class DeploymentRecords:
    """The records of one deployment; reads raise LookupError once they are gone."""

    def __init__(self, arn: str, parts: RunParts) -> None:
        self.arn = arn
        self.parts = parts

    @property
    def deployment(self) -> Deployment:
        return _existing(self.parts.store.deployment(self.arn), self.arn)

    @property
    def service(self) -> Service:
        arn = self.deployment.service_arn
        return _existing(self.parts.store.service(arn), arn)

    @property
    def target(self) -> Revision:
        arn = self.deployment.target_arn
        return _existing(self.parts.store.revision(arn), arn)

    @property
    def source(self) -> Revision | None:
        arn = self.deployment.source_arn
        return None if arn is None else _existing(self.parts.store.revision(arn), arn)

    def change(self, **members: Any) -> None:
        self.parts.store.change_deployment(self.arn, **members)

    def enter(self, stage: Stage) -> None:
        self.change(stage=stage)
        self.tell(TransitionKind.STAGE_ENTERED)

    def set_status(self, status: DeploymentStatus, **members: Any) -> None:
        self.change(status=status, **members)
        self.tell(TransitionKind.STATUS_CHANGED)

    def end(self, status: DeploymentStatus, reason: str | None = None) -> None:
        """The last status; `stoppedAt` as well if it was stopped."""
        now = self.parts.clock.now()
        members: dict[str, Any] = {"status_reason": reason, "finished_at": now}
        if status is DeploymentStatus.STOPPED:
            members["stopped_at"] = now
        if self.deployment.alarm_monitor is AlarmMonitor.MONITORING:
            members["alarm_monitor"] = AlarmMonitor.MONITORING_COMPLETE
        self.set_status(status, **members)

    def shift(self, stage: Stage, *, to_target: bool) -> None:
        """Move the traffic of a shift stage, of every load balancer entry.

        Raises:
            NetworkError: a rule could not be changed; those before it are.
        """
        member = "test_shifted" if stage is Stage.TEST_TRAFFIC_SHIFT else "production_shifted"
        try:
            for resolved in self.target.resolved:
                self.parts.traffic.shift(stage, resolved, to_target=to_target)
        except NetworkError:
            # Half of it may have happened: what is to be taken back is more than nothing.
            self.change(**{member: True})
            raise
        self.change(**{member: to_target})
        self.tell(TransitionKind.TRAFFIC_SHIFTED)

    def tell(self, kind: TransitionKind, **members: Any) -> None:
        deployment = self.deployment
        target = self.parts.store.revision(deployment.target_arn)
        self.parts.transitions.emit(
            DeploymentTransition(
                kind=kind,
                at=deployment.updated_at,
                service_arn=deployment.service_arn,
                deployment_arn=deployment.arn,
                status=deployment.status,
                stage=deployment.stage,
                status_reason=deployment.status_reason,
                ecs_deployment_id=target.ecs_deployment_id if target else "",
                **members,
            )
        )


def _existing(record: _T | None, arn: str) -> _T:
    if record is None:
        raise LookupError(f"{arn} is gone")
    return record
