"""Rights of the services that speak JSON: ECS, ECR, Step Functions, EventBridge, CloudWatch Logs,
Secrets Manager and Parameter Store.

Each operation has its row; resource types are those of the service authorization reference.
Imported by `calls` alone.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends
from werkzeug.wrappers import Request

from testgate.local.rights.call import Call, Place, unknown

Body = Mapping[str, Any]
Rights = Callable[[Body, Place], Iterable[Call]]

KEYS = frozenset({"ecs:cluster", "events:detail-type", "events:source"})
_DEFAULT_CLUSTER = "default"
_DEFAULT_BUS = "default"


def ecs(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that an ECS request needs. Raises UnknownCallError."""
    return _read(request, place, "ecs", _ECS)


def ecr(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that an ECR request needs. Raises UnknownCallError."""
    return _read(request, place, "ecr", _ECR)


def states(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that a Step Functions request needs. Raises UnknownCallError."""
    return _read(request, place, "states", _STATES)


def events(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that an EventBridge request needs. Raises UnknownCallError."""
    return _read(request, place, "events", _EVENTS)


def logs(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that a CloudWatch Logs request needs. Raises UnknownCallError."""
    return _read(request, place, "logs", _LOGS)


def secrets_manager(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that a Secrets Manager request needs. Raises UnknownCallError."""
    return _read(request, place, "secretsmanager", _SECRETS_MANAGER)


def ssm(request: Request, place: Place) -> tuple[Call, ...]:
    """The rights that a Systems Manager request needs. Raises UnknownCallError."""
    return _read(request, place, "ssm", _SSM)


def log_group_arn(place: Place, group: str) -> str:
    return place.arn("logs", f"log-group:{group}")


def log_stream_arn(place: Place, group: str, stream: str) -> str:
    return place.arn("logs", f"log-group:{group}:log-stream:{stream}")


def _read(
    request: Request, place: Place, service: str, table: Mapping[str, Rights]
) -> tuple[Call, ...]:
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    rights = table.get(operation)
    if rights is None:
        raise unknown(service, operation)
    try:
        body = json.loads(request.get_data() or b"{}")
        return tuple(rights(body, place))
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        # AWS would find it invalid; the part that serves it is not asked, so this says why.
        raise unknown(service, f"{operation} with such a body ({exc!r})") from exc


def _on(action: str, member: str) -> Rights:
    """`action` on the ARN that a member of the request holds."""
    return lambda body, _: [Call(action=action, resource=str(body[member]))]


def _on_each(action: str, member: str, resource_type: str) -> Rights:
    """`action` on each of the ARNs in a member, and on the services that they belong to.

    The reference lists both resource types as required.
    """

    def rights(body: Body, place: Place) -> Iterable[Call]:
        for arn in body[member]:
            service = _service_of(str(arn), resource_type)
            context = _in_cluster(service, place)
            yield Call(action=action, resource=service, context=context)
            yield Call(action=action, resource=str(arn), context=context)

    return rights


def _service_of(arn: str, resource_type: str) -> str:
    """`…:service-deployment/CLUSTER/SERVICE/ID` to `…:service/CLUSTER/SERVICE`."""
    prefix, _, path = arn.partition(f":{resource_type}/")
    return f"{prefix}:service/{path.rpartition('/')[0]}"


def _list_service_deployments(body: Body, place: Place) -> Iterable[Call]:
    yield _on_service("ecs:ListServiceDeployments", body["service"], body.get("cluster"), place)


def _describe_services(body: Body, place: Place) -> Iterable[Call]:
    for service in body["services"]:
        yield _on_service("ecs:DescribeServices", service, body.get("cluster"), place)


def _update_service(body: Body, place: Place) -> Iterable[Call]:
    yield _on_service("ecs:UpdateService", body["service"], body.get("cluster"), place)


def _on_service(action: str, service: str, cluster: str | None, place: Place) -> Call:
    if not service.startswith("arn:"):
        name = (cluster or _DEFAULT_CLUSTER).rpartition("/")[2]
        service = place.arn("ecs", f"service/{name}/{service}")
    return Call(action=action, resource=service, context=_in_cluster(service, place))


def _in_cluster(service_arn: str, place: Place) -> Mapping[str, str]:
    cluster = service_arn.split("/")[1]
    return {"ecs:cluster": place.arn("ecs", f"cluster/{cluster}")}


def _on_repository(action: str) -> Rights:
    def rights(body: Body, place: Place) -> Iterable[Call]:
        registry = Place(region=place.region, account=body.get("registryId") or place.account)
        name = body["repositoryName"]
        yield Call(action=action, resource=registry.arn("ecr", f"repository/{name}"))

    return rights


def _put_events(body: Body, place: Place) -> Iterable[Call]:
    for entry in body["Entries"]:
        bus = str(entry.get("EventBusName") or _DEFAULT_BUS)
        arn = bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}")
        yield Call(
            action="events:PutEvents",
            resource=arn,
            context={
                "events:source": str(entry.get("Source", "")),
                "events:detail-type": str(entry.get("DetailType", "")),
            },
        )


def _on_log_group(action: str) -> Rights:
    return lambda body, place: [
        Call(action=action, resource=log_group_arn(place, body["logGroupName"]))
    ]


def _on_log_stream(action: str) -> Rights:
    return lambda body, place: [
        Call(
            action=action,
            resource=log_stream_arn(place, body["logGroupName"], body["logStreamName"]),
        )
    ]


def _get_secret_value(body: Body, place: Place) -> Iterable[Call]:
    """On the secret's ARN, which ends in six characters that its name has not."""
    name = str(body["SecretId"])
    secret = secretsmanager_backends[place.account][place.region].secrets.get(name)
    arn = name if name.startswith("arn:") else place.arn("secretsmanager", f"secret:{name}")
    yield Call(
        action="secretsmanager:GetSecretValue", resource=arn if secret is None else secret.arn
    )


def _get_parameter(body: Body, place: Place) -> Iterable[Call]:
    name = str(body["Name"])
    arn = place.arn("ssm", f"parameter/{name.removeprefix('/')}")
    yield Call(action="ssm:GetParameter", resource=name if name.startswith("arn:") else arn)


_SECRETS_MANAGER: Mapping[str, Rights] = {"GetSecretValue": _get_secret_value}
_SSM: Mapping[str, Rights] = {"GetParameter": _get_parameter}
_ECS: Mapping[str, Rights] = {
    "DescribeServiceDeployments": _on_each(
        "ecs:DescribeServiceDeployments", "serviceDeploymentArns", "service-deployment"
    ),
    "DescribeServiceRevisions": _on_each(
        "ecs:DescribeServiceRevisions", "serviceRevisionArns", "service-revision"
    ),
    "DescribeServices": _describe_services,
    # Documented: this action knows no resources.
    "DescribeTaskDefinition": lambda *_: [Call(action="ecs:DescribeTaskDefinition", resource="*")],
    "ListServiceDeployments": _list_service_deployments,
    "StopServiceDeployment": _on("ecs:StopServiceDeployment", "serviceDeploymentArn"),
    "UpdateService": _update_service,
}
_ECR: Mapping[str, Rights] = {
    "DescribeImageScanFindings": _on_repository("ecr:DescribeImageScanFindings"),
    "DescribeImageSigningStatus": _on_repository("ecr:DescribeImageSigningStatus"),
}
_STATES: Mapping[str, Rights] = {
    "StartExecution": _on("states:StartExecution", "stateMachineArn"),
    "ListExecutions": _on("states:ListExecutions", "stateMachineArn"),
    "DescribeStateMachine": _on("states:DescribeStateMachine", "stateMachineArn"),
    "DescribeExecution": _on("states:DescribeExecution", "executionArn"),
    "GetExecutionHistory": _on("states:GetExecutionHistory", "executionArn"),
    "StopExecution": _on("states:StopExecution", "executionArn"),
}
_EVENTS: Mapping[str, Rights] = {"PutEvents": _put_events}
_LOGS: Mapping[str, Rights] = {
    "CreateLogGroup": _on_log_group("logs:CreateLogGroup"),
    "DescribeLogStreams": _on_log_group("logs:DescribeLogStreams"),
    "FilterLogEvents": _on_log_group("logs:FilterLogEvents"),
    "CreateLogStream": _on_log_stream("logs:CreateLogStream"),
    "PutLogEvents": _on_log_stream("logs:PutLogEvents"),
}
