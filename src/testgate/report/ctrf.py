"""The record as a Common Test Report Format document (https://ctrf.io), version 0.0 of its draft.

Objects of that format are closed, so the verdict, its policy and the class of a fault stand under
`testgate.` keys of `extra`. Fields that its older drafts did not have are left out, because readers
must refuse what they do not know. Standard library only.
"""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from testgate import __version__
from testgate.core.outcomes import PASSING, Outcome
from testgate.report.reading import read_record
from testgate.report.view import (
    Problem,
    QuarantineView,
    Record,
    RunView,
    SuiteView,
    TestView,
    parse_time,
    problems,
)
from testgate.report.wording import CLASSES

SPEC_VERSION = "0.0.0"
_STATUSES = ("passed", "failed", "skipped", "pending", "other")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MS = 1000


def render_ctrf(record: Record) -> dict[str, Any]:
    """The document, to be stored as JSON. A quarantined failure is `other`: it refuses nothing."""
    run = read_record(record)
    tests = [*_tests(run), *(_problem(problem) for problem in problems(run))]
    document: dict[str, Any] = _clean(
        {
            "reportFormat": "CTRF",
            "specVersion": SPEC_VERSION,
            "reportId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"testgate:ctrf:{_identifier(run)}")),
            **({"timestamp": run.ended_at} if parse_time(run.ended_at) else {}),
            "generatedBy": f"testgate {__version__}",
            "results": {
                "tool": {"name": "testgate", "version": __version__},
                "summary": _summary(run, tests),
                "tests": tests,
                "environment": _environment(run),
                "extra": {"testgate.suites": [_suite(suite) for suite in run.suites]},
            },
            "extra": {"testgate.verdict": _verdict(run), "testgate.policy": dict(run.config)},
        }
    )
    return document


def _tests(run: RunView) -> Iterator[dict[str, object]]:
    for suite in run.suites:
        for test in suite.tests:
            yield _test(suite, test)


def _test(suite: SuiteView, test: TestView) -> dict[str, object]:
    spelled: dict[str, object] = {
        "name": test.name or "unnamed",
        "status": _status(test),
        "duration": round(test.duration_s * _MS),
        "suite": [suite.name],
        "rawStatus": test.outcome.value,
    }
    optional: dict[str, object] = {
        "message": test.message,
        "trace": test.trace,
        "filePath": test.file,
    }
    spelled |= {key: value for key, value in optional.items() if value}
    if test.output:
        spelled["stdout"] = test.output.splitlines()
    if test.line is not None:
        spelled["line"] = test.line
    if test.outcome is Outcome.FLAKY:
        spelled["flaky"] = True
    extra: dict[str, object] = {} if suite.blocking else {"blocking": False}
    if test.quarantine is not None:
        extra["quarantine"] = _quarantine(test.quarantine)
    return spelled | ({"extra": {"testgate.test": extra}} if extra else {})


def _problem(problem: Problem) -> dict[str, object]:
    """What refused beside tests, as a test of suite `gate`: a reader that counts sees it."""
    return {
        "name": problem.where,
        "status": "skipped" if problem.outcome is Outcome.SKIPPED else "failed",
        "duration": 0,
        "suite": ["gate"],
        "rawStatus": problem.outcome.value,
        "message": problem.sentence,
        "extra": {"testgate.test": {"synthetic": True}},
    }


def _status(test: TestView) -> str:
    if test.failed:
        return "failed"
    if test.outcome in PASSING:
        return "passed"
    return "skipped" if test.outcome is Outcome.SKIPPED else "other"


def _summary(run: RunView, tests: list[dict[str, object]]) -> dict[str, object]:
    start, stop = _milliseconds(run.started_at), _milliseconds(run.ended_at)
    tally = {status: sum(test["status"] == status for test in tests) for status in _STATUSES}
    return {
        "tests": len(tests),
        **tally,
        "flaky": sum("flaky" in test for test in tests),
        "suites": len(run.suites),
        "start": start,
        "stop": max(start, stop),
    }


def _environment(run: RunView) -> dict[str, object]:
    told: Mapping[str, str] = {
        "reportName": f"Testgate: {run.subject}",
        "appName": run.subject,
        "appVersion": run.image or run.revision_id,
        "testEnvironment": run.stage,
    }
    named = {key: value for key, value in told.items() if value}
    return {**named, "healthy": run.passed, "extra": {"testgate.green": _green(run)}}


def _green(run: RunView) -> dict[str, object]:
    return {
        "deployment": run.deployment,
        "revision": run.revision,
        "image": run.image,
        "base_url": run.base_url,
        "identity": run.identity,
    }


def _verdict(run: RunView) -> dict[str, object]:
    return {
        "outcome": run.outcome.value,
        "class": CLASSES[run.outcome.value],
        "sentence": run.sentence,
        "counts": dict(run.counts),
        "gate": run.gate,
        "plan": run.plan_digest,
        "execution": run.execution_arn,
        "run": run.run_name,
        "deadline": run.deadline,
        "next": run.next,
    }


def _suite(suite: SuiteView) -> dict[str, object]:
    return {
        "name": suite.name,
        "outcome": suite.outcome.value,
        "blocking": suite.blocking,
        "sentence": suite.sentence,
        "counts": dict(suite.counts) | {"total": suite.total},
        "min_tests": suite.min_tests,
        "tests_left_out": suite.tests_left_out,
        "attempts": suite.attempts,
        "shards": suite.shards,
        "thresholds": [
            {"says": each.says, "value": each.value, "holds": each.holds}
            for each in suite.thresholds
        ],
        "quarantine": [_quarantine(entry) for entry in suite.quarantine],
    }


def _quarantine(entry: QuarantineView) -> dict[str, object]:
    return {
        "test": entry.test,
        "owner": entry.owner,
        "reason": entry.reason,
        "expires": entry.expires,
        "counted": entry.counted,
    }


def _identifier(run: RunView) -> str:
    """The same whenever this version renders this gate run, and of no other."""
    of_run = run.execution_arn or f"{run.deployment} {run.stage}"
    return str(_clean(f"{__version__} {of_run}"))


def _milliseconds(text: str) -> int:
    time = parse_time(text)
    return round(time.timestamp() * _MS) if time else 0


def _clean(value: Any) -> Any:
    """The value with text that every JSON reader takes: halves of characters are replaced."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
