"""How local ECS reaches a hook: by its role, through the Lambda service.

ECS assumes the hook's role and invokes with it (AWS's guide, "Permissions required for Lambda
functions in Amazon ECS blue/green deployments"), so both the trust and the right are checked here
as there. Imported by `testgate.local.world`.
"""

import json
from dataclasses import dataclass
from typing import Any

from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
)
from testgate.local.lambdas import LambdaError, LambdaHost
from testgate.local.rights import Authority, Call
from testgate.local.rights.deployed import find_role
from testgate.local.rights.sessions import Session

_SESSION = "ECS-Lambda-Execution"  # documented by the message that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class HookInvocations:
    """Calls hook functions on behalf of ECS."""

    host: LambdaHost
    authority: Authority

    def __call__(self, call: HookCall) -> HookResult:
        """Invoke synchronously; blocks until the function has ended."""
        role = find_role(call.role_arn)
        if role is None or not _trusts_ecs(role):
            return HookRoleNotAssumed()
        refusal = self.authority.refusal(
            Session(role_arn=call.role_arn, name=_SESSION),
            Call(action="lambda:InvokeFunction", resource=call.function_arn),
        )
        if refusal is not None:
            return HookNotInvoked(reason=refusal)
        try:
            invocation = self.host.invoke(call.function_arn, call.payload)
        except LambdaError as exc:
            return HookNotInvoked(reason=str(exc))
        if invocation.function_error:
            return HookFunctionError(body=invocation.payload)
        return HookAnswered(body=invocation.payload)


def _trusts_ecs(role: Any) -> bool:
    document = role.assume_role_policy_document
    if isinstance(document, str):
        document = json.loads(document)
    for statement in _as_list(document.get("Statement")):
        principals = _as_list((statement.get("Principal") or {}).get("Service"))
        if statement.get("Effect") == "Allow" and "ecs.amazonaws.com" in principals:
            return True
    return False


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
