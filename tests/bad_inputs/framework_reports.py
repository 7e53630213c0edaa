"""Reports that only one framework writes, and what its suite left in their place."""

import json
from pathlib import Path

from tests.bad_inputs.catalogue import BadInput
from tests.bad_inputs.reports import left
from tests.runner.test_ctrf import case, ctrf


def beside(framework: str, given: str, says: str, **files: object) -> BadInput:
    """Several reports in JSON of that framework's suite, by name."""

    def make(path: Path) -> None:
        for name, report in files.items():
            (path / f"{name}.json").write_text(json.dumps(report))

    return left(framework, given, make, says, framework=framework)


def of(framework: str, given: str, report: object, says: str) -> BadInput:
    """A report of that framework, or nothing."""

    def make(path: Path) -> None:
        if report is not None:
            (path / "report.json").write_text(json.dumps(report))

    return left(framework, given, make, says, framework=framework)


def summary(group: object = None, made: object = None, **metrics: object) -> dict[str, object]:
    """One of k6, as handleSummary() gets it."""
    return {"metrics": metrics, "root_group": {"checks": made or [], "groups": group or []}}


def deep(depth: int, inner: str) -> list[dict[str, object]]:
    """As many groups or suites, each in the one before."""
    found: list[dict[str, object]] = []
    for _ in range(depth):
        found = [{"name": "a", "title": "a", inner: found}]
    return found


def playwright(**more: object) -> dict[str, object]:
    """A report of Playwright's runner for Node."""
    return {"suites": [], "errors": [], "stats": {}} | more


def spec(status: str) -> list[dict[str, object]]:
    """A file with a test of that status."""
    return [{"file": "a.ts", "specs": [{"title": "a", "tests": [{"status": status}]}]}]


HELD = {"p(95)<200": {"ok": True}}
ROWS = (
    of(
        "k6",
        "no summary",
        None,
        "no summary of k6 (*.json) was written to TESTGATE_RESULTS_DIR; let k6 run with --summary-export=$TESTGATE_RESULTS_DIR/k6.json",
    ),
    of(
        "k6",
        "a new machine-readable summary, which has no thresholds",
        {"version": "1.0.0", "results": {"metrics": []}},
        "report.json tells of no thresholds, as k6's new machine-readable summary does not; let k6 write it with --new-machine-readable-summary=false",
    ),
    of(
        "k6",
        'a threshold that is "yes"',
        summary(http_reqs={"thresholds": {"count>0": "yes"}}),
        "report.json: threshold 'count>0' of http_reqs is neither true nor false, and so says not whether it held",
    ),
    of(
        "k6",
        "a threshold on what was never measured (grafana/k6#1526)",
        summary(a={"values": {"avg": 0, "p(95)": 0}, "thresholds": HELD}),
        "report.json: threshold 'p(95)<200' is on a, which has no samples; is its name or tag spelt as the script has it?",
    ),
    of(
        "k6",
        "a threshold on checks, and no check was made",
        summary(checks={"passes": 0, "fails": 0, "value": 0, "thresholds": {"rate==1": False}}),
        "report.json: threshold 'rate==1' is on checks, which has no samples; is its name or tag spelt as the script has it?",
    ),
    of(
        "k6",
        "a check that failed, and no threshold on checks",
        summary(made=[{"name": "answers 200", "passes": 3, "fails": 1}]),
        "report.json: check 'answers 200' failed 1 of 4 times, and no threshold is on checks; give the script one, such as checks: ['rate==1']",
    ),
    of(
        "k6",
        "a check without counts",
        summary(made=[{"name": "answers 200"}]),
        "report.json: check 'answers 200' lacks its passes or fails, the two counts",
    ),
    of(
        "k6",
        "60 groups in each other",
        summary(group=deep(60, "groups")),
        "report.json has groups nested more than 50 deep",
    ),
    of(
        "k6",
        "values that are a number",
        summary(http_reqs={"values": 5}),
        "report.json: http_reqs is not told in an object, as k6 tells it",
    ),
    of(
        "k6",
        "an integer of 301 digits",
        summary(http_reqs={"count": 10**300}),
        "report.json is not readable JSON: an integer has more than 300 digits",
    ),
    of(
        "k6",
        "checks of the new summary that are a number",
        {"results": {"passed": True, "metrics": [], "checks": {"results": 5}}},
        "report.json has results.checks.results that are no list",
    ),
    beside(
        "k6",
        "summaries of two runs",
        "k6.http_reqs.count is 3 in a.json and 4 in b.json; make one run of them, or a suite of each",
        a=summary(http_reqs={"count": 3}),
        b=summary(http_reqs={"count": 4}),
    ),
    of(
        "locust",
        "no statistics",
        None,
        "no statistics of Locust (*.json) were written to TESTGATE_RESULTS_DIR; let it run with --json-file=$TESTGATE_RESULTS_DIR/locust",
    ),
    of(
        "locust",
        "more failures than requests",
        [{"name": "/cart", "method": "GET", "num_requests": 1, "num_failures": 2}],
        "report.json: 'GET /cart' has 2 failures of 1 requests, expected two counts",
    ),
    of(
        "playwright",
        "an error outside of tests",
        playwright(errors=[{"message": "SyntaxError"}]),
        "report.json tells of 1 errors outside of any test",
    ),
    beside(
        "playwright",
        "a failure in CTRF that its two JSON reports have not",
        "c.json has 'z' as failed, the framework's JSON has not; reports of one run must agree",
        a=playwright(suites=spec("expected")),
        b=playwright(suites=spec("expected")),
        c=ctrf(case("z", "failed")),
    ),
    of(
        "playwright",
        "errors that are a number",
        playwright(errors=5),
        "report.json has errors or suites that are no list",
    ),
    of(
        "playwright",
        "a status that is none",
        playwright(suites=spec("perhaps")),
        "report.json: test 'a.ts::a' has status 'perhaps', expected one of: expected, flaky, skipped, unexpected",
    ),
    of(
        "playwright",
        "60 suites in each other",
        playwright(suites=deep(60, "suites")),
        "report.json has suites nested more than 50 deep",
    ),
)
