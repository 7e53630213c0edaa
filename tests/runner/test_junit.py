"""JUnit reports: dialects read leniently, hostile ones refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import RunnerError
from testgate.core.outcomes import Outcome
from testgate.runner.junit import MAX_MESSAGE_CHARS, read_junit


def read(tmp_path, text):
    path = tmp_path / "junit.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_junit(path).tests


PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="1" skipped="2" tests="5">
<testcase classname="test_a" name="test_ok" file="test_a.py" line="3" time="0.25" />
<testcase classname="test_a" name="test_bad" file="test_a.py" line="9" time="0.1">
<failure message="AssertionError: 500, expected 201&#10;assert 500 == 201">def test_bad()</failure>
</testcase>
<testcase classname="test_a" name="setup"><error message="failed on setup">boom</error></testcase>
<testcase classname="test_a" name="skip"><skipped type="pytest.skip" message="later"/></testcase>
<testcase classname="test_a" name="x"><skipped type="pytest.xfail" message="known"/></testcase>
</testsuite></testsuites>"""


def test_pytest_reports_are_read_whole(tmp_path):
    tests = read(tmp_path, PYTEST)
    assert [t.outcome.value for t in tests] == ["passed", "failed", "failed", "skipped", "skipped"]
    assert (tests[1].name, tests[1].message) == ("test_a.py::test_bad", "500, expected 201")
    assert (tests[1].file, tests[1].line) == ("test_a.py", 10)
    assert tests[0].duration_s == 0.25
    assert tests[2].message == "failed on setup"


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("<testsuite><testcase name='a'/></testsuite>", ["passed"]),
        ("<testsuites/>", []),
        (
            "<testsuites><testsuite><testsuite><testcase name='a'/></testsuite></testsuite>"
            "</testsuites>",
            ["passed"],
        ),
        ("<testsuite><testcase name='a'><failure/></testcase></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a'><failure/><failure/></testcase></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a'><skipped/><failure/></testcase></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a'><flakyFailure/></testcase></testsuite>", ["flaky"]),
        ("<testsuite><testcase/></testsuite>", []),
        ("<testsuite><testcase><error/></testcase></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a' time='soon' line='x'/></testsuite>", ["passed"]),
        (b"\xef\xbb\xbf<testsuite><testcase name='a'/></testsuite>", ["passed"]),
    ],
)
def test_dialects(tmp_path, text, outcomes):
    assert [t.outcome.value for t in read(tmp_path, text)] == outcomes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not readable XML"),
        ("<testsuite>", "not readable XML"),
        ("<html/>", "expected <testsuites>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "not readable XML"),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>',
            "not readable XML",
        ),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, says):
    with pytest.raises(RunnerError, match=says):
        read(tmp_path, text)


def test_a_missing_report_and_a_link_are_refused(tmp_path):
    with pytest.raises(RunnerError, match="was not written"):
        read_junit(tmp_path / "junit.xml")
    (tmp_path / "other.xml").write_text("<testsuites/>")
    (tmp_path / "junit.xml").symlink_to(tmp_path / "other.xml")
    with pytest.raises(RunnerError, match="was not written"):
        read_junit(tmp_path / "junit.xml")


def test_long_texts_are_cut(tmp_path):
    long = "x" * 100_000
    (test,) = read(
        tmp_path,
        f"<testsuite><testcase name='{long}'><failure message='{long}'>{long}</failure>"
        "</testcase></testsuite>",
    )
    assert len(test.message) == MAX_MESSAGE_CHARS
    assert len(test.name) <= 300
    assert len(test.trace) <= 8_000


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(data)
    try:
        tests = read_junit(path).tests
    except RunnerError as exc:
        assert str(exc)
    else:
        assert all(test.outcome in Outcome for test in tests)


def test_a_case_without_name_or_result_says_that_pytest_was_interrupted(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text("<testsuite><testcase name='a'/><testcase/></testsuite>")
    report = read_junit(path)
    assert (len(report.tests), report.interrupted) == (1, True)
    path.write_text("<testsuite><testcase name='a'/></testsuite>")
    assert not read_junit(path).interrupted


def test_traces_are_kept_of_as_many_failures_as_a_record_shows(tmp_path):
    case = "<testcase name='t'><failure message='m'>trace</failure></testcase>"
    tests = read(tmp_path, f"<testsuite>{case * 250}</testsuite>")
    assert sum(bool(test.trace) for test in tests) == 200
    assert all(test.message for test in tests)
