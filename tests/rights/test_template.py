"""What the template's roles may do: evaluated, not read."""

import json
import re

import pytest

from testgate.local.moto.cloudformation.templates import load_template
from testgate.local.rights import Allowed, Policy, Request, evaluate, read_policy
from tests.rights.page import PAGE, render_page
from tests.rights.template import TEMPLATE, listed, read_rights, spelled

RESOURCES = load_template(TEMPLATE.read_text())["Resources"]
ROLES = [name for name, each in RESOURCES.items() if each["Type"] == "AWS::IAM::Role"]
RIGHTS = read_rights()
RUN = "arn:aws:s3:::records/runs/shop/web/abc/gate-0123"
HOOKS_RUN = "arn:aws:s3:::records/runs/shop/web/abc"
HOOK_ROLES = {"HookRole", "AdmissionRole", "ApprovalRole", "MetricsRole"}
ONCE = {"s3:if-none-match": "*"}
KNOWN = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "testgate",
    "RecordBucket": "records",
    "ApprovalBucket": "approvals",
    "StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:testgate-test-gate",
    "StateMachine.Name": "testgate-test-gate",
}


def resolved(text: str) -> str:
    """A resource as it is deployed; functions by their logical id."""
    return re.sub(
        r"\$\{([^}]+)\}",
        lambda match: KNOWN.get(match[1], f"arn:aws:lambda:us-east-1:123456789012:{match[1]}"),
        text,
    )


def policies(role: str) -> list[Policy]:
    made = []
    for policy in RESOURCES[role]["Properties"]["Policies"]:
        document = policy["PolicyDocument"]
        statements = [
            each | {"Resource": [resolved(spelled(one)) for one in listed(each["Resource"])]}
            for each in document["Statement"]
        ]
        text = json.dumps(document | {"Statement": statements})
        made.append(read_policy(text, policy["PolicyName"]))
    return made


def may(role: str, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    request = Request(action=action, resource=resource, context=context or {})
    return isinstance(evaluate(policies(role), request), Allowed)


def who_may(action: str, resource: str, context: dict[str, str] | None = None) -> set[str]:
    return {role for role in ROLES if may(role, action, resource, context)}


@pytest.mark.parametrize(
    ("resource", "writers"),
    [
        (f"{RUN}/evidence/smoke/1/1-0/evidence.json", {"RunSuiteRole"}),
        (f"{RUN}/record.json", {"JudgeRole", "FinishRole"}),
        (f"{RUN}/report.md", {"JudgeRole", "FinishRole"}),
        (f"{RUN}/answer.json", {"HookRole"}),
        (f"{RUN}/answer-0123.json", {"HookRole"}),
        (f"{RUN}/anything", set()),
        (f"{HOOKS_RUN}/admission-0123/answer.json", {"HookRole", "AdmissionRole"}),
        (f"{HOOKS_RUN}/approval/answer-1.json", {"HookRole", "ApprovalRole"}),
        (f"{HOOKS_RUN}/metrics-0123/answer.json", {"HookRole", "MetricsRole"}),
        (f"{HOOKS_RUN}/metrics-0123/checks/0001.good.json", {"MetricsRole"}),
        (f"{HOOKS_RUN}/admission-0123/checks/0001.good.json", set()),
        ("arn:aws:s3:::records/waiting/a/b/c/admission-0123.json", {"AdmissionRole"}),
        ("arn:aws:s3:::records/waiting/a/b/c/approval-0123.json", {"ApprovalRole"}),
        ("arn:aws:s3:::records/waiting/a/b/c/metrics-0123.json", {"MetricsRole"}),
        ("arn:aws:s3:::approvals/1.txt", set()),
        ("arn:aws:s3:::records/index/shop/web/x", {*HOOK_ROLES, "JudgeRole", "FinishRole"}),
        ("arn:aws:s3:::records/errors/2026/01/01/x.json", HOOK_ROLES),
        ("arn:aws:s3:::records/plans/sha256/x.json", {"PrepareRole"}),
        ("arn:aws:s3:::records/plans/gates/shop.json", set()),
        ("arn:aws:s3:::records/plans/suites/smoke.json", set()),
        ("arn:aws:s3:::records/bundles/suites/x.zip", set()),
        ("arn:aws:s3:::other/runs/shop/web/abc/gate-0123/record.json", set()),
    ],
)
def test_each_prefix_is_written_by_its_own_functions_alone(resource, writers):
    assert who_may("s3:PutObject", resource, ONCE) == writers
    assert who_may("s3:DeleteObject", resource) == set()


def test_evidence_is_written_only_where_there_is_none():
    evidence = f"{RUN}/evidence/smoke/1/1-0/evidence.json"
    assert who_may("s3:PutObject", evidence) == set()


def test_where_suite_code_runs_little_can_be_read_and_nothing_started():
    assert who_may("s3:GetObject", "arn:aws:s3:::records/bundles/suites/x.zip") == {"RunSuiteRole"}
    for key in ("plans/gates/shop.json", "runs/a/b/c/d/record.json", "errors/x"):
        assert not may("RunSuiteRole", "s3:GetObject", f"arn:aws:s3:::records/{key}")
    assert not may("RunSuiteRole", "s3:ListBucket", "arn:aws:s3:::records")
    actions = {right.action for right in RIGHTS if right.holder == "RunSuiteRole"}
    assert {action.partition(":")[0] for action in actions} == {"logs", "s3"}


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("states:StartExecution", KNOWN["StateMachine"], {"HookRole"}),
        (
            "states:StopExecution",
            "arn:aws:states:us-east-1:123456789012:execution:testgate-test-gate:x",
            {"HookRole", "CancelRole"},
        ),
        (
            "states:StopExecution",
            "arn:aws:states:us-east-1:123456789012:execution:another:x",
            set(),
        ),
        ("elasticloadbalancing:ModifyRule", "*", set()),
        (
            "ecs:UpdateService",
            "arn:aws:ecs:us-east-1:123456789012:service/shop/web",
            set(),
        ),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/any", set()),
    ],
)
def test_acts_are_of_few(action, resource, allowed):
    assert who_may(action, resource) == allowed


@pytest.mark.parametrize("role", ROLES)
def test_each_statement_has_a_name_and_a_reason_and_no_more(role):
    statements = [
        statement
        for policy in RESOURCES[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    sids = [statement["Sid"] for statement in statements]
    assert len(set(sids)) == len(sids)
    assert list(RESOURCES[role]["Metadata"]["Why"]) == sids
    (trust,) = RESOURCES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert set(trust["Principal"]) == {"Service"}


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.holder}-{right.action}")
def test_no_right_is_wider_than_it_need_be(right):
    assert "*" not in right.action
    if right.resource == "*":  # actions that know no resources
        assert right.action.startswith(
            ("elasticloadbalancing:Describe", "ecs:DescribeTaskDefinition", "cloudwatch:GetMetric")
        )
    else:
        assert resolved(right.resource).startswith("arn:aws:")


def test_the_page_is_made_from_this_template():
    made = render_page(RIGHTS)
    assert PAGE.read_text() == made, "make it anew: python -m tests.rights"
    for right in RIGHTS:
        assert right.action in made
