"""JSON that only one framework writes: whatever it holds gives tests or a sentence, no crash."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from testgate.core.errors import RunnerError
from testgate.core.outcomes import Outcome
from testgate.runner import reports
from testgate.runner.k6 import parse_k6
from testgate.runner.locust import parse_locust
from testgate.runner.playwright import parse_playwright
from testgate.runner.reports import read_reports

READERS = {"k6": parse_k6, "locust": parse_locust, "playwright": parse_playwright}
# Words that the readers look for, so that what is made up gets past their first look.
WORDS = st.sampled_from(
    [
        *("metrics", "root_group", "results", "values", "thresholds", "type", "trend", "checks"),
        *("groups", "name", "passes", "fails", "passed", "ok", "p(95)", "avg", "count", "value"),
        *("suites", "stats", "errors", "specs", "tests", "status", "title", "file", "expected"),
        *("method", "num_requests", "num_failures", "a{b:c}", "p(95)<3", "\ud800", ""),
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**299, -(10**299), 1e300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


COUNT = st.integers(0, 2)
COUNTS = st.fixed_dictionaries({"name": WORDS, "passes": COUNT | JSON, "fails": COUNT | JSON})
NUMBER = st.sampled_from([1, 0, 0.5, 10**299, 1e300, *range(9), 10**400])
ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers())
THRESHOLDS = st.dictionaries(WORDS, st.booleans() | st.just({"ok": False}) | JSON, max_size=1)
METRIC = st.fixed_dictionaries(
    {"values": st.dictionaries(WORDS, NUMBER) | ODD},
    optional={
        "type": WORDS,
        "name": WORDS,
        "thresholds": THRESHOLDS | ODD,
        "avg": NUMBER | JSON,
        "passes": JSON,
    },
)
METRICS = st.dictionaries(WORDS, METRIC, max_size=2) | st.dictionaries(WORDS, JSON, max_size=1)
GROUP: SearchStrategy[dict[str, object]] = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "name": JSON,
            "checks": JSON | st.lists(COUNTS, max_size=1),
            "groups": JSON | st.lists(GROUP, max_size=2),
        },
    )
)
K6 = st.fixed_dictionaries(
    {"metrics": METRICS, "root_group": st.just({}) | GROUP}, optional={"thresholds": METRICS | JSON}
) | st.fixed_dictionaries(
    {
        "results": st.fixed_dictionaries(
            {"metrics": JSON | st.lists(METRIC, max_size=2), "passed": st.booleans() | JSON},
            optional={"checks": JSON | st.fixed_dictionaries({"results": JSON | st.lists(COUNTS)})},
        )
    }
)
SPEC = st.fixed_dictionaries({"title": JSON, "tests": JSON | st.lists(JSON, max_size=2)})
SUITE: SearchStrategy[dict[str, object]] = st.deferred(
    lambda: st.fixed_dictionaries(
        {},
        optional={
            "title": JSON,
            "file": JSON,
            "specs": JSON | st.lists(SPEC | JSON, max_size=2),
            "suites": JSON | st.lists(SUITE, max_size=2),
        },
    )
)
PLAYWRIGHT = st.fixed_dictionaries(
    {
        "suites": JSON | st.lists(SUITE | JSON, max_size=2),
        "stats": JSON,
        "errors": st.just([]) | JSON,
    }
)
ENTRY = st.fixed_dictionaries(
    {"name": JSON, "method": JSON, "num_requests": JSON, "num_failures": JSON}
)
LOCUST = st.lists(ENTRY, max_size=3)


SHAPES = {"k6": K6, "locust": LOCUST, "playwright": PLAYWRIGHT}


@pytest.mark.parametrize("framework", READERS)
@given(data=st.data())
def test_any_json_gives_tests_or_a_sentence(framework, data):
    value = data.draw(SHAPES[framework] | JSON)
    try:
        report = READERS[framework]("report.json", json.dumps(value).encode())
    except RunnerError as exc:
        assert str(exc).startswith("report.json")
    else:
        assert report is None or all(test.outcome in Outcome for test in report.tests)


GROUPS: dict[str, object] = {"root_group": {}}
BIG = "1" + "0" * 400


@pytest.mark.parametrize(
    ("framework", "report", "says"),
    [
        ("k6", {"metrics": {"a": {"values": 5}}} | GROUPS, "a is not told in an object"),
        ("k6", {"metrics": {"a": 5}} | GROUPS, "a is not told in an object"),
        ("k6", {"metrics": {"a": {"thresholds": ["p<1"]}}} | GROUPS, "a is not told in an object"),
        ("k6", {"metrics": {}, "thresholds": 5} | GROUPS, "thresholds is not told in an object"),
        (
            "k6",
            {"results": {"passed": True, "metrics": [], "checks": {"results": 5}}},
            "has results.checks.results that are no list",
        ),
        (
            "k6",
            {"metrics": {}, "root_group": {"checks": [{"name": "a", "passes": 1, "fails": -1}]}},
            "lacks its passes or fails, the two counts",
        ),
        *(
            ("k6", text % BIG, "an integer has more than 300 digits")
            for text in (
                '{"metrics":{"a":{"values":{"avg":%s}}},"root_group":{}}',
                '{"metrics":{"a":{"values":{"avg":%s},"thresholds":{"x":{"ok":false}}}},'
                '"root_group":{}}',
            )
        ),
        (
            "playwright",
            {"suites": [], "stats": {}, "errors": 5},
            "has errors or suites that are no list",
        ),
        ("playwright", {"suites": 5, "stats": {}, "errors": []}, "suites that are no list"),
    ],
)
def test_a_broken_report_is_a_problem_of_the_suite_that_names_its_file(
    tmp_path, framework, report, says
):
    text = report if isinstance(report, str) else json.dumps(report)
    (tmp_path / "report.json").write_text(text)
    problem = read_reports(tmp_path, framework=framework).problem or ""
    assert (problem.startswith("report.json"), says in problem) == (True, True), problem


@pytest.mark.parametrize("file", ["a.json", "b.xml", "junit.xml"])
def test_what_no_reader_expected_is_a_problem_of_the_suite_too(tmp_path, monkeypatch, file):
    def broken(*_):
        raise KeyError("what nobody thought of")

    monkeypatch.setattr(reports, "read_junit", broken)
    monkeypatch.setattr(reports, "parse_ctrf", broken)
    (tmp_path / file).write_text('{"reportFormat": "CTRF"}')
    framework = "pytest" if file == "junit.xml" else "command"
    found = read_reports(tmp_path, framework=framework)
    assert found.problem == f"{file} cannot be read: KeyError: 'what nobody thought of'"
