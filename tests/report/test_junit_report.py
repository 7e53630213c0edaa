"""JUnit XML: what any viewer, our own reader among them, makes of a record."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.outcomes import Outcome
from testgate.core.redaction import redact
from testgate.report.junit import render_junit
from testgate.runner.junit import parse_junit
from testgate.runner.reported import MAX_NAME_CHARS, clean
from tests.core.samples import passed, skipped
from tests.report import records
from tests.report.damage import damaged


def parsed(record):
    """As a viewer would read the stored bytes."""
    return ElementTree.fromstring(render_junit(record).encode())


def cases(root):
    return {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}


def test_one_suite_with_its_counts_properties_and_failures():
    root = parsed(records.refused())
    (suite,) = root.findall("testsuite")
    told = {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "time")}
    assert told == {"name": "smoke", "tests": "14", "failures": "3", "errors": "0", "time": "7.000"}
    assert root.get("failures") == "3"
    assert root.get("name") == "testgate shop/web"
    assert suite.get("timestamp") == "2026-11-23T08:00:01+00:00"
    assert suite.get("hostname") == "web-1234567890.us-east-1.elb.amazonaws.com"
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["outcome"] == "failed"
    assert properties["image"].endswith("/shop:1.2.0")
    assert properties["execution"] == records.EXECUTION
    case = cases(root)["smoke", "test_checkout.py::test_checkout"]
    assert (case.get("file"), case.get("line"), case.get("time")) == (
        "test_checkout.py",
        "42",
        "0.310",
    )
    failure = case.find("failure")
    assert (failure.get("message"), failure.get("type")) == ("500, expected 201", "failed")
    assert failure.text == records.TRACE


def test_a_test_that_could_not_run_is_an_error_and_no_failure():
    unrunnable = records.broken("a", "fixture 'cart' not found", outcome=Outcome.SUITE_ERROR)
    root = parsed(records.record(unrunnable, records.broken("b")))
    (suite,) = root.findall("testsuite")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "1")
    error = cases(root)["smoke", "a"].find("error")
    assert (error.get("message"), error.get("type")) == ("fixture 'cart' not found", "suite_error")


def test_what_a_failing_test_printed_is_given_back_to_viewers():
    root = parsed(records.record(records.broken("a", output="asked\x00 <b>\nwarned"), passed("b")))
    printed = {name: case.findtext("system-out") for (_, name), case in cases(root).items()}
    assert printed == {"a": "asked <b>\nwarned", "b": None}
    (again, _) = parse_junit("again.xml", ElementTree.tostring(root)).tests
    assert again.output == "asked <b>\nwarned"


@pytest.mark.parametrize(
    "outcome",
    [Outcome.SUITE_ERROR, Outcome.INFRA_ERROR, Outcome.TIMED_OUT, Outcome.ABORTED],
)
def test_what_refused_beside_tests_is_an_error_of_suite_gate(outcome):
    root = parsed(records.without_tests(outcome, "the prepare step failed: x"))
    (suite,) = root.findall("testsuite")
    assert (suite.get("name"), suite.get("errors")) == ("gate", "1")
    (error,) = suite.iter("error")
    assert (error.get("type"), error.get("message")) == (
        outcome.value,
        "the prepare step failed: x",
    )


def test_drifted_identity_is_told_beside_tests_that_passed():
    sentence = "the test rule changed while the tests ran"
    root = parsed(records.record(passed("a"), outcome="infra_error", sentence=sentence))
    assert cases(root)["testgate.gate", "gate run"].find("error").get("message") == sentence


def test_a_broken_threshold_fails_and_an_unrun_suite_is_skipped():
    found = cases(parsed(records.rich()))
    assert found["testgate.gate", "suite smoke"].find("failure") is not None
    assert "did not run" in found["testgate.gate", "suite journey"].find("skipped").get("message")
    assert ("testgate.gate", "gate run") not in found


def test_a_flaky_test_passes_and_says_what_failed_first():
    case = cases(parsed(records.rich()))["smoke", "test_search.py::test_search"]
    assert case.find("flakyFailure").get("message") == "503, expected 200"
    assert case.find("failure") is None


def test_a_quarantined_failure_is_skipped_with_its_entry():
    root = parsed(records.quarantined())
    said = cases(root)["smoke", "test_pay.py::test_pay"].find("skipped").get("message")
    assert said == (
        "quarantined until 2026-12-01 by team-checkout (the sandbox bank is down): "
        "502, expected 200"
    )
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "0", "1")


@given(damaged(records.rich()))
def test_a_refusal_never_looks_like_a_pass(record):
    """Whatever a record lacks: without failure or error a viewer would show green."""
    root = parsed(record)
    refused = record.get("outcome") not in ("passed", "flaky")
    bad = int(root.get("failures")) + int(root.get("errors"))
    assert bad == sum(
        case.find("failure") is not None or case.find("error") is not None
        for case in root.iter("testcase")
    )
    if refused:
        assert bad > 0


@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from(records.HOSTILE)), max_size=8))
def test_names_are_unique_whatever_tests_are_called(names):
    """GitLab shows only the first of two equal names; names may differ in what XML cannot hold."""
    made = records.record(*(records.broken(name) for name in names), passed("a"), passed("a\x00"))
    found = [(case.get("classname"), case.get("name")) for case in parsed(made).iter("testcase")]
    assert len(set(found)) == len(found) == len(made["suites"][0]["tests"])


def plain(text):
    """What a text becomes on the way through XML and our reader."""
    return st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), **text)


@given(
    name=plain({"min_size": 1, "max_size": 60}),
    message=plain({"max_size": 60}),
    trace=plain({"max_size": 200}),
    seconds=st.integers(0, 10_000),
)
def test_our_own_reader_reads_it_back(name, message, trace, seconds):
    tests = [
        records.broken(name, message, trace=trace, file="", duration_s=seconds / 1000),
        skipped(f"skipped {name}"),
        passed(f"passed {name}"),
    ]
    report = parse_junit("junit.xml", render_junit(records.record(*tests)).encode())
    assert not report.interrupted
    read = {test.name: test for test in report.tests}
    failure = read[clean(f"smoke::{name}", MAX_NAME_CHARS)]
    assert (failure.outcome, failure.duration_s) == (Outcome.FAILED, seconds / 1000)
    assert failure.trace == redact(trace)
    lines = message.strip().splitlines()
    if lines:
        assert failure.message == redact(lines[0].removeprefix("AssertionError: "))
    tally = Counter(test.outcome for test in report.tests)
    assert tally == {Outcome.FAILED: 1, Outcome.SKIPPED: 1, Outcome.PASSED: 1}


@given(damaged(records.rich()))
def test_our_own_reader_finds_nothing_to_refuse(record):
    """It refuses a report whose counts and tests are at odds, or that has a result it does not
    know."""
    parse_junit("junit.xml", render_junit(record).encode())


def test_hostile_texts_are_readable_xml_and_control_characters_are_gone():
    text = render_junit(records.hostile())
    assert not any(ord(character) < 32 and character not in "\n\t" for character in text)
    found = [case.get("name") for case in parsed(records.hostile()).iter("testcase")]
    assert "<script>alert(1)</script>" in found
    assert "[31mred[0m" in found


def test_ten_thousand_tests_are_all_there():
    root = parsed(records.many())
    assert (root.get("tests"), root.get("failures")) == ("10000", "5000")
