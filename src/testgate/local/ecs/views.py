"""Records as the ECS API shows them.

Only reads; every number is counted at the moment of the call. Imported by `testgate.local.ecs`.
"""

from typing import Any

from testgate.local.ecs.fleet import Fleet
from testgate.local.ecs.model import (
    AlarmMonitor,
    Deployment,
    DeploymentStatus,
    HookRecord,
    Revision,
    Service,
)
from testgate.local.ecs.store import Store
from testgate.local.ecs.task_views import task_view
from testgate.local.ecs.tasks import Task

View = dict[str, Any]


class Views:
    """Answers of the Describe operations; None stands for "leave the member out"."""

    def __init__(self, store: Store, fleet: Fleet) -> None:
        self._store = store
        self._fleet = fleet

    # Service deployments and revisions

    def deployment(self, deployment: Deployment) -> View:
        source, rollback = deployment.source_arn, deployment.rollback
        return {
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": deployment.service_arn,
            "clusterArn": deployment.cluster_arn,
            "createdAt": deployment.created_at,
            "startedAt": deployment.started_at,
            "finishedAt": deployment.finished_at,
            "stoppedAt": deployment.stopped_at,
            "updatedAt": deployment.updated_at,
            "sourceServiceRevisions": [self._summary(deployment, source)] if source else [],
            "targetServiceRevision": self._summary(deployment, deployment.target_arn),
            "status": deployment.status.value,
            "statusReason": deployment.status_reason,
            "lifecycleStage": deployment.stage.value if deployment.stage else None,
            "lifecycleHookDetails": [_hook(hook) for hook in deployment.hooks] or None,
            "deploymentConfiguration": dict(deployment.configuration.wire),
            "rollback": None
            if rollback is None
            else {
                "reason": rollback.reason,
                "startedAt": rollback.started_at,
                "serviceRevisionArn": rollback.revision_arn,
            },
            "deploymentCircuitBreaker": {"status": "DISABLED", "failureCount": 0, "threshold": 0},
            "alarms": _alarms(deployment),
        }

    def deployment_brief(self, deployment: Deployment) -> View:
        return {
            "serviceDeploymentArn": deployment.arn,
            "serviceArn": deployment.service_arn,
            "clusterArn": deployment.cluster_arn,
            "createdAt": deployment.created_at,
            "startedAt": deployment.started_at,
            "finishedAt": deployment.finished_at,
            "targetServiceRevisionArn": deployment.target_arn,
            "status": deployment.status.value,
            "statusReason": deployment.status_reason,
        }

    def revision(self, revision: Revision) -> View:
        containers = revision.task_definition["containerDefinitions"]
        resolved = [
            {
                "targetGroupArn": balancer.target_group_arn,
                "productionListenerRule": balancer.entry.production_rule_arn,
            }
            for balancer in revision.resolved
        ]
        return {
            "serviceRevisionArn": revision.arn,
            "serviceArn": revision.service_arn,
            "clusterArn": revision.cluster_arn,
            "taskDefinition": revision.task_definition_arn,
            "loadBalancers": list(revision.wire.get("loadBalancers", [])),
            "launchType": revision.wire.get("launchType"),
            "platformVersion": revision.wire.get("platformVersion"),
            "networkConfiguration": revision.wire.get("networkConfiguration"),
            "containerImages": [
                {"containerName": container["name"], "image": container["image"]}
                for container in containers
            ],
            "guardDutyEnabled": False,
            "createdAt": revision.created_at,
            "resolvedConfiguration": {"loadBalancers": resolved} if resolved else None,
        }

    def _summary(self, deployment: Deployment, revision_arn: str) -> View:
        is_target = revision_arn == deployment.target_arn
        wanted, running, pending = self._counts(deployment, revision_arn)
        return {
            "arn": revision_arn,
            "requestedTaskCount": wanted,
            "runningTaskCount": running,
            "pendingTaskCount": pending,
            "requestedTestTrafficWeight": _weight(is_target, deployment.test_shifted),
            "requestedProductionTrafficWeight": _weight(is_target, deployment.production_shifted),
        }

    def _counts(self, deployment: Deployment, revision_arn: str) -> tuple[int, int, int]:
        running = self._fleet.running_count(revision_arn)
        live = len(self._fleet.live(revision_arn))
        is_target = revision_arn == deployment.target_arn
        leaving = deployment.status.rolling_back or (
            deployment.status.ended and deployment.status is not DeploymentStatus.SUCCESSFUL
        )
        if is_target:
            wanted = 0 if leaving else deployment.desired_count
        else:
            wanted = 0 if deployment.status is DeploymentStatus.SUCCESSFUL else live
        return wanted, running, max(0, live - running)

    # Services

    def service(self, service: Service, *, with_tags: bool) -> View:
        revisions = self._shown_revisions(service)
        deployments = [
            self._ecs_deployment(service, revision, primary=index == 0)
            for index, revision in enumerate(revisions)
        ]
        return {
            "serviceArn": service.arn,
            "serviceName": service.name,
            "clusterArn": service.cluster_arn,
            "loadBalancers": [dict(wire) for wire in service.load_balancers],
            "serviceRegistries": [],
            "status": service.status.value,
            "desiredCount": service.desired_count,
            "runningCount": sum(deployment["runningCount"] for deployment in deployments),
            "pendingCount": sum(deployment["pendingCount"] for deployment in deployments),
            "taskDefinition": service.task_definition_arn,
            "deploymentConfiguration": dict(service.configuration.wire),
            "deployments": deployments,
            "events": [
                {"id": event.id, "createdAt": event.created_at, "message": event.message}
                for event in service.events
            ],
            "createdAt": service.created_at,
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            **{name: value for name, value in service.wire.items() if name != "tags"},
            "tags": service.wire.get("tags", []) if with_tags else None,
            "currentServiceDeployment": self._current_deployment(service),
            "currentServiceRevisions": [
                {
                    "arn": revision.arn,
                    "requestedTaskCount": shown["desiredCount"],
                    "runningTaskCount": shown["runningCount"],
                    "pendingTaskCount": shown["pendingCount"],
                }
                for revision, shown in zip(revisions, deployments, strict=True)
            ],
        }

    def _current_deployment(self, service: Service) -> str | None:
        deployment = self._deployment_of(service)
        return deployment.arn if deployment and not deployment.status.ended else None

    def _deployment_of(self, service: Service) -> Deployment | None:
        return self._store.deployment(service.deployment_arn) if service.deployment_arn else None

    def _shown_revisions(self, service: Service) -> list[Revision]:
        """The primary revision, then others that still stand or have tasks.

        A deployment that is rolled back gives way to the revision it goes back to, and drops out
        once its tasks are gone (seen); a create that failed stays.
        """
        if service.status != "ACTIVE":
            return []
        deployment = self._deployment_of(service)
        arns = [] if service.active_arn is None else [service.active_arn]
        if deployment is not None:
            status = deployment.status
            if not status.ended and not status.rolling_back:
                arns.insert(0, deployment.target_arn)
            elif not arns:
                arns.append(deployment.target_arn)
        past = (each.target_arn for each in self._store.deployments_of(service.arn))
        arns += [arn for arn in past if self._fleet.live(arn)]
        found = (self._store.revision(arn) for arn in dict.fromkeys(arns))
        return [revision for revision in found if revision is not None]

    def _ecs_deployment(self, service: Service, revision: Revision, *, primary: bool) -> View:
        running = self._fleet.running_count(revision.arn)
        live = len(self._fleet.live(revision.arn))
        deployment = self._deployment_of(service)
        deploying = deployment is not None and deployment.target_arn == revision.arn
        state, reason = _rollout(deployment if deploying else None, revision.ecs_deployment_id)
        return {
            "id": revision.ecs_deployment_id,
            "status": "PRIMARY" if primary else "ACTIVE",
            "taskDefinition": revision.task_definition_arn,
            "desiredCount": service.desired_count if primary else live,
            "pendingCount": max(0, live - running),
            "runningCount": running,
            "failedTasks": sum(task.failed for task in self._fleet.tasks(revision.arn)),
            "createdAt": revision.created_at,
            "updatedAt": deployment.updated_at
            if deploying and deployment is not None
            else revision.created_at,
            "launchType": revision.wire.get("launchType"),
            "platformVersion": revision.wire.get("platformVersion"),
            "networkConfiguration": revision.wire.get("networkConfiguration"),
            "rolloutState": state,
            "rolloutStateReason": reason,
        }

    # Tasks

    def task(self, task: Task) -> View:
        revision = self._store.revision(task.revision_arn)
        service = self._store.service(revision.service_arn) if revision else None
        return task_view(task, revision, service)


