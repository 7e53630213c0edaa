"""ECS's own word on a deployment: asked for when no gate run tells, or one that was cut short.

Imported by `why`, `show`, `open` and `report`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import InputError
from testgate.report.ecs_messages import EcsDeployment, Explanation, explain
from testgate.report.ecs_texts import NOTHING_TO_RETURN_TO, Source

_FAILED_EVENT = "deployment failed: "


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsWord:
    """What ECS says, and what that means."""

    deployment: EcsDeployment
    explanations: tuple[Explanation, ...]

    def __str__(self) -> str:
        """`its deployment is ROLLBACK_SUCCESSFUL; ECS says: …`"""
        now = self.deployment
        if self.goes_on:
            return f"its deployment is {now.status} at {now.stage or 'no stage'}"
        said = f"; ECS says: {now.reason}" if now.reason else ""
        return f"its deployment is {now.status}{said}"

    @property
    def goes_on(self) -> bool:
        """Whether the deployment has neither ended nor turned back."""
        return self.deployment.status in ("PENDING", "IN_PROGRESS")

    @property
    def lines(self) -> Iterator[tuple[str, str]]:
        """What that means, line by line, each with its name."""
        for each in self.explanations:
            yield "what happened", each.happened
            yield "why, usually", each.usually
            yield "what to do", each.to_do
            if each.source is Source.ASSUMED:
                yield "how sure", "AWS documents no such message: its words are taken for this"

    def spell(self) -> dict[str, object]:
        """For programs."""
        return {
            "status": self.deployment.status,
            "stage": self.deployment.stage,
            "reason": self.deployment.reason,
            "explanations": [each.spell() for each in self.explanations],
        }


def ask_ecs(ecs: Any, target: str) -> EcsWord | None:
    """ECS's word on a deployment's ARN, or on the newest of `cluster/service`; None if ECS knows
    none, or nobody may ask."""
    try:
        arn = target if target.startswith("arn:") else _newest(ecs, target)
        answer = ecs.describe_service_deployments(serviceDeploymentArns=[arn])
        described = answer["serviceDeployments"][0]
    except (ClientError, BotoCoreError, ValueError, IndexError):
        return None
    return word_on(ecs, arn, described)


def word_on(ecs: Any, arn: str, described: Mapping[str, Any]) -> EcsWord:
    """ECS's word on a deployment that it has described."""
    deployment = EcsDeployment(
        status=described["status"],
        stage=described.get("lifecycleStage") or "",
        reason=" ".join(_reasons(ecs, arn, described)),
        hooks=tuple(_functions(described)),
        timed_out=tuple(
            hook.get("targetArn") or ""
            for hook in described.get("lifecycleHookDetails") or ()
            if hook.get("status") == "TIMED_OUT"
        ),
    )
    return EcsWord(deployment=deployment, explanations=explain(deployment))


def _newest(ecs: Any, target: str) -> str:
    """Raises ValueError for another kind of target, or if there is none."""
    cluster, service = target.split("/")
    found = ecs.list_service_deployments(cluster=cluster, service=service)["serviceDeployments"]
    return str(max(found, key=lambda item: item["createdAt"])["serviceDeploymentArn"])


def _reasons(ecs: Any, arn: str, described: Mapping[str, Any]) -> list[str]:
    """What ECS gives as reasons, each once. That of a failed first deployment stands in the
    service's events alone."""
    told = ((described.get("rollback") or {}).get("reason"), described.get("statusReason"))
    reasons = list(dict.fromkeys(filter(None, told)))
    if reasons and all(NOTHING_TO_RETURN_TO.form.search(reason) for reason in reasons):
        reasons = [*_event_reasons(ecs, arn, described), *reasons]
    return reasons


def _event_reasons(ecs: Any, arn: str, described: Mapping[str, Any]) -> list[str]:
    try:
        deployment = parse_service_deployment_arn(arn)
        answer = ecs.describe_services(cluster=deployment.cluster, services=[deployment.service])
        events = answer["services"][0]["events"]
    except (ClientError, BotoCoreError, InputError, LookupError):
        return []
    since = described["createdAt"]
    return [
        event["message"].partition(_FAILED_EVENT)[2]
        for event in events
        if _FAILED_EVENT in event["message"] and event["createdAt"] >= since
    ][:1]


def _functions(described: Mapping[str, Any]) -> Iterator[str]:
    configured = (described.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ()
    for hook in configured:
        if hook.get("hookTargetArn"):
            yield str(hook["hookTargetArn"])
