"""JUnit XML, read leniently and without trusting it: entities are refused, sizes are capped.

Dialects: root `testsuites` or `testsuite`, nested suites, missing class name or time, several
failures in a case. Imported by `testgate.runner.reports`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.record import MAX_FULL_FAILURES
from testgate.runner.captured import ERR, OUT, Captured, SuiteOutputs
from testgate.runner.files import read_plain
from testgate.runner.junit_counts import Counted
from testgate.runner.reported import (
    MAX_MESSAGE_CHARS,
    MAX_NAME_CHARS,
    MAX_REPORT_BYTES,
    MAX_TRACE_CHARS,
    Report,
    capped,
    clean,
    first_line,
    is_failure,
    seconds,
)
from testgate.runner.unrunnable import unrunnable

MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
_FED_BYTES = 1_000_000  # between two looks at the caps; expat reads a long token anew each time
_KEPT_CHARS = 4 * MAX_TRACE_CHARS

_UNCOLLECTED = "collection failure"  # _pytest/junitxml.py, LogXML.append_collect_error
_PLACE = re.compile(r"^\S+\.py:(\d{1,9}): \w+", re.MULTILINE)

# Children of a case. Surefire's rerun… stand beside a failure, its flaky… for a pass after one.
_FAILURES = ("failure", "error", "rerunFailure", "rerunError")
_FLAKY = ("flakyFailure", "flakyError")
_ASIDE = frozenset({"properties", "system-out", "system-err", "attachments", "output", "steps"})
_FAILING = frozenset({*_FAILURES, *_FLAKY})
_RESULTS = frozenset({*_FAILING, "skipped"})
_COUNTING = ("testsuites", "testsuite")
# Values of `status` and `result`, which some dialects (googletest's) write in place of a child.
_NOT_RUN = frozenset({"notrun", "disabled", "skipped", "suppressed", "ignored", "pending"})
_NOT_PASSED = frozenset(
    {
        *("fail", "failed", "failure", "error", "errored", "broken", "timeout", "timedout"),
        *("aborted", "cancelled", "canceled", "interrupted", "inconclusive", "unknown"),
    }
)
_PASSED = frozenset(
    {"", "run", "completed", "pass", "passed", "success", "succeeded", "successful", "ok"}
)
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


def read_junit(path: Path) -> Report:
    """The test cases of a report. Raises RunnerError that says why it cannot be read."""
    return parse_junit(path.name, read_plain(path, MAX_REPORT_BYTES))


def parse_junit(file: str, data: bytes) -> Report:
    """As `read_junit`, of the bytes of that file."""
    reading = _Reading(file)
    cases = reading.with_suites_output(capped(file, _cases(reading, data)))
    named = tuple(case for case in cases if case.name or case.outcome is not Outcome.PASSED)
    return Report(tests=named, interrupted=len(named) < len(cases), uncollected=reading.uncollected)


def _cases(reading: "_Reading", data: bytes) -> Iterator[TestResult]:
    """Case after case, as the file is fed to the parser: what is too much is noticed early."""
    parser = DefusedXMLParser(target=reading, forbid_dtd=True)
    try:
        for start in range(0, len(data), _FED_BYTES):
            parser.feed(data[start : start + _FED_BYTES])
            yield from reading.taken()
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as exc:
        raise RunnerError(f"{reading.file} is not readable XML: {_told(exc)}") from exc
    yield from reading.taken()


def _told(exc: Exception) -> str:
    if isinstance(exc, DefusedXmlException):
        return "it declares a document type or entities, which are not read"
    return clean(str(exc), MAX_NAME_CHARS)


class _Reading:
    """The parser's target: keeps elements of the case that is open, and forgets everything else."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.uncollected = 0
        self._depth = 0
        self._elements = 0
        self._open: list[Element] = []  # the case, and what is open in it
        self._texts: list[str] = []  # of the case's child that is open
        self._kept_chars = 0
        self._counted = Counted(file)
        self._printed = Captured()  # by the case that is open
        self._by_suites = SuiteOutputs(MAX_FULL_FAILURES)
        self._of_suite = ""  # which stream of a testsuite is open
        self._found: list[TestResult] = []

    def taken(self) -> list[TestResult]:
        """The cases that ended since the last call."""
        found, self._found = self._found, []
        return found

    def with_suites_output(self, cases: tuple[TestResult, ...]) -> tuple[TestResult, ...]:
        """All cases, with what their testsuites printed where they printed nothing."""
        printed = self._by_suites.by_test
        return tuple(
            replace(case, output=printed[n]) if n in printed else case
            for n, case in enumerate(cases)
        )

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        self._elements += 1
        self._refuse_excess()
        if self._depth == 1 and tag not in _COUNTING:
            raise RunnerError(f"{self.file} has root <{clean(tag, 40)}>, expected <testsuites>")
        if self._open or tag == "testcase":
            self._begin(tag, attributes)
        elif tag in _COUNTING:
            self._counted.begin(attributes)
            self._by_suites.begin()
        elif tag in (OUT, ERR):
            self._of_suite = tag
        elif tag in _FAILING:
            why = first_line(attributes.get("message", "")) or "it has no message"
            raise RunnerError(f"{self.file} tells of <{tag}> outside of any test: {why}")

    def data(self, text: str) -> None:
        """Text, kept of results, and the end of output: a case may hold megabytes of it."""
        within = self._open[1].tag if len(self._open) > 1 else ""
        if self._of_suite:
            self._by_suites.add(self._of_suite, text)
        elif within in (OUT, ERR):
            self._printed.add(within, text)
        elif within in _RESULTS and self._kept_chars < _KEPT_CHARS:
            self._texts.append(text[:_KEPT_CHARS])
            self._kept_chars += len(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        if not self._open:
            self._of_suite = ""
            if tag in _COUNTING:
                self._counted.end()
                self._by_suites.end()
            return
        element = self._open.pop()
        if not self._open:
            case = _case(self.file, element, self._printed)
            self._counted.test(case.outcome, sum(child.tag in _FAILING for child in element))
            self._by_suites.test(needs=is_failure(case.outcome) and not case.output)
            self._found.append(case)
            self._printed = Captured()
        elif len(self._open) == 1 and element.tag in _RESULTS:
            element.text = "".join(self._texts)
            self.uncollected += element.get("message") == _UNCOLLECTED
            self._open[0].append(element)

    def close(self) -> None:
        """The document has ended."""

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) == 1:
            if tag not in _RESULTS | _ASIDE:
                name = clean(_full_name(self._open[0]), MAX_NAME_CHARS)
                raise RunnerError(
                    f"{self.file}: test {name!r} holds <{clean(tag, 40)}>, which says neither that "
                    "it passed nor that it failed"
                )
            self._texts, self._kept_chars = [], 0
        self._open.append(Element(tag, dict(attributes)))

    def _refuse_excess(self) -> None:
        if self._depth > MAX_DEPTH:
            raise RunnerError(f"{self.file} is nested more than {MAX_DEPTH} elements deep")
        if self._elements > MAX_ELEMENTS:
            raise RunnerError(f"{self.file} has more than {MAX_ELEMENTS} elements")


