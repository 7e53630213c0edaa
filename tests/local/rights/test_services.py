"""What services do with a role, or without one: the state machine, ECS, EventBridge, Lambda."""

import json
import threading
from typing import Any

import pytest

from testgate.local.ecs.invoker import HookAnswered, HookCall, HookNotInvoked, HookRoleNotAssumed
from testgate.local.hook_invoker import HookInvocations
from testgate.local.lambdas.catalog import CodePackage, LogSettings, Settings
from testgate.local.lambdas.logs import LogStream
from testgate.local.lambdas.model import Invocation
from testgate.local.rights import Call, PolicyKind
from tests.local.rights.conftest import allow, document

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:hook"
RULE = "arn:aws:events:us-east-1:123456789012:rule/ended"
INVOKE = Call(action="lambda:InvokeFunction", resource=FUNCTION)


def ended(server, actor, **task):
    """The ended execution of a machine with the actor's role that invokes a function."""
    states = server.client("stepfunctions")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": FUNCTION, "Payload": {}},
        "End": True,
    }
    machine = states.create_state_machine(
        name=actor.name,
        definition=json.dumps({"StartAt": "Run", "States": {"Run": state | task}}),
        roleArn=actor.arn,
    )["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    pause = threading.Event()
    for _ in range(400):
        described = states.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        pause.wait(0.025)
    raise AssertionError("the execution never ended")


def test_a_state_machine_invokes_with_its_role(server, actor, authority):
    execution = ended(server, actor)
    assert execution["status"] == "FAILED"
    assert execution["error"] == "Lambda.AWSLambdaException"
    assert execution["cause"].startswith(
        f"User: arn:aws:sts::123456789012:assumed-role/{actor.name}/"
    )
    assert (
        f"is not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION} because no "
        "identity-based policy allows the lambda:InvokeFunction action (Service: AWSLambda; "
        "Status Code: 403; Error Code: AccessDeniedException;"
    ) in execution["cause"]
    (denial,) = authority.ledger.denials()
    assert (denial.caller, denial.action) == (actor.name, "lambda:InvokeFunction")


def test_a_state_machine_that_may_invoke_gets_to_the_function(server, actor, authority):
    actor.may(allow("lambda:InvokeFunction", FUNCTION, Sid="Steps"))
    execution = ended(server, actor)
    assert execution["status"] == "SUCCEEDED"  # moto answers for a function that is not there
    (use,) = authority.ledger.uses()
    assert (use.caller, use.grant.sid) == (actor.name, "Steps")


class Host:
    """A Lambda service that answers everything."""

    def invoke(self, function: str, payload: bytes) -> Invocation:
        return Invocation(
            request_id="r",
            status_code=200,
            payload=b"{}",
            function_error=None,
            log_tail=b"",
            executed_version="1",
        )


@pytest.fixture
def call_hook(authority):
    host: Any = Host()
    return HookInvocations(host=host, authority=authority)


@pytest.fixture
def hook_role(server, actor):
    """The actor's role, which ECS may assume."""
    trust = allow("sts:AssumeRole", Principal={"Service": "ecs.amazonaws.com"})
    del trust["Resource"]
    server.client("iam").update_assume_role_policy(
        RoleName=actor.name, PolicyDocument=document(trust)
    )
    return actor


def test_ecs_invokes_a_hook_with_the_hooks_role(call_hook, hook_role, authority):
    call = HookCall(function_arn=FUNCTION, role_arn=hook_role.arn, payload=b"{}")
    hook_role.may(allow("lambda:InvokeFunction", f"{FUNCTION}-of-another"))
    assert call_hook(call) == HookNotInvoked(
        f"User: arn:aws:sts::123456789012:assumed-role/{hook_role.name}/ECS-Lambda-Execution is "
        f"not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION} because no "
        "identity-based policy allows the lambda:InvokeFunction action"
    )
    hook_role.may(allow("lambda:InvokeFunction", FUNCTION, Sid="Invoke"))
    assert call_hook(call) == HookAnswered(b"{}")
    (use,) = authority.ledger.uses()
    assert (use.caller, use.grant.sid) == (hook_role.name, "Invoke")


def test_ecs_needs_to_be_trusted_and_the_role_to_exist(call_hook, actor):
    actor.may(allow("*"))
    for role_arn in (actor.arn, "arn:aws:iam::123456789012:role/nobody", "nonsense", ""):
        call = HookCall(function_arn=FUNCTION, role_arn=role_arn, payload=b"{}")
        assert call_hook(call) == HookRoleNotAssumed()


@pytest.fixture
def permission(server, actor):
    """Gives services the right to invoke a function; the function's ARN."""
    client = server.client("lambda")
    function = client.create_function(
        FunctionName=actor.name,
        Runtime="python3.11",
        Handler="app.handler",
        Role=actor.arn,
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )["FunctionArn"]

    def permit(**settings):
        client.add_permission(
            FunctionName=actor.name, StatementId="it", Action="lambda:InvokeFunction", **settings
        )
        return Call(action="lambda:InvokeFunction", resource=function)

    return permit


@pytest.mark.parametrize(
    ("permitted", "may"),
    [
        ({"Principal": "events.amazonaws.com", "SourceArn": RULE}, True),
        ({"Principal": "events.amazonaws.com"}, True),
        ({"Principal": "events.amazonaws.com", "SourceAccount": "123456789012"}, True),
        ({"Principal": "events.amazonaws.com", "SourceArn": f"{RULE}-other"}, False),
        ({"Principal": "events.amazonaws.com", "SourceAccount": "210987654321"}, False),
        ({"Principal": "sns.amazonaws.com"}, False),
    ],
)
def test_eventbridge_invokes_by_the_functions_own_policy(permission, authority, permitted, may):
    call = permission(**permitted)
    refusal = authority.refusal_of_service("events.amazonaws.com", RULE, call)
    assert (refusal is None) is may
    if refusal is None:
        ((use, count),) = authority.ledger.uses().items()
        assert (use.caller, use.grant.kind, count) == (
            "events.amazonaws.com",
            PolicyKind.RESOURCE,
            1,
        )
    else:
        assert refusal.endswith(
            "because no resource-based policy allows the lambda:InvokeFunction action"
        )


def test_a_function_without_policy_is_invoked_by_no_service(authority):
    assert authority.refusal_of_service("events.amazonaws.com", RULE, INVOKE)


@pytest.mark.parametrize(
    ("allowed", "group_exists", "logged"),
    [
        (["CreateLogGroup", "CreateLogStream", "PutLogEvents"], False, True),
        (["CreateLogStream", "PutLogEvents"], False, False),
        (["CreateLogStream", "PutLogEvents"], True, True),
        (["PutLogEvents"], True, False),
        (["CreateLogStream"], True, False),
        ([], True, False),
    ],
)
def test_a_function_logs_by_its_roles_rights(server, actor, allowed, group_exists, logged):
    logs, group = server.client("logs"), f"/aws/lambda/{actor.name}"
    if group_exists:
        logs.create_log_group(logGroupName=group)
    stream = LogStream(
        settings(actor.arn, group), lambda _settings, action, arn: action[5:] in allowed
    )
    stream.write(b"hello\n")
    stream.write(b"again\n")
    assert stream.take_tail() == b"hello\nagain\n"
    groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    found = logs.filter_log_events(logGroupName=group)["events"] if groups else []
    assert [event["message"] for event in found] == (["hello\n", "again\n"] if logged else [])


def settings(role_arn: str, group: str) -> Settings:
    return Settings(
        account="123456789012",
        region="us-east-1",
        name="f",
        arn="arn:aws:lambda:us-east-1:123456789012:function:f",
        version="1",
        handler="app.handler",
        runtime="python3.12",
        role_arn=role_arn,
        timeout_s=3,
        memory_mb=128,
        variables=(),
        code=CodePackage(digest="d", zip_bytes=b""),
        layers=(),
        log=LogSettings(group=group),
    )
