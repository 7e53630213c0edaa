"""Which deployment is waited for: what a stack's events tell, and for how long one is looked at."""

import pytest
from botocore.exceptions import EndpointConnectionError

from testgate.cli.following import (
    ImpatientError,
    Patience,
    has_ended,
    until_ended,
)
from testgate.cli.held_stacks import Stack, is_beginning
from testgate.core.errors import GateError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


def event(status, resource_type="AWS::CloudFormation::Stack", physical_id=STACK):
    return {
        "ResourceStatus": status,
        "ResourceType": resource_type,
        "PhysicalResourceId": physical_id,
        "StackId": STACK,
    }


@pytest.mark.parametrize(
    ("seen", "begins"),
    [
        (event("CREATE_IN_PROGRESS"), True),
        (event("UPDATE_IN_PROGRESS"), True),
        (event("REVIEW_IN_PROGRESS"), False),
        (event("UPDATE_ROLLBACK_IN_PROGRESS"), False),
        (event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), False),
        (event("UPDATE_IN_PROGRESS", "AWS::ECS::Service"), False),
        (event("UPDATE_IN_PROGRESS", physical_id=f"{STACK}/nested"), False),
    ],
)
def test_an_operation_begins_with_the_stacks_own_event(seen, begins):
    assert is_beginning(seen) == begins


@pytest.mark.parametrize(
    ("status", "held", "went_back"),
    [
        ("CREATE_IN_PROGRESS", True, False),
        ("UPDATE_COMPLETE", False, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, False),
        ("UPDATE_ROLLBACK_IN_PROGRESS", True, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, True),
        ("CREATE_FAILED", False, True),
    ],
)
def test_a_stack_is_held_while_its_operation_runs(status, held, went_back):
    stack = Stack(name="shop", status=status)
    assert (stack.held, stack.went_back) == (held, went_back)


def test_patience_looks_until_it_is_too_late_and_sleeps_between():
    slept: list[float] = []
    patience = Patience(until=3, poll_s=2.0, clock=lambda: sum(slept), sleep=slept.append)
    looks = 0
    with pytest.raises(ImpatientError, match="it had not ended when the time of --timeout"):
        for _ in patience.looks("it"):
            looks += 1
    assert (looks, slept) == (3, [2.0, 2.0])


def test_going_back_is_not_the_end():
    ended = [
        status
        for status in (
            "PENDING",
            "IN_PROGRESS",
            "STOP_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
            "STOPPED",
        )
        if has_ended({"status": status})
    ]
    assert ended == ["STOPPED"]


class Ecs:
    """Answers from a list: errors are raised, statuses told."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def describe_service_deployments(self, **_):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"serviceDeployments": [{"status": answer, "lifecycleStage": "BAKE_TIME"}]}


GONE = EndpointConnectionError(endpoint_url="https://ecs")
NOW = Patience(until=1, poll_s=0, clock=lambda: 0, sleep=lambda _: None)


def followed(*answers):
    said: list[str] = []
    ecs = Ecs(*answers)
    until_ended(lambda _: ecs, "arn:x", NOW, lambda _, text: said.append(text))
    assert ecs.answers == []
    return said


def test_a_deployment_is_looked_at_until_its_end():
    said = followed("IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL")
    assert said == [
        "IN_PROGRESS at BAKE_TIME",
        "ROLLBACK_IN_PROGRESS at BAKE_TIME",
        "ROLLBACK_SUCCESSFUL",
    ]


def test_aws_may_fail_for_a_moment_again_and_again():
    said = followed(*[GONE] * 4, "IN_PROGRESS", *[GONE] * 4, "SUCCESSFUL")
    assert len(said) == 10
    assert said[0].startswith("AWS cannot be reached: ")
    assert said[0].endswith("; it is asked again")


def test_aws_that_goes_on_failing_is_given_up():
    with pytest.raises(GateError, match="AWS cannot be reached"):
        followed(*[GONE] * 5)
