"""One stack through CloudFormation: a change set made and read, applied or dropped, and deletion.

Time and sleep are passed in. Imported by the commands and `testgate.local`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from testgate.core.errors import GateError
from testgate.stacks.changes import (
    DEAD,
    GOOD,
    IN_REVIEW,
    Change,
    Stack,
    StackEvent,
    failure_sentence,
    is_unchanged,
    parameters_of_update,
)

POLL_S = 2.0
_CAPABILITIES = ["CAPABILITY_IAM"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template: `source` is what calls are told of it, a TemplateURL or a TemplateBody of 51,200
    bytes at most; and the parameters that it declares."""

    source: Mapping[str, str]
    parameters: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set that waits for yes or no."""

    arn: str
    stack_id: str
    stack_name: str
    creates: bool
    changes: Sequence[Change] = field(default_factory=tuple)


class Stacks:
    """CloudFormation for the stacks of `infra/`. Methods raise GateError and botocore's errors."""

    def __init__(self, client: Callable[[str], Any], sleep: Callable[[float], None]) -> None:
        self._cloudformation = client("cloudformation")
        self._sleep = sleep

    def find(self, name: str) -> Stack | None:
        """The stack of that name or ARN, if there is one."""
        try:
            found = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as exc:
            if "does not exist" in exc.response["Error"].get("Message", ""):
                return None
            raise
        return Stack.read(found[0])

    def template(self, source: Mapping[str, str]) -> Template:
        """The template as CloudFormation reads it."""
        told = self._cloudformation.validate_template(**source)
        names = [str(each["ParameterKey"]) for each in told.get("Parameters") or ()]
        return Template(source=source, parameters=names)

    def prepare(
        self, name: str, template: Template, wanted: Mapping[str, str], change_set: str
    ) -> ChangeSet | None:
        """A change set that brings the stack to the template; None if there is nothing to change.

        A parameter that is not `wanted` keeps the value that the stack has.
        """
        stack = self.find(name)
        if stack is not None and stack.busy:
            raise GateError(
                f"stack {name} is {stack.status}: wait until CloudFormation is done with it"
            )
        if stack is not None and stack.status in DEAD:
            raise GateError(
                f"stack {name} is {stack.status} and can only be deleted; do that first: "
                f"aws cloudformation delete-stack --stack-name {name}"
            )
        creates = stack is None or not stack.exists
        made = self._cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType="CREATE" if creates else "UPDATE",
            **template.source,
            Parameters=parameters_of_update(
                wanted, template.parameters, None if creates else stack
            ),
            Capabilities=_CAPABILITIES,
        )
        told = self._until_made(made["Id"])
        if told["Status"] == "FAILED":
            self._forget(made["Id"], made["StackId"])
            reason = told.get("StatusReason") or "no reason is given"
            if is_unchanged(reason):
                return None
            raise GateError(f"no change set for stack {name} could be made: {reason}")
        return ChangeSet(
            arn=made["Id"],
            stack_id=made["StackId"],
            stack_name=name,
            creates=creates,
            changes=[Change.read(each) for each in self._changes(made["Id"])],
        )

    def drop(self, change_set: ChangeSet) -> None:
        """Forget a change set, and the empty stack that was made to hold it."""
        self._forget(change_set.arn, change_set.stack_id)

    def apply(self, change_set: ChangeSet, tell: Callable[[StackEvent], None]) -> Stack:
        """Carry a change set out, telling each event; the stack as it is then."""
        before = self._event_ids(change_set.stack_id)
        self._cloudformation.execute_change_set(ChangeSetName=change_set.arn)
        stack, events = self._follow(change_set.stack_id, before, tell)
        if stack.status not in GOOD:
            raise GateError(failure_sentence(stack, events))
        return stack

    def delete(self, name: str, tell: Callable[[StackEvent], None]) -> Sequence[StackEvent]:
        """Delete a stack, telling each event; the events of what was kept. No stack: nothing."""
        stack = self.find(name)
        if stack is None:
            return ()
        before = self._event_ids(stack.id)
        self._cloudformation.delete_stack(StackName=stack.id)
        stack, events = self._follow(stack.id, before, tell)
        if stack.status != "DELETE_COMPLETE":
            raise GateError(failure_sentence(stack, events))
        return [event for event in events if event.status == "DELETE_SKIPPED"]

    def _forget(self, change_set: str, stack_id: str) -> None:
        self._cloudformation.delete_change_set(ChangeSetName=change_set)
        stack = self.find(stack_id)
        if stack is not None and stack.status == IN_REVIEW:
            self._cloudformation.delete_stack(StackName=stack_id)

    def _until_made(self, change_set: str) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = self._cloudformation.describe_change_set(
                ChangeSetName=change_set
            )
            if told["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return told
            self._sleep(POLL_S)

    def _changes(self, change_set: str) -> Iterator[Mapping[str, Any]]:
        pages = self._cloudformation.get_paginator("describe_change_set").paginate(
            ChangeSetName=change_set
        )
        for page in pages:
            yield from page.get("Changes") or ()

    def _follow(
        self, stack_id: str, before: set[str], tell: Callable[[StackEvent], None]
    ) -> tuple[Stack, list[StackEvent]]:
        """Tell new events until one says that the stack itself has come to rest.

        Its status alone would not do: right after a call it is still that of the last time.
        """
        events: list[StackEvent] = []
        while True:
            fresh = [each for each in self._events(stack_id) if each.id not in before]
            for event in reversed(fresh):  # AWS (documented): the newest comes first
                before.add(event.id)
                events.append(event)
                tell(event)
                if event.ends(stack_id):
                    found = self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
                    return Stack.read(found[0]), events
            self._sleep(POLL_S)

    def _event_ids(self, stack_id: str) -> set[str]:
        return {event.id for event in self._events(stack_id)}

    def _events(self, stack_id: str) -> Iterator[StackEvent]:
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(
            StackName=stack_id
        )
        for page in pages:
            for told in page["StackEvents"]:
                yield StackEvent.read(told)
