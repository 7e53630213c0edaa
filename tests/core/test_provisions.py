"""References to secrets and a suite's own variables: what they mean, and what no text can."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.aws.provisions import session_policy
from testgate.core.errors import PlanError
from testgate.core.plan import FlakyPolicy, Plan
from testgate.core.plan_problems import plan_problems
from testgate.core.plan_reading import parse_plan
from testgate.core.provisions import (
    SecretReference,
    SecretStore,
    filled,
    parse_secret,
    variable_problems,
)
from testgate.local.rights import (
    Allowed,
    ExplicitlyDenied,
    PolicyKind,
    Request,
    evaluate,
    read_policy,
)
from tests.core.samples import suite


@pytest.mark.parametrize(
    ("text", "store", "name", "key"),
    [
        ("secretsmanager:shop/user", SecretStore.SECRETS_MANAGER, "shop/user", ""),
        ("secretsmanager:shop/user#password", SecretStore.SECRETS_MANAGER, "shop/user", "password"),
        ("ssm:/shop/token", SecretStore.PARAMETER_STORE, "/shop/token", ""),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:111111111111:secret:a-1B2c3D#k",
            SecretStore.SECRETS_MANAGER,
            "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a-1B2c3D",
            "k",
        ),
    ],
)
def test_a_reference_is_read_and_spelled(text, store, name, key):
    reference = parse_secret(text)
    assert reference == SecretReference(store=store, name=name, key=key)
    assert str(reference) == text


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text())))
def test_anything_else_is_a_reference_or_refused(raw):
    try:
        assert str(parse_secret(raw)) == raw
    except PlanError as exc:
        assert "is no reference to a secret" in str(exc)


@given(st.text(), st.text(alphabet="TESTGATE_$ {}A1", max_size=40))
def test_what_has_no_problem_can_be_filled_unless_the_run_lacks_it(told, text):
    problems = list(variable_problems({"A": text}, {}))
    try:
        result = filled(text, {"TESTGATE_A": told})
    except PlanError as exc:
        assert "which this run does not have" in str(exc)
    except ValueError:
        assert problems
    else:
        assert problems or "$" not in text or told in result or "$$" in text


def test_a_plan_keeps_them_and_a_plan_without_them_is_as_it_was():
    given_much = suite(
        environment={"TENANT": "a"},
        secrets={"TOKEN": parse_secret("ssm:/a")},
        role="arn:aws:iam::111111111111:role/r",
        artifacts=("*.png",),
        flaky=FlakyPolicy.FAIL,
    )
    plan = Plan(gate="shop", waves=((given_much,),), parallel=3)
    assert plan_problems(plan) == []
    assert parse_plan(json.loads(plan.json)) == plan
    bare = json.loads(Plan(gate="shop", waves=((suite(),),)).json)
    assert not {"environment", "secrets", "role", "artifacts", "flaky"} & set(bare["waves"][0][0])
    assert "parallel" not in bare


def may(action, resource="*"):
    text = json.dumps(session_policy("aws", "records"))
    return evaluate(
        [read_policy(text, "of the session", PolicyKind.SESSION)],
        Request(action=action, resource=resource),
    )


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ecs:UpdateService", "*"),
        ("ecs:StopServiceDeployment", "*"),
        ("elasticloadbalancing:ModifyRule", "*"),
        ("elasticloadbalancing:SetRulePriorities", "*"),
        ("elasticloadbalancing:RegisterTargets", "*"),
        ("states:StopExecution", "*"),
        ("lambda:UpdateFunctionCode", "*"),
        ("iam:PutRolePolicy", "*"),
        ("sts:AssumeRole", "*"),
        ("cloudformation:UpdateStack", "*"),
        ("s3:GetObject", "arn:aws:s3:::records/runs/x"),
        ("s3:PutObject", "arn:aws:s3:::records/plans/x"),
        ("s3:ListBucket", "arn:aws:s3:::records"),
    ],
)
def test_no_role_lets_a_suite_decide_about_its_deployment(action, resource):
    assert isinstance(may(action, resource), ExplicitlyDenied)


def test_a_role_lets_a_suite_do_the_rest_and_fits_into_a_session():
    assert isinstance(may("dynamodb:PutItem"), Allowed)
    assert isinstance(may("lambda:InvokeFunction"), Allowed)
    assert isinstance(may("s3:PutObject", "arn:aws:s3:::others/x"), Allowed)
    # AWS (documented): a session policy has at most 2,048 characters.
    assert len(json.dumps(session_policy("aws-us-gov", "r" * 63), separators=(",", ":"))) < 2_048
