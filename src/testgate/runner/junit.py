"""JUnit XML, read leniently and without trusting it: entities are refused, sizes are capped.

Dialects: root `testsuites` or `testsuite`, nested suites, missing class name or time, several
failures in a case. Imported by `testgate.runner.suite`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.core.record import MAX_FULL_FAILURES
from testgate.core.redaction import redact

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_REPORT_BYTES = 30_000_000
MAX_TESTS = 50_000
MAX_NAME_CHARS = 300
MAX_MESSAGE_CHARS = 500
MAX_TRACE_CHARS = 8_000

_PLACE = re.compile(r"^\S+\.py:(\d{1,9}): \w+", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class JunitReport:
    """What a report says. `interrupted`: pytest, when it is stopped, writes a last case without a
    name or a result; such a run has not ended, whatever its exit code."""

    tests: tuple[TestResult, ...]
    interrupted: bool = False


def read_junit(path: Path) -> JunitReport:
    """The test cases of a report. Raises RunnerError that says why it cannot be read."""
    if path.is_symlink() or not path.is_file():
        raise RunnerError(f"{path.name} was not written")
    size_bytes = path.stat().st_size
    if size_bytes > MAX_REPORT_BYTES:
        raise RunnerError(f"{path.name} has {size_bytes} bytes, at most {MAX_REPORT_BYTES}")
    try:
        root = ElementTree.fromstring(path.read_bytes(), forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as exc:
        raise RunnerError(f"{path.name} is not readable XML: {exc}") from exc
    if root.tag not in ("testsuites", "testsuite"):
        raise RunnerError(f"{path.name} has root <{root.tag[:40]}>, expected <testsuites>")
    cases = list(_cases(root))
    if len(cases) > MAX_TESTS:
        raise RunnerError(f"{path.name} has {len(cases)} test cases, at most {MAX_TESTS}")
    named = tuple(case for case in cases if case.name or case.outcome is not Outcome.PASSED)
    return JunitReport(tests=named, interrupted=len(named) < len(cases))


def _cases(root: "Element") -> Iterator[TestResult]:
    failures = 0
    for case in root.iter("testcase"):
        test = _case(case)
        failures += test.outcome is Outcome.FAILED
        # The record shows so many in full; without a cap 10,000 traces would be 80 MB of evidence.
        yield test if failures <= MAX_FULL_FAILURES else replace(test, trace="")


def _case(case: "Element") -> TestResult:
    outcome, message, trace = _result(case)
    return TestResult(
        name=_clean(_full_name(case), MAX_NAME_CHARS),
        outcome=outcome,
        duration_s=_seconds(case.get("time")),
        message=message,
        trace=trace,
        file=_clean(case.get("file", ""), MAX_NAME_CHARS),
        line=_line(case, trace),
    )


def _full_name(case: "Element") -> str:
    """As the framework itself would be told to run it: with pytest `file.py::Class::test`."""
    class_name, name, file = case.get("classname", ""), case.get("name", ""), case.get("file", "")
    module = file.removesuffix(".py").replace("/", ".")
    if not file.endswith(".py") or not (class_name + ".").startswith(module + "."):
        return f"{class_name}::{name}" if class_name else name
    classes = class_name.removeprefix(module).lstrip(".").split(".")
    return "::".join([file, *filter(None, classes), name])


def _line(case: "Element", trace: str) -> int | None:
    """The failing line (1-based) if the trace ends in it, else where the test begins."""
    failing = _PLACE.findall(trace)
    if failing:
        return int(failing[-1])
    first = case.get("line", "")
    return int(first) + 1 if first.isdecimal() else None  # pytest counts from 0 here


def _result(case: "Element") -> tuple[Outcome, str, str]:
    """The worst child decides: failure or error before skipped before nothing."""
    for tag in ("failure", "error"):
        found = case.find(tag)
        if found is not None:
            return Outcome.FAILED, _message(found, tag), _clean(found.text or "", MAX_TRACE_CHARS)
    skipped = case.find("skipped")
    if skipped is not None:
        return Outcome.SKIPPED, _message(skipped, "skipped"), ""
    if case.find("flakyFailure") is not None or case.find("flakyError") is not None:
        return Outcome.FLAKY, "", ""
    return Outcome.PASSED, "", ""


def _message(element: "Element", tag: str) -> str:
    """The first telling line: `AssertionError: ` says nothing by itself, and where pytest only
    says that it could not collect, the last line of its trace says why."""
    text = element.get("message") or (element.text or "").strip() or tag
    if text == "collection failure":
        told = [line for line in (element.text or "").splitlines() if line.startswith("E ")]
        text = told[-1].removeprefix("E ") if told else text
    first = text.strip().splitlines()[0] if text.strip() else tag
    return _clean(first.removeprefix("AssertionError: "), MAX_MESSAGE_CHARS)


def _seconds(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if 0 <= value < float("inf") else 0.0


def _clean(text: str, limit: int) -> str:
    return redact(_CONTROL.sub("", text[: 4 * limit]))[:limit]
