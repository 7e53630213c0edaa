"""The reports of one run, found in its results directory and brought to agree.

pytest writes `junit.xml` itself, and it is needed; other programs leave any JUnit file `*.xml`,
CTRF, or JSON of a kind that their framework is known for. A CTRF file beside either must name the
same tests as failed, and may know of some that they passed only when tried again; so does what
pytest's plugin tells. Imported by `testgate.runner.suite`.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from testgate.core.counting import distinct_tests
from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.runner.captured import OUT, Captured
from testgate.runner.ctrf import parse_ctrf, says_ctrf
from testgate.runner.files import open_plain, read_plain
from testgate.runner.junit import read_junit
from testgate.runner.k6 import parse_k6
from testgate.runner.layout import PRINTED, RERUN
from testgate.runner.locust import parse_locust
from testgate.runner.playwright import parse_playwright
from testgate.runner.reported import (
    MAX_NAME_CHARS,
    MAX_REPORT_BYTES,
    Report,
    capped,
    clean,
    first_line,
    is_failure,
)
from testgate.runner.strict_json import read_json

JUNIT = "junit.xml"
MAX_FILES = 10_000
MAX_JSON_FILES = 1_000  # whose beginnings are looked at
MAX_CTRF_FILES = 10
MAX_JUNIT_FILES = 200
_NONE = (
    "neither JUnit (*.xml) nor CTRF (*.json) was written to TESTGATE_RESULTS_DIR; a suite whose "
    'exit code says it all declares evidence = "exit-code"'
)
# Frameworks whose own JSON is read; a file that is not of that kind is left alone.
_NATIVE: Mapping[str, Callable[[str, bytes], Report | None]] = {
    "k6": parse_k6,
    "locust": parse_locust,
    "playwright": parse_playwright,
}
_NO_NATIVE = {
    "k6": "no summary of k6 (*.json) was written to TESTGATE_RESULTS_DIR; let k6 run with "
    "--summary-export=$TESTGATE_RESULTS_DIR/k6.json",
    "locust": "no statistics of Locust (*.json) were written to TESTGATE_RESULTS_DIR; let it run "
    "with --json-file=$TESTGATE_RESULTS_DIR/locust",
}
_TOGETHER = "the results directory"
HEAD_BYTES = 65_536  # where a CTRF file must call itself one
# What Python says of a value that is of another type, or beyond what can be held.
_SHAPES = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError)

Named = tuple[str, Report]  # with the name of its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a run's reports say together. `problem` says why they earn nothing; None if they may."""

    tests: tuple[TestResult, ...]
    problem: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


def read_reports(results_dir: Path, framework: str = "pytest") -> Reported:
    """Everything that lies there, whatever a suite has put there. All but pytest name their JUnit
    files as they like, and may leave CTRF alone, or what only their framework writes."""
    try:
        if framework == "pytest":
            with _reading(JUNIT):
                report = read_junit(results_dir / JUNIT)
            return _read(results_dir, [(JUNIT, report)], [])
        junit = _junit_reports(results_dir)
        native = list(_native_reports(results_dir, framework))
        if framework in _NO_NATIVE and not junit and not native:
            return Reported(tests=(), problem=_NO_NATIVE[framework])
        return _read(results_dir, junit, native)
    except RunnerError as exc:
        return Reported(tests=(), problem=str(exc))


def _read(results_dir: Path, junit: list[Named], native: list[Named]) -> Reported:
    """JUnit, or what only the framework writes, with what else tells of the same tests. The former
    has messages, the latter may know of more."""
    leading = junit or native
    tests = together(report for _, report in leading)
    metrics = _metrics(native)
    try:
        others = itertools.chain(native if junit else (), _ctrf_reports(results_dir))
        for name, report in others:
            if leading:
                tests = agreed(_called(junit, native), tests, name, report)
            else:
                tests = together([Report(tests=tests), report])
        tests = _with_printed(_with_reruns(tests, results_dir), results_dir)
    except RunnerError as exc:
        return Reported(tests=tests, problem=str(exc), metrics=metrics)
    if not leading and not tests:
        return Reported(tests=(), problem=_NONE)
    return Reported(tests=tests, problem=_unended(junit), metrics=metrics)


