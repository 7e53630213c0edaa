"""From whatever a person has in hand to a service or a deployment: asks CloudFormation, Step
Functions and the index for what the name alone does not tell.

Imported by the commands that show gate runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from testgate.aws.s3 import Bucket
from testgate.cli.connection import Connection
from testgate.cli.targets import (
    BareName,
    Execution,
    StackOf,
    read_target,
    services_among,
    services_called,
    the_one_service,
)
from testgate.core.arns import ServiceDeploymentArn
from testgate.core.aws_events import ServiceName
from testgate.core.binding import parse_question
from testgate.core.errors import InputError
from testgate.core.handoff import parse_json_object
from testgate.core.layout import INDEX, parse_index_key

_MAX_INDEXED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is asked about: a deployment's ARN, or `cluster/service` for its newest; `run_name` if
    one gate run of it is meant."""

    target: str
    run_name: str = ""


def resolve(connection: Connection, text: str) -> Subject:
    """What a person's text means here. Raises InputError, GateError."""
    match read_target(text):
        case ServiceDeploymentArn() as deployment:
            return Subject(target=str(deployment))
        case ServiceName() as service:
            return _of(service)
        case Execution() as execution:
            return _by_execution(connection, execution)
        case StackOf(name=name):
            return _of(the_one_service(name, services_of_stack(connection, name)))
        case BareName(name=name):
            indexed = services_called(name, _indexed_services(connection.bucket()))
            found = [*indexed, *services_of_stack(connection, name)]
            return _of(the_one_service(name, found))


def services_of_stack(connection: Connection, name: str) -> list[ServiceName]:
    """The ECS services that a stack holds; none if there is no such stack, or nobody may ask."""
    try:
        pages = connection.client("cloudformation").get_paginator("list_stack_resources")
        listed = [
            each
            for page in pages.paginate(StackName=name)
            for each in page["StackResourceSummaries"]
        ]
    except (ClientError, BotoCoreError):
        return []
    return services_among(str(each.get("PhysicalResourceId") or "") for each in listed)


def _of(service: ServiceName) -> Subject:
    return Subject(target=f"{service.cluster}/{service.service}")


def _by_execution(connection: Connection, execution: Execution) -> Subject:
    """By what the execution was asked; one that Step Functions has forgotten, by the index."""
    asked = _asked(connection.client("stepfunctions"), execution.arn)
    if asked is not None:
        return Subject(target=str(asked), run_name=execution.name)
    for key in connection.bucket().keys(INDEX, _MAX_INDEXED):
        entry = parse_index_key(key)
        if entry is not None and entry.place.run_name == execution.name:
            parts = execution.arn.split(":")
            deployment = ServiceDeploymentArn(
                partition=parts[1],
                region=parts[3],
                account=parts[4],
                cluster=entry.place.cluster,
                service=entry.place.service,
                deployment_id=entry.place.deployment_id,
            )
            return Subject(target=str(deployment), run_name=execution.name)
    raise InputError(
        f"Step Functions knows no gate run {execution.arn}, and none of that name is recorded: "
        "see --region, --stack and --bucket"
    )


def _asked(client: Any, arn: str) -> ServiceDeploymentArn | None:
    try:
        described = client.describe_execution(executionArn=arn)
        return parse_question(parse_json_object(described.get("input"))).deployment
    except (ClientError, BotoCoreError, InputError):
        return None


def _indexed_services(bucket: Bucket) -> Iterable[ServiceName]:
    """Every service with a recorded gate run: folders of the index alone."""
    for cluster in bucket.folders(INDEX):
        for service in bucket.folders(cluster):
            _, name, called, _ = service.split("/")
            yield ServiceName(cluster=name, service=called)
