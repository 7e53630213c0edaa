"""Stored documents that are whole, half-written or newer: each says what was found."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.cli.documents import read_answer_document, read_record_document
from testgate.cli.runs import find_run
from testgate.core.answers import ANSWER_SCHEMA
from testgate.core.layout import place_of
from testgate.core.outcomes import Outcome
from testgate.core.record import RECORD_SCHEMA
from tests.core.samples import ARN, START, question
from tests.fakes.ports import FakeBucket

GOOD = {"schema": RECORD_SCHEMA, "outcome": "failed", "sentence": "3 of 14 tests failed"}
PLACE = place_of(question().deployment, question().execution_name)


def read(document):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_record_document("record.json", body, RECORD_SCHEMA)


def test_a_whole_record_is_itself_and_shows_nothing_where_it_lacks_something():
    whole = read(GOOD | {"gate": "shop"})
    assert (whole.value["gate"], whole.value["suites"], whole.problem) == ("shop", [], "")


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_half_written_record_is_told(cut):
    half = read(json.dumps(GOOD).encode()[:cut])
    assert half.value is None
    assert half.problem.startswith(f"record.json is no whole JSON object ({cut} bytes): it was cut")


@pytest.mark.parametrize("value", [[], "text", 1, None])
def test_json_that_is_no_object_is_told(value):
    assert "is no whole JSON object" in read(value).problem


def test_of_a_newer_schema_outcome_and_sentence_are_told():
    newer = read(GOOD | {"schema": "testgate.record/12", "suites": {"smoke": 1}})
    assert (newer.value["sentence"], newer.value["suites"]) == (GOOD["sentence"], [])
    assert "is of testgate.record/12, newer than the testgate.record/1 that" in newer.problem
    assert "upgrade testgate" in newer.problem


@pytest.mark.parametrize(
    "changes", [{"outcome": "splendid"}, {"outcome": None}, {"sentence": None}, {"outcome": []}]
)
@pytest.mark.parametrize("schema", [RECORD_SCHEMA, "testgate.record/2"])
def test_an_outcome_or_a_sentence_that_is_unknown_is_never_shown(changes, schema):
    strange = read(GOOD | {"schema": schema} | changes)
    assert strange.value is None
    assert strange.problem


def test_an_answer_of_a_newer_schema_keeps_what_ecs_was_told():
    told = {"hook_status": "FAILED", "mode": "enforce", "hook": {"of": "a new form"}}
    body = json.dumps(GOOD | told | {"schema": "testgate.answer/2"}).encode()
    answer = read_answer_document("answer.json", body, ANSWER_SCHEMA)
    assert answer.value is not None
    assert answer.value["hook_status"] == "FAILED"
    assert "hook" not in answer.value


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["schema", "outcome", "sentence", "mode"]), inner)
        ),
        max_leaves=8,
    )
)
def test_whatever_is_stored_there_is_a_value_or_a_problem(stored):
    document = read(stored)
    assert document.value is not None or document.problem
    if document.value is not None:
        Outcome(document.value["outcome"])


def bucket_with(**documents):
    bucket = FakeBucket()
    bucket.put(PLACE.index(Outcome.FAILED, START), b"", "text/plain")
    for name, body in documents.items():
        bucket.put(f"{PLACE.prefix}{name}.json", body, "application/json")
    return bucket


ANSWER = json.dumps(
    GOOD | {"schema": ANSWER_SCHEMA, "hook_status": "FAILED", "mode": "enforce", "sentence": "no"}
).encode()


def test_a_half_written_record_leaves_the_hooks_answer_to_tell():
    run = find_run(bucket_with(record=b'{"outc', answer=ANSWER), ARN)
    assert (run.sentence, run.record, run.refused) == ("no", None, True)
    (problem,) = run.problems
    assert problem.startswith(f"{PLACE.record} is no whole JSON object")


@pytest.mark.parametrize("documents", [{}, {"record": b"", "answer": b"["}])
def test_where_nothing_can_be_read_the_index_still_tells_the_outcome(documents):
    run = find_run(bucket_with(**documents), ARN)
    assert run.outcome is Outcome.FAILED
    assert run.sentence == (
        "it ended as failed at 2026-11-23 08:00:00 UTC; its index entry is all that can be read "
        "of it in bucket records"
    )
    assert len(run.problems) == len(documents)
