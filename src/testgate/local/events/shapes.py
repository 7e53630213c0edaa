"""Events as AWS's services put them on the default bus.

Shapes: the developer guides of Step Functions ("Step Functions Execution Status Change") and of ECS
("ECS Deployment State Change", "ECS Hook State Change"). Imported by this package and its tests.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from testgate.local.ecs.behaviour import Behaviour
from testgate.local.ecs.model import DeploymentStatus, HookTarget
from testgate.local.ecs.transitions import DeploymentTransition, TransitionKind
from testgate.local.moto.execution_changes import ChangedExecution

MAX_DATA_BYTES = 262_144  # a larger input or output is left out (documented; the size is assumed)
Event = Mapping[str, Any]

_FAILED = "SERVICE_DEPLOYMENT_FAILED"
# Documented: in progress (also of a rollback), completed, failed. That STOPPED and a refusal by a
# hook are FAILED is assumed, and can be switched off; a requested rollback is told when it begins.
_DEPLOYMENT_EVENTS = {
    DeploymentStatus.IN_PROGRESS: ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    DeploymentStatus.ROLLBACK_IN_PROGRESS: ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    DeploymentStatus.SUCCESSFUL: ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    DeploymentStatus.STOPPED: ("ERROR", _FAILED),
    DeploymentStatus.ROLLBACK_SUCCESSFUL: ("ERROR", _FAILED),
    DeploymentStatus.ROLLBACK_FAILED: ("ERROR", _FAILED),
}
_SEVERE = ("FAILED", "TIMED_OUT")


def execution_event(execution: ChangedExecution) -> Event:
    """What Step Functions says when a standard execution starts or ends; moments are ms."""
    status = str(getattr(execution.exec_status, "value", execution.exec_status))
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": _ms(execution.start_date),
        "stopDate": None if execution.stop_date is None else _ms(execution.stop_date),
        "input": _fitting(execution.execution_input),
        "output": _fitting(execution.output),
        "inputDetails": _details(execution.execution_input),
        "outputDetails": _details(execution.output),
        "error": execution.error,
        "cause": execution.cause,
    }
    return _envelope(
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        resource=execution.exec_arn,
        detail=detail,
    )


def deployment_event(transition: DeploymentTransition, behaviour: Behaviour) -> Event | None:
    """What ECS says of that step of a deployment; None if nothing."""
    if transition.kind is TransitionKind.STATUS_CHANGED:
        return _status_event(transition, behaviour)
    if transition.kind is TransitionKind.HOOK_CHANGED:
        return _hook_event(transition, behaviour)
    return None


def _status_event(transition: DeploymentTransition, behaviour: Behaviour) -> Event | None:
    if transition.status not in _DEPLOYMENT_EVENTS:
        return None
    severity, name = _DEPLOYMENT_EVENTS[transition.status]
    if name == _FAILED and not behaviour.failure_events:
        return None
    return _envelope(
        source="aws.ecs",
        detail_type="ECS Deployment State Change",
        resource=transition.service_arn,
        detail={
            "eventType": severity,
            "eventName": name,
            "deploymentId": transition.ecs_deployment_id,
            "updatedAt": _iso(transition.at),
            "reason": _reason(transition),
        },
    )


def _reason(transition: DeploymentTransition) -> str:
    """Documented for the start and for success; else the deployment's own (assumed)."""
    match transition.status:
        case DeploymentStatus.IN_PROGRESS:
            return f"ECS deployment {transition.ecs_deployment_id} in progress."
        case DeploymentStatus.SUCCESSFUL:
            return f"ECS deployment {transition.ecs_deployment_id} completed."
        case _:
            return transition.status_reason or ""


def _hook_event(transition: DeploymentTransition, behaviour: Behaviour) -> Event | None:
    hook = transition.hook
    if hook is None or (hook.target is HookTarget.AWS_LAMBDA and not behaviour.hook_events):
        return None
    service = transition.service_arn
    return _envelope(
        source="aws.ecs",
        detail_type="ECS Hook State Change",
        resource=transition.deployment_arn,
        detail={
            "eventType": "ERROR" if hook.status in _SEVERE else "INFO",
            "eventName": f"HOOK_{hook.status.value}",
            "hookId": hook.hook_id,
            "hookType": hook.target.value,
            "expiresAt": _iso(hook.expires_at),
            "lifecycleStage": hook.stage.value,
            "clusterArn": service.rpartition("/")[0].replace(":service/", ":cluster/"),
            "serviceArn": service,
            "serviceDeploymentArn": transition.deployment_arn,
            "updatedAt": _iso(transition.at),
        },
    )


def _envelope(
    *, source: str, detail_type: str, resource: str, detail: Mapping[str, object]
) -> Event:
    _, _, _, region, account, *_ = resource.split(":")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": _iso(datetime.now(UTC)),
        "region": region,
        "resources": [resource],
        "detail": detail,
    }


def _fitting(data: str | None) -> str | None:
    return data if data is not None and len(data.encode()) <= MAX_DATA_BYTES else None


def _details(data: str | None) -> dict[str, bool] | None:
    return None if data is None else {"included": _fitting(data) is not None}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
