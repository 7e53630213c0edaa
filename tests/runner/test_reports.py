"""The reports of one run: found, never followed, and brought to agree."""

import json
import os

import pytest

from testgate.core.counting import distinct_tests
from testgate.core.outcomes import Outcome
from testgate.runner.reports import read_reports
from tests.runner.test_ctrf import case, ctrf

A, B = "test_a.py::test_a", "test_a.py::test_b"


def junit(*cases):
    """`cases` are a name and a child: `failure`, `skipped` or nothing."""
    spelled = "".join(
        f'<testcase classname="test_a" name="{name}" file="test_a.py">'
        f"{f'<{child}/>' if child else ''}</testcase>"
        for name, child in cases
    )
    return f"<testsuite>{spelled}</testsuite>"


def reported(tmp_path, cases, *reports):
    (tmp_path / "junit.xml").write_text(junit(*cases))
    for number, report in enumerate(reports):
        (tmp_path / f"ctrf-{number}.json").write_text(json.dumps(report))
    return read_reports(tmp_path)


def outcomes(report):
    return {test.name: test.outcome.value for test in report.tests}


BOTH = (("test_a", ""), ("test_b", ""))


def test_junit_alone_is_enough(tmp_path):
    report = reported(tmp_path, BOTH)
    assert (outcomes(report), report.problem) == ({A: "passed", B: "passed"}, None)


def test_ctrf_tells_which_tests_passed_only_when_tried_again(tmp_path):
    twice = (*BOTH, ("test_b", ""))  # as pytest-rerunfailures has it in JUnit
    report = reported(tmp_path, twice, ctrf(case(A), case(B, retries=1, flaky=True)))
    assert (outcomes(report), report.problem) == ({A: "passed", B: "flaky"}, None)


def test_what_one_report_calls_skipped_is_not_passed(tmp_path):
    report = reported(tmp_path, BOTH, ctrf(case(A, "pending"), case(B)))
    assert (outcomes(report), report.problem) == ({A: "skipped", B: "passed"}, None)


def test_a_skipped_test_does_not_pass_because_ctrf_says_so(tmp_path):
    report = reported(tmp_path, (("test_a", "skipped"), ("test_b", "")), ctrf(case(A), case(B)))
    assert outcomes(report) == {A: "skipped", B: "passed"}


def test_failures_that_agree_are_failures(tmp_path):
    cases = (("test_a", "failure"), ("test_b", ""))
    report = reported(tmp_path, cases, ctrf(case(A, "failed"), case(B)))
    assert (outcomes(report), report.problem) == ({A: "failed", B: "passed"}, None)


@pytest.mark.parametrize(
    ("cases", "report", "says"),
    [
        (
            BOTH,
            ctrf(case(A, "failed"), case(B)),
            f"ctrf-0.json has {A!r} as failed, junit.xml has not; reports of one run must agree",
        ),
        (BOTH, ctrf(case(A, "other"), case(B)), f"ctrf-0.json has {A!r} as failed"),
        (BOTH, ctrf(case("c", "failed")), "ctrf-0.json has 'c' as failed, junit.xml has not"),
        (
            (("test_a", "failure"), ("test_b", "failure")),
            ctrf(case(A), case(B)),
            f"junit.xml has {A!r} and 1 more as failed, ctrf-0.json has not",
        ),
        ((("test_a", "failure"),), ctrf(), f"junit.xml has {A!r} as failed, ctrf-0.json has not"),
        (BOTH, ctrf(case("c", flaky=True)), "ctrf-0.json has 'c' as flaky, junit.xml has not"),
        (BOTH, ctrf(case(A, "what")), "ctrf-0.json: results.tests[1] has status 'what'"),
    ],
)
def test_reports_that_disagree_are_a_problem_and_junits_tests_are_told(
    tmp_path, cases, report, says
):
    found = reported(tmp_path, cases, report)
    assert says in (found.problem or "")
    assert len(found.tests) == len(cases)


