"""A stack that CloudFormation may still hold: its last operation, and the services in it.

Imported by `following` and `wait`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from botocore.exceptions import ClientError

from testgate.cli.connection import told_as_ours
from testgate.cli.targets import services_among
from testgate.core.aws_events import ServiceName

Client = Callable[[str], Any]
_HOLDING = "_IN_PROGRESS"
_DONE = "_COMPLETE_CLEANUP_IN_PROGRESS"  # the update itself is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as CloudFormation shows it."""

    name: str
    status: str

    @property
    def held(self) -> bool:
        """Whether CloudFormation is still at it."""
        return self.status.endswith(_HOLDING) and not self.status.endswith(_DONE)

    @property
    def went_back(self) -> bool:
        """Whether its last operation failed."""
        return "ROLLBACK" in self.status or self.status.endswith("_FAILED")


def find_stack(client: Client, name: str) -> Stack | None:
    """The stack of that name, None if there is none. Raises GateError."""
    try:
        shown = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as exc:
        if "does not exist" in str(exc):
            return None
        with told_as_ours():
            raise
    return Stack(name=name, status=shown["StackStatus"])


def operation_began(client: Client, name: str) -> datetime | None:
    """When the stack's last operation began; None if its events do not tell. Raises GateError.

    Taking back what failed is part of the same operation, and so is cleaning up.
    """
    for event in _events(client, name):
        if is_beginning(event):
            return cast(datetime, event["Timestamp"])
    return None


def _events(client: Client, name: str) -> Iterator[Mapping[str, Any]]:
    """A stack's events, newest first."""
    with told_as_ours():
        pages = client("cloudformation").get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=name):
            yield from page["StackEvents"]


def first_failure(client: Client, name: str) -> str:
    """What failed first in a stack's last operation. Raises GateError."""
    reason = "its events name no failure"
    for event in _events(client, name):
        if event["ResourceStatus"].endswith("_FAILED"):
            reason = f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        if is_beginning(event):
            break
    return reason


def is_beginning(event: Mapping[str, Any]) -> bool:
    """Whether a stack's event is the beginning of an operation on the stack itself."""
    return event.get("ResourceType") == "AWS::CloudFormation::Stack" and (
        event.get("ResourceStatus") in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
        and event.get("PhysicalResourceId") == event.get("StackId")
    )


def services_held(client: Client, name: str) -> list[ServiceName]:
    """The ECS services among a stack's resources; where there are none, those that its last
    operation has created, and may have deleted again. Raises GateError."""
    with told_as_ours():
        pages = client("cloudformation").get_paginator("list_stack_resources")
        listed = [
            str(each.get("PhysicalResourceId") or "")
            for page in pages.paginate(StackName=name)
            for each in page["StackResourceSummaries"]
        ]
    return services_among(listed) or services_among(_created(client, name))


def _created(client: Client, name: str) -> list[str]:
    """Physical ids of services in the events of a stack's last operation, each once."""
    found: dict[str, None] = {}
    for event in _events(client, name):
        if event.get("ResourceType") == "AWS::ECS::Service" and event.get("PhysicalResourceId"):
            found[str(event["PhysicalResourceId"])] = None
        if is_beginning(event):
            break
    return list(found)
