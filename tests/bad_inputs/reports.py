"""Reports: what a suite leaves in its results directory."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from testgate.runner.reports import read_reports
from tests.bad_inputs.bundles import scratch
from tests.bad_inputs.catalogue import BadInput
from tests.runner.test_ctrf import case, ctrf

ONE = "<testsuite><testcase name='a'/></testsuite>"


def left(
    kind: str, given: str, make: Callable[[Path], object], says: str, *, framework: str = "pytest"
) -> BadInput:
    """Whatever `make` puts into an empty results directory."""

    def act() -> object:
        with scratch() as path:
            make(path)
            return read_reports(path, framework=framework).problem

    return BadInput(kind=kind, given=given, act=act, says=says)


def junit(given: str, text: str | bytes, says: str) -> BadInput:
    """A junit.xml of this text."""
    data = text if isinstance(text, bytes) else text.encode()
    return left("junit.xml", given, lambda path: (path / "junit.xml").write_bytes(data), says)


def beside(given: str, report: object, says: str, junit_text: str = ONE) -> BadInput:
    """A CTRF report (or text, or bytes) beside a junit.xml, of one passed test unless said."""
    text = report if isinstance(report, str | bytes) else json.dumps(report)
    data = text if isinstance(text, bytes) else text.encode()

    def make(path: Path) -> None:
        (path / "junit.xml").write_text(junit_text)
        (path / "ctrf.json").write_bytes(data)

    return left("CTRF", given, make, says)


def many(count: int, name: str, text: str = "") -> Callable[[Path], None]:
    """As many files beside a junit.xml."""

    def make(path: Path) -> None:
        (path / "junit.xml").write_text(ONE)
        for number in range(count):
            (path / name.format(number)).write_text(text)

    return make


def sparse(name: str, head: str) -> Callable[[Path], None]:
    """A file of 200 MB beside a junit.xml, or in its place."""

    def make(path: Path) -> None:
        (path / "junit.xml").write_text(ONE)
        (path / name).write_text(head)
        os.truncate(path / name, 200_000_000)

    return make


CASES = "<testcase name='a'/>"
LONG = f"<testcase name='{'𝄞' * 299}'/>"
CTRF_HEAD = '{"reportFormat": "CTRF", '
FAILING = ONE.replace("/></", "><failure/></testcase></")

ROWS = (
    left("junit.xml", "none", lambda _path: None, "junit.xml was not written"),
    left(
        "junit.xml",
        "a symbolic link",
        lambda p: (p / "junit.xml").symlink_to("x"),
        "junit.xml is a symbolic link, expected a plain file",
    ),
    left(
        "junit.xml",
        "a directory",
        lambda path: (path / "junit.xml").mkdir(),
        "junit.xml is a directory, expected a plain file",
    ),
    left(
        "junit.xml",
        "a named pipe",
        lambda path: os.mkfifo(path / "junit.xml"),
        "junit.xml is a named pipe, expected a plain file",
    ),
    left(
        "junit.xml",
        "its directory is gone",
        shutil.rmtree,
        "the directory of junit.xml is gone, or is a link now",
    ),
    left(
        "junit.xml",
        "200 MB",
        sparse("junit.xml", ""),
        "junit.xml has 200000000 bytes, at most 30000000 are read",
    ),
    junit("empty", "", "junit.xml is not readable XML: no element found: line 1, column 0"),
    junit(
        "cut off",
        "<testsuite><testcase name='a'/>",
        "junit.xml is not readable XML: no element found: line 1, column 31",
    ),
    junit(
        "two documents",
        ONE + ONE,
        "junit.xml is not readable XML: junk after document element: line 1, column 43",
    ),
    junit("HTML", "<html/>", "junit.xml has root <html>, expected <testsuites>"),
    junit(
        "an unknown encoding",
        "<?xml version='1.0' encoding='nobody'?><testsuite/>",
        "junit.xml is not readable XML: unknown encoding: nobody",
    ),
    junit(
        "a NUL",
        "<testsuite><testcase name='a\0'/></testsuite>",
        "junit.xml is not readable XML: not well-formed (invalid token): line 1, column 28",
    ),
    junit(
        "entities",
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>',
        "junit.xml is not readable XML: it declares a document type or entities, which are not read",
    ),
    junit(
        "101 elements in each other",
        "<testsuite>" * 101,
        "junit.xml is nested more than 100 elements deep",
    ),
    junit(
        "1,000,001 elements",
        f"<testsuite>{'<a/>' * 1_000_000}</testsuite>",
        "junit.xml has more than 1000000 elements",
    ),
    junit(
        "50,001 tests",
        f"<testsuite>{CASES * 50_001}</testsuite>",
        "junit.xml has more than 50000 tests; split the suite into several",
    ),
    junit(
        "names of more than 20 MB",
        f"<testsuite>{LONG * 17_000}</testsuite>",
        "junit.xml has names and messages of more than 20000000 bytes in all; shorten them, or split the suite into several",
    ),
    junit(
        "a result of another dialect",
        "<testsuite><testcase name='a'><inconclusive/></testcase></testsuite>",
        "junit.xml: test 'a' holds <inconclusive>, which says neither that it passed nor that it failed",
    ),
    junit(
        "a status of another dialect",
        "<testsuite><testcase name='a' status='crashed'/></testsuite>",
        "junit.xml: test 'a' has status 'crashed', which says neither that it passed nor that it failed",
    ),
    junit(
        "errors='1', and every test passed",
        ONE.replace("<testsuite", "<testsuite errors='1'"),
        "junit.xml counts 1 failures and errors and shows no test that failed; they must agree",
    ),
    junit(
        "failures='1' errors='3', one failing test and one that passed",
        "<testsuite failures='1' errors='3'><testcase name='a'><failure/></testcase>"
        "<testcase name='b'/></testsuite>",
        "junit.xml counts 4 failures and errors and shows 1; they must agree",
    ),
    junit(
        "an error of a testsuite itself",
        "<testsuite><error message='no database'/><testcase name='a'/></testsuite>",
        "junit.xml tells of <error> outside of any test: no database",
    ),
    junit(
        "an error of a testsuite itself, without a message",
        "<testsuite><error/><testcase name='a'/></testsuite>",
        "junit.xml tells of <error> outside of any test: it has no message",
    ),
    junit(
        "pytest.exit in the middle",
        "<testsuite><testcase name='a'/><testcase/></testsuite>",
        "the suite was interrupted before its end",
    ),
    beside(
        "cut off",
        '{"reportFormat": "CTRF"',
        "ctrf.json is not readable JSON: Expecting ',' delimiter: line 1 column 24 (char 23)",
    ),
    beside(
        "100,000 arrays in each other",
        CTRF_HEAD + '"a": ' + "[" * 100_000,
        "ctrf.json is nested too deeply to be read",
    ),
    beside("NaN", CTRF_HEAD + '"a": NaN}', "ctrf.json is not readable JSON: NaN is no JSON number"),
    beside(
        "a key twice",
        CTRF_HEAD + '"a": 1, "a": 2}',
        "ctrf.json is not readable JSON: an object has the key 'a' twice",
    ),
    beside(
        "3,000,001 values",
        CTRF_HEAD + '"a": [' + "0," * 3_000_000 + "0]}",
        "ctrf.json has more than 3000000 JSON values",
    ),
    beside(
        "not UTF-8",
        (CTRF_HEAD + '"a": "é"}').encode("latin-1"),
        "ctrf.json is not UTF-8: byte 31 cannot be read",
    ),
    beside(
        "a report in a list",
        f"[{json.dumps(ctrf())}]",
        "ctrf.json is no CTRF report: it must be an object with reportFormat CTRF",
    ),
    beside(
        "no tests", {"reportFormat": "CTRF"}, "ctrf.json lacks results.tests, the list of its tests"
    ),
    beside(
        "no summary",
        {"reportFormat": "CTRF", "results": {"tests": []}},
        "ctrf.json lacks results.summary",
    ),
    beside(
        "a test that is none",
        {"reportFormat": "CTRF", "results": {"tests": [7]}},
        "ctrf.json: results.tests[1] is not an object",
    ),
    beside(
        "a test without name", ctrf({"status": "passed"}), "ctrf.json: results.tests[1] has no name"
    ),
    beside(
        "status: PASSED",
        ctrf(case(status="PASSED")),
        "ctrf.json: results.tests[1] has status 'PASSED', expected one of: passed, failed, skipped, pending, other",
    ),
    beside(
        'flaky: "no"',
        ctrf(case(flaky="no")),
        "ctrf.json: results.tests[1] has flaky 'no', expected true or false",
    ),
    beside(
        "retries: -1",
        ctrf(case(retries=-1)),
        "ctrf.json: results.tests[1] has retries '-1', expected a count",
    ),
    beside(
        'retryAttempts: "one"',
        ctrf(case(retryAttempts="one")),
        "ctrf.json: results.tests[1] has retryAttempts that are no list of objects",
    ),
    beside(
        "one test, passed and failed",
        ctrf(case(), case(status="failed")),
        "ctrf.json has test 'a' twice, once passed and once failed",
    ),
    beside(
        "a summary that counts otherwise",
        ctrf(case(), summary={"failed": 1}),
        "ctrf.json: results.summary.failed is 1, its tests make 0; they must agree",
    ),
    beside(
        "a failure that junit.xml has not",
        ctrf(case(status="failed")),
        "ctrf.json has 'a' as failed, junit.xml has not; reports of one run must agree",
    ),
    beside(
        "a pass that failed in junit.xml",
        ctrf(case()),
        "junit.xml has 'a' as failed, ctrf.json has not; reports of one run must agree",
        FAILING,
    ),
    beside(
        "a flaky test that junit.xml has not",
        ctrf(case("b", flaky=True)),
        "ctrf.json has 'b' as flaky, junit.xml has not; reports of one run must agree",
    ),
    left(
        "CTRF",
        "200 MB",
        sparse("ctrf.json", CTRF_HEAD),
        "ctrf.json has more than the 30000000 bytes that are read",
    ),
    left(
        "CTRF",
        "eleven reports",
        many(11, "{}.json", json.dumps(ctrf(case()))),
        "there are more than 10 CTRF reports",
    ),
    left(
        "results",
        "10,001 files",
        many(10_000, "{}.png"),
        "the results directory holds more than 10000 files; let the suite keep others elsewhere",
    ),
    left(
        "results",
        "1,001 JSON files",
        many(1_001, "{}.json"),
        "the results directory holds 1001 JSON files, at most 1000 are looked at; let the suite keep others elsewhere",
    ),
    junit(
        "a file that pytest could not collect",
        "<testsuite><testcase name='a'><error message='collection failure'/></testcase></testsuite>",
        "1 of the suite's test files could not be collected",
    ),
    left(
        "results",
        "no report of a command",
        lambda _path: None,
        'neither JUnit (*.xml) nor CTRF (*.json) was written to TESTGATE_RESULTS_DIR; a suite whose exit code says it all declares evidence = "exit-code"',
        framework="command",
    ),
    left(
        "results",
        "201 JUnit files",
        many(200, "{}.xml", ONE),
        "there are 201 files *.xml, at most 200 are read; let the suite write one report",
        framework="command",
    ),
    left(
        "results",
        "gone",
        shutil.rmtree,
        "the results directory cannot be listed: No such file or directory",
        framework="command",
    ),
)
