"""The record as JUnit XML, so that any viewer of test results shows a refusal as one.

One testsuite a suite, the suite's name as class name, and what refused beside failing tests as a
case of suite `gate`. Who reads what: GitLab's class name is its suite column and shows only the
first of two equal names; Jenkins reads properties and flakyFailure. Standard library only.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from testgate.core.outcomes import Outcome
from testgate.report.reading import read_record
from testgate.report.view import (
    Problem,
    Record,
    RunView,
    SuiteView,
    TestView,
    parse_time,
    problems,
    seconds_between,
)

_UNSTORABLE = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]"
)
GATE_SUITE = "gate"


def render_junit(record: Record) -> str:
    """The document. Names are unique within it; a quarantined failure is skipped, as it refuses
    nothing; a flaky test passes and has its flakyFailure."""
    run = read_record(record)
    root = Element("testsuites", name=_clean(f"testgate {run.subject}"))
    for suite in run.suites:
        root.append(_suite(run, suite))
    found = problems(run)
    if found:
        root.append(_gate(run, found))
    for counted in ("tests", "failures", "errors", "skipped"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in root)))
    root.set("time", _seconds(seconds_between(run.started_at, run.ended_at) or 0.0))
    _set_timestamp(root, run.started_at)
    ElementTree.indent(root, space=" ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
        root, encoding="unicode"
    )


def _suite(run: RunView, suite: SuiteView) -> Element:
    of_suite = {
        "outcome": suite.outcome.value,
        "sentence": suite.sentence,
        "blocking": str(suite.blocking).lower(),
        "attempts": str(suite.attempts),
        "shards": str(suite.shards),
        "min_tests": str(suite.min_tests),
        "tests_left_out": str(suite.tests_left_out or ""),
    }
    element = _empty_suite(run, suite.name, of_suite)
    names = _Names()
    for test in suite.tests:
        element.append(_case(suite, test, names))
    _count(element)
    element.set("time", _seconds(seconds_between(suite.started_at, suite.ended_at) or 0.0))
    _set_timestamp(element, suite.started_at)
    return element


def _gate(run: RunView, found: tuple[Problem, ...]) -> Element:
    element = _empty_suite(run, GATE_SUITE, {"outcome": run.outcome.value})
    names = _Names()
    for problem in found:
        # A suite of a team may bear this name as well: its cases keep their own class name.
        case = SubElement(
            element, "testcase", classname="testgate.gate", name=names.unique(problem.where)
        )
        case.set("time", "0.000")
        said = {"message": _clean(problem.sentence), "type": problem.outcome.value}
        tags = {Outcome.FAILED: "failure", Outcome.SKIPPED: "skipped"}
        SubElement(case, tags.get(problem.outcome, "error"), said)
    _count(element)
    element.set("time", "0.000")
    _set_timestamp(element, run.ended_at)
    return element


def _empty_suite(run: RunView, name: str, of_suite: Mapping[str, str]) -> Element:
    element = Element("testsuite", name=_clean(name))
    host = _host(run.base_url)
    if host:
        element.set("hostname", _clean(host))
    properties = SubElement(element, "properties")
    of_run = {
        "service": run.service_name,
        "deployment": run.deployment,
        "revision": run.revision,
        "image": run.image,
        "stage": run.stage,
        "gate": run.gate,
        "plan": run.plan_digest,
        "execution": run.execution_arn,
    }
    for key, value in (of_run | dict(of_suite)).items():
        if value:
            SubElement(properties, "property", name=key, value=_clean(value))
    return element


def _case(suite: SuiteView, test: TestView, names: "_Names") -> Element:
    case = Element("testcase", classname=_clean(suite.name), name=names.unique(test.name))
    case.set("time", _seconds(test.duration_s))
    if test.file:
        case.set("file", _clean(test.file))
    if test.file and test.line is not None:
        case.set("line", str(test.line))
    result = _result(test)
    if result is not None:
        case.append(result)
    if test.output:
        SubElement(case, "system-out").text = _clean(test.output)
    return case


def _result(test: TestView) -> Element | None:
    if test.failed:
        tag = "error" if test.outcome is Outcome.SUITE_ERROR else "failure"
        failure = Element(tag, message=_clean(test.message), type=test.outcome.value)
        failure.text = _clean(test.trace)
        return failure
    if test.quarantine is not None and test.outcome is not Outcome.PASSED:
        entry = test.quarantine
        said = f"quarantined until {entry.expires} by {entry.owner} ({entry.reason}): "
        return Element("skipped", message=_clean(said + test.message), type="quarantined")
    if test.outcome is Outcome.SKIPPED:
        return Element("skipped", message=_clean(test.message))
    if test.outcome is Outcome.FLAKY:
        said = test.message or "failed before it passed"
        return Element("flakyFailure", message=_clean(said), type="flaky")
    return None


class _Names:
    """Names within one class, each made unique."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """The name without what XML cannot hold, numbered if it is taken."""
        cleaned = candidate = _clean(name) or "unnamed"
        while candidate in self._taken:
            self._next[cleaned] = self._next.get(cleaned, 1) + 1
            candidate = f"{cleaned} ({self._next[cleaned]})"
        self._taken.add(candidate)
        return candidate


def _count(suite: Element) -> None:
    """Counts as viewers expect them: of the cases by the element that each holds."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(counted, str(sum(case.find(tag) is not None for case in cases)))


def _set_timestamp(element: Element, text: str) -> None:
    time = parse_time(text)
    if time is not None:
        element.set("timestamp", time.astimezone(UTC).isoformat(timespec="seconds"))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _seconds(value: float) -> str:
    return f"{max(value, 0.0):.3f}"


def _clean(text: str) -> str:
    """The text without what XML 1.0 cannot hold; ends of lines are line feeds."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
