"""A task as the ECS API shows it.

Imported by `testgate.local.ecs` alone.
"""

from typing import Any

from testgate.local.ecs.containers import HOST
from testgate.local.ecs.model import Revision, Service
from testgate.local.ecs.tasks import Container, Task


def task_view(task: Task, revision: Revision | None, service: Service | None) -> dict[str, Any]:
    """The task as DescribeTasks shows it; None stands for "leave the member out"."""
    stopped = task.stopped or task.last_status == "STOPPING"
    return {
        "taskArn": task.arn,
        "clusterArn": revision.cluster_arn if revision else None,
        "taskDefinitionArn": task.definition["taskDefinitionArn"],
        "containers": [_container(task, container) for container in task.containers],
        "lastStatus": task.last_status,
        "desiredStatus": "STOPPED" if stopped else "RUNNING",
        "createdAt": task.created_at,
        "startedAt": task.started_at,
        "stoppedAt": task.stopped_at,
        "stoppedReason": task.stopped_reason,
        "stopCode": task.stop_code,
        "group": f"service:{service.name}" if service else None,
        "startedBy": revision.ecs_deployment_id if revision else None,
        "launchType": revision.wire.get("launchType") if revision else None,
        "cpu": task.definition.get("cpu"),
        "memory": task.definition.get("memory"),
        "healthStatus": "UNKNOWN",
        "connectivity": "CONNECTED",
        "attachments": [],
        "tags": [],
        "version": 1,
    }


def _container(task: Task, container: Container) -> dict[str, Any]:
    if task.stopped or (container.process is None and container.reason):
        status = "STOPPED"
    else:
        status = task.last_status if container.exit_code is None else "STOPPED"
    return {
        "name": container.name,
        "image": container.definition["image"],
        "taskArn": task.arn,
        "lastStatus": status,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": [
            {"bindIP": HOST, "containerPort": port, "hostPort": real, "protocol": "tcp"}
            for port, real in container.ports.items()
        ],
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
    }
