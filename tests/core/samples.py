"""Values that many tests start from; each test changes what it is about."""

from datetime import UTC, datetime
from typing import Any

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.binding import Question
from testgate.core.config import parse_config
from testgate.core.evidence import Evidence, RelayCounts, Run, TestResult
from testgate.core.facts import DeploymentFacts
from testgate.core.identity import Rule, Snapshot
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan, Suite

ARN = "arn:aws:ecs:us-east-1:123456789012:service-deployment/shop/web/EZe5RNVL-6PPzHXINuP28"
GREEN = "arn:aws:ecs:us-east-1:123456789012:service-revision/shop/web/9313423515462893900"
STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:testgate-test-gate"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:testgate-test-gate"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web-two/0123456789abcdef"
OTHER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web-one/0123456789abcdef"
START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BUNDLE = "sha256:" + "b" * 64


def question(**details):
    return Question(
        deployment=parse_service_deployment_arn(ARN),
        revision=GREEN,
        stage="POST_TEST_TRAFFIC_SHIFT",
        config=parse_config({"GATE": "shop"} | details),
    )


def deployment(**changes):
    values: dict[str, Any] = {
        "status": "IN_PROGRESS",
        "stage": "POST_TEST_TRAFFIC_SHIFT",
        "target_revision": GREEN,
        "has_source": True,
        "running_tasks": 1,
        "hooks": (),
    }
    return DeploymentFacts(**(values | changes))


def suite(name="smoke", **changes):
    return Suite(**({"name": name, "bundle": BUNDLE} | changes))


def plan(*suites, gate="shop"):
    return Plan(gate=gate, waves=(tuple(suites or (suite(),)),))


def passed(name):
    return TestResult(name=name, outcome=Outcome.PASSED, duration_s=0.1)


def failed(name, message="500, expected 201"):
    return TestResult(name=name, outcome=Outcome.FAILED, message=message)


def skipped(name):
    return TestResult(name=name, outcome=Outcome.SKIPPED)


def evidence(of_plan, *tests, exit_code=None, suite="smoke", **changes):
    worst = any(test.outcome is Outcome.FAILED for test in tests)
    values = {
        "run": Run(suite=suite, shard=1),
        "input_digest": question().digest,
        "plan_digest": of_plan.digest,
        "exit_code": (1 if worst else 0) if exit_code is None else exit_code,
        "timed_out": False,
        "report_problem": None,
        "tests": tests,
        "started_at": "2026-11-23T08:00:01.000Z",
        "ended_at": "2026-11-23T08:00:03.000Z",
        "allowed_s": 300.0,
        "relay": RelayCounts(requests=3, statuses={"200": 3}),
    }
    return Evidence(**(values | changes))


def rule(forwards, **changes):
    values = {"arn": "rule", "actions": ("forward",), "forwards": forwards, "sticky": False}
    return Rule(**(values | changes))


def snapshot(**changes):
    values = {
        "deployment_status": "IN_PROGRESS",
        "stage": "POST_TEST_TRAFFIC_SHIFT",
        "target_revision": GREEN,
        "has_source": True,
        "running_tasks": 2,
        "resolved_group": GROUP,
        "test_rule": rule({GROUP: 100, OTHER: 0}),
        "production_rule": rule({GROUP: 0, OTHER: 100}),
        "target_states": {"127.0.0.1:1": "healthy", "127.0.0.1:2": "healthy"},
        "base_url": "http://127.1.2.3:9001",
        "image": "shop:1",
        "header_names": ("x-test",),
    }
    return Snapshot(**(values | changes))
