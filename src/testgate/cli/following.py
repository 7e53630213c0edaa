"""Follows one service deployment to its end, whoever started it: a person, a pipeline, or
CloudFormation, which holds its stack meanwhile.

Clock and sleep are handed in. Imported by `wait` and `watch`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from testgate.cli.connection import told_as_ours
from testgate.cli.ecs_word import word_on
from testgate.cli.endings import ENDED, Deployed, GateWord
from testgate.cli.exits import Exit
from testgate.cli.held_stacks import find_stack, first_failure, operation_began, services_held
from testgate.cli.targets import the_one_service
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.aws_events import ServiceName
from testgate.core.errors import GateError

Client = Callable[[str], Any]
_MOST_FAILURES = 5  # in a row


class NothingDeployedError(GateError):
    """There is no deployment to wait for."""


class StackFailedError(GateError):
    """A stack's operation failed before anything was deployed, or took that with it."""


class ImpatientError(GateError):
    """The deployment has not ended in the time that was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited, and how often looked. `clock` counts seconds from whenever."""

    until: float
    poll_s: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def looks(self, what: str) -> Iterator[None]:
        """Another look each time, until it is too late. Raises ImpatientError."""
        while True:
            yield
            if self.clock() >= self.until:
                raise ImpatientError(f"{what} had not ended when the time of --timeout was over")
            self.sleep(self.poll_s)


def deployments_of(client: Client, service: ServiceName) -> list[Mapping[str, Any]]:
    """A service's deployments, oldest first; none if ECS knows no such service."""
    asked = {"cluster": service.cluster, "service": service.service}
    try:
        listed, token = [], ""
        while True:
            page = client("ecs").list_service_deployments(
                **asked, **({"nextToken": token} if token else {})
            )
            listed += page["serviceDeployments"]
            token = page.get("nextToken") or ""
            if not token:
                return sorted(listed, key=lambda each: each["createdAt"])
    except ClientError as exc:
        if exc.response["Error"]["Code"] in (
            "ServiceNotFoundException",
            "ClusterNotFoundException",
        ):
            return []
        with told_as_ours():
            raise


def deployment_by_service(client: Client, service: ServiceName, task_definition: str) -> str:
    """The ARN of a service's newest deployment, or of the newest of a task definition.

    Raises NothingDeployedError.
    """
    found = deployments_of(client, service)
    name = f"{service.cluster}/{service.service}"
    if not found:
        raise NothingDeployedError(f"ECS knows no deployment of {name}")
    for each in reversed(found):
        deployed = _task_definition(client, each["targetServiceRevisionArn"])
        if not task_definition or _same_task(task_definition, deployed):
            return str(each["serviceDeploymentArn"])
    raise NothingDeployedError(f"no deployment of {name} is of task definition {task_definition}")


def deployment_by_stack(client: Client, name: str, patience: Patience) -> str:
    """The ARN of the deployment that a stack's last operation has begun, once it has.

    Its first: where CloudFormation takes a refused update back, it may deploy again, and that one
    succeeds. Raises NothingDeployedError, ImpatientError.
    """
    stack = find_stack(client, name)
    for _ in patience.looks(f"stack {name}"):
        began = operation_began(client, name) if stack is not None else None
        for each in _begun_since(client, name, began) if began else ():
            return str(each["serviceDeploymentArn"])
        if stack is None or not stack.held:
            break
        stack = find_stack(client, name)
    status = stack.status if stack else "gone"
    if stack is not None and stack.went_back:
        raise StackFailedError(f"stack {name} is {status}: {first_failure(client, name)}")
    raise NothingDeployedError(
        f"stack {name} is {status}, and its last operation has begun no deployment of an ECS "
        "service"
    )


def _begun_since(client: Client, name: str, began: datetime) -> list[Mapping[str, Any]]:
    services = services_held(client, name)
    if not services:
        return []
    deployments = deployments_of(client, the_one_service(name, services))
    return [each for each in deployments if each["createdAt"] >= began]


def describe(client: Client, arn: str) -> Mapping[str, Any]:
    """The deployment as ECS shows it. Raises NothingDeployedError, GateError."""
    with told_as_ours():
        answer = client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])
    found = answer["serviceDeployments"]
    if not found:
        raise NothingDeployedError(f"ECS knows no deployment {arn}")
    return dict(found[0])


def has_ended(described: Mapping[str, Any]) -> bool:
    """Whether nothing more happens to it."""
    return described["status"] in ENDED


def stands_at(described: Mapping[str, Any]) -> str:
    """Status, and the stage of one that goes on."""
    stage = described.get("lifecycleStage")
    return str(described["status"]) + (f" at {stage}" if stage and not has_ended(described) else "")


Seen = Callable[[Mapping[str, Any] | None, str], None]


def until_ended(client: Client, arn: str, patience: Patience, seen: Seen) -> None:
    """Look at a deployment until it has ended; `seen` is told each look and where it stands, or why
    nothing was seen: AWS may fail for a moment in an hour.

    Raises NothingDeployedError, ImpatientError, GateError when it fails too often in a row.
    """
    failures = 0
    for _ in patience.looks(f"deployment {arn}"):
        try:
            described = describe(client, arn)
        except NothingDeployedError:
            raise
        except GateError as exc:
            failures += 1
            if failures == _MOST_FAILURES:
                raise
            seen(None, f"{exc}; it is asked again")
            continue
        failures = 0
        seen(described, stands_at(described))
        if has_ended(described):
            return


def what_was_deployed(client: Client, arn: str, gate: GateWord | None) -> Deployed:
    """What there is to judge an ended deployment by. Raises GateError."""
    described = describe(client, arn)
    parsed = parse_service_deployment_arn(arn)
    service = ServiceName(cluster=parsed.cluster, service=parsed.service)
    word = word_on(client("ecs"), arn, described)
    newer = [
        each
        for each in deployments_of(client, service)
        if each["createdAt"] > described["createdAt"] and each["serviceDeploymentArn"] != arn
    ]
    ended_at = described.get("finishedAt") or described.get("stoppedAt")
    return Deployed(
        status=described["status"],
        reason=word.deployment.reason,
        target=described["targetServiceRevision"]["arn"],
        current=current_revisions(client, service),
        kinds=[each.kind for each in word.explanations],
        alarmed=bool((described.get("alarms") or {}).get("triggeredAlarmNames")),
        overtaken=any(ended_at is None or each["createdAt"] <= ended_at for each in newer),
        replaced=any(each["status"] == "SUCCESSFUL" for each in newer),
        gate=gate,
    )


def current_revisions(client: Client, service: ServiceName) -> Sequence[str]:
    """The revisions that a service has now; none if it is gone. Raises GateError."""
    with told_as_ours():
        shown = client("ecs").describe_services(cluster=service.cluster, services=[service.service])
    found = shown["services"]
    revisions = found[0].get("currentServiceRevisions") or () if found else ()
    return [str(each["arn"]) for each in revisions]


def _task_definition(client: Client, revision: str) -> str:
    with told_as_ours():
        answer = client("ecs").describe_service_revisions(serviceRevisionArns=[revision])
    found = answer["serviceRevisions"]
    return str(found[0]["taskDefinition"]) if found else ""


def _same_task(wanted: str, deployed: str) -> bool:
    """By ARN, or by `family:revision`."""
    return wanted in (deployed, deployed.rpartition("/")[2])


CODES = {
    NothingDeployedError: Exit.NOT_FOUND,
    StackFailedError: Exit.FAILED_OTHERWISE,
    ImpatientError: Exit.IMPATIENT,
}
