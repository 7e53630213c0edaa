"""What a change set would do and what a stack says of itself, as plain values.

Pure; imported by the other modules of this package and by the commands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

BUSY_SUFFIX = "_IN_PROGRESS"
IN_REVIEW = "REVIEW_IN_PROGRESS"
GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
# Such a stack can only be deleted (CloudFormation's guide, "Stack status codes").
DEAD = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource: `action` is Add, Modify, Remove …; `replacement` is True, False, Conditional
    or empty where CloudFormation does not say."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From an entry of DescribeChangeSet's `Changes`."""
        change = told["ResourceChange"]
        return cls(
            action=change["Action"],
            logical_id=change["LogicalResourceId"],
            resource_type=change["ResourceType"],
            replacement=change.get("Replacement", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """One line of a stack's story."""

    id: str
    at: datetime
    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    reason: str = ""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From an entry of DescribeStackEvents' `StackEvents`."""
        return cls(
            id=told["EventId"],
            at=told["Timestamp"],
            logical_id=told["LogicalResourceId"],
            physical_id=told.get("PhysicalResourceId") or "",
            resource_type=told["ResourceType"],
            status=told["ResourceStatus"],
            reason=told.get("ResourceStatusReason") or "",
        )

    @property
    def failed(self) -> bool:
        """Whether something failed here, other than because something else had."""
        return self.status.endswith("_FAILED") and _CANCELLED not in self.reason.lower()

    def ends(self, stack_id: str) -> bool:
        """Whether the stack has come to rest with this."""
        return self.physical_id == stack_id and not self.status.endswith(BUSY_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as DescribeStacks tells it."""

    id: str
    name: str
    status: str
    reason: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    descriptions: Mapping[str, str]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From an entry of `Stacks`."""
        outputs = told.get("Outputs") or ()
        return cls(
            id=told["StackId"],
            name=told["StackName"],
            status=told["StackStatus"],
            reason=told.get("StackStatusReason") or "",
            parameters={
                each["ParameterKey"]: each.get("ParameterValue", "")
                for each in told.get("Parameters") or ()
            },
            outputs={each["OutputKey"]: each["OutputValue"] for each in outputs},
            descriptions={each["OutputKey"]: each.get("Description", "") for each in outputs},
        )

    @property
    def busy(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.status.endswith(BUSY_SUFFIX) and self.status != IN_REVIEW

    @property
    def exists(self) -> bool:
        """Whether it has resources; one that is only a change set has none."""
        return self.status != IN_REVIEW


def is_unchanged(status_reason: str) -> bool:
    """Whether a change set failed only because there is nothing to do."""
    return any(text in status_reason for text in _UNCHANGED)


def parameters_of_update(
    wanted: Mapping[str, str], declared: Sequence[str], stack: Stack | None
) -> list[dict[str, Any]]:
    """What CreateChangeSet is told: what was given, else the value that the stack has, else the
    template's default."""
    told: list[dict[str, Any]] = []
    for name in declared:
        if name in wanted:
            told.append({"ParameterKey": name, "ParameterValue": wanted[name]})
        elif stack is not None and name in stack.parameters:
            told.append({"ParameterKey": name, "UsePreviousValue": True})
    return told


def failure_sentence(stack: Stack, events: Iterable[StackEvent]) -> str:
    """Why a stack did not come to what was asked: its first failed resource, in AWS's words."""
    first = next((event for event in events if event.failed and event.reason), None)
    if first is None:
        return f"stack {stack.name} ended as {stack.status}: {stack.reason or 'no reason is given'}"
    return (
        f"stack {stack.name} ended as {stack.status}: {first.logical_id} "
        f"({first.resource_type}): {first.reason}"
    )