def test_every_ctrf_report_must_agree(tmp_path):
    good, bad = ctrf(case(A), case(B)), ctrf(case(A, "failed"))
    assert "ctrf-1.json has" in (reported(tmp_path, BOTH, good, bad).problem or "")


def test_ctrf_alone_is_not_enough(tmp_path):
    (tmp_path / "ctrf.json").write_text(json.dumps(ctrf(case(A))))
    report = read_reports(tmp_path)
    assert (report.tests, report.problem) == ((), "junit.xml was not written")


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', "[" * 100_000, "not JSON", "", '{"reportFormat": "else"}', " " * 70_000 + "{}"],
)
def test_other_json_is_left_alone(tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    assert reported(tmp_path, BOTH).problem is None


def test_a_truncated_ctrf_report_is_a_problem(tmp_path):
    (tmp_path / "ctrf.json").write_text('{"reportFormat" : "CTRF", "results": {')
    assert "ctrf.json is not readable JSON" in (reported(tmp_path, BOTH).problem or "")


def test_a_large_ctrf_report_is_refused_and_a_large_other_file_is_not_read(tmp_path):
    for name, head in (("ctrf.json", b'{"reportFormat":"CTRF",'), ("har.json", b"{")):
        with (tmp_path / name).open("wb") as file:
            file.write(head)
            file.truncate(200_000_000)
    problem = reported(tmp_path, BOTH).problem or ""
    assert problem == "ctrf.json has more than the 30000000 bytes that are read"
    (tmp_path / "ctrf.json").unlink()
    assert reported(tmp_path, BOTH).problem is None


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.symlink_to("junit.xml"), "x.json is a symbolic link"),
        (os.mkfifo, "x.json is a named pipe"),
        (lambda path: path.mkdir(), "x.json is a directory"),
    ],
    ids=["link", "pipe", "directory"],
)
def test_what_only_looks_like_a_report_is_a_problem(tmp_path, make, says):
    make(tmp_path / "x.json")
    assert says in (reported(tmp_path, BOTH).problem or "")


def test_a_file_whose_name_is_no_text_is_read(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff.json", "w") as file:  # noqa: PTH123
        file.write(json.dumps(ctrf(case(A, "failed"))))
    assert "?.json has" in (reported(tmp_path, BOTH).problem or "")


def test_an_interrupted_run_is_told_with_what_it_had(tmp_path):
    (tmp_path / "junit.xml").write_text("<testsuite><testcase name='a'/><testcase/></testsuite>")
    report = read_reports(tmp_path)
    assert report.problem == "the suite was interrupted before its end"
    assert [test.outcome for test in report.tests] == [Outcome.PASSED]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.rmdir(), "the results directory cannot be listed: No such file"),
        (
            lambda path: (path.rmdir(), path.symlink_to("/proc/self")),
            "neither JUnit (*.xml) nor CTRF (*.json) was written",
        ),
        (lambda path: (path / "a.xml").symlink_to("b.xml"), "a.xml is a symbolic link"),
        (lambda path: os.mkfifo(path / "a.xml"), "a.xml is a named pipe"),
    ],
    ids=["gone", "link", "report is a link", "report is a pipe"],
)
def test_a_results_directory_that_a_suite_has_changed_is_a_problem(tmp_path, make, says):
    (tmp_path / "results").mkdir()
    make(tmp_path / "results")
    assert says in (read_reports(tmp_path / "results", framework="command").problem or "")


def test_many_reports_may_not_say_more_than_one(tmp_path):
    for number in range(11):
        cases = ((f"test_{number}_{n}", "") for n in range(5_000))
        (tmp_path / f"{number}.xml").write_text(junit(*cases))
    problem = read_reports(tmp_path, framework="command").problem or ""
    assert problem.startswith("the results directory has more than 50000 tests")


def playwright(title, *statuses):
    """Its JSON; of several statuses each is of a project."""
    spec = {"title": title, "tests": [{"status": status} for status in statuses]}
    suites = [{"file": "a.ts", "title": "a.ts", "specs": [spec]}]
    return {"suites": suites, "stats": {}, "errors": []}


