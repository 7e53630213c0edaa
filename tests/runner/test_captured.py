"""What failing tests printed: taken from reports, short, cleaned, and of failing tests alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.evidence import MAX_OUTPUT_CHARS
from testgate.runner.captured import ERR, OUT, Captured
from testgate.runner.ctrf import parse_ctrf
from testgate.runner.junit import parse_junit
from testgate.runner.layout import PRINTED
from testgate.runner.reports import read_reports

FAILED = "<testcase name='{name}'><failure message='m'/>{printed}</testcase>"


def junit(cases):
    return parse_junit("junit.xml", f"<testsuite>{cases}</testsuite>".encode()).tests


def outputs(tests):
    return {test.name: test.output for test in tests}


def failed(name, printed=""):
    return FAILED.format(name=name, printed=printed)


def test_both_streams_of_a_failing_test_are_kept_in_order():
    printed = "<system-err>warned\n</system-err><system-out>asked\n</system-out>"
    assert outputs(junit(failed("a", printed))) == {"a": "asked\nwarned"}


def test_a_passing_and_a_skipped_test_keep_nothing():
    cases = (
        "<testcase name='a'><system-out>x</system-out></testcase>"
        "<testcase name='b'><skipped/><system-out>x</system-out></testcase>"
    )
    assert outputs(junit(cases)) == {"a": "", "b": ""}


def test_the_output_of_a_testsuite_goes_to_its_first_failing_test_without_any():
    inner = failed("a", "<system-out>own</system-out>") + failed("b") + failed("c")
    cases = f"<testcase name='p'/><testsuite>{inner}<system-out>all</system-out></testsuite>"
    found = outputs(junit(cases))
    assert (found["p"], found["a"], found["c"]) == ("", "own", "")
    assert found["b"] == "all\n(printed by the whole testsuite, not by this test alone)"


def test_the_end_of_megabytes_is_kept():
    printed = "<system-out>" + "x" * 3_000_000 + "the end</system-out>"
    (output,) = outputs(junit(failed("a", printed))).values()
    assert len(output) == MAX_OUTPUT_CHARS
    assert output.endswith("the end")


def test_what_looks_like_a_credential_is_not_kept():
    printed = "<system-out>password=hunter2hunter2 AKIAIOSFODNN7EXAMPLE</system-out>"
    (output,) = outputs(junit(failed("a", printed))).values()
    assert output == "password=[redacted] [redacted]"


def test_headings_of_pytest_without_anything_under_them_are_left_out():
    log, out = (f" Captured {kind} ".center(80, "-") for kind in ("Log", "Out"))
    printed = f"<system-out>{log}\n\n{out}\nasked\n</system-out>"
    assert outputs(junit(failed("a", printed))) == {"a": f"{out}\nasked"}


def test_200_failures_keep_their_output():
    cases = "".join(failed(f"t{n}", "<system-out>x</system-out>") for n in range(300))
    assert sum(bool(text) for text in outputs(junit(cases)).values()) == 200


@given(st.lists(st.tuples(st.sampled_from([OUT, ERR]), st.text(max_size=9_000)), max_size=8))
def test_any_output_is_short_and_has_no_controls(pieces):
    captured = Captured()
    for stream, text in pieces:
        captured.add(stream, text)
    for whole_suite in (False, True):
        text = captured.text(whole_suite=whole_suite)
        assert len(text) <= MAX_OUTPUT_CHARS
        assert "\x1b" not in text


def ctrf(**fields):
    test = {"name": "a", "status": "failed", "duration": 1} | fields
    summary = {"tests": 1, "passed": 0, "failed": 0, "skipped": 0, "pending": 0, "other": 0}
    results = {"summary": summary | {test["status"]: 1}, "tests": [test]}
    document = {"reportFormat": "CTRF", "results": results}
    return parse_ctrf("ctrf.json", json.dumps(document).encode()).tests


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"stdout": ["one", "two"], "stderr": ["three"]}, "one\ntwo\nthree"),
        ({"stdout": ["one", 2, None]}, "one"),
        ({"stdout": "one"}, ""),
        ({"stdout": ["one"], "status": "passed"}, ""),
    ],
)
def test_ctrf_tells_what_a_failing_test_printed(fields, output):
    assert [test.output for test in ctrf(**fields)] == [output]


@pytest.mark.parametrize(
    ("told", "output"),
    [
        ('{"a": "asked"}', "asked"),
        ('{"a": "password=hunter2hunter2"}', "password=[redacted]"),
        ('{"a": 5}', ""),
        ('{"a": "x', ""),
        ('["a"]', ""),
    ],
)
def test_what_pytests_plugin_tells_is_added_and_is_never_a_problem(told, output, tmp_path):
    (tmp_path / "junit.xml").write_text(f"<testsuite>{failed('a')}</testsuite>")
    (tmp_path / PRINTED).write_text(told)
    reported = read_reports(tmp_path)
    assert (outputs(reported.tests), reported.problem) == ({"a": output}, None)
