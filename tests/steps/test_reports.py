"""Reports beside the record: the same on each repeat, and never the reason of a refusal."""

import json

import pytest

from state_machines.steps.recording import conclude, write_record
from testgate.core.errors import AccessDeniedError, UnavailableError
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from tests.core.samples import passed, question
from tests.fakes.ports import FakeBucket
from tests.report import records

PLACE = place_of(question().deployment, question().execution_name)
REPORTS = (PLACE.report, PLACE.page, PLACE.junit, PLACE.ctrf)


class RefusingBucket(FakeBucket):
    """Does not store some keys, as a role that lacks a right, or S3 on a bad day."""

    def __init__(self, *refused, error):
        super().__init__()
        self.refused = refused
        self.error = error

    def put(self, key, body, content_type):
        if key in self.refused:
            raise self.error
        super().put(key, body, content_type)


def test_four_reports_lie_beside_the_record_under_their_media_types():
    kinds = {}

    class Bucket(FakeBucket):
        def put(self, key, body, content_type):
            kinds[key] = content_type
            super().put(key, body, content_type)

    write_record(Bucket(), PLACE, records.refused())
    assert kinds == {
        PLACE.report: "text/markdown; charset=utf-8",
        PLACE.page: "text/html; charset=utf-8",
        PLACE.junit: "application/xml",
        PLACE.ctrf: "application/json",
    }


def test_a_repeat_writes_the_same_bytes_to_the_same_keys():
    bucket = FakeBucket()
    write_record(bucket, PLACE, records.rich())
    first = dict(bucket.objects)
    assert set(REPORTS) < set(first)
    again = write_record(bucket, PLACE, records.refused())
    assert bucket.objects == first
    assert again.sentence == records.rich()["sentence"]


@pytest.mark.parametrize("error", [AccessDeniedError("denied"), UnavailableError("throttled")])
@pytest.mark.parametrize("refused", REPORTS)
def test_a_report_that_cannot_be_stored_is_missing_and_nothing_else_is(refused, error):
    bucket = RefusingBucket(refused, error=error)
    output = write_record(bucket, PLACE, records.record(passed("a")))
    assert output.outcome is Outcome.PASSED
    assert {key for key in REPORTS if key not in bucket.objects} == {refused}
    assert PLACE.record in bucket.objects
    assert any(key.startswith("index/") for key in bucket.objects)


@pytest.mark.parametrize("suites", [None, [None], [{}], [{"name": "smoke", "tests": 3}]])
def test_a_record_that_cannot_be_rendered_keeps_verdict_record_and_index(suites, caplog):
    record = records.record(passed("a")) | {"suites": suites}
    bucket = FakeBucket()
    output = write_record(bucket, PLACE, record)
    assert (output.outcome, output.counts.passed) == (Outcome.PASSED, 1)
    assert json.loads(bucket.objects[PLACE.record]) == record
    assert any(key.startswith("index/") for key in bucket.objects)
    assert PLACE.report not in bucket.objects
    assert f"no {PLACE.report}" in caplog.text


def test_more_tests_than_there_is_time_to_render_cost_the_reports_alone(caplog):
    record = records.record(passed("a"))
    record["suites"][0]["tests"] *= 100_001
    bucket = FakeBucket()
    assert conclude(bucket, PLACE, record).outcome is Outcome.PASSED
    assert not set(REPORTS) & set(bucket.objects)
    assert "100001 tests, at most 100000 are reported" in caplog.text


def test_a_report_too_large_to_read_is_not_kept(caplog):
    """Quotes have six bytes each in XML: past what GitLab reads."""
    record = records.record(passed("a"))
    (test,) = record["suites"][0]["tests"]
    names = (f"{n:06d}" + '"' * 290 for n in range(20_000))
    record["suites"][0]["tests"] = [test | {"name": name} for name in names]
    bucket = FakeBucket()
    conclude(bucket, PLACE, record)
    assert PLACE.junit not in bucket.objects
    assert {PLACE.report, PLACE.page, PLACE.ctrf} <= set(bucket.objects)
    assert "at most 30000000 are kept" in caplog.text


def test_reports_are_written_after_record_and_index():
    order = []

    class Bucket(FakeBucket):
        def put(self, key, body, content_type):
            order.append(key)
            super().put(key, body, content_type)

        def put_once(self, key, body, content_type):
            order.append(key)
            return super().put_once(key, body, content_type)

    write_record(Bucket(), PLACE, records.refused())
    assert order[0] == PLACE.record
    assert order[1].startswith("index/")
    assert set(order[2:]) == set(REPORTS)
