"""Keeps a gate run's record below 5 MB, giving up first what a reader misses least.

What was left out is counted in its place, and all of it stays in the evidence. Pure; standard
library only; imported by the record.
"""

from collections.abc import Callable, Mapping
from typing import Any

from testgate.core.storing import to_json_bytes

MAX_RECORD_BYTES = 5_000_000
SHORT_TRACE_CHARS = 500  # and as much of what a test printed
MAX_FAILURES_NAMED = 200  # of a suite, once their names alone are too much
MAX_ENTRIES_TOLD = 20  # of a suite's quarantine, flaky tests or thresholds, as a last resort

Suite = Mapping[str, Any]


def fitted(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it is, or with as little left out as makes it fit."""
    for give_up in _IN_ORDER:
        if len(to_json_bytes(record)) <= MAX_RECORD_BYTES:
            break
        record = record | {"suites": [give_up(suite) for suite in record["suites"]]}
    return record


def _passed_tests(suite: Suite) -> dict[str, Any]:
    """Names of tests that passed: nobody asks for them after a gate run that large."""
    kept = [test for test in suite["tests"] if test["outcome"] != "passed"]
    return _left_out(suite, "tests", kept)


def _tests(suite: Suite) -> dict[str, Any]:
    """The rest of that list: who failed stands among the failures, too."""
    return _left_out(suite, "tests", [])


def _long_texts(suite: Suite) -> dict[str, Any]:
    """All of a trace but its end, and of what a test printed."""
    return {**suite, "failures": [_shortened(failure) for failure in suite["failures"]]}


def _shortened(failure: Mapping[str, Any]) -> Mapping[str, Any]:
    long = (key for key in ("trace", "output") if key in failure)
    return {**failure, **{key: failure[key][-SHORT_TRACE_CHARS:] for key in long}}


def _many_failures(suite: Suite) -> dict[str, Any]:
    return _left_out(suite, "failures", suite["failures"][:MAX_FAILURES_NAMED])


def _most_entries(suite: Suite) -> dict[str, Any]:
    """Nothing else can be long: sentences, names and messages are capped."""
    for key in ("failures", "flaky", "quarantine", "thresholds"):
        suite = _left_out(suite, key, suite[key][:MAX_ENTRIES_TOLD])
    return dict(suite)


def _left_out(suite: Suite, key: str, kept: list[Any]) -> dict[str, Any]:
    """The suite with only `kept` under that key, and `<key>_left_out` counting the others."""
    missing = len(suite[key]) - len(kept)
    if not missing:
        return dict(suite)
    counted = f"{key}_left_out"
    return {**suite, key: kept, counted: suite.get(counted, 0) + missing}


_IN_ORDER: tuple[Callable[[Suite], dict[str, Any]], ...] = (
    _passed_tests,
    _tests,
    _long_texts,
    _many_failures,
    _most_entries,
)
