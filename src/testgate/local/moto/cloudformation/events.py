"""What a stack says of itself: the failed resource, its reason, the events and the status.

Imported by the other modules of this package.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.cloudformation.models import Event, Stack

_INITIATED: ContextVar[Callable[[Any], None]] = ContextVar("initiated", default=lambda _: None)


@contextmanager
def hearing(of: Callable[[Any], None]) -> Iterator[None]:
    """Meanwhile `of` is told of a resource that exists and is not complete yet."""
    token = _INITIATED.set(of)
    try:
        yield
    finally:
        _INITIATED.reset(token)


def initiated(resource: Any) -> None:
    """AWS (seen): a second `CREATE_IN_PROGRESS`, "Resource creation Initiated", has the physical
    id, long before the creation is complete."""
    _INITIATED.get()(resource)


class ResourceFailedError(Exception):
    """One resource could not be created or updated; says which and why."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(f"{logical_id} ({resource_type}): {reason}")
        self.logical_id = logical_id
        self.resource_type = resource_type
        self.reason = reason


class ResourceHandlerError(Exception):
    """A resource says itself, in AWS's words, why it failed; nothing is added to them."""


def resource_failure(
    logical_id: str, declared: dict[str, Any], exc: Exception
) -> ResourceFailedError:
    """`exc` as the failure of a resource; the innermost resource is the one that failed."""
    if isinstance(exc, ResourceFailedError):
        return exc
    return ResourceFailedError(logical_id, declared["Type"], reason_of(exc))


def end_stack(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status, stack.status_reason = status, reason
    stack._add_stack_event(status, resource_status_reason=reason)


def add_resource_event(
    stack: Stack, logical_id: str, resource_type: str, status: str, resource: Any
) -> None:
    """What a resource of the stack has come to; `resource` is None while it does not exist."""
    physical_id = getattr(resource, "physical_resource_id", "")
    stack.events.append(_event(stack, logical_id, resource_type, status, physical_id=physical_id))


def add_failure_event(stack: Stack, exc: Exception, status: str, verb: str) -> str:
    """Say in the events which resource failed and why; the stack's reason names it again."""
    if not isinstance(exc, ResourceFailedError):
        return reason_of(exc)
    stack.events.append(_event(stack, exc.logical_id, exc.resource_type, status, reason=exc.reason))
    return (
        f"The following resource(s) failed to {verb}: [{exc.logical_id}]. {exc.logical_id}: "
        f"{exc.reason}"
    )


def _event(
    stack: Stack,
    logical_id: str,
    resource_type: str,
    status: str,
    *,
    physical_id: str = "",
    reason: str | None = None,
) -> Event:
    return Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=logical_id,
        physical_resource_id=physical_id,
        resource_type=resource_type,
        resource_status=status,
        resource_status_reason=reason,
        resource_properties=None,
    )


def reason_of(exc: Exception) -> str:
    if isinstance(exc, ResourceHandlerError):
        return str(exc)
    described = getattr(exc, "message", None) or getattr(exc, "description", None) or str(exc)
    return f"{described} ({type(exc).__name__})"
