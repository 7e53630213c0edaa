"""Thresholds: their spelling, and that nothing but a measured number holds one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import PlanError
from testgate.core.outcomes import Outcome
from testgate.core.plan_problems import plan_problems
from testgate.core.thresholds import measure, parse_threshold
from testgate.core.verdict import judge
from tests.core.samples import evidence, failed, passed, plan, question, suite


def slow(*texts, **changes):
    return plan(suite(thresholds=tuple(map(parse_threshold, texts)), **changes))


def verdict(of, metrics, *tests):
    left = evidence(of, *(tests or (passed("a"),)), metrics=metrics)
    return judge(of, [left], question().digest)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("response_p95_ms <= 300", "response_p95_ms <= 300"),
        ("  errors<0.50 ", "errors < 0.5"),
        ("a.b >= -1", "a.b >= -1"),
        ("requests > 123456789012345", "requests > 123456789012345"),
        ("x <= 0.000000001", "x <= 0.000000001"),
    ],
)
def test_a_threshold_is_read_and_spelled_in_one_way(text, spelled):
    assert str(parse_threshold(text)) == spelled
    assert parse_threshold(spelled) == parse_threshold(text)


@pytest.mark.parametrize(
    "text",
    ["", "p95", "p95 == 3", "p95 <= ", "p95 <= 1e3", "<= 3", "P95 <= 3", "a <= nan", 3, None],
)
def test_anything_else_is_no_threshold(text):
    with pytest.raises(PlanError, match="is not of the form"):
        parse_threshold(text)


def test_a_threshold_that_holds_passes():
    result = verdict(slow("duration_s <= 2"), {"duration_s": 2.0})
    assert result.outcome is Outcome.PASSED


def test_a_threshold_that_does_not_hold_fails_with_its_arithmetic():
    result = verdict(slow("response_p95_ms <= 300"), {"response_p95_ms": 412.5})
    assert result.outcome is Outcome.FAILED
    assert result.sentence == "suite smoke: response_p95_ms is 412.5, must be <= 300"


def test_a_metric_that_nobody_reported_is_the_suites_error():
    result = verdict(slow("respnse_p95_ms <= 300", "requests < 1"), {"requests": 3.0})
    assert result.outcome is Outcome.SUITE_ERROR
    assert result.sentence == "suite smoke: respnse_p95_ms was not reported, must be <= 300"


def test_failed_tests_are_the_news_and_not_the_threshold():
    result = verdict(slow("requests < 1"), {"requests": 3.0}, failed("a"))
    assert result.sentence.startswith("1 of 1 tests in suite smoke failed")
    assert [each.holds for each in result.suites[0].measured] == [False]


def test_the_worst_shard_decides():
    fast = parse_threshold("response_p95_ms < 300")
    many = parse_threshold("requests >= 5")
    shards = [{"response_p95_ms": 10, "requests": 9}, {"response_p95_ms": 310, "requests": 4}]
    assert [measure(each, shards).value for each in (fast, many)] == [310, 4]
    assert measure(fast, [shards[0], {}]).value is None


@given(
    st.sampled_from(["<", "<=", ">", ">="]),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=4),
)
def test_only_finite_numbers_hold_anything(sign, values):
    measured = measure(parse_threshold(f"m {sign} 5"), [{"m": value} for value in values])
    compare = {
        "<": lambda v: v < 5,
        "<=": lambda v: v <= 5,
        ">": lambda v: v > 5,
        ">=": lambda v: v >= 5,
    }
    earned = bool(values) and all(math.isfinite(v) and compare[sign](v) for v in values)
    assert measured.holds == earned


def test_a_suite_has_a_bounded_number_of_thresholds():
    of = slow(*(f"m{n} < 1" for n in range(21)))
    assert any("21 thresholds, at most 20" in problem for problem in plan_problems(of))