def _called(junit: list[Named], native: list[Named]) -> str:
    leading = junit or native
    return leading[0][0] if len(leading) == 1 else "JUnit" if junit else "the framework's JSON"


def _metrics(native: Iterable[Named]) -> Mapping[str, float]:
    """The numbers of all reports. Raises RunnerError if two tell one otherwise: neither is the
    suite's."""
    told: dict[str, tuple[str, float]] = {}
    for file, report in native:
        for metric, value in report.metrics.items():
            first, known = told.setdefault(metric, (file, value))
            if known != value:
                raise RunnerError(
                    f"{metric} is {known:g} in {first} and {value:g} in {file}; make one run of "
                    "them, or a suite of each"
                )
    return {metric: value for metric, (_, value) in told.items()}


def _unended(junit: list[Named]) -> str | None:
    uncollected = sum(report.uncollected for _, report in junit)
    if uncollected:
        return f"{uncollected} of the suite's test files could not be collected"
    if any(report.interrupted for _, report in junit):
        return "the suite was interrupted before its end"
    return None


def _with_reruns(tests: tuple[TestResult, ...], results_dir: Path) -> tuple[TestResult, ...]:
    """Tests that passed only when pytest ran them again: its JUnit has them as two passes."""
    if not (results_dir / RERUN).exists():
        return tests
    told = read_json(RERUN, read_plain(results_dir / RERUN, MAX_REPORT_BYTES))
    failed = told if isinstance(told, dict) else {}
    again = {clean(name, MAX_NAME_CHARS): first_line(str(why)) for name, why in failed.items()}
    return tuple(
        replace(test, outcome=Outcome.FLAKY, message=f"failed before it passed: {again[test.name]}")
        if test.outcome is Outcome.PASSED and test.name in again
        else test
        for test in tests
    )


def _with_printed(tests: tuple[TestResult, ...], results_dir: Path) -> tuple[TestResult, ...]:
    """What failing tests printed, where the report itself does not have it: pytest's JUnit has
    that only if asked, and then of any length. It earns nothing, so a file that cannot be read is
    no problem of the run."""
    if not (results_dir / PRINTED).exists():
        return tests
    with suppress(RunnerError):
        told = read_json(PRINTED, read_plain(results_dir / PRINTED, MAX_REPORT_BYTES))
        texts = told if isinstance(told, dict) else {}
        printed = {clean(name, MAX_NAME_CHARS): text for name, text in texts.items()}
        return capped(JUNIT, (_printing(test, printed.get(test.name)) for test in tests))
    return tests


def _printing(test: TestResult, text: object) -> TestResult:
    if test.output or not isinstance(text, str) or not is_failure(test.outcome):
        return test
    captured = Captured()
    captured.add(OUT, text)
    return replace(test, output=captured.text())


def _native_reports(results_dir: Path, framework: str) -> Iterator[Named]:
    parse = _NATIVE.get(framework)
    if parse is None:
        return
    for name in _json_names(results_dir):
        shown = clean(name, MAX_NAME_CHARS)
        data = read_plain(results_dir / name, MAX_REPORT_BYTES)
        with _reading(shown):
            report = parse(shown, data)
        if report is not None:
            yield shown, report


def together(reports: Iterable[Report]) -> tuple[TestResult, ...]:
    """The tests of several reports, capped as those of one. Raises RunnerError."""
    return capped(_TOGETHER, (test for report in reports for test in report.tests))


