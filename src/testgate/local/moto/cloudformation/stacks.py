"""Stacks that end in a status instead of an exception: creation, update, deletion.

A backend in the place of moto's. What a resource is made of is left to moto and to the resource
modules of this package. Imported by `change_sets` alone.
"""

import functools
from typing import Any

import moto.cloudformation.urls as cloudformation_urls
from moto.cloudformation.exceptions import (
    AlreadyExistsException,
    ValidationError,
)
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import OutputMap
from moto.cloudformation.utils import (
    generate_stack_id,
)

from testgate.local.moto.cloudformation.background import carry_out, waits
from testgate.local.moto.cloudformation.events import (
    add_failure_event,
    add_resource_event,
    end_stack,
    reason_of,
)
from testgate.local.moto.cloudformation.templates import check_template

_NOT_UPDATABLE = frozenset(
    {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}
)
IN_REVIEW = "REVIEW_IN_PROGRESS"


class StackBackend(CloudFormationBackend):  # type: ignore[misc]
    """moto's backend with AWS's statuses.

    AWS (documented): a template that cannot be understood is refused with `ValidationError`; a
    resource that cannot be made ends in `CREATE_FAILED` with its reason and the stack in
    `ROLLBACK_COMPLETE`. moto raises out of CreateStack and leaves half a stack.
    """

    @property
    def _url_module(self) -> Any:
        return cloudformation_urls

    def create_stack(
        self, name: str, template: str, parameters: dict[str, Any], **settings: Any
    ) -> Stack:
        if any(stack.name == name for stack in self.stacks.values()):
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        stack = self._checked_stack(name, template, parameters, **settings)
        self.stacks[stack.stack_id] = stack
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.status = "CREATE_IN_PROGRESS"
        carry_out(lambda: self._create(stack), in_background=waits(stack.template_dict))
        return stack

    def update_stack(
        self,
        name: str,
        template: str,
        role_arn: str | None,
        parameters: list[dict[str, Any]],
        tags: dict[str, str] | None,
    ) -> Stack:
        stack = self._updatable(name)
        given = self._resolve_update_parameters(stack, parameters)
        if self._is_unchanged(stack, template, given, tags):
            raise ValidationError(message="No updates are to be performed.")
        self._start_update(stack, template, given, tags=tags, role_arn=role_arn)
        return stack

    def delete_stack(self, name_or_stack_id: str) -> None:
        """AWS (documented): no such stack is no error; what cannot go makes it `DELETE_FAILED`."""
        stack = self._find(name_or_stack_id)
        if stack is None:
            return
        if _is_under_way(stack):
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while in status {stack.status}; "
                "the local AWS cancels no creation: stop the service deployment that it waits for."
            )
        stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
        try:
            stack.resource_map.delete()
        except Exception as exc:  # noqa: BLE001 - whatever a resource raises is the stack's reason
            end_stack(
                stack, "DELETE_FAILED", add_failure_event(stack, exc, "DELETE_FAILED", "delete")
            )
            return
        for name in [name for name, export in self.exports.items() if _is_of(export, stack)]:
            del self.exports[name]
        end_stack(stack, "DELETE_COMPLETE")
        self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)

    def _start_update(self, stack: Stack, template: str, *arguments: Any, **settings: Any) -> None:
        stack.status = "UPDATE_IN_PROGRESS"
        waiting = waits(stack.template_dict) or waits(Stack.parse_template(template))
        carry_out(
            lambda: self._update(stack, template, *arguments, **settings), in_background=waiting
        )

    def _create(self, stack: Stack) -> None:
        _tell_of_resources(stack)
        # Whoever describes the stack meanwhile must not create what its outputs refer to.
        stack.output_map = OutputMap(stack.resource_map, {}, stack.stack_id)
        try:
            ready = stack.resource_map.create(stack.template_dict)
            stack.output_map = stack._create_output_map()
            self._register_exports(stack)
        except Exception as exc:  # noqa: BLE001 - whatever a resource raises is the stack's reason
            self._roll_back_creation(stack, exc)
            return
        if ready:
            stack.mark_creation_complete()

    def _roll_back_creation(self, stack: Stack, exc: Exception) -> None:
        reason = add_failure_event(stack, exc, "CREATE_FAILED", "create")
        end_stack(stack, "ROLLBACK_IN_PROGRESS", reason)
        try:
            stack.resource_map.delete(undoing_creation=True)
            status = "ROLLBACK_COMPLETE"
        except Exception as again:  # noqa: BLE001 - as above
            status, reason = "ROLLBACK_FAILED", f"{reason} Rolling back failed: {reason_of(again)}"
        # Listing a stack without resources must not create them again.
        stack.resource_map._resource_json_map = {}
        stack.output_map = OutputMap(stack.resource_map, {}, stack.stack_id)
        end_stack(stack, status, reason)

    def _update(
        self,
        stack: Stack,
        template: str,
        parameters: dict[str, Any],
        *,
        tags: dict[str, str] | None,
        role_arn: str | None,
    ) -> None:
        before = (stack.template, stack.parameters)
        _tell_of_resources(stack)
        try:
            stack.update(template, role_arn, parameters=parameters, tags=tags or None)
            self._register_exports(stack)
        except Exception as exc:  # noqa: BLE001 - whatever a resource raises is the stack's reason
            reason = add_failure_event(stack, exc, "UPDATE_FAILED", "update")
            _roll_back_update(stack, *before, reason)
            return
        stack.status_reason = None

    def _register_exports(self, stack: Stack) -> None:
        mine = {export.name: export for export in stack.exports}
        for name, export in self.exports.items():
            if name in mine and not _is_of(export, stack):
                raise ValidationError(
                    message=f"Export with name {name} is already exported by another stack"
                )
        for name in [name for name, export in self.exports.items() if _is_of(export, stack)]:
            del self.exports[name]
        self.exports.update(mine)

    def _checked_stack(
        self, name: str, template: str, parameters: dict[str, Any], **settings: Any
    ) -> Stack:
        """A stack of which nothing exists yet, its template and parameters found right."""
        check_template(Stack.parse_template(template))
        return Stack(
            stack_id=generate_stack_id(name, self.region_name, self.account_id),
            name=name,
            template=template,
            parameters=parameters,
            account_id=self.account_id,
            region_name=self.region_name,
            cross_stack_resources=self.exports,
            **settings,
        )

    def _is_unchanged(
        self,
        stack: Stack,
        template: str,
        parameters: dict[str, Any],
        tags: dict[str, str] | None,
    ) -> bool:
        wanted = self._checked_stack(stack.name, template, parameters)
        return bool(
            # Read anew: moto writes into what it has read, such as properties that were left out.
            Stack.parse_template(template) == Stack.parse_template(stack.template)
            and wanted.stack_parameters == stack.stack_parameters
            and (not tags or tags == stack.tags)
        )

    def _resolve_update_parameters(
        self, instance: Stack, incoming_params: list[dict[str, Any]]
    ) -> dict[str, str]:
        before = instance.stack_parameters
        return {
            each["ParameterKey"]: parameter_text(before.get(each["ParameterKey"]))
            if each.get("UsePreviousValue")
            else each["ParameterValue"]
            for each in incoming_params
        }

    def _find(self, name_or_id: str) -> Stack | None:
        return next(
            (each for each in self.stacks.values() if name_or_id in (each.name, each.stack_id)),
            None,
        )

    def _updatable(self, name: str) -> Stack:
        stack = self._find(name)
        if stack is None:
            raise ValidationError(message=f"Stack [{name}] does not exist")
        if stack.status in (*_NOT_UPDATABLE, IN_REVIEW) or _is_under_way(stack):
            raise ValidationError(
                message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )
        return stack