def _case(file: str, case: Element, printed: Captured) -> TestResult:
    outcome, message, trace = _result(case)
    if outcome in PASSING:
        _refuse_unknown_status(file, case)
    return TestResult(
        name=clean(_full_name(case), MAX_NAME_CHARS),
        outcome=outcome,
        duration_s=seconds(case.get("time")),
        message=message,
        trace=trace,
        output=printed.text() if is_failure(outcome) else "",
        file=clean(case.get("file", ""), MAX_NAME_CHARS),
        line=_line(case, trace),
    )


def _full_name(case: Element) -> str:
    """As the framework itself would be told to run it: with pytest `file.py::Class::test`."""
    class_name, name, file = case.get("classname", ""), case.get("name", ""), case.get("file", "")
    module = file.removesuffix(".py").replace("/", ".")
    if not file.endswith(".py") or not (class_name + ".").startswith(module + "."):
        return f"{class_name}::{name}" if class_name else name
    classes = class_name.removeprefix(module).lstrip(".").split(".")
    return "::".join([file, *filter(None, classes), name])


def _line(case: Element, trace: str) -> int | None:
    """The failing line (1-based) if the trace ends in it, else where the test begins."""
    failing = _PLACE.findall(trace)
    if failing:
        return int(failing[-1])
    first = case.get("line", "")
    # pytest counts from 0 here
    return int(first) + 1 if first.isdecimal() and len(first) < 10 else None


def _result(case: Element) -> tuple[Outcome, str, str]:
    """The worst child decides: failure or error before skipped before nothing."""
    for tag in _FAILURES:
        found = case.find(tag)
        if found is not None:
            trace = clean(found.text or "", MAX_TRACE_CHARS)
            why = unrunnable(found.get("message", ""), found.text or "")
            if why is not None:
                return Outcome.SUITE_ERROR, clean(why, MAX_MESSAGE_CHARS), trace
            return Outcome.FAILED, _message(found, tag), trace
    said = {_word(value) for value in _statuses(case)}
    if said & _NOT_PASSED:
        return Outcome.FAILED, f"its status is {', '.join(sorted(said & _NOT_PASSED))}", ""
    skipped = case.find("skipped")
    if skipped is not None:
        return Outcome.SKIPPED, _message(skipped, "skipped"), ""
    if said & _NOT_RUN:
        return Outcome.SKIPPED, f"its status is {', '.join(sorted(said & _NOT_RUN))}", ""
    if any(case.find(tag) is not None for tag in _FLAKY):
        return Outcome.FLAKY, "", ""
    return Outcome.PASSED, "", ""


def _refuse_unknown_status(file: str, case: Element) -> None:
    """Nothing but a word for passed may make a pass."""
    for value in _statuses(case):
        if _word(value) not in _PASSED:
            raise RunnerError(
                f"{file}: test {clean(_full_name(case), MAX_NAME_CHARS)!r} has status "
                f"{clean(value, 40)!r}, which says neither that it passed nor that it failed"
            )


def _statuses(case: Element) -> tuple[str, str]:
    return case.get("status", ""), case.get("result", "")


def _word(value: str) -> str:
    return _BETWEEN_WORDS.sub("", value).lower()


def _message(element: Element, tag: str) -> str:
    """The first telling line; where pytest only says that it could not collect, the last line of
    its trace says why."""
    text = element.get("message") or element.text or ""
    if text == _UNCOLLECTED:
        told = [line for line in (element.text or "").splitlines() if line.startswith("E ")]
        text = told[-1].removeprefix("E ") if told else text
    return first_line(text) or tag
