"""ECS: the facts of a service deployment and of the revision it brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from testgate.aws.clients import RAW_HOOKS, port_errors
from testgate.core.arns import ServiceDeploymentArn
from testgate.core.errors import InputError, NotFoundError
from testgate.core.facts import DeploymentFacts, HookFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerEntry:
    """One `loadBalancers` entry of a revision. Rules are "" where none is configured."""

    container: str
    test_rule: str
    production_rule: str
    resolved_group: str
    port: int = 0

    @property
    def name(self) -> str:
        """What CONTAINER may call it, even beside another entry of the same container."""
        return f"{self.container}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionFacts:
    """A service revision: its images by container (and their digests, where ECS resolved them),
    its task definition's ARN, and how traffic reaches it."""

    images: Mapping[str, str]
    load_balancers: tuple[LoadBalancerEntry, ...]
    image_digests: Mapping[str, str] = field(default_factory=dict)
    task_definition: str = ""


class Ecs:
    """Service deployments and revisions. Raises PortError."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def deployment(self, arn: str) -> DeploymentFacts:
        """The deployment. Raises NotFoundError if ECS knows none of that ARN."""
        with port_errors("looking at the service deployment"):
            answer = self._client.describe_service_deployments(serviceDeploymentArns=[arn])
        found = answer.get("serviceDeployments") or []
        if not found:
            raise NotFoundError(f"ECS knows no service deployment {arn}")
        raw_hooks = answer.get(RAW_HOOKS, {}).get(arn)
        return _deployment_facts(found[0], raw_hooks)

    def revision(self, arn: str) -> RevisionFacts:
        """The revision. Raises NotFoundError if ECS knows none of that ARN."""
        with port_errors("looking at the service revision"):
            answer = self._client.describe_service_revisions(serviceRevisionArns=[arn])
        found = answer.get("serviceRevisions") or []
        if not found:
            raise NotFoundError(f"ECS knows no service revision {arn}")
        return _revision_facts(found[0])

    def images_of(self, task_definition_arn: str) -> Mapping[str, str]:
        """The image of every container of a task definition, by the container's name."""
        with port_errors("looking at the task definition"):
            answer = self._client.describe_task_definition(taskDefinition=task_definition_arn)
        containers = answer["taskDefinition"].get("containerDefinitions") or ()
        return {item["name"]: item.get("image", "") for item in containers}

    def has_succeeded(self, deployment: ServiceDeploymentArn) -> bool:
        """Whether ECS still knows a successful deployment of that deployment's service."""
        page: dict[str, str] = {}
        with port_errors("looking for earlier deployments"):
            while True:
                answer = self._client.list_service_deployments(
                    cluster=deployment.cluster,
                    service=deployment.service_arn,
                    status=["SUCCESSFUL"],
                    **page,
                )
                if answer.get("serviceDeployments") or not answer.get("nextToken"):
                    return bool(answer.get("serviceDeployments"))
                page = {"nextToken": answer["nextToken"]}


def pick_entry(revision: RevisionFacts, container: str | None) -> LoadBalancerEntry:
    """The load balancer entry to test: the only one, or the one that CONTAINER names, by its
    container or, where that has several, as `container:port`."""
    entries = revision.load_balancers
    if container is not None:
        entries = tuple(entry for entry in entries if container in (entry.container, entry.name))
    if len(entries) != 1:
        names = ", ".join(entry.name for entry in revision.load_balancers) or "none"
        wanted = f"CONTAINER is {container!r}" if container else "CONTAINER is not set"
        raise InputError(
            f"the service has load balancer entries for: {names}; {wanted}, "
            "so it is not clear which one to test"
        )
    if not entries[0].resolved_group:
        raise InputError("ECS has not resolved which target group the revision runs in")
    return entries[0]


def _deployment_facts(raw: Mapping[str, Any], raw_hooks: Any) -> DeploymentFacts:
    hooks = raw.get("lifecycleHookDetails") or raw_hooks or ()
    target = raw.get("targetServiceRevision") or {}
    return DeploymentFacts(
        status=raw.get("status", ""),
        stage=raw.get("lifecycleStage", ""),
        target_revision=target.get("arn", ""),
        has_source=bool(raw.get("sourceServiceRevisions")),
        running_tasks=target.get("runningTaskCount", 0),
        hooks=tuple(
            HookFacts(
                target_arn=hook.get("targetArn", ""),
                status=hook.get("status", ""),
                expires_at=_moment(hook.get("expiresAt")),
                timeout_action=hook.get("timeoutAction", ""),
            )
            for hook in hooks
        ),
        created_at=_moment(raw.get("createdAt")),
    )


def _moment(value: Any) -> datetime | None:
    """A moment as botocore gives it, or as ECS sends it: seconds since 1970."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return value if isinstance(value, datetime) else None


def _revision_facts(raw: Mapping[str, Any]) -> RevisionFacts:
    resolved = (raw.get("resolvedConfiguration") or {}).get("loadBalancers") or []
    entries = []
    for entry in raw.get("loadBalancers") or ():
        advanced = entry.get("advancedConfiguration") or {}
        groups = {entry.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")}
        production = advanced.get("productionListenerRule", "")
        own = [
            item.get("targetGroupArn", "")
            for item in resolved
            if item.get("targetGroupArn") in groups
            and item.get("productionListenerRule", production) == production
        ]
        entries.append(
            LoadBalancerEntry(
                container=entry.get("containerName", ""),
                test_rule=advanced.get("testListenerRule", ""),
                production_rule=production,
                resolved_group=own[0] if len(own) == 1 else "",
                port=entry.get("containerPort", 0),
            )
        )
    images = [image for image in raw.get("containerImages") or () if image.get("containerName")]
    return RevisionFacts(
        images={image["containerName"]: image.get("image", "") for image in images},
        load_balancers=tuple(entries),
        image_digests={
            image["containerName"]: image["imageDigest"]
            for image in images
            if image.get("imageDigest")
        },
        task_definition=raw.get("taskDefinition", ""),
    )
