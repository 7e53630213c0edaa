"""Waves: what did not run because of a failure before it, and whether limits fit together."""

import pytest

from testgate.core.budget import budget_problem
from testgate.core.evidence import Run
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan
from testgate.core.plan_problems import timeout_problem
from testgate.core.verdict import judge, refused_so_far
from tests.core.samples import evidence, failed, passed, plan, question, suite

PROBE, SMOKE, LOAD = suite("probe"), suite("smoke"), suite("load", blocking=False)
WAVES = Plan(gate="shop", waves=((PROBE,), (SMOKE, LOAD)))


def left(name, *tests, of=WAVES):
    return evidence(of, *tests, run=Run(suite=name, shard=1))


def test_a_suite_of_a_later_wave_did_not_run_and_the_failure_stays_the_headline():
    result = judge(WAVES, [left("probe", failed("up"))], question().digest)
    assert result.outcome is Outcome.FAILED
    assert result.sentence == (
        "1 of 1 tests in suite probe failed (allowed 0); first: up: 500, expected 201; "
        "not run: smoke"
    )
    assert [verdict.outcome.value for verdict in result.suites] == ["failed", "skipped", "skipped"]
    assert result.suites[1].sentence == (
        "suite smoke did not run: suite probe of an earlier wave had not passed"
    )


def test_a_suite_that_is_missing_after_a_wave_that_passed_is_an_error():
    result = judge(WAVES, [left("probe", passed("up"))], question().digest)
    assert result.outcome is Outcome.INFRA_ERROR
    assert "suite smoke left no result" in result.sentence


def test_an_advisory_suite_stops_no_wave():
    waves = Plan(gate="shop", waves=((LOAD,), (SMOKE,)))
    results = [left("load", failed("fast"), of=waves)]
    assert refused_so_far(waves, 1, results, None) is None
    assert judge(waves, results, question().digest).outcome is Outcome.INFRA_ERROR


def test_only_the_waves_before_are_asked():
    results = [left("probe", passed("up"))]
    assert refused_so_far(WAVES, 1, results, None) is None
    sentence = refused_so_far(WAVES, 1, [left("probe", failed("up"))], None)
    assert sentence is not None
    assert sentence.startswith("1 of 1 tests in suite probe failed")
    assert refused_so_far(WAVES, 1, [], None) == "suite probe left no result"


@pytest.mark.parametrize(
    ("of", "numbers"),
    [
        (plan(suite(timeout_s=780, attempts=3)), "may take 2400 s (wave 1: 2340 s + 60 s"),
        (plan(suite(shards=61)), "2160 s (wave 1: 61 shards, 7 rounds of 300 s + 60 s"),
        (
            Plan(
                gate="shop",
                waves=((suite("a", timeout_s=100),), (suite("b", timeout_s=50),)),
                timeout_s=200,
            ),
            "the gate has 200 s and its suites may take 210 s (wave 1: 100 s + wave 2: 50 s + 60 s",
        ),
    ],
)
def test_limits_that_do_not_fit_are_told_with_their_numbers(of, numbers):
    problem = budget_problem(of)
    assert problem is not None
    assert numbers in problem


def test_limits_that_fit_are_no_problem():
    assert budget_problem(plan(suite(timeout_s=580, attempts=3))) is None
    assert budget_problem(Plan(gate="a", waves=((suite(shards=64),),), timeout_s=2160)) is None


def test_a_gate_is_given_the_time_it_was_published_for():
    of = Plan(gate="shop", waves=((suite(),),), timeout_s=2400)
    assert timeout_problem(of, 2400) is None
    assert timeout_problem(of, 1800) == (
        "gate 'shop' is published for 2400 s and TIMEOUT_SECONDS is 1800: set it to 2400 or more"
    )
    assert timeout_problem(plan(), 10) is None
