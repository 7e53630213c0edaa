"""A record's numbers as CloudWatch metrics, in the embedded format that a function's log carries.

Source: CloudWatch's "Embedded metric format specification": an object with `_aws`, at most 30
dimensions and 100 metrics in each. No right and no call is needed. Pure; standard library only;
imported by Judge and finish.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from testgate.core.outcomes import PASSING, Outcome

NAMESPACE = "Testgate"
_UNITS = {"s": "Seconds", "tests": "Count", "runs": "Count"}

Record = Mapping[str, Any]


def metric_lines(record: Record) -> Iterator[dict[str, object]]:
    """One line for the gate run, one for each suite that has a verdict."""
    at = _milliseconds(record.get("ended_at"))
    own = {"Cluster": record["cluster"], "Service": record["service"]}
    spans = record.get("spans") or {}
    whole = {
        "GateRuns": (1, "runs"),
        "Refusals": (int(not _passed(record)), "runs"),
        "Duration": (_took_s(record), "s"),
        "FlakyTests": ((record.get("counts") or {}).get("flaky", 0), "tests"),
        "DoubleFleet": (spans.get("double_fleet_s"), "s"),
        "Queue": (spans.get("queue_s"), "s"),
        "Tests": (spans.get("tests_s"), "s"),
    }
    named = {"Outcome": record["outcome"], "Gate": record.get("gate", "")}
    yield _line(at, own, [["Cluster", "Service"], []], whole, named)
    for suite in record.get("suites") or ():
        counts = suite.get("counts") or {}
        numbers = {
            "SuiteRuns": (1, "runs"),
            "SuiteRefusals": (int(not _passed(suite)), "runs"),
            "SuiteDuration": (_took_s(suite), "s"),
            "SuiteFlakyTests": (counts.get("flaky", 0), "tests"),
            "SuiteFailedTests": (counts.get("failed", 0), "tests"),
        }
        dimensions = own | {"Suite": suite["name"]}
        names = [["Cluster", "Service", "Suite"]]
        yield _line(at, dimensions, names, numbers, {"Outcome": suite["outcome"]})


def _line(
    at_ms: int,
    dimensions: Mapping[str, str],
    names: Sequence[Sequence[str]],
    numbers: Mapping[str, tuple[float | None, str]],
    properties: Mapping[str, object],
) -> dict[str, object]:
    known = {name: (value, unit) for name, (value, unit) in numbers.items() if value is not None}
    return {
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(each) for each in names],
                    "Metrics": [
                        {"Name": name, "Unit": _UNITS[unit]} for name, (_, unit) in known.items()
                    ],
                }
            ],
        },
        **dimensions,
        **properties,
        **{name: value for name, (value, _) in known.items()},
    }


def _passed(told: Record) -> bool:
    return told["outcome"] in {outcome.value for outcome in (*PASSING, Outcome.SKIPPED)}


def _took_s(told: Record) -> float | None:
    try:
        first, last = (datetime.fromisoformat(told[key]) for key in ("started_at", "ended_at"))
        return round((last - first).total_seconds(), 1)
    except (KeyError, TypeError, ValueError):
        return None


def _milliseconds(text: object) -> int:
    return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
