"""Conditions in the trust policy of a hook's role, and what Lambda says before a hook runs."""

from typing import Any

import pytest

from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookNotInvoked,
    HookRoleNotAssumed,
    HookThrottled,
)
from testgate.local.hook_invoker import HookInvocations
from testgate.local.lambdas.errors import (
    FunctionNotFoundError,
    LambdaError,
    ServiceFailureError,
    ThrottledError,
)
from testgate.local.lambdas.model import Invocation
from tests.local.rights.conftest import allow, document

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:hook"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/shop/web"
SENT = {"aws:SourceAccount": "123456789012", "aws:SourceArn": SERVICE}


class Host:
    """A Lambda service that answers, or refuses, everything."""

    refusal: LambdaError | None = None

    def invoke(self, function: str, payload: bytes) -> Invocation:
        if self.refusal is not None:
            raise self.refusal
        return Invocation(
            request_id="r",
            status_code=200,
            payload=b"{}",
            function_error=None,
            log_tail=b"",
            executed_version="1",
        )


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def call_hook(server, actor, authority, host):
    """Calls a hook whose role ECS may assume under a condition, with condition keys."""
    fake: Any = host
    invoke = HookInvocations(host=fake, authority=authority)
    actor.may(allow("lambda:InvokeFunction", FUNCTION))

    def call(condition, keys):
        trust = allow("sts:AssumeRole", Principal={"Service": ["ecs.amazonaws.com"]})
        del trust["Resource"]
        if condition:
            trust["Condition"] = condition
        server.client("iam").update_assume_role_policy(
            RoleName=actor.name, PolicyDocument=document(trust)
        )
        return invoke(
            HookCall(function_arn=FUNCTION, role_arn=actor.arn, payload=b"{}", role_context=keys)
        )

    return call


@pytest.mark.parametrize(
    ("condition", "sent", "trusted"),
    [
        ({}, False, True),
        ({}, True, True),
        ({"StringEquals": {"aws:SourceAccount": "123456789012"}}, True, True),
        ({"StringEquals": {"aws:SourceAccount": "123456789012"}}, False, False),
        ({"StringEquals": {"aws:SourceAccount": "999999999999"}}, True, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}, False, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:123456789012:*"}}, True, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:123456789012:*"}}, False, False),
        ({"NumericEquals": {"aws:SourceAccount": "123456789012"}}, True, False),
    ],
)
def test_source_conditions_hold_only_if_ecs_sends_the_keys(call_hook, condition, sent, trusted):
    answer = call_hook(condition, SENT if sent else {})
    assert answer == (HookAnswered(b"{}") if trusted else HookRoleNotAssumed())


@pytest.mark.parametrize(
    ("refusal", "result"),
    [
        (ThrottledError("Rate exceeded"), HookThrottled("Rate exceeded")),
        (ServiceFailureError("internal"), HookThrottled("internal")),
        (FunctionNotFoundError("not found"), HookNotInvoked("not found")),
    ],
)
def test_throttles_and_failures_of_lambda_are_told_from_refusals(call_hook, host, refusal, result):
    host.refusal = refusal
    assert call_hook({}, {}) == result
