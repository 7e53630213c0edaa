"""Locust's statistics, as `--json-file` leaves them: a list with an entry for each endpoint.

Each endpoint becomes a test, which failed if one of its requests did. Locust ends with 1 for those,
and also without a locustfile, when it leaves no file. Imported by `testgate.runner.reports`.
"""

from collections.abc import Iterator
from typing import Any

from testgate.core.errors import RunnerError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.runner.reported import MAX_NAME_CHARS, Report, capped, clean
from testgate.runner.strict_json import read_json

_TOLD = ("name", "method", "num_requests", "num_failures")  # locust/stats.py: StatsEntryDict


def parse_locust(file: str, data: bytes) -> Report | None:
    """The endpoints, or None if this is no such file. Raises RunnerError if it cannot be read."""
    raw = read_json(file, data)
    if not isinstance(raw, list) or not all(_is_entry(entry) for entry in raw):
        return None
    return Report(tests=capped(file, _tests(file, raw)))


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and all(key in entry for key in _TOLD)


def _tests(file: str, entries: list[dict[str, Any]]) -> Iterator[TestResult]:
    for entry in entries:
        name = clean(f"{entry['method']} {entry['name']}", MAX_NAME_CHARS)
        requests, failures = entry["num_requests"], entry["num_failures"]
        if type(requests) is not int or type(failures) is not int or not 0 <= failures <= requests:
            raise RunnerError(
                f"{file}: {name!r} has {clean(str(failures), 40)} failures of "
                f"{clean(str(requests), 40)} requests, expected two counts"
            )
        passed = requests > 0 and failures == 0
        yield TestResult(
            name=name,
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            message="" if passed else f"{failures} of {requests} requests failed",
        )