def _alarms(deployment: Deployment) -> View:
    if deployment.alarm_monitor is AlarmMonitor.DISABLED:
        return {"status": AlarmMonitor.DISABLED.value}
    return {
        "status": deployment.alarm_monitor.value,
        "alarmNames": list(deployment.configuration.alarm_names),
        "triggeredAlarmNames": list(deployment.triggered_alarms),
    }


def _hook(hook: HookRecord) -> View:
    return {
        "hookId": hook.hook_id,
        "targetType": hook.target.value,
        "targetArn": hook.function_arn,
        "status": hook.status.value,
        "expiresAt": hook.expires_at,
        "timeoutAction": hook.timeout_action.value,
    }


def _weight(is_target: bool, shifted: bool) -> float:
    return 100.0 if is_target == shifted else 0.0


def _rollout(deployment: Deployment | None, ecs_deployment_id: str) -> tuple[str, str]:
    if deployment is None or deployment.status is DeploymentStatus.SUCCESSFUL:
        return "COMPLETED", f"ECS deployment {ecs_deployment_id} completed."
    if deployment.status.ended or deployment.status.rolling_back:
        return "FAILED", deployment.status_reason or f"ECS deployment {ecs_deployment_id} failed."
    return "IN_PROGRESS", f"ECS deployment {ecs_deployment_id} in progress."
