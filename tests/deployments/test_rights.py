"""A right that is missing refuses the deployment, says which one it is, and never hangs."""

import json

import pytest

from testgate.core.outcomes import Outcome
from tests.deployments.conftest import SUITE

POLICIES = {
    "HookRole": "test-gate",
    "HookInvokeRole": "invoke-hooks",
    "PrepareRole": "prepare",
    "CheckRole": "check",
    "RunSuiteRole": "run-suite",
    "JudgeRole": "judge",
    "StateMachineRole": "run-steps",
}


@pytest.fixture
def without(lab):
    """Takes statements from a role of the stack; they are back after the test."""
    iam = lab.local.client("iam")
    taken = []

    def take(holder, *sids):
        role = lab.local.client("cloudformation").describe_stack_resource(
            StackName=lab.stack.name, LogicalResourceId=holder
        )["StackResourceDetail"]["PhysicalResourceId"]
        name = {"RoleName": role, "PolicyName": POLICIES[holder]}
        whole = iam.get_role_policy(**name)["PolicyDocument"]
        taken.append((name, whole))
        rest = [each for each in whole["Statement"] if each["Sid"] not in sids]
        assert len(rest) == len(whole["Statement"]) - len(sids)
        if rest:
            iam.put_role_policy(**name, PolicyDocument=json.dumps(whole | {"Statement": rest}))
        else:
            iam.delete_role_policy(**name)

    yield take
    for name, whole in taken:
        iam.put_role_policy(**name, PolicyDocument=json.dumps(whole))


def refused(lab, deployment, action):
    """The gate run of a deployment that went back because of a missing right."""
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    run = lab.run(deployment)
    assert run.answer
    assert run.answer["hook_status"] == "FAILED"
    assert Outcome(run.answer["outcome"]) is Outcome.INFRA_ERROR
    assert f"is not authorized to perform: {action}" in run.answer["sentence"]
    return run


@pytest.mark.denied(
    *("ecs:DescribeServiceDeployments", "states:StartExecution", "states:DescribeExecution")
)
@pytest.mark.parametrize(
    ("sid", "action"),
    [
        ("Deployment", "ecs:DescribeServiceDeployments"),
        ("Start", "states:StartExecution"),
        ("Watch", "states:DescribeExecution"),
    ],
)
def test_a_hook_without_a_right_refuses_and_names_it(lab, without, sid, action):
    lab.established()
    without("HookRole", sid)
    refused(lab, lab.update("2"), action)


@pytest.mark.denied(
    *("ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions", "s3:GetObject"),
    *("elasticloadbalancing:DescribeRules", "s3:PutObject"),
)
@pytest.mark.parametrize(
    ("holder", "sid", "action"),
    [
        ("PrepareRole", "Deployment", "ecs:DescribeServiceDeployments"),
        ("PrepareRole", "Revision", "ecs:DescribeServiceRevisions"),
        ("PrepareRole", "Endpoint", "elasticloadbalancing:DescribeRules"),
        ("PrepareRole", "Plans", "s3:GetObject"),
        ("RunSuiteRole", "Bundle", "s3:GetObject"),
        ("RunSuiteRole", "Evidence", "s3:PutObject"),
        ("JudgeRole", "Deployment", "ecs:DescribeServiceDeployments"),
        ("JudgeRole", "Revision", "ecs:DescribeServiceRevisions"),
        ("JudgeRole", "Endpoint", "elasticloadbalancing:DescribeRules"),
        ("JudgeRole", "Read", "s3:GetObject"),
        ("JudgeRole", "Record", "s3:PutObject"),
    ],
)
def test_a_step_without_a_right_refuses_and_names_it(lab, without, holder, sid, action):
    lab.established()
    without(holder, sid)
    refused(lab, lab.update("2"), action)


@pytest.mark.denied("ecs:DescribeServiceDeployments")
def test_a_check_between_waves_without_its_right_costs_no_wave(lab, without):
    """It only saves what nobody waits for: what it cannot tell, Judge still does."""
    lab.established()
    lab.publish_waves(SUITE, SUITE)
    without("CheckRole", "Deployment")
    assert lab.update("2")["status"] == "SUCCESSFUL"


@pytest.fixture
def impatient_machine(lab):
    """The machine with retries at once instead of over three minutes, for executions from now."""
    lab.established()
    client, arn = lab.local.client("stepfunctions"), lab.stack.state_machine_arn
    whole = client.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(whole)
    for name in ("Prepare", "Judge"):
        for retry in definition["States"][name]["Retry"]:
            retry |= {"IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 1}
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    yield
    client.update_state_machine(stateMachineArn=arn, definition=whole)


@pytest.mark.denied("lambda:InvokeFunction")
@pytest.mark.usefixtures("impatient_machine")
def test_a_state_machine_that_may_not_run_its_steps_refuses(lab, without):
    without("StateMachineRole", "Steps")
    run = refused(lab, lab.update("2"), "lambda:InvokeFunction")
    assert "Lambda.AWSLambdaException" in run.answer["sentence"]


@pytest.mark.denied("lambda:InvokeFunction")
def test_a_hook_that_ecs_may_not_invoke_fails_the_deployment_with_that_reason(lab, without):
    lab.established()
    without("HookInvokeRole", "Invoke")
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    says = deployment["statusReason"]
    assert (
        f"ECS was unable to invoke hook target {lab.stack.hook_function_arn} due to User: " in says
    )
    assert (
        "/ECS-Lambda-Execution is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{lab.stack.hook_function_arn} because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    ) in says


@pytest.mark.denied(
    *("logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject", "events:PutEvents")
)
def test_a_hook_that_cannot_tell_its_answer_gives_it_all_the_same(lab, without):
    """Log, answer and event tell of a verdict; none of them is one."""
    lab.established()
    without("HookRole", "Logs", "Answer", "Tell")
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    run = lab.run(deployment)
    assert (run.outcome, run.answer) == (Outcome.PASSED, None)


@pytest.mark.denied("s3:GetObject", "s3:PutObject")
@pytest.mark.parametrize("holder", ["PrepareRole", "RunSuiteRole", "JudgeRole"])
def test_a_right_to_durations_that_is_missing_only_costs_balance(lab, without, holder):
    lab.established()
    lab.publish({"smoke": SUITE + "def test_b(): pass\n"}, extra="shards = 2")
    assert lab.update("2", lab.hook())["status"] == "SUCCESSFUL"
    without(holder, "Durations")
    assert lab.update("3", lab.hook())["status"] == "SUCCESSFUL"
