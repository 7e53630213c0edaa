"""The port through which the control plane calls hook functions.

The Lambda host stands behind it in the local AWS, a script in tests. Imported by
`testgate.local` and its tests.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """One synchronous invocation with the identity of `role_arn`."""

    function_arn: str
    role_arn: str
    payload: bytes


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


HookResult = HookAnswered | HookFunctionError | HookRoleNotAssumed | HookNotInvoked

HookInvoker = Callable[[HookCall], HookResult]
"""Blocks until the function has ended; called from several threads. May raise: that counts as
`HookNotInvoked` with the exception's text."""
