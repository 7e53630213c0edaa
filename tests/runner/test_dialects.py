"""What frameworks leave, as files: none leads to a wrong pass, none calls a broken suite a failing
product. Where each file is from: dialects/README.md."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from testgate.core.evidence import Evidence, RelayCounts, Run
from testgate.core.outcomes import Outcome
from testgate.core.suite_verdict import judge_suite
from testgate.core.thresholds import parse_threshold
from testgate.runner.k6 import parse_k6
from testgate.runner.reports import read_reports
from tests.core.samples import suite

DIALECTS = Path(__file__).with_name("dialects")


def judged(tmp_path, framework, exit_code, *files, **changes):
    """The verdict over a suite that left these files, or texts by name, and ended so."""
    for file in files:
        name, text = file if isinstance(file, tuple) else (file, None)
        if text is not None:
            (tmp_path / name).write_text(text)
        else:
            target = "junit.xml" if framework == "pytest" and name.endswith(".xml") else name
            shutil.copy(DIALECTS / name, tmp_path / target)
    reported = read_reports(tmp_path, framework)
    evidence = Evidence(
        run=Run(suite="smoke", shard=1),
        input_digest="i",
        plan_digest="p",
        exit_code=exit_code,
        timed_out=False,
        report_problem=reported.problem,
        tests=reported.tests,
        started_at="2026-01-15T10:30:45Z",
        ended_at="2026-01-15T10:30:46Z",
        allowed_s=60.0,
        relay=RelayCounts(requests=1, statuses={"200": 1}),
        metrics=reported.metrics,
    )
    command = () if framework == "pytest" else ("sh", "run.sh")
    of = suite(framework=framework, command=command, **changes)
    return judge_suite(of, [evidence])


def counted(verdict):
    return dict(Counter(test.outcome.value for test in verdict.tests))


@pytest.mark.parametrize(
    ("framework", "exit_code", "file", "outcome", "counts", "says"),
    [
        (
            "pytest",
            2,
            "pytest-collection.xml",
            "suite_error",
            {"failed": 1},
            "nothing_of_that_name",
        ),
        # with xdist it is 1
        (
            *("pytest", 1, "pytest-collection.xml", "suite_error"),
            *({"failed": 1}, "1 of the suite's test files could not be collected"),
        ),
        ("pytest", 5, "pytest-none.xml", "suite_error", {}, "collected no tests (exit code 5)"),
        (
            *("pytest", 1, "pytest-kinds.xml", "failed"),
            *({"failed": 1, "skipped": 1, "passed": 1}, "1 of 2 tests in suite smoke failed"),
        ),
        (
            *("pytest", 1, "pytest-no-fixture.xml", "suite_error", {"suite_error": 3, "passed": 1}),
            "3 of 4 tests in suite smoke cannot run as they are written; first: "
            "test_a.py::test_basket: fixture 'basket' not found",
        ),
        ("pytest", 0, "pytest-rerunfailures.xml", "passed", {"passed": 3}, "3 of 3 tests"),
        ("robot", 2, "robot.xml", "failed", {"failed": 2, "passed": 1}, "2 of 3 tests"),
        (
            *("robot", 3, "robot-no-keyword.xml", "suite_error", {"suite_error": 3, "passed": 1}),
            "first: A::Misspelt: No keyword with name 'Shuld Be Equal' found",
        ),
        ("robot", 252, "robot.xml", "suite_error", {"failed": 2, "passed": 1}, "invalid data"),
        ("robot", 200, "robot.xml", "failed", {"failed": 2, "passed": 1}, "2 of 3 tests"),
        ("robot", 0, "robot.xml", "suite_error", {"failed": 2, "passed": 1}, "must agree"),
        ("schemathesis", 1, "schemathesis.xml", "failed", {"failed": 2, "passed": 6}, "2 of 8"),
        ("schemathesis", 2, "schemathesis.xml", "suite_error", None, "could not do its job"),
        ("newman", 0, "newman-empty.xml", "suite_error", {}, "no test ran"),
        ("newman", 0, "newman-no-assertions.xml", "suite_error", {}, "no test ran"),
        ("newman", 1, "newman-failed.xml", "failed", {"failed": 2, "passed": 1}, "2 of 3 tests"),
        ("newman", 1, "newman-refused.xml", "failed", {"failed": 3}, "3 of 3 tests"),
        ("newman", 0, "newman-refused.xml", "suite_error", {"failed": 3}, "must agree"),
        (
            *("command", 1, "surefire.xml", "failed"),
            *({"flaky": 2, "failed": 2, "passed": 1, "skipped": 1}, "2 of 5 tests"),
        ),
        ("command", 2, "cypress.xml", "failed", {"failed": 2, "passed": 1}, "2 of 3 tests"),
        # 256 failures wrap to 0 without --posix-exit-codes
        ("command", 0, "cypress.xml", "suite_error", {"failed": 2, "passed": 1}, "must agree"),
        ("command", 0, "cypress-none.xml", "suite_error", {}, "no test ran"),
        # it ends with 0 whatever it got, unless `ensure` or `expect` is asked to mind
        ("command", 0, "artillery-no-ensure.json", "suite_error", {}, "was written"),
        ("command", 0, "artillery-dead.json", "suite_error", {}, "was written"),
        ("command", 1, "artillery-ensure.json", "suite_error", {}, "was written"),
        ("playwright", 0, "playwright-flaky.xml", "passed", {"passed": 2, "skipped": 1}, "2 of 2"),
        (
            *("playwright", 0, "playwright-flaky.json", "flaky"),
            *({"passed": 1, "flaky": 1, "skipped": 1}, "only when tried again"),
        ),
        ("locust", 1, "locust.json", "failed", {"failed": 1, "passed": 1}, "1 of 2 tests"),
        ("locust", 1, "locust-unreachable.json", "failed", {"failed": 4}, "4 of 4 tests"),
        ("locust", 0, "locust.json", "suite_error", {"failed": 1, "passed": 1}, "must agree"),
        (
            *("k6", 99, "k6-summary-export.json", "failed"),
            *({"failed": 1, "passed": 2}, "http_req_duration: max<0.001: crossed; avg "),
        ),
        ("k6", 0, "k6-summary-export.json", "suite_error", None, "must agree"),
        ("k6", 99, "k6-thresholds-beside.json", "failed", {"failed": 1, "passed": 2}, "1 of 3"),
        ("k6", 99, "k6-handle-summary.json", "failed", {"failed": 1, "passed": 2}, "max<0.001"),
        ("k6", 107, "k6-handle-summary.json", "suite_error", None, "an exception in its script"),
        # an exception in a script ends with 0
        ("k6", 0, "k6-exception.json", "suite_error", {}, "no test ran"),
        ("k6", 0, "k6-no-samples.json", "suite_error", {}, "which has no samples"),
        ("k6", 0, "k6-checks-unheeded.json", "suite_error", {}, "failed 2 of 2 times"),
        ("k6", 0, "k6-machine-readable.json", "suite_error", {}, "tells of no thresholds"),
    ],
    ids=lambda value: str(value) if isinstance(value, str | int) else "",
)
def test_a_dialect_and_its_exit_code(tmp_path, framework, exit_code, file, outcome, counts, says):
    verdict = judged(tmp_path, framework, exit_code, file)
    assert (verdict.outcome.value, says in verdict.sentence) == (outcome, True), verdict.sentence
    assert counts is None or counted(verdict) == counts


@pytest.mark.parametrize(
    ("framework", "exit_code", "says"),
    [
        ("pytest", 4, "pytest was called wrongly (exit code 4)"),
        ("locust", 1, "no statistics of Locust (*.json) were written"),
        ("locust", 2, "had an error of its own"),
        ("robot", 252, "robot found invalid data"),
        ("schemathesis", 2, "schemathesis could not do its job"),
        ("k6", 104, "k6 has an invalid configuration"),
        ("k6", 99, "no summary of k6 (*.json) was written"),
        ("newman", 1, "neither JUnit (*.xml) nor CTRF (*.json) was written"),
        ("playwright", 1, "neither JUnit (*.xml) nor CTRF (*.json) was written"),
        ("playwright", 130, "was interrupted"),
        ("newman", 127, "newman was not found (exit code 127)"),
    ],
)
def test_a_suite_that_left_nothing_is_broken(tmp_path, framework, exit_code, says):
    verdict = judged(tmp_path, framework, exit_code)
    assert (verdict.outcome, says in verdict.sentence) == (Outcome.SUITE_ERROR, True), (
        verdict.sentence
    )


SEVERAL = """<testsuite><testcase name="GET /a"><failure message="1"/><failure message="2"/>
</testcase><testcase name="GET /b"/></testsuite>"""


def test_several_failures_of_one_test_are_one_failed_test(tmp_path):
    verdict = judged(tmp_path, "schemathesis", 1, ("junit.xml", SEVERAL))
    assert (verdict.outcome, counted(verdict)) == (Outcome.FAILED, {"failed": 1, "passed": 1})


ERRORS_UNSEEN = """<testsuites><testsuite name="a" tests="1" failures="0" errors="1">
<system-err>RequestError: connect ECONNREFUSED</system-err><testcase name="looks passed"/>
</testsuite></testsuites>"""


def test_errors_that_newman_counts_and_shows_in_no_test_are_no_pass(tmp_path):
    verdict = judged(tmp_path, "newman", 1, ("junit.xml", ERRORS_UNSEEN))
    assert verdict.outcome is Outcome.SUITE_ERROR
    assert "counts 1 failures and errors and shows no test that failed" in verdict.sentence


def test_pytests_plugin_tells_which_of_two_passes_failed_first(tmp_path):
    again = json.dumps({"test_shop.py::test_the_first_try_is_too_early": "asked 1 times\nmore"})
    files = ("pytest-rerunfailures.xml", ("rerun.json", again))
    verdict = judged(tmp_path, "pytest", 0, *files)
    assert (verdict.outcome, counted(verdict)) == (Outcome.FLAKY, {"passed": 2, "flaky": 1})
    (flaky,) = (test for test in verdict.tests if test.outcome is Outcome.FLAKY)
    assert flaky.message == "failed before it passed: asked 1 times"


def test_ctrf_beside_pytests_junit_tells_which_of_two_passes_failed_first(tmp_path):
    for files, counts in (
        (["pytest-ctrf.xml"], {"passed": 2}),
        (["pytest-ctrf.xml", "pytest-ctrf.json"], {"passed": 1, "flaky": 1}),
    ):
        assert counted(judged(tmp_path, "pytest", 0, *files)) == counts


def test_playwrights_json_beside_its_junit_tells_what_was_flaky(tmp_path):
    verdict = judged(tmp_path, "playwright", 0, "playwright-flaky.xml", "playwright-flaky.json")
    assert counted(verdict) == {"passed": 1, "flaky": 1, "skipped": 1}


def k6(thresholds, values, checks=(), metric="http_req_duration", kind="trend"):
    group = {
        "name": "",
        "checks": [dict(zip(("name", "passes", "fails"), c, strict=True)) for c in checks],
    }
    metrics = {metric: {"type": kind, "values": values, "thresholds": thresholds}}
    return json.dumps({"metrics": metrics, "root_group": group | {"groups": []}})


HELD = {"p(95)<200": {"ok": True}}
SLOW = {"p(95)<200": {"ok": False}}
RARE = {"rate<0.1": {"ok": True}}


@pytest.mark.parametrize(
    ("text", "code", "outcome", "says"),
    [
        (k6(HELD, {"avg": 3}), 0, "passed", "1 of 1 tests"),
        (k6(HELD, {"avg": 3}, [("ok", 4, 0)]), 0, "passed", "2 of 2 tests"),
        (k6({}, {"avg": 3}, [("ok", 4, 0)]), 0, "passed", "1 of 1 tests"),
        (k6({}, {"avg": 3}, [("ok", 3, 1)]), 0, "suite_error", "check 'ok' failed 1 of 4 times"),
        (k6(HELD, {"avg": 3}, [("ok", 3, 1)]), 0, "suite_error", "no threshold is on checks"),
        (k6(SLOW, {"avg": 3}, [("ok", 3, 1)]), 99, "failed", "2 of 2 tests"),
        (
            k6(
                {"rate>0.5": {"ok": True}},
                {"rate": 1, "passes": 3, "fails": 1},
                [("a", 3, 1)],
                "checks",
                "rate",
            ),
            *(0, "passed", "1 of 1 tests"),
        ),
        (k6({}, {"avg": 3}), 0, "suite_error", "no test ran"),
        (k6(HELD, {"avg": 0, "max": 0}), 0, "suite_error", "which has no samples"),
        (
            k6(RARE, {"rate": 0, "passes": 0, "fails": 0}, (), "e{a:b}", "rate"),
            *(0, "suite_error", "is on e{a:b}, which has no samples"),
        ),
        (
            k6(RARE, {"rate": 0, "passes": 0, "fails": 0}, (), "errors", "rate"),
            *(0, "passed", "1 of 1 tests"),
        ),
        (k6({"p(95)<200": "yes"}, {"avg": 1}), 0, "suite_error", "is neither true nor false"),
        ('{"metrics": {}}', 0, "suite_error", "no summary of k6 (*.json) was written"),
    ],
)
def test_k6_passes_by_its_thresholds_and_its_checks(tmp_path, text, code, outcome, says):
    verdict = judged(tmp_path, "k6", code, ("k6.json", text))
    assert (verdict.outcome.value, says in verdict.sentence) == (outcome, True), verdict.sentence


def test_a_threshold_of_k6_is_read_in_its_metric_and_beside_the_metrics(tmp_path):
    told = {"avg": 1, "thresholds": {"avg<1": True}}
    beside = {"http_reqs": {"avg<9": False}}
    report = {"metrics": {"http_reqs": told}, "root_group": {}, "thresholds": beside}
    verdict = judged(tmp_path, "k6", 99, ("k6.json", json.dumps(report)))
    assert counted(verdict) == {"failed": 1, "passed": 1}


NONE_MADE = {"passes": 0, "fails": 0}


@pytest.mark.parametrize("tag", ["", "{name:pay}"])
@pytest.mark.parametrize(
    ("metric", "kind", "values", "threshold", "outcome"),
    [
        *(
            ("t", kind, values, expression, "suite_error")
            for kind in ("trend", None)
            for values, expression in (
                ({"p(99)": 0}, "p(99)<300"),
                ({"p(99.9)": 0.0}, " p(99.9) < 300"),
                ({"med": 0, "max": 0}, "max<300"),
                ({"min": 0}, "min<300"),
                ({}, "p(95)<300"),
                ({"count": 0}, "avg<300"),
            )
        ),
        ("t", "trend", {"p(99)": 20}, "p(99)<300", "passed"),
        ("t", None, {"min": 0, "max": 1}, "min<300", "passed"),
        ("t", "trend", {"count": 3, "max": 0}, "max<300", "passed"),
        ("t", "gauge", {"value": 0, "min": 0, "max": 0}, "value<5", "passed"),
        ("t", None, {"value": 0, "min": 0, "max": 0}, "value<5", "passed"),
        ("t", "counter", {"count": 0, "rate": 0}, "count<5", "passed"),
        ("checks", "rate", NONE_MADE | {"rate": 0}, "rate==1", "suite_error"),
        ("checks", None, NONE_MADE | {"value": 0}, "rate==1", "suite_error"),
        ("checks", None, {"value": 1}, "rate==1", "suite_error"),
        ("checks", None, {"value": 1, "passes": 2, "fails": 0}, "rate==1", "passed"),
        ("checks", None, {"value": 0, "passes": 0, "fails": 2}, "rate<1", "passed"),
    ],
)
def test_a_threshold_on_what_never_happened_is_no_pass(
    tmp_path, tag, metric, kind, values, threshold, outcome
):
    said = False if kind is None else {"ok": True}  # in k6's older shape false is what held
    told = {"thresholds": {threshold: said}}
    told |= values if kind is None else {"type": kind, "values": values}
    text = json.dumps({"metrics": {metric + tag: told}, "root_group": {}})
    verdict = judged(tmp_path, "k6", 0, ("k6.json", text))
    assert verdict.outcome.value == outcome, verdict.sentence
    assert ("which has no samples" in verdict.sentence) == (outcome == "suite_error")


def test_a_new_summary_of_k6_says_of_all_thresholds_whether_they_held():
    raw = json.loads((DIALECTS / "k6-machine-readable.json").read_text())
    for passed, outcome in ((True, "passed"), (False, "failed")):
        raw["results"]["passed"] = passed
        report = parse_k6("k6.json", json.dumps(raw).encode())
        assert report is not None
        assert [test.outcome.value for test in report.tests] == [outcome, "passed"]


def test_numbers_of_k6_may_be_asked_for_in_the_gate_file(tmp_path):
    asked = (parse_threshold("k6.http_req_duration.p95 < 50"), parse_threshold("k6.x.p95 < 50"))
    text = k6(HELD, {"avg": 3, "p(95)": 40})
    for threshold, outcome in zip(asked, (Outcome.PASSED, Outcome.SUITE_ERROR), strict=True):
        verdict = judged(tmp_path, "k6", 0, ("k6.json", text), thresholds=(threshold,))
        assert verdict.outcome is outcome, verdict.sentence


def test_the_list_names_every_file_and_each_is_read_here():
    files = {path.name for path in DIALECTS.iterdir()} - {"README.md"}
    told = (DIALECTS / "README.md").read_text()
    named = {file for file in files if f"`{file}`" in told}
    read = {file for file in files if f'"{file}"' in Path(__file__).read_text()}
    assert named == read == files
