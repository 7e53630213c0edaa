"""Attempts: the last one counts, what failed before is flaky, and none may be one too many."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.evidence import Crash, Run
from testgate.core.handoff import RunContext, Task
from testgate.core.outcomes import Outcome
from testgate.core.plan import FlakyPolicy
from testgate.core.quarantine import QuarantineEntry
from testgate.core.thresholds import parse_threshold
from testgate.core.verdict import judge
from testgate.runner.suite import may_try_again
from tests.core.samples import START, evidence, failed, passed, plan, question, suite

THRICE = plan(suite(attempts=3))


def attempt(number, *tests, of=THRICE, **changes):
    return evidence(of, *tests, run=Run(suite="smoke", shard=1, attempt=number), **changes)


def verdict(*results, of=THRICE):
    return judge(of, results, question().digest, date(2026, 11, 23))


def test_what_passes_at_the_second_attempt_is_flaky_listed_and_counted():
    result = verdict(attempt(1, passed("a"), failed("b")), attempt(2, passed("a"), passed("b")))
    assert result.outcome is Outcome.PASSED
    assert result.sentence == (
        "2 of 2 tests passed, 1 flaky (smoke); passed only when tried again: smoke"
    )
    (smoke,) = result.suites
    assert (smoke.outcome, smoke.counts.flaky, smoke.counts.failed) == (Outcome.FLAKY, 1, 0)
    assert smoke.tests[1].message == "failed in attempt 1: 500, expected 201"
    assert smoke.sentence.startswith(
        "2 tests in suite smoke passed in attempt 2 of 3, 1 of them flaky; attempt 1: 1 of 2 tests"
    )


@pytest.mark.parametrize(
    "results",
    [
        (attempt(1, failed("b")), attempt(2, passed("b"))),
        (attempt(1, exit_code=3), attempt(2, passed("b"))),
        (attempt(1, dataclasses.replace(passed("b"), outcome=Outcome.FLAKY)),),
    ],
    ids=["by attempt", "after a broken run", "by the framework"],
)
def test_a_suite_that_allows_no_flaky_test_refuses_one(results):
    strict = plan(suite(attempts=3, flaky=FlakyPolicy.FAIL))
    own = [dataclasses.replace(each, plan_digest=strict.digest) for each in results]
    result = verdict(*own, of=strict)
    assert result.outcome is Outcome.FAILED
    assert "the suite allows none (flaky = 'fail')" in result.sentence


def test_a_run_that_passes_after_a_broken_one_says_what_was_wrong():
    result = verdict(attempt(1, exit_code=3), attempt(2, passed("a")))
    (smoke,) = result.suites
    assert (result.outcome, smoke.outcome) == (Outcome.PASSED, Outcome.FLAKY)
    assert "the first run did not; attempt 1: suite smoke: pytest had an internal" in smoke.sentence


def test_the_last_attempt_decides():
    result = verdict(attempt(1, failed("a")), attempt(2, failed("a")), attempt(3, failed("a")))
    assert result.outcome is Outcome.FAILED
    assert result.sentence.endswith("first: a: 500, expected 201 (attempt 3 of 3)")


def test_a_crash_of_the_last_attempt_refuses():
    crash = Crash(run=Run(suite="smoke", shard=1, attempt=2), error="E", cause="c")
    result = verdict(attempt(1, failed("a")), crash)
    assert result.outcome is Outcome.INFRA_ERROR
    assert result.sentence == "suite smoke could not run: E: c (attempt 2 of 3)"


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([attempt(2, passed("a"))], "left attempts 2, expected 1, 2"),
        ([attempt(1, failed("a")), attempt(3, passed("a"))], "left attempts 1, 3, expected"),
        ([attempt(1, passed("a")), attempt(2, passed("a"))], "tried again after attempt 1, which"),
        (
            [Crash(run=Run(suite="smoke", shard=1), error="E", cause=""), attempt(2, passed("a"))],
            "tried again after attempt 1, which no failed test gave reason for",
        ),
        (
            [attempt(n, failed("a")) for n in (1, 2, 3)] + [attempt(4, passed("a"))],
            "was tried 4 times, at most 3 are allowed",
        ),
    ],
)
def test_attempts_that_were_not_due_refuse(results, says):
    result = verdict(*results)
    assert result.outcome is Outcome.INFRA_ERROR
    assert says in result.sentence


def test_without_attempts_there_is_no_second_one():
    once = plan(suite())
    result = verdict(attempt(1, failed("a"), of=once), attempt(2, passed("a"), of=once), of=once)
    assert result.outcome is Outcome.INFRA_ERROR
    assert "was tried 2 times, at most 1 are allowed" in result.sentence


@given(st.lists(st.sampled_from(["pass", "fail", "crash"]), min_size=1, max_size=5))
def test_only_failures_followed_by_one_pass_in_time_ever_pass(kinds):
    made = {
        "pass": lambda n: attempt(n, passed("a")),
        "fail": lambda n: attempt(n, failed("a")),
        "crash": lambda n: Crash(run=Run(suite="smoke", shard=1, attempt=n), error="E", cause=""),
    }
    result = verdict(*(made[kind](n) for n, kind in enumerate(kinds, 1)))
    earned = kinds[-1] == "pass" and set(kinds[:-1]) <= {"fail"} and len(kinds) <= 3
    assert (result.outcome is Outcome.PASSED) == earned


def task(number=1, of=None, deadline_s=100.0):
    return Task(
        suite=of or suite(attempts=2),
        run=Run(suite="smoke", shard=1, attempt=number),
        context=RunContext(
            input_digest="i",
            plan_digest="p",
            prefix="runs/x/",
            base_url="http://green",
            deadline=START + timedelta(seconds=deadline_s),
            judged_on=date(2026, 11, 23),
            variables={},
        ),
    )


NOW = datetime(2026, 11, 23, 8, 0, 3, tzinfo=UTC)  # the samples' run took 2 s
FORGIVEN = QuarantineEntry(test="b", owner="o", reason="r", expires=date(2026, 11, 23))


@pytest.mark.parametrize(
    ("which", "tests", "again"),
    [
        (task(), (failed("a"),), True),
        (task(), (passed("a"),), False),
        (task(number=2), (failed("a"),), False),
        (task(of=suite()), (failed("a"),), False),
        (task(deadline_s=4), (failed("a"),), False),
        (task(of=suite(attempts=2, quarantine=(FORGIVEN,))), (passed("a"), failed("b")), False),
        (
            task(of=suite(attempts=2, thresholds=(parse_threshold("requests > 9"),))),
            (passed("a"),),
            True,
        ),
    ],
    ids=["failed", "passed", "used up", "undeclared", "no time", "quarantined", "threshold"],
)
def test_another_try_needs_a_reason_a_permit_and_time(which, tests, again):
    left = dataclasses.replace(evidence(plan(), *tests), metrics={"requests": 3.0})
    assert may_try_again(which, left, NOW) is again
