"""Green's own word: every answer must be the one that this revision gives, before and after."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import InputError
from testgate.core.identity import Finding
from testgate.core.identity_answers import (
    Answer,
    Asked,
    Inquiry,
    answers_problem,
    asked_problem,
    parse_answers,
    parse_inquiry,
    read_asked,
)
from testgate.core.identity_check import IdentityCheck

CHECK = IdentityCheck(path="/version", jmespath="version", expect="{image_tag}")
INQUIRY = Inquiry(check=CHECK, expected="1.2.0")
ONE, TWO = "10.0.0.1", "10.0.0.2"


def says(address, value="1.2.0"):
    return Answer(address=address, status=200, value=value)


def silent(address):
    return Answer(address=address, problem="ConnectionRefusedError: refused")


def refused(address):
    return Answer(address=address, status=503, problem="status 503")


GOOD = (says(ONE),) * 3 + (says(TWO),) * 3


@pytest.mark.parametrize(
    ("answers", "finding", "sentence"),
    [
        (
            GOOD[:4] + (says(TWO, "1.1.0"),) * 2,
            "wrong",
            'identity: 2 of 6 answers of GET /version said version "1.1.0", expected "1.2.0" '
            "(all at 10.0.0.2), after the tests",
        ),
        (
            (says(ONE, "1.1.0"),) * 3,
            "wrong",
            'identity: 3 of 3 answers of GET /version said version "1.1.0", expected "1.2.0", '
            "after the tests",
        ),
        (
            GOOD[:3] + (silent(TWO),) * 3,
            "unsettled",
            "identity: 3 of 6 answers of GET /version said no version: ConnectionRefusedError: "
            'refused, expected "1.2.0" (all at 10.0.0.2), after the tests',
        ),
        (
            (*GOOD[:3], says(TWO, "1"), says(TWO, "1"), refused(TWO)),
            "wrong",
            'identity: 3 of 6 answers of GET /version are wrong (2 said version "1", 1 said no '
            'version: status 503), expected "1.2.0" (all at 10.0.0.2), after the tests',
        ),
        ((), "wrong", "identity: GET /version was not asked after the tests"),
        (
            GOOD[:5],
            "wrong",
            "identity: 10.0.0.2 was asked GET /version 2 times after the tests, 3 are due",
        ),
    ],
)
def test_a_wrong_answer_is_told_with_its_arithmetic(answers, finding, sentence):
    problem = answers_problem(INQUIRY, answers, "after")
    assert problem is not None
    assert (problem.finding, problem.sentence) == (Finding(finding), sentence)


def test_the_same_right_answer_from_everywhere_is_green():
    assert answers_problem(INQUIRY, GOOD, "before") is None


@given(
    values=st.lists(st.sampled_from(["1.2.0", "1.1.0", "1.2.0 ", "", None]), min_size=3, max_size=3)
)
def test_nothing_but_three_right_answers_holds(values):
    answers = [says(ONE, value) for value in values]
    holds = answers_problem(INQUIRY, answers, "before") is None
    assert holds is all(value == "1.2.0" for value in values)


def test_many_different_answers_are_cut_short():
    answers = [says(address, f"{address}-{n}") for address in (ONE, TWO) for n in range(3)]
    problem = answers_problem(INQUIRY, answers, "before")
    assert problem is not None
    assert problem.sentence.count("said version") == 3
    assert ", …)" in problem.sentence


@pytest.mark.parametrize(
    ("asked", "finding", "sentence"),
    [
        (Asked(inquiry=INQUIRY, before=GOOD, after=GOOD), None, ""),
        (
            Asked(inquiry=INQUIRY, before=GOOD[:3] + (silent(TWO),) * 3, after=GOOD),
            Finding.WRONG,
            "said no version",
        ),
        (
            Asked(inquiry=INQUIRY, before=GOOD, after=(says(ONE, "1"),) * 3),
            Finding.WRONG,
            "after the tests",
        ),
        (
            Asked(inquiry=INQUIRY, before=GOOD, after=(silent(ONE),) * 3),
            Finding.UNSETTLED,
            "said no version",
        ),
        (Asked(inquiry=INQUIRY, after=GOOD), Finding.WRONG, "was not asked before the tests"),
        (Asked(inquiry=INQUIRY, before=GOOD), Finding.UNSETTLED, "was not asked after the tests"),
        (Asked(inquiry=INQUIRY, failure="it broke"), Finding.WRONG, "it broke"),
        (Asked(inquiry=INQUIRY, before=GOOD, failure="it broke"), Finding.UNSETTLED, "it broke"),
        (Asked(), Finding.WRONG, "did not ask what its plan asks"),
        (
            Asked(
                inquiry=Inquiry(check=dataclasses.replace(CHECK, path="/"), expected="1"),
                before=(says(ONE, "1"),) * 3,
                after=(says(ONE, "1"),) * 3,
            ),
            Finding.WRONG,
            "did not ask what its plan asks",
        ),
    ],
)
def test_what_the_plan_asks_must_hold_before_and_after(asked, finding, sentence):
    problem = asked_problem(CHECK, asked)
    assert (problem.finding if problem else None) is finding
    assert problem is None or sentence in problem.sentence


def test_a_plan_that_asks_nothing_needs_no_answer():
    assert asked_problem(None, Asked()) is None
    assert asked_problem(None, Asked(inquiry=INQUIRY, before=GOOD, after=GOOD)) is not None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(), "routing only"),
        (
            Asked(inquiry=INQUIRY, before=GOOD, after=GOOD),
            'GET /version version = "1.2.0" at 2 addresses, 3 times each, before and after',
        ),
        (
            Asked(inquiry=INQUIRY, before=GOOD[:3], after=GOOD),
            'GET /version version = "1.2.0" at 1 and 2 addresses, 3 times each, before and after',
        ),
        (
            Asked(inquiry=INQUIRY, before=GOOD[:3], after=GOOD[:3]),
            'GET /version version = "1.2.0" at 1 address, 3 times each, before and after',
        ),
        (
            Asked(inquiry=INQUIRY, before=GOOD, after=GOOD[:4] + (silent(TWO),) * 2),
            'GET /version version = "1.2.0": 6 of 6 answers before, 4 of 6 answers after',
        ),
        (
            Asked(inquiry=INQUIRY),
            'GET /version version = "1.2.0": not asked before, not asked after',
        ),
        (
            Asked(
                inquiry=Inquiry(
                    check=IdentityCheck(path="/", header="x-v", expect="{image}"), expected="a"
                ),
                before=(says(ONE, "a"),) * 3,
                after=(says(ONE, "a"),) * 3,
            ),
            'GET / header x-v = "a" at 1 address, 3 times each, before and after',
        ),
    ],
)
def test_the_record_says_what_identity_rests_on(asked, told):
    assert asked.says == told


def test_answers_survive_the_way_to_judge():
    answers = (*GOOD, silent(ONE))
    spelled = json.loads(json.dumps([answer.spell() for answer in answers]))
    assert parse_answers(spelled) == answers
    assert parse_inquiry(json.loads(json.dumps(INQUIRY.spell()))) == INQUIRY


@pytest.mark.parametrize(
    "raw",
    [None, {}, [None], [{}], [{"address": ONE, "status": "200"}], [{"address": ONE, "value": 1}]],
)
def test_answers_of_another_shape_are_refused(raw):
    with pytest.raises(InputError, match="green"):
        parse_answers(raw)


@pytest.mark.parametrize(
    "raw", [None, {"check": CHECK.spell()}, {"check": {}, "expected": "1"}, {"expected": "1"}]
)
def test_an_inquiry_of_another_shape_is_refused(raw):
    with pytest.raises(InputError, match="what green is to be asked cannot be read"):
        parse_inquiry(raw)


@pytest.mark.parametrize("state", [None, {}, {"payload": None}, {"payload": {"holds": True}}])
def test_a_step_that_left_no_answers_is_refused(state):
    prepared = {"asks_identity": True, "inquiry": INQUIRY.spell()}
    with pytest.raises(InputError):
        read_asked(prepared, {"identity_before": state})
    assert read_asked(prepared, {}) == Asked(inquiry=INQUIRY)
