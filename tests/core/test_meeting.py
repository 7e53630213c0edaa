"""Whether a suite met green, and what that makes of its word."""

import pytest

from testgate.core.evidence import RelayCounts, Run, parse_evidence
from testgate.core.outcomes import Outcome
from testgate.core.suite_verdict import judge_suite
from tests.core.samples import evidence, failed, passed, plan, suite

URL = "; does it read its URL from somewhere else than BASE_URL?"
NONE = RelayCounts(requests=0)
STOPPED = RelayCounts(requests=0, problem="the request is not for green: /admin")
UNREACHED = RelayCounts(requests=0, problem="green at x:80 could not be reached", unreached=3)
SILENT = RelayCounts(requests=0, problem="green at x:80 did not answer in time", unanswered=2)
MET = RelayCounts(requests=4, statuses={"200": 4})
PARTLY = RelayCounts(
    requests=4, statuses={"200": 4}, problem="green at x:80 could not be reached", unreached=1
)


def judged(relay, *tests, **changes):
    of_plan = plan(suite(**changes))
    verdict = judge_suite(of_plan.suites[0], [evidence(of_plan, *tests, relay=relay)])
    return verdict.outcome, verdict.sentence


def test_shards_meet_green_together():
    of_plan = plan(suite(shards=2))
    results = [
        evidence(of_plan, failed("b"), relay=relay, run=Run(suite="smoke", shard=shard))
        for shard, relay in ((1, NONE), (2, MET))
    ]
    assert judge_suite(of_plan.suites[0], results).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("relay", "outcome", "says"),
    [
        (
            None,
            Outcome.SUITE_ERROR,
            "suite smoke: its requests to green were not counted, so it cannot earn a pass",
        ),
        (NONE, Outcome.SUITE_ERROR, f"suite smoke sent no request to green{URL}"),
        (
            STOPPED,
            Outcome.SUITE_ERROR,
            "suite smoke sent no request to green: the request is not for green: /admin",
        ),
        (
            UNREACHED,
            Outcome.INFRA_ERROR,
            "none of 3 requests of suite smoke reached green: green at x:80 could not be reached",
        ),
        (
            SILENT,
            Outcome.SUITE_ERROR,
            "suite smoke has no answer of green: green at x:80 did not answer in time",
        ),
        (MET, Outcome.PASSED, "1 of 1 tests in suite smoke passed"),
        (PARTLY, Outcome.PASSED, "1 of 1 tests in suite smoke passed"),
    ],
)
def test_a_blocking_suite_passes_only_if_green_answered_it(relay, outcome, says):
    assert judged(relay, passed("a")) == (outcome, says)


FAILS = "1 of 1 tests in suite smoke failed (allowed 0); first: b: 500, expected 201"


@pytest.mark.parametrize(
    ("relay", "outcome", "says"),
    [
        (None, Outcome.FAILED, FAILS),
        (NONE, Outcome.SUITE_ERROR, f"suite smoke sent no request to green{URL}; {FAILS}"),
        (
            STOPPED,
            Outcome.SUITE_ERROR,
            f"suite smoke sent no request to green: the request is not for green: /admin; {FAILS}",
        ),
        (
            UNREACHED,
            Outcome.INFRA_ERROR,
            "none of 3 requests of suite smoke reached green: green at x:80 could not be reached; "
            + FAILS,
        ),
        (SILENT, Outcome.FAILED, FAILS),
        (MET, Outcome.FAILED, FAILS),
        (
            PARTLY,
            Outcome.FAILED,
            f"{FAILS}; 1 of its requests did not reach green: green at x:80 could not be reached",
        ),
    ],
)
def test_failed_tests_speak_of_green_only_if_it_was_asked(relay, outcome, says):
    assert judged(relay, failed("b")) == (outcome, says)


def test_an_advisory_suite_may_reach_green_by_a_way_that_nobody_counts():
    assert judged(None, passed("a"), blocking=False)[0] is Outcome.PASSED
    assert judged(NONE, passed("a"), blocking=False)[0] is Outcome.PASSED
    assert judged(NONE, failed("a"), blocking=False)[0] is Outcome.FAILED
    assert judged(UNREACHED, failed("a"), blocking=False)[0] is Outcome.INFRA_ERROR


def test_what_was_lost_is_stored_and_read_again():
    for relay in (MET, PARTLY, SILENT, UNREACHED):
        left = evidence(plan(), passed("a"), relay=relay)
        assert parse_evidence(left.spell()).relay == relay
