"""Metrics: windows of time, what they say, and that nothing else counts."""

import dataclasses
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.config import EXECUTION_KEY, STATE_KEY, Mode, OnCreate
from testgate.core.decision import Allow, Refuse, Wait
from testgate.core.errors import ConfigError, EvidenceError, InputError
from testgate.core.metrics import (
    AlarmFacts,
    AlarmLook,
    Result,
    decide_metrics,
    due_checks,
    first_window,
    look_at_alarm,
    make_checks,
    numbered,
    plan_sentence,
    spell_alarm_looks,
    stored_alarm_looks,
)
from testgate.core.metrics_config import (
    FIELDS,
    INTERVALS_S,
    METRIC_FIELDS,
    Comparison,
    MetricsConfig,
    balancer_dimensions,
    parse_metrics,
)
from testgate.core.outcomes import Outcome
from tests.core.samples import START

ERRORS = {
    "namespace": "AWS/ApplicationELB",
    "name": "HTTPCode_Target_5XX_Count",
    "statistic": "Sum",
    "comparison": "<=",
    "threshold": 5,
    "dimensions": {"TargetGroup": "{TARGET_GROUP}", "LoadBalancer": "{LOAD_BALANCER}"},
}
CONFIG = {"METRICS": [ERRORS], "CHECKS": 3, "INTERVAL_SECONDS": 60, "LAG_SECONDS": 30}


def config(**changes):
    return parse_metrics(CONFIG | changes)


def decide(*values, after_s=10_000.0, alarms=None, **changes):
    """Values of the one metric by check, None for no data."""
    asked = config(**changes)
    now = START + timedelta(seconds=after_s)
    due = due_checks(asked, START, now)
    points = {n: v for n, v in enumerate(values, 1) if v is not None}
    checks = make_checks(asked, START, due, [points] * len(asked.metrics), alarms or {})
    return decide_metrics(asked, START, checks, now)


def test_as_many_good_checks_as_asked_for_allow():
    decision = decide(0, 5, 3)
    assert isinstance(decision, Allow)
    assert decision.sentence == (
        "3 checks made: 3 good, 0 failed (allowed 0), 0 without data (allowed 0)"
    )
    assert decision.evidence is not None
    assert [check["result"] for check in decision.evidence["checks"]] == ["good"] * 3


def test_one_bad_check_more_than_allowed_refuses_with_the_arithmetic():
    decision = decide(0, 6, 9)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.FAILED
    assert decision.sentence == (
        "2 of 3 checks failed (allowed 0): "
        "AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum was 6 at 08:01:00 (expected <= 5); "
        "AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum was 9 at 08:02:00 (expected <= 5)"
    )
    assert isinstance(decide(0, 6, 5, FAILURES_ALLOWED=1), Allow)
    assert isinstance(decide(0, 6, 9, FAILURES_ALLOWED=1), Refuse)


def test_a_bad_check_refuses_before_the_others_are_made():
    assert isinstance(decide(9, after_s=90), Refuse)
    assert isinstance(decide(9, after_s=89), Wait)


def test_missing_data_is_not_good_data():
    decision = decide(0, None, 0)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.INFRA_ERROR
    assert decision.sentence.startswith("1 of 3 checks had no data (allowed 0): AWS/Application")
    assert isinstance(decide(0, None, 0, MISSING_ALLOWED=1), Allow)
    assert isinstance(decide(None, None, 0, MISSING_ALLOWED=1), Refuse)


@pytest.mark.parametrize(
    ("missing", "allowed"), [("good", True), ("bad", False), ("missing", False)]
)
def test_what_missing_data_means_may_be_said_for_a_metric(missing, allowed):
    requests = ERRORS | {"name": "RequestCount", "comparison": ">=", "threshold": 0}
    asked = config(METRICS=[ERRORS | {"missing": missing}, requests])
    values = [{}, {1: 9.0, 2: 9.0, 3: 9.0}]
    checks = make_checks(asked, START, 3, values, {})
    decision = decide_metrics(asked, START, checks, START + timedelta(hours=1))
    assert isinstance(decision, Allow) == allowed


