"""What became of a service's tests since its gate run before, as a record keeps it.

Pure; standard library only. Written by Judge, read by the reports.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from testgate.report.comparing import Comparison, Name, compare
from testgate.report.reading import read_record

MAX_NAMED = 50  # of each list: the counts beside them are whole
_LISTS = ("newly_failing", "still_failing", "fixed")

Record = Mapping[str, Any]


def is_comparable(before: Record, after: Record) -> bool:
    """Whether the earlier run tells anything of the later one's tests: the same gate at the same
    stage, and tests that ran."""
    same = all(before.get(key) == after.get(key) for key in ("gate", "stage"))
    return same and any(suite.tests for suite in read_record(before).suites)


def spell_changes(before: Record, after: Record) -> dict[str, Any]:
    """The record's `changes`: which tests fail anew, still (and since when), or no more."""
    comparison = compare(read_record(before), read_record(after))
    known = _since(before)
    since = {name: known.get(name, str(before["ended_at"])) for name in comparison.still_failing}
    lists = {
        key: [_spell(name, since) for name in names[:MAX_NAMED]]
        for key, names in _named(comparison).items()
    }
    counts = {key: len(names) for key, names in _named(comparison).items()}
    return {"before": _place(before), "counts": counts, **lists, "partial": comparison.partial}


def _named(comparison: Comparison) -> Mapping[str, tuple[Name, ...]]:
    return {key: names for key, names in comparison.lists().items() if key in _LISTS}


def _since(record: Record) -> dict[Name, str]:
    """Since when tests failed that had failed before that run already."""
    changes = record.get("changes")
    told = changes.get("still_failing") if isinstance(changes, Mapping) else None
    return dict(_entries(told if isinstance(told, list) else ()))


def _entries(raw: Iterable[object]) -> Iterable[tuple[Name, str]]:
    for entry in raw:
        if isinstance(entry, Mapping) and isinstance(entry.get("since"), str):
            yield (str(entry.get("suite")), str(entry.get("test"))), entry["since"]


def _place(record: Record) -> dict[str, object]:
    """The gate run before, as far as a reader needs it to find it."""
    return {key: str(record[key]) for key in ("deployment", "execution_arn", "outcome", "ended_at")}


def _spell(name: Name, since: Mapping[Name, str]) -> dict[str, str]:
    suite, test = name
    return {"suite": suite, "test": test} | ({"since": since[name]} if name in since else {})