def k6_summary(p95, **more):
    duration = {"avg": 1, "p(95)": p95, "thresholds": {"p(95)<999": False}} | more
    return {"metrics": {"http_req_duration": duration}, "root_group": {}}


def native(tmp_path, framework, **files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name.replace("_", ".")).write_text(text)
    return read_reports(tmp_path, framework=framework)


PAYS = "<testcase classname='a.ts' name='pays'/>"


@pytest.mark.parametrize("xml", ["", f"<testsuite>{PAYS * 2}</testsuite>"], ids=["", "JUnit"])
@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (("flaky", "expected"), "flaky"),
        (("expected", "flaky"), "flaky"),
        (("expected", "expected"), "passed"),
        (("skipped", "expected"), "skipped"),
    ],
)
def test_of_two_projects_the_worst_is_told_of_a_test(tmp_path, xml, statuses, outcome):
    files = {"j_xml": xml} if xml else {}
    report = native(tmp_path, "playwright", p_json=playwright("pays", *statuses), **files)
    assert report.problem is None
    told = {test.outcome.value for test in distinct_tests(report.tests)}
    assert told == {outcome}


LOCUST = [{"name": "/", "method": "GET", "num_requests": 1, "num_failures": 0}]


@pytest.mark.parametrize(
    ("framework", "report"),
    [("playwright", playwright("x", "expected")), ("k6", k6_summary(3)), ("locust", LOCUST)],
)
def test_ctrf_beside_what_only_a_framework_writes_must_agree(tmp_path, framework, report):
    found = native(tmp_path, framework, n_json=report, z_json=ctrf(case("z")))
    assert (found.problem, [test.outcome.value for test in found.tests]) == (None, ["passed"])
    found = native(tmp_path, framework, n_json=report, z_json=ctrf(case("z", "failed")))
    assert found.problem == (
        "z.json has 'z' as failed, n.json has not; reports of one run must agree"
    )
    assert len(found.tests) == 1


def test_ctrf_beside_playwrights_json_tells_of_what_was_flaky(tmp_path):
    told = ctrf(case("a.ts::x", flaky=True))
    found = native(tmp_path, "playwright", n_json=playwright("x", "expected"), z_json=told)
    assert (found.problem, outcomes(found)) == (None, {"a.ts::x": "flaky"})


def test_a_run_that_was_interrupted_is_one_beside_what_only_a_framework_writes(tmp_path):
    xml = "<testsuite><testcase name='pays' classname='a.ts'/><testcase/></testsuite>"
    report = playwright("pays", "expected")
    found = native(tmp_path, "playwright", j_xml=xml, n_json=report)
    assert found.problem == "the suite was interrupted before its end"


def test_reports_in_several_files_are_called_by_their_kind(tmp_path):
    failed = ctrf(case("z", "failed"))
    files = {"n_json": playwright("x", "expected"), "o_json": playwright("y", "expected")}
    problem = native(tmp_path, "playwright", z_json=failed, **files).problem or ""
    assert problem.startswith("z.json has 'z' as failed, the framework's JSON has not;")
    xml = {"j_xml": junit(("a", "")), "k_xml": junit(("b", ""))}
    problem = native(tmp_path, "command", z_json=failed, **xml).problem or ""
    assert problem.startswith("z.json has 'z' as failed, JUnit has not;")


def test_one_number_of_a_run_may_be_told_twice_but_not_otherwise(tmp_path):
    found = native(tmp_path, "k6", a_json=k6_summary(3), b_json=k6_summary(3, max=9))
    assert found.problem is None
    assert found.metrics["k6.http_req_duration.p95"] == 3
    found = native(tmp_path, "k6", b_json=k6_summary(900))
    assert found.problem == (
        "k6.http_req_duration.p95 is 3 in a.json and 900 in b.json; make one run of them, or a "
        "suite of each"
    )
    assert found.metrics == {}