def test_a_check_is_as_bad_as_its_worst_metric():
    asked = config(METRICS=[ERRORS, ERRORS | {"threshold": 1}])
    checks = make_checks(asked, START, 1, [{1: 3.0}, {1: 3.0}], {})
    assert checks[0].result is Result.BAD


@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ("<", (True, False, False)),
        ("<=", (True, True, False)),
        (">", (False, False, True)),
        (">=", (False, True, True)),
    ],
)
def test_comparisons_hold_at_and_beside_the_threshold(comparison, holds):
    assert tuple(Comparison(comparison).holds(v, 5) for v in (4, 5, 6)) == holds


def test_until_the_checks_are_due_it_waits_for_the_next_and_tells_where_it_is():
    decision = decide(0, after_s=100)
    assert isinstance(decision, Wait)
    assert decision.delay_s == 50
    assert decision.says == (
        "has made 1 of 3 checks: 1 good, 0 failed (allowed 0), 0 without data (allowed 0)"
    )
    assert decision.state == {"checks": 1, "good": 1, "missing": 0, "bad": 0}


@pytest.mark.parametrize(
    ("after_s", "due"), [(-5, 0), (0, 0), (89.9, 0), (90, 1), (149, 1), (150, 2), (9_999, 3)]
)
def test_a_check_is_due_once_its_window_and_the_lag_are_over(after_s, due):
    assert due_checks(config(), START, START + timedelta(seconds=after_s)) == due


@pytest.mark.parametrize(
    ("second", "interval_s", "begins"), [(0, 60, 0), (1, 60, 60), (59.5, 60, 60), (7, 5, 10)]
)
def test_the_first_window_is_the_first_whole_one(second, interval_s, begins):
    asked_at = START + timedelta(seconds=second)
    assert first_window(asked_at, interval_s) == START + timedelta(seconds=begins)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
    st.sampled_from(INTERVALS_S),
)
def test_no_window_begins_before_the_question_or_off_cloudwatchs_grid(asked, interval_s):
    asked_at = asked.replace(tzinfo=UTC)
    begin = first_window(asked_at, interval_s)
    assert asked_at <= begin < asked_at + timedelta(seconds=interval_s)
    assert begin.timestamp() % interval_s == 0


def test_points_belong_to_the_window_that_they_begin():
    points = [
        (START, 1.0),
        (START + timedelta(seconds=120), 2.0),
        (START + timedelta(seconds=130), 9.0),
        (START + timedelta(seconds=180), math.nan),
        (START - timedelta(seconds=60), 7.0),
    ]
    assert numbered(config(), START, points) == {1: 1.0, 3: 2.0, 0: 7.0}


OK = AlarmFacts(state="OK", since=START - timedelta(days=1))


@pytest.mark.parametrize(
    ("facts", "late_s", "result"),
    [
        (OK, 0, Result.GOOD),
        (OK, 999, Result.GOOD),
        (AlarmFacts(state="ALARM", since=START), 5, Result.BAD),
        (AlarmFacts(state="INSUFFICIENT_DATA", since=None), 5, Result.MISSING),
        (AlarmFacts(state="", since=None), 5, Result.MISSING),
        (AlarmFacts(state="OK", since=None), 59, Result.GOOD),
        (AlarmFacts(state="OK", since=START + timedelta(seconds=20)), 59, Result.GOOD),
        (AlarmFacts(state="OK", since=START + timedelta(seconds=20)), 60, Result.MISSING),
        (AlarmFacts(state="OK", since=None), 60, Result.MISSING),
        (AlarmFacts(state="ALARM", since=START + timedelta(seconds=20)), 60, Result.MISSING),
    ],
)
def test_an_alarms_state_tells_of_a_check_that_is_not_long_past(facts, late_s, result):
    now = START + timedelta(seconds=late_s)
    assert look_at_alarm(config(), facts, START, now).result is result


