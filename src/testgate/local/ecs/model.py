"""The words of ECS service deployments as values: services, revisions, deployments, hooks.

Frozen, so that the store can hand them out without a lock. Imported by `testgate.local` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = Any
"""A JSON document: dict, list, str, int, float, bool or None."""


class Stage(StrEnum):
    """Lifecycle stages in their order (documented)."""

    RECONCILE_SERVICE = "RECONCILE_SERVICE"
    PRE_SCALE_UP = "PRE_SCALE_UP"
    SCALE_UP = "SCALE_UP"
    POST_SCALE_UP = "POST_SCALE_UP"
    TEST_TRAFFIC_SHIFT = "TEST_TRAFFIC_SHIFT"
    POST_TEST_TRAFFIC_SHIFT = "POST_TEST_TRAFFIC_SHIFT"
    PRE_PRODUCTION_TRAFFIC_SHIFT = "PRE_PRODUCTION_TRAFFIC_SHIFT"
    PRODUCTION_TRAFFIC_SHIFT = "PRODUCTION_TRAFFIC_SHIFT"
    POST_PRODUCTION_TRAFFIC_SHIFT = "POST_PRODUCTION_TRAFFIC_SHIFT"
    BAKE_TIME = "BAKE_TIME"
    CLEAN_UP = "CLEAN_UP"


class DeploymentStatus(StrEnum):
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    STOPPED = "STOPPED"
    ROLLBACK_REQUESTED = "ROLLBACK_REQUESTED"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"

    @property
    def ended(self) -> bool:
        return self in _ENDED

    @property
    def rolling_back(self) -> bool:
        return self in (DeploymentStatus.ROLLBACK_REQUESTED, DeploymentStatus.ROLLBACK_IN_PROGRESS)


_ENDED = frozenset(
    {
        DeploymentStatus.SUCCESSFUL,
        DeploymentStatus.STOPPED,
        DeploymentStatus.ROLLBACK_SUCCESSFUL,
        DeploymentStatus.ROLLBACK_FAILED,
    }
)


class Strategy(StrEnum):
    ROLLING = "ROLLING"
    BLUE_GREEN = "BLUE_GREEN"


class HookTarget(StrEnum):
    AWS_LAMBDA = "AWS_LAMBDA"
    PAUSE = "PAUSE"


class HookStatus(StrEnum):
    AWAITING_ACTION = "AWAITING_ACTION"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"


class TimeoutAction(StrEnum):
    ROLLBACK = "ROLLBACK"
    CONTINUE = "CONTINUE"


class AlarmMonitor(StrEnum):
    """What a deployment makes of its alarms."""

    DISABLED = "DISABLED"
    MONITORING = "MONITORING"
    TRIGGERED = "TRIGGERED"
    MONITORING_COMPLETE = "MONITORING_COMPLETE"


class ServiceStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DRAINING = "DRAINING"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class HookDetails:
    """hookDetails that are present; any JSON document is legal (documented)."""

    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleHook:
    """A configured hook; `function_arn` and `role_arn` are None for a PAUSE hook."""

    target: HookTarget
    stages: frozenset[Stage]
    function_arn: str | None = None
    role_arn: str | None = None
    details: HookDetails | None = None
    timeout_min: int = 1440
    timeout_action: TimeoutAction = TimeoutAction.ROLLBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentConfiguration:
    """What the control plane reads of it, and `wire`, the whole as the API shows it.

    `alarm_names` is empty unless alarms are enabled.
    """

    strategy: Strategy
    bake_time_min: int
    hooks: tuple[LifecycleHook, ...]
    alarm_names: tuple[str, ...] = ()
    wire: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerEntry:
    """One entry of `loadBalancers`; the last three are None without advancedConfiguration."""

    target_group_arn: str
    container_name: str
    container_port: int
    alternate_target_group_arn: str | None = None
    production_rule_arn: str | None = None
    test_rule_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLoadBalancer:
    """The group a revision's tasks are targets of, and the one that the other revision uses."""

    entry: LoadBalancerEntry
    target_group_arn: str
    other_group_arn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A service revision; `resolved` is empty until its deployment has chosen the groups."""

    arn: str
    service_arn: str
    cluster_arn: str
    ecs_deployment_id: str
    task_definition: Mapping[str, Any] = field(hash=False)
    load_balancers: tuple[LoadBalancerEntry, ...]
    wire: Mapping[str, Any] = field(hash=False)
    created_at: datetime
    resolved: tuple[ResolvedLoadBalancer, ...] = ()

    @property
    def task_definition_arn(self) -> str:
        return str(self.task_definition["taskDefinitionArn"])


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRecord:
    """One hook of one stage as DescribeServiceDeployments shows it."""

    hook_id: str
    target: HookTarget
    function_arn: str | None
    stage: Stage
    status: HookStatus
    expires_at: datetime
    timeout_action: TimeoutAction


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRecord:
    reason: str
    started_at: datetime
    revision_arn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A service deployment; `source_arn` is None on a create, or when no revision ever stood."""

    arn: str
    service_arn: str
    cluster_arn: str
    target_arn: str
    source_arn: str | None
    configuration: DeploymentConfiguration
    desired_count: int
    created_at: datetime
    updated_at: datetime
    status: DeploymentStatus = DeploymentStatus.PENDING
    status_reason: str | None = None
    stage: Stage | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rollback: RollbackRecord | None = None
    hooks: tuple[HookRecord, ...] = ()
    test_shifted: bool = False
    production_shifted: bool = False
    alarm_monitor: AlarmMonitor = AlarmMonitor.DISABLED
    triggered_alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    id: str
    created_at: datetime
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An ECS service; `active_arn` is the revision production belongs to, None before the first.

    `wire` holds the members that are only kept and shown (launchType, tags, and the like).
    """

    arn: str
    name: str
    cluster_arn: str
    desired_count: int
    task_definition_arn: str
    load_balancers: tuple[Mapping[str, Any], ...] = field(hash=False)
    configuration: DeploymentConfiguration
    created_at: datetime
    wire: Mapping[str, Any] = field(hash=False)
    status: ServiceStatus = ServiceStatus.ACTIVE
    active_arn: str | None = None
    deployment_arn: str | None = None
    events: tuple[ServiceEvent, ...] = ()
