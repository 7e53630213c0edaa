"""Playwright's JSON report (of its runner for Node): which tests passed only when tried again.

Its JUnit shows such a test as a pass and nothing more. Tests are named as that JUnit names them, so
that both can lie side by side. Imported by `testgate.runner.reports`.
"""

from collections.abc import Iterator
from typing import Any

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.runner.reported import MAX_NAME_CHARS, Report, capped, clean
from testgate.runner.strict_json import read_json

# packages/playwright/types/testReporter.d.ts: what TestCase.outcome() may be
_OUTCOMES = {
    "expected": Outcome.PASSED,
    "flaky": Outcome.FLAKY,
    "skipped": Outcome.SKIPPED,
    "unexpected": Outcome.FAILED,
}
_MAX_DEEP = 50
_BETWEEN = (
    " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "  # packages/playwright/src/reporters/junit.ts
)


def parse_playwright(file: str, data: bytes) -> Report | None:
    """The tests, or None if this is no such report. Raises RunnerError if it tells too little."""
    raw = read_json(file, data)
    if not isinstance(raw, dict) or not all(key in raw for key in ("suites", "stats", "errors")):
        return None
    if not isinstance(raw["errors"], list) or not isinstance(raw["suites"], list):
        raise RunnerError(f"{file} has errors or suites that are no list")
    if raw["errors"]:
        raise RunnerError(f"{file} tells of {len(raw['errors'])} errors outside of any test")
    tests = (test for suite in _objects(raw["suites"]) for test in _suite(file, suite, ()))
    return Report(tests=capped(file, tests))


def _suite(file: str, suite: dict[str, Any], titles: tuple[str, ...]) -> Iterator[TestResult]:
    if len(titles) > _MAX_DEEP:
        raise RunnerError(f"{file} has suites nested more than {_MAX_DEEP} deep")
    for spec in _objects(suite.get("specs")):
        path = _BETWEEN.join([*titles, str(spec.get("title"))])
        name = f"{suite.get('file', '')}::{path}"
        for test in _objects(spec.get("tests")):
            yield _test(file, clean(name, MAX_NAME_CHARS), test.get("status"))
    for inner in _objects(suite.get("suites")):
        yield from _suite(file, inner, (*titles, str(inner.get("title"))))


def _test(file: str, name: str, status: object) -> TestResult:
    if not isinstance(status, str) or status not in _OUTCOMES:
        raise RunnerError(
            f"{file}: test {name!r} has status {clean(str(status), 40)!r}, expected one of: "
            f"{', '.join(_OUTCOMES)}"
        )
    return TestResult(name=name, outcome=_OUTCOMES[status])


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
