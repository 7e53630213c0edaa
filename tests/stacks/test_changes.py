"""What CloudFormation tells, as plain values, and the sentence of a stack that failed."""

from datetime import UTC, datetime

import pytest

from testgate.stacks.changes import (
    Change,
    Stack,
    StackEvent,
    failure_sentence,
    is_unchanged,
    parameters_of_update,
)

AT = datetime(2026, 11, 25, tzinfo=UTC)


def stack(status="UPDATE_ROLLBACK_COMPLETE", **changes):
    told = {"StackId": "arn:stack", "StackName": "acme", "StackStatus": status} | changes
    return Stack.read(told)


def event(status, reason="", logical_id="Queue", physical_id="q"):
    return StackEvent(
        id=logical_id + status,
        at=AT,
        logical_id=logical_id,
        physical_id=physical_id,
        resource_type="AWS::SQS::Queue",
        status=status,
        reason=reason,
    )


def test_a_change_says_what_becomes_of_a_resource():
    told = {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Modify",
            "LogicalResourceId": "Queue",
            "ResourceType": "AWS::SQS::Queue",
            "Replacement": "Conditional",
        },
    }
    assert Change.read(told) == Change(
        action="Modify",
        logical_id="Queue",
        resource_type="AWS::SQS::Queue",
        replacement="Conditional",
    )


@pytest.mark.parametrize(
    ("status", "busy", "exists"),
    [
        ("REVIEW_IN_PROGRESS", False, False),
        ("CREATE_IN_PROGRESS", True, True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, True),
        ("UPDATE_COMPLETE", False, True),
    ],
)
def test_a_stack_is_busy_or_not_and_there_or_not(status, busy, exists):
    assert (stack(status).busy, stack(status).exists) == (busy, exists)


@pytest.mark.parametrize(
    ("status", "physical_id", "ends"),
    [
        ("UPDATE_COMPLETE", "arn:stack", True),
        ("UPDATE_ROLLBACK_COMPLETE", "arn:stack", True),
        ("DELETE_FAILED", "arn:stack", True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "arn:stack", False),
        ("UPDATE_COMPLETE", "arn:nested", False),
    ],
)
def test_only_the_stacks_own_last_event_ends_it(status, physical_id, ends):
    assert event(status, physical_id=physical_id).ends("arn:stack") is ends


def test_parameters_that_are_not_given_stay_as_they_are_or_as_the_template_has_them():
    was = stack(Parameters=[{"ParameterKey": "Kept", "ParameterValue": "1"}])
    declared = ["Given", "Kept", "Defaulted"]
    assert parameters_of_update({"Given": "2"}, declared, was) == [
        {"ParameterKey": "Given", "ParameterValue": "2"},
        {"ParameterKey": "Kept", "UsePreviousValue": True},
    ]
    assert parameters_of_update({"Given": "2", "Other": "3"}, declared, None) == [
        {"ParameterKey": "Given", "ParameterValue": "2"}
    ]


def test_the_first_resource_that_failed_is_the_reason_and_not_those_that_were_cancelled():
    events = [
        event("CREATE_FAILED", "Resource creation cancelled", "Other"),
        event("CREATE_FAILED", "the name is taken"),
        event("CREATE_FAILED", "too late", "Third"),
    ]
    assert failure_sentence(stack(), events) == (
        "stack acme ended as UPDATE_ROLLBACK_COMPLETE: Queue (AWS::SQS::Queue): the name is taken"
    )


def test_without_a_failed_resource_the_stacks_own_reason_is_told():
    assert failure_sentence(stack(StackStatusReason="quota"), []) == (
        "stack acme ended as UPDATE_ROLLBACK_COMPLETE: quota"
    )
    assert failure_sentence(stack(), []).endswith(": no reason is given")


@pytest.mark.parametrize(
    ("reason", "unchanged"),
    [
        ("The submitted information didn't contain changes. Submit different", True),
        ("No updates are to be performed.", True),
        ("Parameters: [A] must have values", False),
    ],
)
def test_a_change_set_without_changes_is_no_failure(reason, unchanged):
    assert is_unchanged(reason) is unchanged
