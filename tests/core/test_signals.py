"""A record's numbers: where its time went, and what CloudWatch is told of it."""

import json

import pytest

from testgate.core.embedded_metrics import metric_lines
from testgate.core.spans import time_spans

AT = "2026-11-23T08:00:{:02d}.000Z"


def at(seconds):
    return AT.format(seconds)


@pytest.mark.parametrize(
    ("deployment_at", "suites", "expected"),
    [
        (
            at(1),
            [(at(22), at(40)), (at(20), at(30))],
            {"queue_s": 9, "prepare_s": 10, "tests_s": 20, "judge_s": 10, "double_fleet_s": 49},
        ),
        ("", [(at(20), at(30))], {"prepare_s": 10, "tests_s": 10, "judge_s": 20}),
        (at(1), [], {"queue_s": 9, "double_fleet_s": 49}),
        ("soon", [("", "")], {}),
        (at(55), [], {}),
    ],
)
def test_time_is_told_by_part_where_both_its_ends_are_known(deployment_at, suites, expected):
    assert time_spans(deployment_at, at(10), at(50), suites) == expected


RECORD = {
    "cluster": "shop",
    "service": "web",
    "gate": "shop",
    "outcome": "failed",
    "started_at": at(10),
    "ended_at": at(50),
    "counts": {"flaky": 2},
    "spans": {"queue_s": 9.0, "tests_s": 20.0, "double_fleet_s": 49.0},
    "suites": [
        {
            "name": "smoke",
            "outcome": "flaky",
            "counts": {"flaky": 2, "failed": 0},
            "started_at": at(20),
            "ended_at": at(40),
        },
        {"name": "rest", "outcome": "skipped", "counts": {}, "started_at": "", "ended_at": ""},
    ],
}


def test_metrics_are_in_the_embedded_format():
    """By the format's specification: each metric and each dimension is a member of its line."""
    lines = list(metric_lines(RECORD))
    assert len(lines) == 3
    for line in lines:
        assert json.loads(json.dumps(line)) == line
        told = line["_aws"]
        assert isinstance(told, dict)
        assert told["Timestamp"] == 1795420850000
        (directive,) = told["CloudWatchMetrics"]
        assert directive["Namespace"] == "Testgate"
        for dimension in (name for names in directive["Dimensions"] for name in names):
            assert isinstance(line[dimension], str)
        for metric in directive["Metrics"]:
            assert set(metric) == {"Name", "Unit"}
            assert isinstance(line[metric["Name"]], int | float)


def test_metrics_tell_outcome_duration_and_flaky_tests_by_service_and_suite():
    whole, smoke, rest = metric_lines(RECORD)
    assert (whole["Refusals"], whole["Duration"], whole["FlakyTests"]) == (1, 40.0, 2)
    assert (whole["Queue"], whole["DoubleFleet"], whole["Outcome"]) == (9.0, 49.0, "failed")
    assert (smoke["Suite"], smoke["SuiteDuration"], smoke["SuiteRefusals"]) == ("smoke", 20.0, 0)
    assert "SuiteDuration" not in rest


def test_what_a_record_lacks_is_not_told():
    bare = {key: RECORD[key] for key in ("cluster", "service", "outcome", "ended_at")}
    (line,) = metric_lines(bare)
    assert "Duration" not in line
    assert line["GateRuns"] == 1
