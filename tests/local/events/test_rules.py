"""The stack's rules, read from infra/gate.yaml and matched by moto's own matcher."""

import json
from pathlib import Path

import pytest
from moto.events.models import EventPattern

from testgate.local.moto.cloudformation.templates import load_template
from tests.local.events.examples import (
    DEPLOYMENT_EVENT,
    EXECUTION_EVENT,
    HOOK_EVENT,
    STATE_MACHINE,
)

TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "gate.yaml"


@pytest.fixture(scope="module")
def resources():
    return load_template(TEMPLATE.read_text())["Resources"]


def matches(resources, rule, event):
    text = json.dumps(resources[rule]["Properties"]["EventPattern"])
    text = text.replace('{"Ref": "StateMachine"}', json.dumps(STATE_MACHINE))
    return EventPattern.load(text).matches_event(event)


def changed(event, **detail):
    return event | {"detail": event["detail"] | detail}


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"])
def test_finish_hears_of_every_end_of_our_executions(resources, status):
    assert matches(resources, "FinishRule", changed(EXECUTION_EVENT, status=status))


def test_finish_hears_of_nothing_else(resources):
    other = changed(EXECUTION_EVENT, stateMachineArn=STATE_MACHINE + "-of-others")
    for event in (
        other,
        changed(EXECUTION_EVENT, status="RUNNING"),
        EXECUTION_EVENT | {"source": "testgate"},
        DEPLOYMENT_EVENT,
        HOOK_EVENT,
    ):
        assert not matches(resources, "FinishRule", event)


@pytest.mark.parametrize(
    "event",
    [
        DEPLOYMENT_EVENT,
        changed(DEPLOYMENT_EVENT, eventName="SERVICE_DEPLOYMENT_IN_PROGRESS"),
        changed(DEPLOYMENT_EVENT, eventName="SERVICE_DEPLOYMENT_COMPLETED"),
        HOOK_EVENT,
        changed(HOOK_EVENT, eventName="HOOK_FAILED"),
    ],
)
def test_cancel_hears_of_deployments_and_hooks_that_end(resources, event):
    assert matches(resources, "CancelRule", event)


@pytest.mark.parametrize(
    "event",
    [
        changed(HOOK_EVENT, eventName="HOOK_AWAITING_ACTION"),
        changed(HOOK_EVENT, eventName="HOOK_SUCCEEDED"),
        DEPLOYMENT_EVENT | {"detail-type": "ECS Task State Change"},
        DEPLOYMENT_EVENT | {"source": "mine"},
        EXECUTION_EVENT,
    ],
)
def test_cancel_hears_of_nothing_else(resources, event):
    assert not matches(resources, "CancelRule", event)


@pytest.mark.parametrize("name", ["Finish", "Cancel"])
def test_each_rule_may_invoke_its_own_function_and_no_other_rule_may(resources, name):
    (target,) = resources[f"{name}Rule"]["Properties"]["Targets"]
    permission = resources[f"{name}Permission"]["Properties"]
    assert target["Arn"] == permission["FunctionName"] == {"Fn::GetAtt": [f"{name}Function", "Arn"]}
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": [f"{name}Rule", "Arn"]}


@pytest.mark.parametrize("name", ["Check", "Finish", "Cancel"])
def test_only_listing_is_allowed_on_all_and_nothing_beyond_the_role_is(resources, name):
    (policy,) = resources[f"{name}Role"]["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Resource"] != "*"
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            assert "*" not in action
