"""The API of service deployments, service revisions and tasks.

Imported by `testgate.local.ecs` alone.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.utils import parse_to_aware_datetime

from testgate.local.ecs.deployments import Deployments
from testgate.local.ecs.errors import unsupported
from testgate.local.ecs.fleet import Fleet
from testgate.local.ecs.lookup import Lookup, page
from testgate.local.ecs.model import Deployment, TimeoutAction
from testgate.local.ecs.store import Store
from testgate.local.ecs.tasks import Task
from testgate.local.ecs.views import Views

Params = Mapping[str, Any]


class DeploymentsApi:
    """Operations on deployments; each takes the request's members and returns the answer's."""

    def __init__(
        self, *, store: Store, lookup: Lookup, views: Views, deployments: Deployments
    ) -> None:
        self._store = store
        self._lookup = lookup
        self._views = views
        self._deployments = deployments

    def list_service_deployments(self, params: Params) -> Params:
        """A service's deployments, newest first, by status and time of creation."""
        service = self._lookup.service(params.get("cluster"), params["service"])
        statuses = params.get("status", [])
        window = params.get("createdAt", {})
        found = [
            deployment
            for deployment in self._store.deployments_of(service.arn)
            if (not statuses or deployment.status.value in statuses)
            and _created_within(deployment, window)
        ]
        shown, token = page(found, params, size=20)
        briefs = [self._views.deployment_brief(deployment) for deployment in shown]
        return {"serviceDeployments": briefs, "nextToken": token}

    def describe_service_deployments(self, params: Params) -> Params:
        found, failures = _split(params["serviceDeploymentArns"], self._store.deployment)
        views = [self._views.deployment(deployment) for deployment in found]
        return {"serviceDeployments": views, "failures": failures}

    def describe_service_revisions(self, params: Params) -> Params:
        found, failures = _split(params["serviceRevisionArns"], self._store.revision)
        views = [self._views.revision(revision) for revision in found]
        return {"serviceRevisions": views, "failures": failures}

    def stop_service_deployment(self, params: Params) -> Params:
        """ROLLBACK is the one type that AWS describes; the model knows ABORT as well."""
        kind = params.get("stopType", "ROLLBACK")
        if kind != "ROLLBACK":
            raise unsupported(f"The local ECS does not know what stopType {kind} does.")
        self._deployments.stop(params["serviceDeploymentArn"])
        return {"serviceDeploymentArn": params["serviceDeploymentArn"]}

    def continue_service_deployment(self, params: Params) -> Params:
        arn = params["serviceDeploymentArn"]
        action = TimeoutAction(params.get("action", "CONTINUE"))
        self._deployments.continue_hook(arn, params["hookId"], action)
        return {"serviceDeploymentArn": arn}


class TasksApi:
    """ListTasks and DescribeTasks for tasks of services; moto keeps those of RunTask."""

    def __init__(self, *, store: Store, lookup: Lookup, views: Views, fleet: Fleet) -> None:
        self._store = store
        self._lookup = lookup
        self._views = views
        self._fleet = fleet

    def list_tasks(self, params: Params) -> Params | None:
        """A service's tasks by desired status; None (moto's) if no service is named."""
        if "serviceName" not in params:
            return None
        service = self._lookup.service(params.get("cluster"), params["serviceName"])
        wanted = params.get("desiredStatus", "RUNNING")
        arns = [
            task.arn
            for task in self._fleet.tasks()
            if self._belongs(task, service.arn)
            and self._views.task(task)["desiredStatus"] == wanted
        ]
        shown, token = page(arns, params, size=100)
        return {"taskArns": shown, "nextToken": token}

    def describe_tasks(self, params: Params) -> Params | None:
        """Tasks by ARN or id; None (moto's) if none of them is a service's."""
        ids = {name: name.rpartition("/")[2] for name in params["tasks"]}
        ours = {task.arn.rpartition("/")[2]: task for task in self._fleet.tasks()}
        if not any(task_id in ours for task_id in ids.values()):
            return None
        found = [self._views.task(ours[i]) for i in ids.values() if i in ours]
        missing = [{"arn": n, "reason": "MISSING"} for n, i in ids.items() if i not in ours]
        return {"tasks": found, "failures": missing}

    def _belongs(self, task: Task, service_arn: str) -> bool:
        revision = self._store.revision(task.revision_arn)
        return revision is not None and revision.service_arn == service_arn


def _split(arns: list[str], find: Callable[[str], Any]) -> tuple[list[Any], list[dict[str, str]]]:
    found = {arn: find(arn) for arn in arns}
    failures = [{"arn": arn, "reason": "MISSING"} for arn, item in found.items() if item is None]
    return [item for item in found.values() if item is not None], failures


def _created_within(deployment: Deployment, window: Params) -> bool:
    after, before = _time(window.get("after")), _time(window.get("before"))
    created = deployment.created_at
    return (after is None or created >= after) and (before is None or created <= before)


def _time(value: Any) -> datetime | None:
    parsed: datetime | None = None if value is None else parse_to_aware_datetime(value)
    return parsed
