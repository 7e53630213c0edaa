"""What the dashboard shows of gate runs that have ended, made from index keys and records.

Pure: no clock, no AWS, no web. Imported by the pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from testgate.core.layout import NO_EXECUTION, IndexEntry, RunPlace
from testgate.core.outcomes import PASSING, Outcome
from testgate.report.view import RunView, TestView, seconds_between

FLAKIEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service and its last gate runs, newest first; never without one."""

    cluster: str
    service: str
    runs: tuple[IndexEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """A suite in one gate run; `duration_s` None if its times are not recorded."""

    entry: IndexEntry
    outcome: Outcome
    sentence: str
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestHistory:
    """How often a test was flaky, or failed, in the gate runs that ran it."""

    __test__ = False  # its name makes pytest look at it

    name: str
    flaky: int
    failed: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteHistory:
    """A suite over the gate runs that had it, newest first."""

    suite: str
    runs: tuple[SuiteRun, ...]
    flakiest: tuple[TestHistory, ...]

    @property
    def longest_s(self) -> float:
        """How long the slowest of them took."""
        return max((run.duration_s or 0.0 for run in self.runs), default=0.0)

    @property
    def passed(self) -> int:
        """In how many of them it passed, flaky ones counted."""
        return sum(run.outcome in PASSING for run in self.runs)


def services(entries: Iterable[IndexEntry]) -> tuple[ServiceView, ...]:
    """Services by their newest gate run; the entries of each are newest first already."""
    grouped: dict[tuple[str, str], list[IndexEntry]] = {}
    for entry in entries:
        grouped.setdefault((entry.place.cluster, entry.place.service), []).append(entry)
    views = [
        ServiceView(cluster=cluster, service=service, runs=tuple(runs))
        for (cluster, service), runs in grouped.items()
    ]
    return tuple(sorted(views, key=lambda view: view.runs[0].ended_at, reverse=True))


def earlier(entries: Iterable[IndexEntry], place: RunPlace) -> IndexEntry | None:
    """The newest gate run of the same kind before that one, if it is among the entries: a hook
    without an execution has nothing to be compared with."""
    older = iter(entries)
    if not any(each.place == place for each in older):
        return None
    return next((each for each in older if each.place.run_name != NO_EXECUTION), None)


def suite_history(suite: str, runs: Iterable[tuple[IndexEntry, RunView]]) -> SuiteHistory:
    """What became of a suite and its tests; runs that had no such suite are left out."""
    rows: list[SuiteRun] = []
    tests: dict[str, list[TestView]] = {}
    for entry, run in runs:
        for found in (each for each in run.suites if each.name == suite):
            rows.append(
                SuiteRun(
                    entry=entry,
                    outcome=found.outcome,
                    sentence=found.sentence,
                    duration_s=seconds_between(found.started_at, found.ended_at),
                )
            )
            for test in found.tests:
                tests.setdefault(test.name, []).append(test)
    return SuiteHistory(suite=suite, runs=tuple(rows), flakiest=_flakiest(tests))


def _flakiest(tests: Mapping[str, Sequence[TestView]]) -> tuple[TestHistory, ...]:
    counted = [
        TestHistory(
            name=name,
            flaky=sum(test.outcome is Outcome.FLAKY for test in seen),
            failed=sum(test.failed for test in seen),
            runs=len(seen),
        )
        for name, seen in tests.items()
    ]
    shown = [each for each in counted if each.flaky or each.failed]
    shown.sort(key=lambda each: (-each.flaky, -each.failed, each.name))
    return tuple(shown[:FLAKIEST])
