"""JUnit reports: dialects read leniently, hostile ones refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import RunnerError
from testgate.core.outcomes import Outcome
from testgate.runner.junit import parse_junit, read_junit
from testgate.runner.reported import MAX_MESSAGE_CHARS


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
        (f"<testsuite><testcase name='a' line='{'9' * 5000}'/></testsuite>", ["passed"]),
        (
            "<testsuite><testcase name='a'><system-out>x</system-out></testcase></testsuite>",
            ["passed"],
        ),
        ("<testsuite><testcase name='a'><rerunFailure/></testcase></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a' status='notrun'/></testsuite>", ["skipped"]),
        (
            "<testsuite><testcase name='a' result='suppressed' status='run'/></testsuite>",
            ["skipped"],
        ),
        ("<testsuite><testcase name='a' status='failed'/></testsuite>", ["failed"]),
        ("<testsuite><testcase name='a' status='run' result='completed'/></testsuite>", ["passed"]),
        (b"\xef\xbb\xbf<testsuite><testcase name='a'/></testsuite>", ["passed"]),
    ],
)
def test_dialects(tmp_path, text, outcomes):
    assert [t.outcome.value for t in read(tmp_path, text)] == outcomes


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((word, "passed") for word in ("", " ", "run", "completed", "pass", "PASSED", "Success")),
        *((word, "passed") for word in ("successful", "succeeded", "OK", "passed\n")),
        *((word, "failed") for word in ("Failed ", "timed-out", "TIMED_OUT", "time out", "Error")),
        *((word, "skipped") for word in ("not_run", "not run", "NOT-RUN", "Skipped")),
    ],
)
@pytest.mark.parametrize("attribute", ["status", "result"])
def test_a_status_is_known_however_it_is_spelt(tmp_path, attribute, status, outcome):
    (test,) = read(tmp_path, f"<testsuite><testcase name='a' {attribute}='{status}'/></testsuite>")
    assert test.outcome.value == outcome


@pytest.mark.parametrize(
    "status", ["crashed", "blocked", "untested", "xpassed", "unpassed", "0", "1", "失敗"]
)
@pytest.mark.parametrize("child", ["", "<flakyFailure/>", "<system-out>passed</system-out>"])
def test_an_unknown_status_is_no_pass(tmp_path, status, child):
    for others in (f"status='{status}'", f"result='{status}' status='passed'"):
        with pytest.raises(RunnerError) as caught:
            read(tmp_path, f"<testsuite><testcase name='a' {others}>{child}</testcase></testsuite>")
        assert str(caught.value) == (
            f"junit.xml: test 'a' has status {status!r}, which says neither that it passed nor "
            "that it failed"
        )


def test_a_failure_or_a_skip_is_known_whatever_its_status(tmp_path):
    text = "<testsuite><testcase name='a' status='undefined'><{}/></testcase></testsuite>"
    for child, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        (test,) = read(tmp_path, text.format(child))
        assert test.outcome.value == outcome


DOCTYPE = "it declares a document type or entities, which are not read"
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not readable XML: no element found"),
        ("<testsuite>", "not readable XML: no element found"),
        ("<testsuite><testcase name='a'/>", "not readable XML: no element found"),
        ("<testsuite/><testsuite/>", "not readable XML: junk after document element"),
        ("<html/>", "has root <html>, expected <testsuites>"),
        ("<testcase name='a'/>", "has root <testcase>, expected <testsuites>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', DOCTYPE),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><testsuite/>', DOCTYPE),
        ('<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><testsuite/>', DOCTYPE),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite>&a;</testsuite>',
            DOCTYPE,
        ),
        (f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]><testsuite>&a9;</testsuite>', DOCTYPE),
        ("<testsuite>&a;</testsuite>", "undefined entity"),
        ("<testsuite><testcase name='&#xD800;'/></testsuite>", "invalid character"),
        ("<testsuite><testcase name='a\x00'/></testsuite>", "not well-formed"),
        ("<testsuite><testcase name='a' name='b'/></testsuite>", "duplicate attribute"),
        (b"<testsuite><testcase name='\xff'/></testsuite>", "not well-formed"),
        ("<?xml version='1.0' encoding='utf-7'?><testsuite/>", "not readable XML"),
        ("<?xml version='1.0' encoding='nobody'?><testsuite/>", "unknown encoding: nobody"),
        ("<?xml version='1.0' encoding='utf-16'?><testsuite/>", "not readable XML"),
        ("<testsuite>" + "<a>" * 200, "nested more than 100 elements deep"),
        (
            "<testsuite><testcase name='a'><inconclusive/></testcase></testsuite>",
            "test 'a' holds <inconclusive>, which says neither that it passed nor that it failed",
        ),
        ("<testsuite><testcase name='a'><testcase name='b'/></testcase></testsuite>", "<testcase>"),
        (
            "<testsuite failures='1' errors='2'><testcase name='a'/></testsuite>",
            "counts 3 failures and errors and shows no test that failed; they must agree",
        ),
        (
            "<testsuite><error message='setup died&#10;more'/><testcase name='a'/></testsuite>",
            "tells of <error> outside of any test: setup died",
        ),
        (
            "<testsuites><testsuite><testcase name='a'/></testsuite><failure>why</failure>"
            "</testsuites>",
            "tells of <failure> outside of any test: it has no message",
        ),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, says):
    with pytest.raises(RunnerError) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)


FAILED = "<testcase name='q'><failure/></testcase>"
PASSED = "<testcase name='a'/>"


def counting(failures, errors, *cases, name=""):
    return (
        f"<testsuite name='{name}' failures='{failures}' errors='{errors}'>"
        f"{''.join(cases)}</testsuite>"
    )


@pytest.mark.parametrize(
    "text",
    [
        counting(1, 0, FAILED, PASSED),
        counting(0, 1, FAILED, PASSED),
        counting(0, 0, FAILED, PASSED),
        # one test with both, told twice or in one case
        counting(1, 1, FAILED, FAILED.replace("failure", "error"), PASSED),
        counting(1, 1, FAILED.replace("<failure/>", "<failure/><error/>"), PASSED),
        # assertions are counted, as Catch2 does
        counting(3, 0, FAILED.replace("<failure/>", "<failure/>" * 3), PASSED),
        # tries are counted
        counting(2, 0, FAILED.replace("<failure/>", "<failure/><rerunFailure/>"), PASSED),
        counting(1, 0, "<testcase name='f'><flakyFailure/></testcase>", PASSED),
        counting(1, 0, "<testcase name='s' status='failed'/>", PASSED),
        # errors of the requests whose tests all failed, as newman counts them
        counting(2, 2, FAILED, FAILED),
        # every failure once more among the errors
        counting(1, 1, FAILED, PASSED, name="TestCafe Tests: Chrome"),
        # sums of the suites within, as PHPUnit has them
        counting(2, 0, counting(2, 0, counting(1, 0, FAILED, PASSED), counting(1, 0, FAILED))),
        f"<testsuites failures='1'>{counting(1, 0, FAILED)}{counting(0, 0, PASSED)}</testsuites>",
    ],
)
def test_what_a_report_counts_may_be_shown_in_the_ways_of_dialects(tmp_path, text):
    assert any(test.outcome is not Outcome.PASSED for test in read(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "counted", "shown"),
    [
        (counting(1, 3, FAILED, PASSED * 5), 4, "1"),
        (counting(1, 1, FAILED, PASSED * 5), 2, "1"),
        (counting(2, 0, FAILED), 2, "1"),
        (counting(1, 3, FAILED), 4, "1"),
        (counting(2, 1, FAILED, PASSED, name="TestCafe Tests: Chrome"), 2, "1"),
        (counting(1, 0, PASSED, name="TestCafe Tests: Chrome"), 1, "no test that failed"),
        # a failure elsewhere is no other's
        (
            f"<testsuites>{counting(0, 0, FAILED)}{counting(0, 1, PASSED)}</testsuites>",
            *(1, "no test that failed"),
        ),
        (f"<testsuites failures='1' errors='1'>{counting(0, 0, PASSED)}</testsuites>", 2, "no"),
        (f"<testsuites failures='2'>{counting(1, 0, FAILED, PASSED)}</testsuites>", 2, "1"),
    ],
)
def test_more_failures_than_the_tests_show_are_no_report(tmp_path, text, counted, shown):
    with pytest.raises(RunnerError) as caught:
        read(tmp_path, text)
    says = f"junit.xml counts {counted} failures and errors and shows {shown}"
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("<testsuite><testcase name='é'/></testsuite>".encode("utf-16"), ["é"]),
        (
            "<?xml version='1.0' encoding='latin-1'?><testsuite><testcase name='é'/></testsuite>"
            "".encode("latin-1"),
            ["é"],
        ),
        (b"<testsuite><testcase name='a&#10;b&#127;c&#x202E;d'/></testsuite>", ["a\nbcd"]),
        (b"<testsuite><testcase name='&lt;b&gt;'/></testsuite>", ["<b>"]),
        (
            b"<testsuite xmlns:xi='http://www.w3.org/2001/XInclude'>"
            b"<xi:include href='file:///etc/passwd' parse='text'/><testcase name='a'/></testsuite>",
            ["a"],
        ),
    ],
    ids=["utf-16", "latin-1", "controls", "markup", "XInclude"],
)
def test_odd_and_harmless_reports_are_read(tmp_path, data, names):
    assert [test.name for test in read(tmp_path, data)] == names


def test_a_case_that_is_named_twice_is_kept_twice_for_the_verdict_to_judge(tmp_path):
    text = "<testsuite><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>"
    assert [test.outcome.value for test in read(tmp_path, text)] == ["passed", "failed"]


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("head", "repeated", "tail", "says"),
    [
        ("", "<testsuite>", "", "nested more than 100 elements deep"),
        (
            "<testsuite><testcase name='a'><failure>",
            "<b/>x",
            "</failure></testcase></testsuite>",
            "more than 1000000 elements",
        ),
    ],
    ids=["depth", "pieces of text"],
)
def test_a_flood_is_refused_before_it_fills_the_memory(head, repeated, tail, says):
    flood = (head + repeated * (6 * MEGABYTE // len(repeated)) + tail).encode()
    with pytest.raises(RunnerError) as caught:
        parse_junit("junit.xml", flood)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"<testsuite><testcase name='a'><system-out><![CDATA[{'x' * 20 * MEGABYTE}]]></system-out>"
        "</testcase></testsuite>",
        f"<testsuite><testcase name='a'><failure><![CDATA[{'x' * 20 * MEGABYTE}]]></failure>"
        "</testcase></testsuite>",
        f"<testsuite><!--{'x' * 20 * MEGABYTE}--><testcase name='a'/></testsuite>",
        "<testsuite " + " ".join(f"a{n}=''" for n in range(MEGABYTE // 4)) + "><testcase name='a'/>"
        "</testsuite>",
    ],
    ids=["output", "failure", "comment", "attributes"],
)
def test_what_is_large_and_a_report_is_read_with_its_texts_cut(text):
    (test,) = parse_junit("junit.xml", text.encode()).tests
    assert (test.name, len(test.trace) <= 8_000) == ("a", True)


@pytest.mark.parametrize("time", ["1e306", "1e400", "inf", "nan", "-1", "9" * 400, "soon", ""])
def test_a_duration_that_cannot_be_is_none(tmp_path, time):
    [test] = read(tmp_path, f"<testsuite><testcase name='a' time='{time}'/></testsuite>")
    assert (test.outcome, test.duration_s) == (Outcome.PASSED, 0.0)


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


PIECES = st.sampled_from(
    [
        "<testsuite>",
        "</testsuite>",
        "<testcase name='a'>",
        "<testcase/>",
        "</testcase>",
        "<failure>",
        "</failure>",
        "<skipped/>",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&#10;",
        "<!DOCTYPE a>",
        "<?xml version='1.0'?>",
        "\x00",
        "\ufeff",
        " ",
        "x",
    ]
)


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.lists(PIECES, max_size=30).map("".join).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data):
    try:
        tests = parse_junit("junit.xml", data).tests
    except RunnerError as exc:
        assert str(exc).startswith("junit.xml ") or "test 'a' holds" in str(exc)
    else:
        assert all(test.outcome in Outcome for test in tests)
        passed = [test for test in tests if test.outcome is Outcome.PASSED]
        assert len(passed) <= data.count(b"testcase")


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
