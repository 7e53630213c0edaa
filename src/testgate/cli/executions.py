"""What Step Functions says of a gate run that nobody recorded.

Imported by `why` and `show`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from testgate.cli.connection import Connection
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.aws_events import ServiceName, may_ask_for
from testgate.core.binding import parse_question
from testgate.core.errors import GateError, InputError
from testgate.core.handoff import parse_json_object

_MAX_LOOKED_AT = 500  # the newest executions of the machine


def what_step_functions_says(connection: Connection, target: str) -> str:
    """How the newest gate run of a deployment's ARN or of `cluster/service` stands; "" if there is
    none to be seen, or nobody may look."""
    try:
        client = connection.client("stepfunctions")
        machine = connection.stack_output("StateMachineArn")
        found = next(executions_of(client, machine, target), None)
    except (ClientError, BotoCoreError, GateError, ValueError):
        return ""
    if found is None:
        return ""
    said = f"its execution {found['executionArn']} is {found['status']}"
    told = [text for text in (found.get("error"), found.get("cause")) if text]
    return said + (f": {': '.join(told)}" if told else "")


def executions_of(client: Any, machine: str, target: str) -> Iterator[dict[str, Any]]:
    """Described executions of the target, newest first."""
    name = _service_of(target)
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine)
    listed = (item for page in pages for item in page["executions"])
    for item in islice(listed, _MAX_LOOKED_AT):
        if not may_ask_for(item["name"], name):
            continue
        described = dict(client.describe_execution(executionArn=item["executionArn"]))
        if _asks_for(described, name, target):
            yield described


def _service_of(target: str) -> ServiceName:
    """Raises InputError, ValueError for another kind of target."""
    if target.startswith("arn:"):
        deployment = parse_service_deployment_arn(target)
        return ServiceName(cluster=deployment.cluster, service=deployment.service)
    cluster, service = target.split("/")
    return ServiceName(cluster=cluster, service=service)


def _asks_for(described: dict[str, Any], name: ServiceName, target: str) -> bool:
    try:
        asked = parse_question(parse_json_object(described.get("input"))).deployment
    except InputError:
        return False
    if target.startswith("arn:"):
        return str(asked) == target
    return (asked.cluster, asked.service) == (name.cluster, name.service)