def alarm_looks(*results):
    return {
        number: {"errors": AlarmLook(result=result, says=result.value)}
        for number, result in enumerate(results, 1)
    }


@pytest.mark.parametrize(
    ("looks", "kind"),
    [
        ([Result.GOOD] * 3, Allow),
        ([Result.GOOD, Result.BAD, Result.GOOD], Refuse),
        ([Result.GOOD, Result.MISSING, Result.GOOD], Refuse),
        ([Result.GOOD, Result.GOOD], Refuse),
        ([], Refuse),
    ],
)
def test_alarms_count_as_metrics_do_and_one_not_looked_at_is_missing(looks, kind):
    decision = decide(
        METRICS=[ERRORS | {"missing": "good"}], ALARMS="errors", alarms=alarm_looks(*looks)
    )
    assert isinstance(decision, kind)


def test_a_look_is_stored_and_read_back_and_nothing_else_is():
    asked = config(ALARMS="a,b")
    looks = {
        "a": AlarmLook(result=Result.BAD, says="ALARM"),
        "b": AlarmLook(result=Result.GOOD, says="OK"),
    }
    document = spell_alarm_looks(1, START, looks)
    assert stored_alarm_looks(asked, Result.BAD, document) == looks
    assert set(stored_alarm_looks(asked, Result.GOOD, None)) == {"a", "b"}
    with pytest.raises(EvidenceError, match="something else than its key"):
        stored_alarm_looks(asked, Result.MISSING, document)


@pytest.mark.parametrize(
    "forged", [None, {}, {"alarms": {"a": {}}}, [1], {"alarms": {"a": {"result": "x"}}}]
)
def test_a_stored_check_of_another_form_is_no_evidence(forged):
    with pytest.raises(EvidenceError):
        stored_alarm_looks(config(ALARMS="a"), Result.BAD, forged)


def test_placeholders_are_the_revisions_own_group_and_balancer():
    prefix = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
    dimensions = balancer_dimensions(
        f"{prefix}:targetgroup/web-two/0123456789abcdef",
        f"{prefix}:listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
    )
    assert config().metrics[0].filled(dimensions) == {
        "TargetGroup": "targetgroup/web-two/0123456789abcdef",
        "LoadBalancer": "app/web/50dc6c495c0c9188",
    }
    network = f"{prefix}:listener/net/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
    filled = balancer_dimensions(f"{prefix}:targetgroup/a/b", network)
    assert filled["LOAD_BALANCER"] == "net/web/50dc6c495c0c9188"
    with pytest.raises(InputError):
        balancer_dimensions("", network)


def test_the_plan_says_what_and_until_when():
    assert plan_sentence(config(ALARMS="slow"), START) == (
        "makes 3 checks of 60 s each from 2026-11-23 08:00:00+00:00 and answers by "
        "2026-11-23 08:03:30+00:00: AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum, slow"
    )


