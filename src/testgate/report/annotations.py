"""A gate run as GitHub's workflow commands, which mark failing tests in the files of a change.

What tests said may hold anything, a workflow command too: all of it is escaped as GitHub's own
toolkit does. Pure; standard library only. Imported by the command line.
"""

import posixpath
from collections.abc import Iterator, Mapping

from testgate.core.outcomes import Outcome
from testgate.report.reading import read_record
from testgate.report.view import Record, RunView, SuiteView, TestView, problems

MAX_OF_A_LEVEL = 10  # what GitHub shows of a step
_MAX_MESSAGE_CHARS = 4_000


def render_annotations(record: Record, places: Mapping[str, str]) -> str:
    """A line for each failing test and each other reason to refuse (errors), and for failures of
    advisory suites and flaky tests (warnings). `places` are directories of suites in the checkout.
    """
    run = read_record(record)
    lines = [*_limited("error", list(_errors(run, places)))]
    lines += _limited("warning", list(_warnings(run, places)))
    return "".join(f"{line}\n" for line in lines)


def _errors(run: RunView, places: Mapping[str, str]) -> Iterator[str]:
    if run.passed:
        return
    for problem in problems(run):
        title = f"{problem.where}: {problem.outcome.value}"
        yield _command("error", {"title": title}, problem.sentence)
    for suite, test in run.failures:
        if suite.blocking:
            yield _of_test("error", suite, test, places)


def _warnings(run: RunView, places: Mapping[str, str]) -> Iterator[str]:
    for suite, test in run.failures:
        if not suite.blocking:
            yield _of_test("warning", suite, test, places)
    for suite in run.suites:
        for test in suite.tests:
            if test.outcome is Outcome.FLAKY:
                yield _of_test("warning", suite, test, places)


def _of_test(level: str, suite: SuiteView, test: TestView, places: Mapping[str, str]) -> str:
    properties = {"title": f"{suite.name}: {test.name} ({test.outcome.value})"}
    path = _path(suite, test, places)
    if path:
        properties["file"] = path
        if test.line is not None and test.line > 0:
            properties["line"] = str(test.line)
    return _command(level, properties, test.message or test.outcome.value)


def _path(suite: SuiteView, test: TestView, places: Mapping[str, str]) -> str:
    """Where the test stands in the checkout; "" if it names no file below its suite."""
    if not test.file or posixpath.isabs(test.file):
        return ""
    within = posixpath.normpath(test.file)
    if within == ".." or within.startswith("../"):
        return ""
    return posixpath.normpath(posixpath.join(places.get(suite.name, ""), within))


def _limited(level: str, lines: list[str]) -> list[str]:
    if len(lines) <= MAX_OF_A_LEVEL:
        return lines
    shown = lines[: MAX_OF_A_LEVEL - 1]
    return [*shown, _command(level, {}, f"{len(lines) - len(shown)} more are in the job's summary")]


def _command(level: str, properties: Mapping[str, str], message: str) -> str:
    spelled = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level}{' ' if spelled else ''}{spelled}::{_data(message[:_MAX_MESSAGE_CHARS])}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
