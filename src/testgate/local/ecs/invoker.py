"""The port through which the control plane calls hook functions.

The Lambda host stands behind it in the local AWS, a script in tests. Imported by
`testgate.local` and its tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """One synchronous invocation with the identity of `role_arn`.

    `role_context` are the condition keys that come with assuming the role.
    """

    function_arn: str
    role_arn: str
    payload: bytes
    role_context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HookAnswered:
    """The function returned `body`, JSON or not."""

    body: bytes


@dataclass(frozen=True, slots=True)
class HookFunctionError:
    """The function raised, timed out or died; `body` is Lambda's error document."""

    body: bytes


@dataclass(frozen=True, slots=True)
class HookRoleNotAssumed:
    """ECS may not assume the hook's role."""


@dataclass(frozen=True, slots=True)
class HookNotInvoked:
    """The invocation itself was refused; `reason` is AWS's text, as
    `User: arn:aws:sts::…/ECS-Lambda-Execution is not authorized to perform: …`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class HookThrottled:
    """Lambda had no capacity, or failed itself (429, 5xx), before the function ran; AWS's text."""

    reason: str


HookResult = HookAnswered | HookFunctionError | HookRoleNotAssumed | HookNotInvoked | HookThrottled

HookInvoker = Callable[[HookCall], HookResult]
"""Blocks until the function has ended; called from several threads. May raise: that counts as
`HookNotInvoked` with the exception's text."""
