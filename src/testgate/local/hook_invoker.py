"""How local ECS reaches a hook: by its role, through the Lambda service.

ECS assumes the hook's role and invokes with it (AWS's guide, "Permissions required for Lambda
functions in Amazon ECS blue/green deployments"), so both the trust and the right are checked here
as there. Imported by `testgate.local.world`.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
    HookThrottled,
)
from testgate.local.lambdas import LambdaError, LambdaHost
from testgate.local.lambdas.errors import ServiceFailureError, ThrottledError
from testgate.local.rights import (
    Allowed,
    Authority,
    Call,
    PolicyError,
    PolicyKind,
    Request,
    evaluate,
    read_policy,
)
from testgate.local.rights.deployed import find_role
from testgate.local.rights.sessions import Session

_log = logging.getLogger(__name__)
_SESSION = "ECS-Lambda-Execution"  # documented by the message that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class HookInvocations:
    """Calls hook functions on behalf of ECS."""

    host: LambdaHost
    authority: Authority

    def __call__(self, call: HookCall) -> HookResult:
        """Invoke synchronously; blocks until the function has ended."""
        role = find_role(call.role_arn)
        if role is None or not _trusts_ecs(role, call.role_context):
            return HookRoleNotAssumed()
        refusal = self.authority.refusal(
            Session(role_arn=call.role_arn, name=_SESSION),
            Call(action="lambda:InvokeFunction", resource=call.function_arn),
        )
        if refusal is not None:
            return HookNotInvoked(reason=refusal)
        try:
            invocation = self.host.invoke(call.function_arn, call.payload)
        except (ThrottledError, ServiceFailureError) as exc:
            return HookThrottled(reason=str(exc))
        except LambdaError as exc:
            return HookNotInvoked(reason=str(exc))
        if invocation.function_error:
            return HookFunctionError(body=invocation.payload)
        return HookAnswered(body=invocation.payload)


def _trusts_ecs(role: Any, context: Mapping[str, str]) -> bool:
    """Whether the role's trust policy lets ECS assume it, with these condition keys and no others.

    What cannot be evaluated here does not count as trust.
    """
    try:
        policy = read_policy(_trust_document(role), f"trust of {role.name}", PolicyKind.RESOURCE)
    except PolicyError as exc:
        _log.warning("ECS cannot assume role %s: %s", role.name, exc)
        return False
    request = Request(
        action="sts:AssumeRole",
        resource="*",
        context={key.lower(): value for key, value in context.items()},
        principals=frozenset({"*", "Service:ecs.amazonaws.com"}),
    )
    return isinstance(evaluate([policy], request), Allowed)


def _trust_document(role: Any) -> str:
    """As a policy of a resource; in a trust policy the resource is the role, and not named."""
    document = role.assume_role_policy_document
    if isinstance(document, str):
        document = json.loads(document)
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    return json.dumps({**document, "Statement": [{**each, "Resource": "*"} for each in listed]})
