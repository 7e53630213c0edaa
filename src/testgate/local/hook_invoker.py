"""How local ECS reaches a hook: by its role, through the Lambda service.

ECS assumes the hook's role and invokes with it (AWS's guide, "Permissions required for Lambda
functions in Amazon ECS blue/green deployments"), so both the trust and the right are checked here
as there. Imported by `testgate.local.world`.
"""

import json
from dataclasses import dataclass
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import iam_backends

from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
)
from testgate.local.lambdas import LambdaError, LambdaHost

_SESSION = "ECS-Lambda-Execution"  # documented by the message that names it
_ACTION = "lambda:InvokeFunction"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookInvocations:
    """Calls hook functions on behalf of ECS."""

    host: LambdaHost

    def __call__(self, call: HookCall) -> HookResult:
        """Invoke synchronously; blocks until the function has ended."""
        role = _role(call.role_arn)
        if role is None or not _trusts_ecs(role):
            return HookRoleNotAssumed()
        if not _may_invoke(role, call.function_arn):
            session = f"arn:aws:sts::{DEFAULT_ACCOUNT_ID}:assumed-role/{role.name}/{_SESSION}"
            return HookNotInvoked(
                reason=f"User: {session} is not authorized to perform: {_ACTION} on resource: "
                f"{call.function_arn} because no identity-based policy allows the {_ACTION} action"
            )
        try:
            invocation = self.host.invoke(call.function_arn, call.payload)
        except LambdaError as exc:
            return HookNotInvoked(reason=str(exc))
        if invocation.function_error:
            return HookFunctionError(body=invocation.payload)
        return HookAnswered(body=invocation.payload)


def _role(arn: str) -> Any | None:
    roles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def _trusts_ecs(role: Any) -> bool:
    document = role.assume_role_policy_document
    if isinstance(document, str):
        document = json.loads(document)
    for statement in _as_list(document.get("Statement")):
        principals = _as_list((statement.get("Principal") or {}).get("Service"))
        if statement.get("Effect") == "Allow" and "ecs.amazonaws.com" in principals:
            return True
    return False


def _may_invoke(role: Any, function_arn: str) -> bool:
    results = [
        IAMPolicy(_text(document)).is_action_permitted(_ACTION, function_arn)
        for document in role.policies.values()
    ]
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
