"""Finds what a request names: clusters and task definitions in moto, services in the store.

Imported by `testgate.local.ecs` alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from testgate.local.ecs.errors import (
    client_error,
    cluster_not_found,
    deployment_not_found,
    invalid_parameter,
    service_not_found,
)
from testgate.local.ecs.model import Deployment, Service
from testgate.local.ecs.store import Store


class Lookup:
    """Every method raises `EcsApiError` for what does not exist."""

    def __init__(self, store: Store, client: Callable[[str], Any]) -> None:
        self._store = store
        self._client = client

    def cluster_arn(self, cluster: str | None) -> str:
        """The ARN of an active cluster by name or ARN; `default` if none is named."""
        answer = self._client("ecs").describe_clusters(clusters=[cluster or "default"])
        for found in answer["clusters"]:
            if found["status"] == "ACTIVE":
                return str(found["clusterArn"])
        raise cluster_not_found()

    def task_definition(self, name: str) -> Mapping[str, Any]:
        """An active task definition by family, `family:revision` or ARN."""
        try:
            answer = self._client("ecs").describe_task_definition(taskDefinition=name)
        except ClientError as exc:
            raise client_error("TaskDefinition not found.") from exc
        definition: Mapping[str, Any] = answer["taskDefinition"]
        if definition.get("status") == "INACTIVE":
            raise client_error("TaskDefinition is inactive")
        return definition

    def service(self, cluster: str | None, service: str) -> Service:
        """A service by name or ARN; an ARN alone suffices only if no cluster is named."""
        if service.startswith("arn:") and cluster is None:
            found = self._store.service(service)
        else:
            found = self._store.service(service_arn(self.cluster_arn(cluster), service))
        if found is None:
            raise service_not_found()
        return found

    def deployment(self, arn: str) -> Deployment:
        found = self._store.deployment(arn)
        if found is None:
            raise deployment_not_found()
        return found


def service_arn(cluster_arn: str, service: str) -> str:
    """The ARN of a service, from its name or any ARN that ends in it."""
    name = service.rpartition("/")[2]
    return f"{cluster_arn.replace(':cluster/', ':service/')}/{name}"


def page(
    items: Sequence[Any], params: Mapping[str, Any], *, size: int
) -> tuple[list[Any], str | None]:
    """One page of `items` by maxResults and nextToken, and the next token."""
    token = params.get("nextToken") or "0"
    if not token.isdigit():
        raise invalid_parameter("Invalid nextToken.")
    start, count = int(token), params.get("maxResults") or size
    end = start + count
    return list(items[start:end]), str(end) if end < len(items) else None