def _junit_reports(results_dir: Path) -> list[Named]:
    names = _names(results_dir, ".xml")
    if len(names) > MAX_JUNIT_FILES:
        raise RunnerError(
            f"there are {len(names)} files *.xml, at most {MAX_JUNIT_FILES} are read; let the "
            "suite write one report"
        )
    reports: list[Named] = []

    def tests() -> Iterator[TestResult]:
        for name in names:
            with _reading(clean(name, MAX_NAME_CHARS)):
                report = read_junit(results_dir / name)
            reports.append((clean(name, MAX_NAME_CHARS), report))
            yield from report.tests

    capped(_TOGETHER, tests())  # too much is noticed before all of it is read
    return reports


def agreed(
    file: str, tests: tuple[TestResult, ...], name: str, report: Report
) -> tuple[TestResult, ...]:
    """The tests of that file with what the report of that name knows besides. Raises RunnerError
    if the two name different tests as failed, or the latter an unknown one as flaky."""
    known = {test.name for test in tests}
    ours, theirs = _failed(tests), _failed(report.tests)
    _refuse_difference(theirs - ours, f"{name} has", f"{file} has not", "as failed")
    _refuse_difference(ours - theirs, f"{file} has", f"{name} has not", "as failed")
    flaky = {test.name for test in report.tests if test.outcome is Outcome.FLAKY}
    _refuse_difference(flaky - known, f"{name} has", f"{file} has not", "as flaky")
    said = {test.name: test for test in distinct_tests(report.tests)}
    return tuple(_worse(test, said.get(test.name, test)) for test in tests)


def _ctrf_reports(results_dir: Path) -> Iterator[Named]:
    found = 0
    for name in _json_names(results_dir):
        with open_plain(results_dir / name) as file:
            head = file.read(HEAD_BYTES)
            if not says_ctrf(head):
                continue
            found += 1
            data = head + file.read(MAX_REPORT_BYTES + 1 - len(head))
        shown = clean(name, MAX_NAME_CHARS)
        if len(data) > MAX_REPORT_BYTES:
            raise RunnerError(f"{shown} has more than the {MAX_REPORT_BYTES} bytes that are read")
        if found > MAX_CTRF_FILES:
            raise RunnerError(f"there are more than {MAX_CTRF_FILES} CTRF reports")
        with _reading(shown):
            report = parse_ctrf(shown, data)
        yield shown, report


@contextmanager
def _reading(file: str) -> Iterator[None]:
    """A shape that a reader does not know is the file's fault, not that of what runs the suite."""
    try:
        yield
    except _SHAPES as exc:
        what = clean(f"{type(exc).__name__}: {exc}", MAX_NAME_CHARS)
        raise RunnerError(f"{file} cannot be read: {what}") from exc


def _json_names(results_dir: Path) -> list[str]:
    names = _names(results_dir, ".json")
    if len(names) > MAX_JSON_FILES:
        raise RunnerError(
            f"the results directory holds {len(names)} JSON files, at most {MAX_JSON_FILES} are "
            "looked at; let the suite keep others elsewhere"
        )
    return names


def _names(results_dir: Path, suffix: str) -> list[str]:
    try:
        with os.scandir(results_dir) as scanned:
            entries = [entry.name for entry in itertools.islice(scanned, MAX_FILES + 1)]
    except OSError as exc:
        raise RunnerError(f"the results directory cannot be listed: {exc.strerror}") from exc
    if len(entries) > MAX_FILES:
        raise RunnerError(
            f"the results directory holds more than {MAX_FILES} files; let the suite keep others "
            "elsewhere"
        )
    return sorted(name for name in entries if name.endswith(suffix))


def _failed(tests: Iterable[TestResult]) -> set[str]:
    return {test.name for test in tests if is_failure(test.outcome)}


def _refuse_difference(names: set[str], has: str, has_not: str, what: str) -> None:
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise RunnerError(
            f"{has} {min(names)!r}{more} {what}, {has_not}; reports of one run must agree"
        )


def _worse(test: TestResult, other: TestResult) -> TestResult:
    """The worse of two outcomes, and the output of whichever report has one."""
    worse = max(test.outcome, other.outcome, key=lambda outcome: outcome.severity)
    return replace(test, outcome=worse, output=test.output or other.output)
