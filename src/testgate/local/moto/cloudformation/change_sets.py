"""Change sets: made, described by stack, executed with the statuses of stacks.

Imported by `bridge` alone.
"""

from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError
from moto.cloudformation.models import Change, ChangeSet, Stack
from moto.cloudformation.utils import (
    generate_changeset_id,
    generate_stack_id,
    validate_create_change_set,
)

from testgate.local.moto.cloudformation.background import carry_out, waits
from testgate.local.moto.cloudformation.events import end_stack
from testgate.local.moto.cloudformation.stacks import IN_REVIEW, StackBackend, parameter_text

_UNCHANGED = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)


class InvalidChangeSetStatus(CloudFormationError):  # type: ignore[misc]
    code = "InvalidChangeSetStatus"


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]
    code = "ChangeSetNotFound"


class ChangeSetBackend(StackBackend):
    """The backend of the local AWS's CloudFormation."""

    def create_change_set(
        self,
        stack_name: str,
        change_set_name: str,
        template: str,
        parameters: dict[str, Any],
        change_set_type: str,
        **settings: Any,
    ) -> tuple[str, str]:
        """AWS (documented): one without changes is made, with status `FAILED` and the reason."""
        validate_create_change_set(change_set_name)
        parameters = {name: parameter_text(value) for name, value in parameters.items()}
        if change_set_type == "UPDATE":
            stack = self._updatable(stack_name)
            unchanged = self._is_unchanged(stack, template, parameters, settings.get("tags"))
        else:
            self._checked_stack(stack_name, template, parameters)
            stack, unchanged = self._stack_in_review(stack_name, parameters, settings), False
        change_set = ChangeSet(
            change_set_type=change_set_type,
            change_set_id=generate_changeset_id(change_set_name, self.region_name, self.account_id),
            change_set_name=change_set_name,
            stack=stack,
            template=template,
            parameters=parameters,
            **settings,
        )
        if change_set_type == "UPDATE":
            changes = stack.resource_map.changes_to(change_set.template_dict, parameters)
            change_set.changes = [Change(*each) for each in changes]
        change_set.status = "FAILED" if unchanged else "CREATE_COMPLETE"
        change_set.execution_status = "UNAVAILABLE" if unchanged else "AVAILABLE"
        change_set.status_reason = _UNCHANGED if unchanged else None
        self.change_sets[change_set.change_set_id] = change_set
        return change_set.change_set_id, stack.stack_id

    def describe_change_set(self, change_set_name: str, stack_name: str | None = None) -> ChangeSet:
        for change_set in reversed(self.change_sets.values()):
            stack_names = (None, change_set.stack.name, change_set.stack.stack_id)
            of_that_name = change_set.change_set_name == change_set_name
            if change_set.change_set_id == change_set_name or (
                of_that_name and stack_name in stack_names
            ):
                return change_set
        raise ChangeSetNotFound(f"ChangeSet [{change_set_name}] does not exist")

    def delete_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = self.describe_change_set(change_set_name, stack_name)
        del self.change_sets[change_set.change_set_id]

    def execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = self.describe_change_set(change_set_name, stack_name)
        if change_set.execution_status != "AVAILABLE":
            raise InvalidChangeSetStatus(
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status "
                f"of [{change_set.status}]"
            )
        stack, change_set.execution_status = change_set.stack, "EXECUTE_IN_PROGRESS"
        if change_set.change_set_type == "UPDATE":
            stack.status = "UPDATE_IN_PROGRESS"
            waiting = waits(stack.template_dict) or waits(change_set.template_dict)
        else:
            stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
            stack.cross_stack_resources = self.exports
            _load(stack, change_set.template, change_set.parameters)
            stack.status, waiting = "CREATE_IN_PROGRESS", waits(stack.template_dict)
        carry_out(lambda: self._execute(change_set), in_background=waiting)

    def _execute(self, change_set: ChangeSet) -> None:
        stack = change_set.stack
        if change_set.change_set_type == "UPDATE":
            self._update(
                stack,
                change_set.template,
                change_set.parameters,
                tags=change_set.tags,
                role_arn=change_set.role_arn,
            )
        else:
            self._create(stack)
        done = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "CREATE_IN_PROGRESS")
        change_set.execution_status = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"

    def _stack_in_review(
        self, name: str, parameters: dict[str, Any], settings: dict[str, Any]
    ) -> Stack:
        stack = self._find(name)
        if stack is not None and stack.status == IN_REVIEW:
            return stack
        if stack is not None:
            raise AlreadyExistsException(f"Stack [{name}] already exists and cannot be created")
        kept = {key: value for key, value in settings.items() if key != "description"}
        stack = Stack(
            stack_id=generate_stack_id(name, self.region_name, self.account_id),
            name=name,
            template={},
            parameters=parameters,
            account_id=self.account_id,
            region_name=self.region_name,
            **kept,
        )
        end_stack(stack, IN_REVIEW, "User Initiated")
        self.stacks[stack.stack_id] = stack
        return stack


def _load(stack: Stack, template: str, parameters: dict[str, Any]) -> None:
    stack.template, stack.parameters = template, parameters
    stack._parse_template()
    stack.resource_map = stack._create_resource_map()
    stack.output_map = stack._create_output_map()