def test_the_configuration_is_read_and_spelled_alike():
    details = {
        "METRICS": ERRORS | {"threshold": "0.5", "statistic": "p99.9", "missing": "good"},
        "ALARMS": ["errors", "latency"],
        "CHECKS": "10",
        "INTERVAL_SECONDS": 300,
        "LAG_SECONDS": 0,
        "FAILURES_ALLOWED": 2,
        "MISSING_ALLOWED": 1,
        "CONTAINER": "web",
        "ON_CREATE": "skip",
        "MODE": "observe",
        EXECUTION_KEY: "x",
        STATE_KEY: {"checks": 99},
    }
    read = parse_metrics(details)
    assert read.metrics[0].threshold == 0.5
    assert (read.checks, read.on_create) == (10, OnCreate.SKIP)
    assert parse_metrics(read.spell()) == dataclasses.replace(read, mode=Mode.ENFORCE)
    assert set(read.spell()) == set(FIELDS) - {"MODE"}


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ({}, "names nothing to check: set METRICS or ALARMS"),
        ({"METRIC": [ERRORS]}, "did you mean METRICS?"),
        ({"METRICS": []}, "METRICS: expected a list of metrics, got an array"),
        ({"METRICS": "x"}, "expected a list of metrics, got text"),
        ({"METRICS": [7]}, "expected an object for metric 1, got a number"),
        ({"METRICS": [{}]}, "metric 1: namespace is missing; name is missing"),
        ({"METRICS": [ERRORS | {"treshold": 1}]}, "did you mean threshold?"),
        ({"METRICS": [ERRORS | {"comparison": "=="}]}, "got '==', expected < or <= or > or >="),
        ({"METRICS": [ERRORS | {"statistic": "Median"}]}, "expected one of CloudWatch's"),
        ({"METRICS": [ERRORS | {"threshold": "much"}]}, "expected a number, got 'much'"),
        ({"METRICS": [ERRORS | {"threshold": True}]}, "expected a number"),
        ({"METRICS": [ERRORS | {"threshold": "nan"}]}, "expected a number"),
        ({"METRICS": [ERRORS | {"threshold": "inf"}]}, "expected a number"),
        ({"METRICS": [ERRORS | {"dimensions": {"A": "{GROUP}"}}]}, "knows no {GROUP}"),
        ({"METRICS": [ERRORS | {"dimensions": [1]}]}, "expected an object of texts"),
        ({"METRICS": [ERRORS | {"missing": "ok"}]}, "expected missing or good or bad"),
        ({"METRICS": [ERRORS] * 11}, "at most 10 are allowed"),
        ({"METRICS": [ERRORS | {"missing": "good"}]}, "every metric counts missing data as good"),
        ({"ALARMS": ""}, "ALARMS: is empty"),
        ({"ALARMS": "a", "CHECKS": 0}, "got 0, expected 1 to 500"),
        ({"ALARMS": "a", "INTERVAL_SECONDS": 90}, "got 90, expected one of 1, 5, 10"),
        ({"ALARMS": "a", "FAILURES_ALLOWED": 5}, "leave none of 5 CHECKS that must be good"),
        (
            {"ALARMS": "a", "FAILURES_ALLOWED": 3, "MISSING_ALLOWED": 2},
            "leave none of 5 CHECKS that must be good",
        ),
        ({"ALARMS": "a", "CHECKS": 500, "INTERVAL_SECONDS": 3600}, "at most 82800 are possible"),
        ({"ALARMS": "a", "CHECKS": 400, "INTERVAL_SECONDS": 30}, "at most 9000 are possible"),
    ],
)
def test_bad_configuration_is_refused_by_name(details, says):
    with pytest.raises(ConfigError) as caught:
        parse_metrics(details)
    assert says in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*METRIC_FIELDS, "x"]), inner, max_size=7)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "METRIC"]), anything))
def test_any_json_is_a_configuration_or_refused_and_nothing_else_happens(details):
    try:
        parse_metrics(details)
    except ConfigError as exc:
        assert exc.problems


values = st.none() | st.integers(0, 10)


@given(
    st.lists(values, max_size=8),
    st.integers(0, 800),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 6),
)
def test_only_enough_good_windows_allow_whatever_else_happens(
    seen, after_s, failures, missing, checks
):
    try:
        asked: MetricsConfig = config(
            CHECKS=checks, FAILURES_ALLOWED=failures, MISSING_ALLOWED=missing
        )
    except ConfigError:
        assert failures + missing >= checks
        return
    decision = decide(
        *seen,
        after_s=after_s,
        CHECKS=checks,
        FAILURES_ALLOWED=failures,
        MISSING_ALLOWED=missing,
    )
    due = due_checks(asked, START, START + timedelta(seconds=after_s))
    made = (seen + [None] * due)[:due]
    bad = sum(value is not None and value > 5 for value in made)
    absent = sum(value is None for value in made)
    if bad > failures or absent > missing:
        assert isinstance(decision, Refuse)
    elif len(made) < checks:
        assert isinstance(decision, Wait)
        assert 1 <= decision.delay_s <= 120
    else:
        assert isinstance(decision, Allow)
        assert checks - bad - absent >= 1
