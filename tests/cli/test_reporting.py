"""What `open` shows and `report` writes, from what is stored of a gate run."""

import re

import pytest

from testgate.cli.reporting import page_of, record_of
from testgate.cli.runs import StoredRun
from testgate.core.layout import place_of
from testgate.report.html import PAGE, page_number, render_html
from testgate.report.rendering import Form, render
from tests.core.samples import ARN, question
from tests.fakes.ports import FakeBucket
from tests.report import records

PLACE = place_of(question().deployment, question().execution_name)
ANSWER = {
    "schema": "testgate.answer/1",
    "outcome": "infra_error",
    "sentence": "hookDetails has an unknown key TIMEOUT; did you mean TIMEOUT_SECONDS?",
    "hook_status": "FAILED",
    "mode": "enforce",
    "deployment": ARN,
    "revision": question().revision,
    "stage": "POST_TEST_TRAFFIC_SHIFT",
    "execution_arn": None,
    "answered_at": "2026-11-23T08:00:09+00:00",
    "request_id": "x",
}
RENDERED = render_html(records.refused()).encode()


def run(record=None, answer=None):
    return StoredRun(place=PLACE, bucket="records", record=record, answer=answer)


def numbered(number):
    return re.sub(rb" page/\d+", b" page/%d" % number, RENDERED)


@pytest.mark.parametrize("stored", [numbered(PAGE), numbered(PAGE + 1)])
def test_a_page_of_this_or_a_newer_version_is_shown_as_it_is_stored(stored):
    bucket = FakeBucket()
    bucket.objects[PLACE.page] = stored.replace(b"3 of 14", b"as stored")
    assert b"as stored" in page_of(bucket, run(records.refused()))


@pytest.mark.parametrize("stored", [None, numbered(PAGE - 1), b"", b"<html></html>", b"\xff\xfe"])
def test_a_page_that_is_missing_older_or_none_is_rendered_from_the_record(stored):
    bucket = FakeBucket()
    if stored is not None:
        bucket.objects[PLACE.page] = stored
    assert page_of(bucket, run(records.refused())) == RENDERED


@pytest.mark.parametrize("form", list(Form))
def test_where_the_hook_refused_without_a_gate_run_its_answer_is_the_report(form):
    report = render(form, record_of(run(answer=ANSWER))).decode()
    assert "did you mean" in report
    assert "EZe5RNVL-6PPzHXINuP28" in report.replace("\\", "")


def test_a_record_of_the_same_run_goes_before_the_answer():
    assert record_of(run(records.refused(), ANSWER)) == records.refused()


def test_what_is_rendered_here_says_its_number():
    assert page_number(page_of(FakeBucket(), run(records.promoted())).decode()) == PAGE