def _tell_of_resources(stack: Stack) -> None:
    stack.resource_map.tell = functools.partial(add_resource_event, stack)


def _roll_back_update(stack: Stack, template: str, parameters: dict[str, Any], reason: str) -> None:
    end_stack(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
    resources = stack.resource_map
    # What was never made cannot be removed.
    existing = dict(resources.existing())
    declared = resources._resource_json_map
    resources._resource_json_map = {name: declared[name] for name in existing}
    stack.template, stack.parameters = template, parameters
    stack._parse_template()
    try:
        resources.restore_retired()
        resources.update(stack.template_dict, parameters)
        status = "UPDATE_ROLLBACK_COMPLETE"
    except Exception as exc:  # noqa: BLE001 - whatever a resource raises is the stack's reason
        status, reason = "UPDATE_ROLLBACK_FAILED", f"{reason} Rolling back failed: {reason_of(exc)}"
    stack.output_map = stack._create_output_map()
    end_stack(stack, status, reason)


def _is_under_way(stack: Stack) -> bool:
    return bool(stack.status.endswith("_IN_PROGRESS") and stack.status != IN_REVIEW)


def _is_of(export: Any, stack: Stack) -> bool:
    return bool(export.exporting_stack_id == stack.stack_id)


def parameter_text(value: Any) -> str:
    """A resolved parameter as it was given: lists are written with commas."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
