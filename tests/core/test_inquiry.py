"""What hooks without an execution share: one question, one name, one first asking."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.arns import parse_service_deployment_arn
from testgate.core.config import Mode, OnCreate
from testgate.core.decision import Allow, Refuse
from testgate.core.errors import EvidenceError
from testgate.core.facts import HookFacts
from testgate.core.inquiry import (
    Inquiry,
    Waiting,
    deadline_of,
    decide_asked,
    decide_create,
    parse_asked_at,
)
from testgate.core.kinds import ADMISSION, APPROVAL, METRICS
from testgate.core.layout import (
    parse_check_key,
    parse_index_key,
    parse_waiting_key,
    place_of,
    waiting_prefix,
)
from testgate.core.outcomes import Outcome
from tests.core.samples import ARN, FUNCTION, GREEN, START, deployment


def inquiry(**changes):
    asked = Inquiry(
        kind=APPROVAL,
        deployment=parse_service_deployment_arn(ARN),
        revision=GREEN,
        stage="POST_TEST_TRAFFIC_SHIFT",
        config={"ALLOW_EARLY": False},
    )
    return dataclasses.replace(asked, **changes)


def test_the_same_question_has_the_same_name_and_another_has_not():
    others = [
        inquiry(kind=METRICS),
        inquiry(stage="PRE_PRODUCTION_TRAFFIC_SHIFT"),
        inquiry(config={"ALLOW_EARLY": True}),
        inquiry(revision=GREEN[:-1] + "1"),
        inquiry(weights={GREEN: 0}),
        inquiry(weights={GREEN: 10}),
    ]
    assert inquiry().run_name == inquiry(config={"ALLOW_EARLY": False}).run_name
    assert len({each.run_name for each in [inquiry(), *others]}) == 1 + len(others)
    assert inquiry().run_name.startswith("approval-")


def waiting(asked):
    return Waiting(
        inquiry=asked, asked_at=START, deadline=START + timedelta(hours=1), sentence="waits"
    )


def test_a_first_asking_is_noted_and_read_back():
    assert parse_asked_at(waiting(inquiry()).spell(), inquiry()) == START


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": "testgate.waiting/9"}, r"is not testgate\.waiting/1"),
        ({"question": "sha256:" + "0" * 64}, "of another question"),
        ({"asked_at": "soon"}, "has no time"),
        ({"asked_at": None}, "has no time"),
        ({"asked_at": "2026-11-23T08:00:00"}, "has no time zone"),
    ],
)
def test_a_note_of_anything_else_is_refused(changes, says):
    with pytest.raises(EvidenceError, match=says):
        parse_asked_at(waiting(inquiry()).spell() | changes, inquiry())


@pytest.mark.parametrize("noted", [None, [], "x", 7])
def test_a_note_that_is_no_object_is_refused(noted):
    with pytest.raises(EvidenceError):
        parse_asked_at(noted, inquiry())


@pytest.mark.parametrize(
    ("expires_in_s", "deadline_in_s"), [(None, 600), (9_000, 600), (500, 380), (60, -60)]
)
def test_a_deadline_is_the_sooner_of_two(expires_in_s, deadline_in_s):
    expires_at = None if expires_in_s is None else START + timedelta(seconds=expires_in_s)
    assert deadline_of(START, 600, expires_at) == START + timedelta(seconds=deadline_in_s)


def test_a_deployment_of_another_revision_is_not_decided_for():
    decision = decide_asked(
        inquiry(), Mode.ENFORCE, deployment(target_revision=GREEN[:-1] + "1"), FUNCTION
    )
    assert isinstance(decision, Refuse)
    assert "the deployment's target is revision 9313423515462893901" in decision.sentence
    assert decide_asked(inquiry(), Mode.ENFORCE, deployment(), FUNCTION) is None


@pytest.mark.parametrize("status", ["STOP_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOPPED"])
def test_a_deployment_that_leaves_is_not_decided_for(status):
    decision = decide_asked(inquiry(), Mode.ENFORCE, deployment(status=status), FUNCTION)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.ABORTED


def test_a_hook_that_continues_on_timeout_is_refused():
    hook = HookFacts(
        target_arn=FUNCTION, status="IN_PROGRESS", expires_at=None, timeout_action="CONTINUE"
    )
    decision = decide_asked(inquiry(), Mode.ENFORCE, deployment(hooks=(hook,)), FUNCTION)
    assert isinstance(decision, Refuse)
    assert decide_asked(inquiry(), Mode.OBSERVE, deployment(hooks=(hook,)), FUNCTION) is None


@given(st.sampled_from(OnCreate), st.booleans(), st.booleans())
def test_only_a_create_is_skipped_that_has_neither_source_nor_success_before(
    on_create, has_source, succeeded_before
):
    decision = decide_create(on_create, has_source=has_source, succeeded_before=succeeded_before)
    skipped = on_create is OnCreate.SKIP and not has_source and not succeeded_before
    assert isinstance(decision, Allow) == skipped


@pytest.mark.parametrize("kind", [ADMISSION, APPROVAL, METRICS])
def test_runs_of_every_kind_are_found_by_their_keys(kind):
    asked = inquiry(kind=kind)
    place = place_of(asked.deployment, asked.run_name)
    assert parse_waiting_key(place.waiting) == place
    assert place.waiting.startswith(waiting_prefix("shop", "web"))
    entry = parse_index_key(place.index(Outcome.FAILED, START))
    assert entry
    assert (entry.place, entry.outcome) == (place, Outcome.FAILED)
    assert parse_check_key(place.check(7, "bad")) == (7, "bad")


@pytest.mark.parametrize(
    "key",
    ["waiting/a/b.json", "waiting/a/b/c/d.txt", "runs/a/b/c/d.json", "waiting/a/b/c/d/e.json"],
)
def test_other_keys_are_no_waiting_runs(key):
    assert parse_waiting_key(key) is None


@pytest.mark.parametrize("key", ["r/checks/1.bad.json", "r/checks/0001.odd.json", "0001.bad.json"])
def test_other_keys_are_no_checks(key):
    assert parse_check_key(key) is None
