"""What ECS tells of a deployment, also where it is not known whether it tells it."""

from datetime import UTC, datetime

import pytest

from testgate.local.ecs import (
    Behaviour,
    DeploymentStatus,
    DeploymentTransition,
    HookStatus,
    Stage,
    TransitionKind,
)
from testgate.local.ecs.model import HookRecord, HookTarget, TimeoutAction
from testgate.local.events.shapes import deployment_event

NOW = datetime(2026, 3, 5, 15, 54, 41, tzinfo=UTC)
SERVICE = "arn:aws:ecs:us-west-2:123456789012:service/shop/web"


def step(kind, status=DeploymentStatus.IN_PROGRESS, **members):
    return DeploymentTransition(
        kind=kind,
        at=NOW,
        service_arn=SERVICE,
        deployment_arn=SERVICE.replace(":service/", ":service-deployment/") + "/abc",
        status=status,
        stage=Stage.POST_TEST_TRAFFIC_SHIFT,
        ecs_deployment_id="ecs-svc/1",
        **members,
    )


def hook_step(target):
    hook = HookRecord(
        hook_id=f"ecs-{target.value.lower()}-x",
        target=target,
        function_arn=None,
        stage=Stage.POST_TEST_TRAFFIC_SHIFT,
        status=HookStatus.TIMED_OUT,
        expires_at=NOW,
        timeout_action=TimeoutAction.ROLLBACK,
    )
    return step(TransitionKind.HOOK_CHANGED, hook=hook)


@pytest.mark.parametrize(
    ("status", "name", "reason"),
    [
        ("IN_PROGRESS", "SERVICE_DEPLOYMENT_IN_PROGRESS", "ECS deployment ecs-svc/1 in progress."),
        ("SUCCESSFUL", "SERVICE_DEPLOYMENT_COMPLETED", "ECS deployment ecs-svc/1 completed."),
        ("ROLLBACK_IN_PROGRESS", "SERVICE_DEPLOYMENT_IN_PROGRESS", "why"),
        ("ROLLBACK_SUCCESSFUL", "SERVICE_DEPLOYMENT_FAILED", "why"),
    ],
)
def test_deployment_events_say_why(status, name, reason):
    changed = step(
        TransitionKind.STATUS_CHANGED, status=DeploymentStatus(status), status_reason="why"
    )
    event = deployment_event(changed, Behaviour())
    assert event is not None
    assert (event["detail"]["eventName"], event["detail"]["reason"]) == (name, reason)


@pytest.mark.parametrize("status", ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"])
def test_failures_are_told_unless_switched_off(status):
    changed = step(TransitionKind.STATUS_CHANGED, status=DeploymentStatus(status))
    assert deployment_event(changed, Behaviour()) is not None
    assert deployment_event(changed, Behaviour(failure_events=False)) is None


def test_lambda_hooks_are_told_of_unless_switched_off_and_pause_hooks_always():
    silent = Behaviour(hook_events=False)
    event = deployment_event(hook_step(HookTarget.AWS_LAMBDA), Behaviour())
    assert event is not None
    assert event["detail"]["eventName"] == "HOOK_TIMED_OUT"
    assert deployment_event(hook_step(HookTarget.AWS_LAMBDA), silent) is None
    assert deployment_event(hook_step(HookTarget.PAUSE), silent) is not None
