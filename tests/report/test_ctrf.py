"""CTRF: valid by its published schema, and a refusal is a failure to whoever counts."""

import hashlib
import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given

from testgate.core.outcomes import Outcome
from testgate.report.ctrf import render_ctrf
from testgate.runner.ctrf import parse_ctrf
from tests.report import records
from tests.report.damage import damaged

PLACE = Path(__file__).parent / "ctrf" / "ctrf-schema-0.0.json"
PUBLISHED = "742dee4cffda469902a9c30c4a87b0b7000d59d2ee502dcccb12ec471cea96a2"
SCHEMA = jsonschema.Draft7Validator(
    json.loads(PLACE.read_bytes()), format_checker=jsonschema.FormatChecker()
)
SAMPLES = {
    "refused": records.refused(),
    "promoted": records.promoted(),
    "suite_error": records.without_tests(Outcome.SUITE_ERROR, "suite smoke: no test ran"),
    "timed_out": records.without_tests(Outcome.TIMED_OUT, "suite smoke timed out after 300 s"),
    "hostile": records.hostile(),
    "rich": records.rich(),
}


def results(record):
    document = render_ctrf(record)
    SCHEMA.validate(document)
    return document["results"]


def by_name(record):
    return {(test["suite"][0], test["name"]): test for test in results(record)["tests"]}


def test_the_schema_is_the_published_one():
    assert hashlib.sha256(PLACE.read_bytes()).hexdigest() == PUBLISHED


def test_the_schema_refuses_what_it_does_not_know():
    """Else validity would say nothing."""
    document = render_ctrf(records.refused())
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(document | {"verdict": "failed"})


@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_of_record_gives_a_valid_document(name):
    SCHEMA.validate(render_ctrf(SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
def test_our_own_reader_reads_it_back(name):
    """It refuses a report whose summary and tests are at odds, or a test with two results."""
    document = render_ctrf(SAMPLES[name])
    report = parse_ctrf("ctrf.json", json.dumps(document).encode())
    summary = document["results"]["summary"]
    assert len(report.tests) == summary["tests"]
    failed = [test for test in report.tests if test.outcome is Outcome.FAILED]
    assert len(failed) == summary["failed"]
    flaky = [test for test in report.tests if test.outcome is Outcome.FLAKY]
    assert len(flaky) == summary["flaky"]


@given(damaged(records.rich()))
def test_a_record_that_lacks_things_or_holds_others_still_gives_a_valid_document(record):
    SCHEMA.validate(render_ctrf(record))


def test_a_refusal_carries_verdict_class_policy_and_each_failure():
    document = render_ctrf(records.refused())
    verdict = document["extra"]["testgate.verdict"]
    assert verdict["outcome"] == "failed"
    assert verdict["class"] == "product: green misbehaved"
    assert verdict["sentence"].startswith("3 of 14 tests in suite smoke failed (allowed 0)")
    assert document["extra"]["testgate.policy"]["GATE"] == "shop"
    summary = document["results"]["summary"]
    counts = {key: summary[key] for key in ("tests", "passed", "failed", "other", "suites")}
    assert counts == {"tests": 14, "passed": 11, "failed": 3, "other": 0, "suites": 1}
    assert (summary["stop"] - summary["start"]) == 9_500
    assert document["results"]["environment"]["healthy"] is False
    failure = by_name(records.refused())["smoke", "test_checkout.py::test_checkout"]
    assert failure["status"] == "failed"
    assert failure["message"] == "500, expected 201"
    assert failure["line"] == 42
    assert failure["duration"] == 310
    assert "assert 500 == 201" in failure["trace"]


def test_what_a_failing_test_printed_stands_in_its_stdout():
    told = by_name(records.record(records.broken("a", output="asked\nwarned")))
    assert told["smoke", "a"]["stdout"] == ["asked", "warned"]


@pytest.mark.parametrize("name", ["suite_error", "timed_out"])
def test_a_refusal_without_a_failing_test_fails_by_itself(name):
    (test,) = results(SAMPLES[name])["tests"]
    assert (test["name"], test["suite"], test["status"]) == ("gate run", ["gate"], "failed")
    assert test["rawStatus"] == name
    assert results(SAMPLES[name])["summary"]["failed"] == 1


def test_a_pass_is_healthy_and_has_no_failure():
    passed = results(records.promoted())
    assert passed["environment"]["healthy"] is True
    assert passed["summary"]["failed"] == 0
    assert len(passed["tests"]) == 14


def test_flaky_passed_and_a_suite_that_did_not_run_is_skipped():
    found = by_name(records.rich())
    assert found["smoke", "test_search.py::test_search"]["flaky"] is True
    assert found["smoke", "test_search.py::test_search"]["status"] == "passed"
    assert found["perf", "test_load.py::test_load"]["extra"]["testgate.test"] == {"blocking": False}
    assert found["gate", "suite journey"]["status"] == "skipped"
    assert found["gate", "suite smoke"]["status"] == "failed"
    smoke = results(records.rich())["extra"]["testgate.suites"][0]
    assert (smoke["attempts"], smoke["shards"]) == (2, 4)
    assert [each["holds"] for each in smoke["thresholds"]] == [True, False]


def test_a_quarantined_failure_refuses_nothing():
    test = by_name(records.quarantined())["smoke", "test_pay.py::test_pay"]
    assert (test["status"], test["rawStatus"]) == ("other", "failed")
    assert test["extra"]["testgate.test"]["quarantine"]["owner"] == "team-checkout"
    assert results(records.quarantined())["summary"]["failed"] == 0


def test_the_same_record_gives_the_same_document_and_another_run_another_id():
    first, again = (json.dumps(render_ctrf(records.refused())) for _ in range(2))
    assert first == again
    other = records.refused() | {"execution_arn": records.EXECUTION + "x"}
    assert render_ctrf(other)["reportId"] != render_ctrf(records.refused())["reportId"]


def test_half_a_character_does_not_break_the_json():
    json.dumps(render_ctrf(records.hostile()), ensure_ascii=False).encode()
