"""What attaching a gate changes of a service, when it must not, and what it prints for others."""

import ast
import json
import os
import subprocess

import pytest

from testgate.cli.attaching import (
    Wanted,
    attach,
    configuration_with,
    detach,
    hooks_of,
    owner_of,
)
from testgate.cli.snippets import Tool, snippet
from testgate.local.moto.cloudformation.templates import load_template

GATE = "arn:aws:lambda:eu-west-1:123456789012:function:testgate-test-gate"
ROLE = "arn:aws:iam::123456789012:role/hooks"
OTHER = {"hookTargetArn": "arn:other", "roleArn": ROLE, "lifecycleStages": ["PRE_SCALE_UP"]}
FILLED_IN = {
    "targetType": "AWS_LAMBDA",
    "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
}


def wanted(**details):
    return Wanted(function_arn=GATE, role_arn=ROLE, details={"GATE": "shop"} | details)


def service(*hooks, **changes):
    return {
        "serviceName": "web",
        "status": "ACTIVE",
        "tags": [],
        "loadBalancers": [{"advancedConfiguration": {"testListenerRule": "arn:rule"}}],
        "deploymentConfiguration": {
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 7,
            "lifecycleHooks": list(hooks),
        },
    } | changes


def test_a_new_hook_comes_behind_those_that_are_there():
    change = attach(service(OTHER), wanted())
    assert (change.problems, change.removed, change.added) == ([], [], [wanted().spell()])
    assert change.after == [OTHER, wanted().spell()]


def test_an_update_keeps_all_of_the_configuration():
    found = service(OTHER)
    change = attach(found, wanted())
    assert configuration_with(found, change.after) == {
        "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": 7,
        "lifecycleHooks": [OTHER, wanted().spell()],
    }


def test_its_own_hook_is_changed_in_its_place():
    old = wanted(MODE="observe").spell()
    change = attach(service(old, OTHER), wanted())
    assert (change.removed, change.added) == ([old], [wanted().spell()])
    assert change.after == [wanted().spell(), OTHER]


def test_what_ecs_has_filled_in_is_no_change():
    assert not attach(service(wanted().spell() | FILLED_IN), wanted()).needed


def test_a_hook_that_would_pass_by_expiring_is_replaced():
    lax = {"timeoutConfiguration": {"timeoutInMinutes": 10, "action": "CONTINUE"}}
    change = attach(service(wanted().spell() | lax), wanted())
    assert change.added == [wanted().spell()]


def test_a_hook_of_another_stage_is_another_hook():
    later = wanted().spell() | {"lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}
    assert attach(service(later), wanted()).after == [later, wanted().spell()]


def test_two_of_its_own_become_one():
    change = attach(service(wanted(A=1).spell(), OTHER, wanted(A=2).spell()), wanted())
    assert change.after == [wanted().spell(), OTHER]


def test_detaching_takes_its_own_hooks_alone():
    change = detach(service(OTHER, wanted().spell()), [GATE])
    assert (change.after, change.removed, change.problems) == ([OTHER], [wanted().spell()], [])
    assert not detach(service(OTHER), [GATE]).needed


def test_a_service_without_hooks_has_none():
    assert hooks_of({}) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": "DRAINING"}, "web is DRAINING, not ACTIVE"),
        (
            {"deploymentConfiguration": {"strategy": "ROLLING"}},
            "web is deployed by strategy ROLLING, which has no test traffic: a test gate needs "
            "BLUE_GREEN",
        ),
        (
            {"deploymentConfiguration": {}},
            "web is deployed by strategy ROLLING, which has no test traffic: a test gate needs "
            "BLUE_GREEN",
        ),
        (
            {"loadBalancers": []},
            "web has no load balancer with two target groups: green has no address",
        ),
        (
            {"loadBalancers": [{"advancedConfiguration": {"alternateTargetGroupArn": "arn:x"}}]},
            "web has no testListenerRule: give green an address by --detail "
            "TEST_ENDPOINT=https://…",
        ),
        (
            {"tags": [{"key": "aws:cloudformation:stack-name", "value": "web-prod"}]},
            "web belongs to CloudFormation stack web-prod",
        ),
        (
            {"tags": [{"key": "ManagedBy", "value": "Terraform"}]},
            "web belongs to Terraform (its tag ManagedBy is Terraform)",
        ),
    ],
)
def test_a_service_that_cannot_or_must_not_be_changed_is_told(changes, problem):
    assert attach(service(**changes), wanted()).problems == [problem]


def test_an_endpoint_of_its_own_stands_in_for_a_test_rule():
    found = service(loadBalancers=[{"advancedConfiguration": {"roleArn": ROLE}}])
    assert attach(found, wanted(TEST_ENDPOINT="https://green")).problems == []


@pytest.mark.parametrize(
    "tags", [[], [{"key": "team", "value": "terraform"}], [{"key": "ManagedBy", "value": "me"}]]
)
def test_other_tags_tell_of_no_owner(tags):
    assert owner_of(service(tags=tags)) is None


DETAILS = {"GATE": "shop", "MODE": "observe"}


def text(tool):
    return snippet(tool, wanted(MODE="observe"), "shop", "web")


def test_cloudformation_gets_the_details_as_text_of_json():
    hook = load_template(text(Tool.CLOUDFORMATION))["DeploymentConfiguration"]["LifecycleHooks"][0]
    assert json.loads(hook["HookDetails"]) == DETAILS
    assert hook["LifecycleStages"] == ["POST_TEST_TRAFFIC_SHIFT"]


def test_terraform_gets_jsonencode_no_timeout_and_the_trap_of_listener_rules():
    told = text(Tool.TERRAFORM)
    assert 'GATE = "shop"' in told
    assert "jsonencode(" in told
    assert "timeout_configuration {" not in told
    assert "ignore_changes = [action]" in told


def test_cdk_gets_the_whole_list_for_what_its_construct_lacks():
    told = text(Tool.CDK)
    tree = ast.parse(told)
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.List)]
    hooks = next(each for each in lists if isinstance(each.elts[0], ast.Dict))
    (hook,) = ast.literal_eval(hooks)
    assert json.loads(hook["HookDetails"]) == DETAILS


def test_terraform_fills_nothing_into_a_value():
    told = snippet(Tool.TERRAFORM, wanted(PARAMETERS={"A": "${x} %{y}"}), "c", "s")
    assert 'PARAMETERS = {"A": "$${x} %%{y}"}' in told


def test_the_aws_cli_gets_all_of_the_configuration_back(tmp_path):
    """The program in it is run, between an `aws` that has hooks already and one that takes them."""
    configuration = {"strategy": "CANARY", "bakeTimeInMinutes": 7, "lifecycleHooks": [OTHER]}
    (tmp_path / "before.json").write_text(json.dumps(configuration))
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\ncase "$2" in describe-services) cat before.json;; esac\n')
    aws.chmod(0o755)
    told = snippet(Tool.CLI, wanted(PARAMETERS={"A": "it's"}), "shop", "web")
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["bash", "-ec", told], cwd=tmp_path, env={"PATH": path}, check=True)
    written = json.loads((tmp_path / "configuration.json").read_text())
    hook = wanted(PARAMETERS={"A": "it's"}).spell()
    assert written == {**configuration, "lifecycleHooks": [OTHER, hook]}
