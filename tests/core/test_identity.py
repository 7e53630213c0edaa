"""Checks (a) to (d): each fact that would mean testing something else than green."""

import dataclasses
import json

import pytest

from testgate.core.identity import (
    Finding,
    drift_problem,
    identity_problem,
    parse_snapshot,
    passing_target_problem,
)
from tests.core.samples import GREEN, GROUP, OTHER, question, rule, snapshot


def test_green_alone_behind_the_test_rule_is_green():
    assert identity_problem(question(), snapshot()) is None


@pytest.mark.parametrize(
    ("changes", "finding", "says"),
    [
        ({"deployment_status": "ROLLBACK_IN_PROGRESS"}, "moved_on", "is ROLLBACK_IN_PROGRESS"),
        ({"stage": "BAKE_TIME"}, "moved_on", "is at BAKE_TIME"),
        ({"target_revision": GREEN[:-1] + "1"}, "moved_on", "target is revision"),
        ({"test_rule": rule({OTHER: 100, GROUP: 0})}, "wrong", "100 % to target group web-one"),
        ({"test_rule": rule({OTHER: 1, GROUP: 3})}, "wrong", "75 % to target group web-two"),
        ({"test_rule": rule({OTHER: 0, GROUP: 0})}, "wrong", "sends nothing anywhere"),
        ({"test_rule": rule({GROUP: 100}, actions=("redirect",))}, "wrong", "['redirect']"),
        (
            {"test_rule": rule({GROUP: 100}, actions=("authenticate-oidc", "forward"))},
            "wrong",
            "expected one forward",
        ),
        ({"test_rule": rule({GROUP: 100}, sticky=True)}, "wrong", "is sticky"),
        ({"production_rule": rule({GROUP: 1, OTHER: 99})}, "wrong", "already serves production"),
        ({"production_rule": rule({GROUP: 100})}, "wrong", "already serves production"),
        ({"stage": "TEST_TRAFFIC_SHIFT"}, "unsettled", "still IN_PROGRESS at TEST_TRAFFIC_SHIFT"),
        ({"stage": ""}, "unsettled", "at no stage"),
        ({"deployment_status": "PENDING"}, "unsettled", "still PENDING"),
        ({"stage": "UNHEARD_OF"}, "moved_on", "is at UNHEARD_OF"),
        ({"rules_above": ("a/b/rule",)}, "wrong", "listener rule rule has a higher priority"),
        ({"target_states": {}}, "unsettled", "web-two has no targets"),
        ({"target_states": {"a:1": "healthy", "b:1": "draining"}}, "unsettled", "b:1 is draining"),
        ({"target_states": {"a:1": "initial"}}, "unsettled", "a:1 is initial"),
        ({"target_states": {"a:1": "healthy"}}, "unsettled", "1 targets and revision"),
        ({"running_tasks": 3}, "unsettled", "runs 3 tasks"),
    ],
)
def test_what_is_not_green_is_found(changes, finding, says):
    problem = identity_problem(question(), snapshot(**changes))
    assert problem is not None
    assert problem.finding is Finding(finding)
    assert says in problem.sentence


def test_a_first_deployment_may_stand_behind_both_rules():
    first = snapshot(has_source=False, production_rule=rule({GROUP: 100}))
    assert identity_problem(question(), first) is None


def test_after_production_shift_the_production_rule_is_under_test():
    stage = "POST_PRODUCTION_TRAFFIC_SHIFT"
    asked = dataclasses.replace(question(), stage=stage)
    shifted = snapshot(
        stage=stage, production_rule=rule({GROUP: 100, OTHER: 0}), test_rule=rule({OTHER: 100})
    )
    assert identity_problem(asked, shifted) is None
    problem = identity_problem(asked, snapshot(stage=stage))
    assert problem is not None
    assert problem.finding is Finding.WRONG


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"test_rule": rule({GROUP: 99, OTHER: 1})}, "the test rule changed"),
        ({"production_rule": rule({GROUP: 0})}, "the production rule changed"),
        ({"resolved_group": OTHER}, "target group changed"),
        ({"base_url": "http://elsewhere"}, "the base URL changed"),
        ({"reach_digest": "sha256:1"}, "what requests must have changed"),
        ({"rules_above": ("r",)}, "the set of rules above changed"),
    ],
)
def test_a_change_while_tests_ran_is_found(changes, says):
    problem = drift_problem(snapshot(), snapshot(**changes))
    assert problem is not None
    assert says in problem.sentence


@pytest.mark.parametrize(
    "states",
    [
        {"127.0.0.1:1": "healthy", "127.0.0.1:2": "unhealthy"},
        {"127.0.0.1:1": "healthy", "127.0.0.1:3": "healthy"},
    ],
    ids=["health", "a replaced task"],
)
def test_other_targets_of_the_same_group_are_no_drift(states):
    """Only this revision's tasks are in its group; check (d) speaks of their health."""
    assert drift_problem(snapshot(), snapshot(target_states=states)) is None


TWO = {"127.0.0.1:1": "healthy", "127.0.0.1:2": "healthy"}


@pytest.mark.parametrize(
    ("unsettled", "problem"),
    [
        ([TWO | {"127.0.0.1:9": "healthy"}], "127.0.0.1:9 was healthy"),
        ([TWO | {"127.0.0.1:9": "draining"}, TWO], "127.0.0.1:9 was draining"),
        ([TWO | {"127.0.0.1:9": "initial"}], None),  # nothing was sent to it yet
        ([{"127.0.0.1:1": "healthy", "127.0.0.1:2": "unhealthy"}], None),
        ([TWO | {"127.0.0.1:7": "unhealthy"}], None),  # there before the tests: counted as green's
        ([TWO | {"127.0.0.1:3": "unhealthy"}], None),  # there after the tests: counted too
        ([], None),
    ],
)
def test_a_target_that_came_and_went_is_none_of_greens(unsettled, problem):
    before = snapshot(target_states={"127.0.0.1:1": "healthy", "127.0.0.1:7": "healthy"})
    after = snapshot(target_states=TWO | {"127.0.0.1:3": "healthy"})
    looks = [snapshot(target_states=states) for states in unsettled]
    found = passing_target_problem(before, looks, after)
    if problem is None:
        assert found is None
    else:
        assert found is not None
        assert found.finding is Finding.WRONG
        assert "came and went while the tests ran" in found.sentence
        assert found.sentence.endswith(problem)


def test_a_snapshot_survives_the_way_to_judge():
    before = snapshot()
    assert parse_snapshot(json.loads(json.dumps(before.spell()))) == before
