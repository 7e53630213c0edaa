"""CTRF reports: lenient in what does not matter, strict in what could make a pass."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.errors import RunnerError
from testgate.core.outcomes import PASSING, Outcome
from testgate.runner.ctrf import parse_ctrf, read_ctrf
from testgate.runner.strict_json import MAX_VALUES

STATUSES = ("passed", "failed", "skipped", "pending", "other")


def case(name="a", status="passed", **more):
    return {"name": name, "status": status, "duration": 1} | more


def ctrf(*tests, summary=None, **more):
    """A report whose summary counts its tests, but for what `summary` says otherwise."""
    counts = {s: sum(test.get("status") == s for test in tests) for s in STATUSES}
    counted = counts | {"tests": len(tests), "start": 0, "stop": 1} | (summary or {})
    results = {"tool": {"name": "pytest"}, "summary": counted, "tests": list(tests)}
    return {"reportFormat": "CTRF", "specVersion": "1.0.0", "results": results} | more


def parse(report):
    return parse_ctrf("ctrf.json", json.dumps(report).encode()).tests


# As pytest-json-ctrf 0.4 with pytest-rerunfailures writes it, shortened.
FLAKY = case(
    "test_a.py::test_flaky",
    retries=1,
    flaky=True,
    retryAttempts=[{"attempt": 1, "status": "failed", "duration": 3}],
    suite=["test_a.py"],
    filePath="test_a.py",
)


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        (case(), "passed"),
        (case(flaky=False, retries=0, retryAttempts=[]), "passed"),
        (case(flaky=None, retries=None, retryAttempts=None), "passed"),
        (case(retryAttempts=[{"status": "passed"}]), "passed"),
        (FLAKY, "flaky"),
        (case(flaky=True), "flaky"),
        (case(retries=2), "flaky"),
        (case(retryAttempts=[{"status": "failed"}]), "flaky"),
        (case(retries=3, retryAttempts=[{"status": "failed"}]), "flaky"),
        (case(status="failed"), "failed"),
        (case(status="failed", flaky=True), "failed"),
        (case(status="skipped"), "skipped"),
        (case(status="skipped", flaky=True), "skipped"),
        (case(status="pending"), "skipped"),
        (case(status="other"), "suite_error"),
    ],
)
def test_only_passed_counts_as_passed_and_after_a_failed_try_as_flaky(test, outcome):
    assert [read.outcome.value for read in parse(ctrf(test))] == [outcome]


def test_a_failure_comes_with_message_place_and_trace():
    failed = case(
        "checks out",
        "failed",
        suite=["cart.spec.ts", "cart"],
        message="AssertionError: \x1b[31m500, expected 201\x1b[0m\nmore",
        trace="at cart.spec.ts:7",
        filePath="cart.spec.ts",
        line=7,
        duration=250,
    )
    (test,) = parse(ctrf(failed))
    assert (test.name, test.message) == ("cart.spec.ts::cart::checks out", "500, expected 201")
    assert (test.trace, test.file, test.line) == ("at cart.spec.ts:7", "cart.spec.ts", 7)
    assert test.duration_s == 0.25


@pytest.mark.parametrize(
    ("test", "name"),
    [
        (case("test_a.py::test_b", suite=["test_a.py"]), "test_a.py::test_b"),
        (case("b", suite="a"), "a::b"),
        (case("b", suite=[1, "", "a"]), "a::b"),
        (case("b", filePath="a.py"), "a.py::b"),
        (case("b", suite=7, filePath=7), "b"),
        (case("half \ud800 and \u202e\x9b"), "half ? and "),
    ],
)
def test_a_test_is_named_as_its_framework_would(test, name):
    assert [read.name for read in parse(ctrf(test))] == [name]


@pytest.mark.parametrize(
    "report",
    [
        ctrf(case(duration="soon", line=True, message=7, trace=None)),
        ctrf(case(duration=-1, line=-1)),
        ctrf(case(duration=1e306)),
        ctrf(case(duration=10**299)),
        ctrf(case(), specVersion="0.0.0", surprise={"a": [1]}),
        ctrf(),
    ],
)
def test_what_does_not_matter_is_read_leniently(report):
    assert all(test.duration_s == 0 and test.line is None for test in parse(report)) or (
        parse(report)[0].duration_s == 0.001
    )


TOO_DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not readable JSON: Expecting value"),
        (b"{", "is not readable JSON"),
        (b'"CTRF"', "is no CTRF report: it must be an object with reportFormat CTRF"),
        (b"[]", "is no CTRF report"),
        (b"{}", "is no CTRF report"),
        (b"\xff{}", "is not UTF-8: byte 0 cannot be read"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (TOO_DEEP, "is nested too deeply to be read"),
        (b'{"a":' * 100_000, "is nested too deeply to be read"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "-Infinity is no JSON number"),
        (b'{"a": ' + b"9" * 301 + b"}", "an integer has more than 300 digits"),
        (b'{"a": -' + b"9" * 5000 + b"}", "an integer has more than 300 digits"),
        (b'{"a": 1, "b": 2, "a": 3}', "an object has the key 'a' twice"),
        (b"[" + b"0," * MAX_VALUES + b"0]", "has more than 3000000 JSON values"),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[:20]),
)
def test_what_is_no_report_is_refused(data, says):
    with pytest.raises(RunnerError) as caught:
        parse_ctrf("ctrf.json", data)
    assert str(caught.value).startswith("ctrf.json ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (ctrf() | {"results": None}, "lacks results.tests, the list of its tests"),
        (ctrf() | {"results": {"tests": {}}}, "lacks results.tests"),
        (ctrf() | {"results": {"tests": []}}, "lacks results.summary"),
        (ctrf(case()) | {"reportFormat": "ctrf"}, "must be an object with reportFormat CTRF"),
        (ctrf({}), "results.tests[1] has no name"),
        (ctrf(case(" ")), "results.tests[1] has no name"),
        (ctrf(case(7)), "results.tests[1] has no name"),
        (
            ctrf(case(), case("b", "PASSED")),
            "results.tests[2] has status 'PASSED', expected one of",
        ),
        (ctrf(case(status=None)), "has status 'None'"),
        (ctrf(case(flaky="no")), "has flaky 'no', expected true or false"),
        (ctrf(case(retries=-1)), "has retries '-1', expected a count"),
        (ctrf(case(retries=True)), "has retries 'True', expected a count"),
        (ctrf(case(retries=0.5)), "has retries '0.5', expected a count"),
        (ctrf(case(retryAttempts={"a": 1})), "has retryAttempts that are no list of objects"),
        (ctrf(case(retryAttempts=["failed"])), "has retryAttempts that are no list of objects"),
        (
            ctrf(case(), case(status="failed")),
            "has test 'a' twice, once passed and once failed",
        ),
        (ctrf(case(), case(flaky=True)), "has test 'a' twice, once passed and once flaky"),
        (
            ctrf(case(status="failed"), summary={"failed": 0, "passed": 1}),
            "results.summary.passed is 1, its tests make 0; they must agree",
        ),
        (ctrf(case(), summary={"tests": 2}), "results.summary.tests is 2, its tests make 1"),
        (ctrf(case(), summary={"failed": 1}), "results.summary.failed is 1, its tests make 0"),
        (ctrf(case(), summary={"other": None}), "results.summary.other is None"),
        (ctrf(case(), summary={"passed": True}), "results.summary.passed is True"),
        (ctrf(case(), summary={"passed": 1.0}), "results.summary.passed is 1.0"),
    ],
)
def test_what_could_make_a_pass_is_read_strictly(report, says):
    with pytest.raises(RunnerError) as caught:
        parse(report)
    assert says in str(caught.value)


def test_a_list_of_tests_that_are_none_is_refused():
    report = ctrf()
    report["results"]["tests"] = ["passed"]
    with pytest.raises(RunnerError, match=r"results.tests\[1\] is not an object"):
        parse(report)


def test_the_same_name_twice_with_one_result_is_one_test_to_the_verdict():
    assert {test.name for test in parse(ctrf(case(), case()))} == {"a"}


def test_a_byte_order_mark_is_no_part_of_a_report(tmp_path):
    path = tmp_path / "ctrf.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ctrf(case())).encode())
    assert len(read_ctrf(path).tests) == 1


def test_secrets_are_taken_out_of_what_a_test_said():
    (test,) = parse(
        ctrf(case(status="failed", message="password=hunter22", trace="token=hunter22"))
    )
    assert "hunter22" not in test.message + test.trace


def test_too_many_tests_are_refused():
    with pytest.raises(RunnerError, match="more than 50000 tests; split the suite"):
        parse(ctrf(*(case(str(n)) for n in range(50_001))))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(STATUSES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
TESTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc") | JSON, "status": st.sampled_from(STATUSES) | JSON},
        optional={"flaky": JSON, "retries": JSON, "retryAttempts": JSON, "suite": JSON},
    ),
    max_size=4,
)


@given(
    st.binary(max_size=200)
    | st.builds(lambda tests: json.dumps(ctrf(*tests)).encode(), TESTS)
    | JSON.map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_read_or_refused_and_a_pass_was_called_one(data):
    try:
        tests = parse_ctrf("ctrf.json", data).tests
    except RunnerError as exc:
        assert str(exc).startswith("ctrf.json")
    else:
        said = [test["status"] for test in json.loads(data)["results"]["tests"]]
        assert len(tests) == len(said)
        passing = [status for test, status in zip(tests, said, strict=True) if _passes(test)]
        assert set(passing) <= {"passed"}


def _passes(test):
    assert isinstance(test.outcome, Outcome)
    return test.outcome in PASSING
