"""Approval: who, when, and what does not count."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.approval import (
    FIELDS,
    ApprovalConfig,
    ApprovalFacts,
    Upload,
    decide_approval,
    parse_approval,
)
from testgate.core.config import EXECUTION_KEY, STATE_KEY, Mode, OnCreate
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import ConfigError
from testgate.core.outcomes import Outcome
from tests.core.samples import START

REVISION = "9313423515462893900"
BEGAN = START - timedelta(seconds=90, microseconds=-250_000)
DEADLINE = START + timedelta(hours=1)


def upload(at_s=10.0, kind="txt", **changes):
    values: dict[str, Any] = {
        "url": f"s3://approvals/{REVISION}.{kind}",
        "uploaded_at": (START + timedelta(seconds=at_s)).replace(microsecond=0),
        "version": "v1",
        "owner": "release-team",
        "metadata": {"approved-by": "ann"},
    }
    return Upload(**(values | changes))


def facts(**changes):
    values: dict[str, Any] = {
        "bucket": "approvals",
        "revision_id": REVISION,
        "began_at": BEGAN,
        "asked_at": START,
        "deadline": DEADLINE,
        "approval": None,
        "rejection": None,
    }
    return ApprovalFacts(**(values | changes))


def decide(seen, *, after_s=60.0, **config):
    return decide_approval(ApprovalConfig(**config), seen, START + timedelta(seconds=after_s))


def test_an_approval_allows_and_says_who_and_when():
    decision = decide(facts(approval=upload()))
    assert isinstance(decision, Allow)
    assert decision.sentence == (
        f"revision {REVISION} was approved by s3://approvals/{REVISION}.txt, uploaded at "
        "2026-11-23 08:00:10+00:00, version v1, owner release-team, approved-by=ann"
    )
    assert decision.evidence is not None
    assert decision.evidence["approval"]["metadata"] == {"approved-by": "ann"}


def test_without_one_it_waits_and_says_what_to_upload_where():
    decision = decide(facts())
    assert isinstance(decision, Wait)
    assert decision.delay_s == 15
    assert decision.says == (
        f"waits until 2026-11-23 09:00:00+00:00 for approval of revision {REVISION}. To approve: "
        f"echo approved | aws s3 cp - s3://approvals/{REVISION}.txt — to refuse: "
        f"echo why | aws s3 cp - s3://approvals/{REVISION}.rejected"
    )


@pytest.mark.parametrize("approval", [None, upload(5)])
@pytest.mark.parametrize("at_s", [-9_000, 5])
def test_a_rejection_refuses_whenever_it_came_and_whatever_else_is_there(approval, at_s):
    said = upload(at_s, "rejected", says="the cart looks wrong", metadata={})
    decision = decide(facts(approval=approval, rejection=said), allow_early=True)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.FAILED
    assert f"was rejected by s3://approvals/{REVISION}.rejected" in decision.sentence
    assert decision.sentence.endswith("owner release-team: the cart looks wrong")


@pytest.mark.parametrize(
    ("at_s", "allow_early", "allowed"),
    [
        (-91, False, False),
        (-90, False, True),  # the second in which the deployment began: S3 tells no less
        (-91, True, True),
        (-999_999, True, True),
    ],
)
def test_only_an_approval_younger_than_the_deployment_counts(at_s, allow_early, allowed):
    decision = decide(facts(approval=upload(at_s)), allow_early=allow_early)
    assert isinstance(decision, Allow if allowed else Wait)


def test_an_early_approval_is_told_while_waiting_and_at_the_end():
    seen = facts(approval=upload(-3600))
    waiting = decide(seen)
    assert isinstance(waiting, Wait)
    early = (
        "(one of 2026-11-23 07:00:00+00:00 is older than the deployment, which began at "
        "2026-11-23 07:58:30+00:00: it counts with ALLOW_EARLY alone)"
    )
    assert early in (waiting.says or "")
    refused = decide(seen, after_s=3600)
    assert isinstance(refused, Refuse)
    assert early in refused.sentence


def test_a_deployment_of_unknown_beginning_is_approved_by_nothing_old_or_new():
    assert isinstance(decide(facts(began_at=None, approval=upload())), Wait)
    early = decide(facts(began_at=None, approval=upload()), allow_early=True)
    assert isinstance(early, Allow)


def test_no_approval_in_time_refuses_and_says_what_it_would_have_been():
    decision = decide(facts(), after_s=3600)
    assert decision == Refuse(
        outcome=Outcome.TIMED_OUT,
        sentence=f"no approval of revision {REVISION} came within 3600 s; "
        f"it would be s3://approvals/{REVISION}.txt",
        evidence=decision.evidence if isinstance(decision, Refuse) else None,
    )


def test_an_approval_in_time_counts_though_it_is_seen_late():
    assert isinstance(decide(facts(approval=upload(3600)), after_s=4000), Allow)


def test_an_approval_past_the_deadline_does_not_count():
    decision = decide(facts(approval=upload(3601)), after_s=4000, allow_early=True)
    assert isinstance(decision, Refuse)
    assert "(one came at 2026-11-23 09:00:01+00:00, too late)" in decision.sentence


def test_an_observer_looks_once_and_holds_nothing_up():
    decision = decide(facts(), after_s=0, mode=Mode.OBSERVE)
    assert isinstance(decision, Refuse)
    assert isinstance(decide(facts(approval=upload()), after_s=0, mode=Mode.OBSERVE), Allow)


def test_somebodys_words_are_one_short_line_without_credentials():
    says = "no\n\x0bgood: password=hunter22 " + "x" * 500
    metadata = {"by": "AKIAABCDEFGHIJKLMNOP", "why": "y" * 900}
    decision = decide(facts(rejection=upload(says=says, metadata=metadata)))
    assert isinstance(decision, Refuse)
    told = f"{decision.sentence} {decision.evidence}"
    assert "hunter22" not in told
    assert "AKIA" not in told
    assert "\n" not in told
    assert len(decision.sentence) < 900


def test_the_configuration_is_read_and_spelled_alike():
    details = {
        "S3_BUCKET_NAME": "my-approvals",
        "ALLOW_EARLY": "true",
        "ON_CREATE": "skip",
        "TIMEOUT_SECONDS": 600,
        "MODE": "observe",
        EXECUTION_KEY: "x",
        STATE_KEY: {},
    }
    config = parse_approval(details)
    assert config == ApprovalConfig(
        bucket="my-approvals",
        allow_early=True,
        on_create=OnCreate.SKIP,
        timeout_s=600,
        mode=Mode.OBSERVE,
    )
    assert parse_approval(config.spell()) == dataclasses.replace(config, mode=Mode.ENFORCE)
    assert set(config.spell()) == set(FIELDS) - {"MODE"}


def test_by_default_a_create_is_asked_for_too_and_nothing_early_counts():
    config = parse_approval({})
    assert (config.on_create, config.allow_early, config.timeout_s) == (
        OnCreate.RUN,
        False,
        82_800,
    )


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({"ALOW_EARLY": True}, "did you mean ALLOW_EARLY?"),
        ({"ALLOW_EARLY": "yes"}, "expected true or false"),
        ({"S3_BUCKET_NAME": "Not A Bucket"}, "expected the name of a bucket"),
        ({"S3_BUCKET_NAME": 7}, "S3_BUCKET_NAME: expected text, got a number"),
        ({"ON_CREATE": "ignore"}, "got 'ignore', expected run or skip"),
        ({"TIMEOUT_SECONDS": 90_000}, "expected 10 to 82800 seconds"),
    ],
)
def test_bad_configuration_is_refused_by_name(details, says):
    with pytest.raises(ConfigError) as caught:
        parse_approval(details)
    assert says in str(caught.value)


uploads = st.none() | st.builds(upload, st.integers(-200, 8000))


@given(uploads, uploads, st.integers(0, 8000), st.booleans(), st.sampled_from(Mode))
def test_nothing_but_a_timely_young_unrejected_approval_allows(
    approval, rejection, after_s, allow_early, mode
):
    seen = facts(approval=approval, rejection=rejection)
    decision = decide(seen, after_s=after_s, allow_early=allow_early, mode=mode)
    timely = (
        rejection is None
        and approval is not None
        and approval.uploaded_at <= DEADLINE
        and (allow_early or approval.uploaded_at >= BEGAN.replace(microsecond=0))
    )
    assert isinstance(decision, Allow) == timely
    if after_s >= 3600:
        assert not isinstance(decision, Wait)
