"""CTRF JSON, read leniently in what does not matter and strictly in what could make a pass.

Any version is read, unknown keys are passed by, and retries may or may not equal the attempts that
are kept: the specification's own examples differ. An unknown status, a name twice with two results,
a key twice, or a summary that counts otherwise than the tests is refused. Imported by
`testgate.runner.reports`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.runner.captured import ERR, OUT, Captured
from testgate.runner.files import read_plain
from testgate.runner.reported import (
    MAX_NAME_CHARS,
    MAX_REPORT_BYTES,
    MAX_TRACE_CHARS,
    Report,
    capped,
    clean,
    first_line,
    seconds,
)
from testgate.runner.strict_json import read_json

# Nothing but `passed` may count as passed. `other` is what a reporter writes for a test that it
# could not place (Playwright's for an interrupted one).
_OUTCOMES = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.SKIPPED,
    "pending": Outcome.SKIPPED,
    "other": Outcome.SUITE_ERROR,
}
_MARK = re.compile(rb'"reportFormat"\s{0,100}:\s{0,100}"CTRF"')

Json = Mapping[str, Any]


def says_ctrf(head: bytes) -> bool:
    """Whether a JSON file that begins so calls itself a CTRF report."""
    return _MARK.search(head) is not None


def read_ctrf(path: Path) -> Report:
    """The tests of a report. Raises RunnerError that says why it cannot be read."""
    return parse_ctrf(path.name, read_plain(path, MAX_REPORT_BYTES))


def parse_ctrf(file: str, data: bytes) -> Report:
    """As `read_ctrf`, of the bytes of that file."""
    raw = read_json(file, data)
    if not isinstance(raw, dict) or raw.get("reportFormat") != "CTRF":
        raise RunnerError(f"{file} is no CTRF report: it must be an object with reportFormat CTRF")
    results = raw.get("results")
    tests = results.get("tests") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(tests, list):
        raise RunnerError(f"{file} lacks results.tests, the list of its tests")
    read = capped(file, _tests(file, tests))
    _check_summary(file, results.get("summary"), Counter(test["status"] for test in tests))
    return Report(tests=read)


def _tests(file: str, tests: list[Any]) -> Iterator[TestResult]:
    known: dict[str, Outcome] = {}
    for index, test in enumerate(tests, 1):
        where = f"{file}: results.tests[{index}]"
        if not isinstance(test, dict):
            raise RunnerError(f"{where} is not an object")
        name, status = test.get("name"), test.get("status")
        if not isinstance(name, str) or not name.strip():
            raise RunnerError(f"{where} has no name")
        if not isinstance(status, str) or status not in _OUTCOMES:
            raise RunnerError(
                f"{where} has status {clean(str(status), 40)!r}, expected one of: "
                f"{', '.join(_OUTCOMES)}"
            )
        full_name = _full_name(test, name)
        outcome = _outcome(where, test, _OUTCOMES[status])
        if known.setdefault(full_name, outcome) is not outcome:
            raise RunnerError(
                f"{file} has test {clean(full_name, MAX_NAME_CHARS)!r} twice, once "
                f"{known[full_name].value} and once {outcome.value}"
            )
        yield _test(test, full_name, outcome)


def _test(test: Json, full_name: str, outcome: Outcome) -> TestResult:
    told = outcome not in (Outcome.PASSED, Outcome.FLAKY)
    failed = told and outcome is not Outcome.SKIPPED
    line = test.get("line")
    return TestResult(
        name=clean(full_name, MAX_NAME_CHARS),
        outcome=outcome,
        duration_s=seconds(test.get("duration")) / 1000,
        message=first_line(_text(test, "message")) or test["status"] if told else "",
        trace=clean(_text(test, "trace"), MAX_TRACE_CHARS) if failed else "",
        output=_output(test) if failed else "",
        file=clean(_text(test, "filePath"), MAX_NAME_CHARS),
        line=line if type(line) is int and 0 <= line < 10**9 else None,
    )


def _output(test: Json) -> str:
    captured = Captured()
    for key, stream in (("stdout", OUT), ("stderr", ERR)):
        lines = test.get(key)
        for line in lines if isinstance(lines, list) else ():
            if isinstance(line, str):
                captured.add(stream, line if line.endswith("\n") else f"{line}\n")
    return captured.text()


def _outcome(where: str, test: Json, outcome: Outcome) -> Outcome:
    """A pass after a try that failed is flaky, by whichever of three keys that is told."""
    flaky, retries, attempts = (test.get(key) for key in ("flaky", "retries", "retryAttempts"))
    if flaky is not None and type(flaky) is not bool:
        raise RunnerError(f"{where} has flaky {clean(str(flaky), 40)!r}, expected true or false")
    if retries is not None and (type(retries) is not int or retries < 0):
        raise RunnerError(f"{where} has retries {clean(str(retries), 40)!r}, expected a count")
    if attempts is not None and not (
        isinstance(attempts, list) and all(isinstance(attempt, dict) for attempt in attempts)
    ):
        raise RunnerError(f"{where} has retryAttempts that are no list of objects")
    missed = any(attempt.get("status") != "passed" for attempt in attempts or ())
    return Outcome.FLAKY if outcome is Outcome.PASSED and (flaky or retries or missed) else outcome


def _full_name(test: Json, name: str) -> str:
    """pytest's reporter names a test as pytest does; others by its suites, or its file."""
    if "::" in name:
        return name
    suite = test.get("suite")
    suites = [suite] if isinstance(suite, str) else suite if isinstance(suite, list) else []
    where = [part for part in suites if isinstance(part, str) and part] or [_text(test, "filePath")]
    return "::".join([*filter(None, where), name])


def _text(test: Json, key: str) -> str:
    value = test.get(key)
    return value if isinstance(value, str) else ""


def _check_summary(file: str, summary: object, seen: Counter[str]) -> None:
    if not isinstance(summary, dict):
        raise RunnerError(f"{file} lacks results.summary")
    expected = {"tests": seen.total()} | {status: seen[status] for status in _OUTCOMES}
    for key, count in expected.items():
        said = summary.get(key)
        if type(said) is not int or said != count:
            raise RunnerError(
                f"{file}: results.summary.{key} is {clean(str(said), 40)}, its tests make {count}; "
                "they must agree"
            )
