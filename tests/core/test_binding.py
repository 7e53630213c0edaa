"""Same name if and only if same question; and no output passes that answers another."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.arns import execution_arn, parse_service_deployment_arn
from testgate.core.binding import (
    Counts,
    GateOutput,
    binding_problem,
    parse_counts,
    parse_output,
    parse_question,
)
from testgate.core.canonical import canonical_json, digest_of
from testgate.core.errors import EvidenceError, InputError
from testgate.core.outcomes import Outcome
from tests.core.samples import ARN, STATE_MACHINE, question

PLAN = "sha256:" + "c" * 64


def output(**changes):
    values = {
        "outcome": Outcome.PASSED,
        "sentence": "2 of 2 tests passed (smoke)",
        "input_digest": question().digest,
        "plan_digest": PLAN,
        "counts": Counts(total=2, passed=2),
        "record_key": "runs/…/record.json",
    }
    return GateOutput(**(values | changes))


def test_name_fits_step_functions_and_is_readable():
    name = question().execution_name
    assert len(name) <= 80
    assert name.startswith("web-")
    assert name.endswith(question().digest.removeprefix("sha256:"))


def test_a_long_service_name_still_fits():
    deployment = parse_service_deployment_arn(ARN.replace("/web/", "/" + "w" * 255 + "/"))
    long = dataclasses.replace(question(), deployment=deployment)
    assert len(long.execution_name) == 80


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(question(), deployment=parse_service_deployment_arn(ARN[:-1] + "9")),
        dataclasses.replace(question(), revision=question().revision[:-1] + "1"),
        dataclasses.replace(question(), stage="POST_PRODUCTION_TRAFFIC_SHIFT"),
        question(TIMEOUT_SECONDS=60),
        question(GATE="other"),
        question(PARAMETERS={"A": "b"}),
    ],
)
def test_another_question_has_another_name(other):
    assert other.execution_name != question().execution_name


def test_observing_asks_the_same_question():
    assert question(MODE="observe").execution_name == question().execution_name


def test_input_survives_the_way_through_step_functions():
    asked = question(PARAMETERS={"B": "ü", "A": "x"})
    assert parse_question(json.loads(asked.input_json)) == asked


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "testgate.input/2"},
        {"deployment": "arn"},
        {"revision": ARN},
        {"config": {"GATE": "shop", "MODE": "observe"}},
        {"config": {}},
        {"extra": 1},
    ],
)
def test_an_input_that_holds_anything_else_is_refused(change):
    with pytest.raises(InputError):
        parse_question(json.loads(question().input_json) | change)


def test_execution_arn_is_derived_from_machine_and_name():
    assert execution_arn(STATE_MACHINE, "n") == (
        "arn:aws:states:us-east-1:123456789012:execution:testgate-test-gate:n"
    )
    with pytest.raises(InputError, match="not the ARN of a state machine"):
        execution_arn("arn:aws:lambda:us-east-1:123456789012:function:f", "n")


def test_an_earned_output_binds():
    assert binding_problem(parse_output(output().spell()), question()) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"input_digest": PLAN}, "answers another question"),
        ({"outcome": Outcome.FLAKY}, "says flaky"),
        ({"outcome": Outcome.FAILED}, "says failed"),
        ({"plan_digest": None}, "names no plan"),
        ({"counts": Counts()}, "no run tests"),
        ({"counts": Counts(total=2, skipped=2)}, "no run tests"),
        ({"counts": Counts(total=2, passed=1, failed=1)}, "or failed ones"),
    ],
)
def test_an_output_that_earned_nothing_does_not_bind(changes, says):
    assert says in (binding_problem(output(**changes), question()) or "")


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "x"},
        {"outcome": "great"},
        {"outcome": None},
        {"plan_digest": "sha256:short"},
        {"counts": None},
        {"counts": {"total": 1}},
        {
            "counts": {
                "total": 3,
                "passed": 1,
                "failed": 0,
                "flaky": 0,
                "skipped": 0,
                "quarantined": 0,
            }
        },
        {
            "counts": {
                "total": -1,
                "passed": -1,
                "failed": 0,
                "flaky": 0,
                "skipped": 0,
                "quarantined": 0,
            }
        },
        {
            "counts": {
                "total": True,
                "passed": True,
                "failed": 0,
                "flaky": 0,
                "skipped": 0,
                "quarantined": 0,
            }
        },
        {"sentence": 1},
    ],
)
def test_a_malformed_output_is_no_output(change):
    with pytest.raises(EvidenceError):
        parse_output(output().spell() | change)


@pytest.mark.parametrize("raw", [None, [], "passed", 1, {}])
def test_anything_but_an_object_is_no_output(raw):
    with pytest.raises(EvidenceError):
        parse_output(raw)


counts = st.builds(
    lambda p, f, k, s: Counts(total=p + f + k + s, passed=p, failed=f, flaky=k, skipped=s),
    *[st.integers(0, 9)] * 4,
)


@given(counts, counts)
def test_counts_add_up_and_survive_storage(one, other):
    total = one + other
    assert parse_counts(json.loads(json.dumps(total.spell()))) == total


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values)
def test_canonical_json_is_one_spelling(value):
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text
    assert digest_of(text) == digest_of(text.encode())
