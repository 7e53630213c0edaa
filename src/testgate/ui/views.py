"""What the dashboard shows, as values made from index keys, records and progress.

Pure: no clock, no AWS, no web. Imported by the pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from testgate.core.layout import IndexEntry
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.progress import ShardProgress
from testgate.report.view import RunView, TestView, seconds_between

SILENT_AFTER = timedelta(minutes=5)
FLAKIEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service and its last gate runs, newest first; never without one."""

    cluster: str
    service: str
    runs: tuple[IndexEntry, ...]


class Step(Enum):
    """How far a state of the state machine is."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    """A gate run as its shards tell it; `entry` once it has ended.

    `silent` if it has not ended, and nothing has been heard of it since its deadline.
    """

    execution: str
    states: tuple[tuple[str, Step], ...]
    shards: tuple[ShardProgress, ...]
    entry: IndexEntry | None
    silent: bool

    def spell(self) -> dict[str, object]:
        """For the page's script."""
        return {
            "execution": self.execution,
            "states": [{"name": name, "step": step.value} for name, step in self.states],
            "shards": [shard.spell() for shard in self.shards],
            "outcome": self.entry.outcome.value if self.entry else None,
            "silent": self.silent,
        }


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


def live(
    execution: str,
    shards: Sequence[ShardProgress],
    entry: IndexEntry | None,
    now: datetime,
) -> LiveView:
    """Where a gate run is. Shards are told of only while suites run: whatever lies before them is
    done when the first one is heard of."""
    ordered = tuple(sorted(shards, key=lambda each: (each.wave, each.suite, each.shard)))
    last_word = max((max(each.at, each.deadline) for each in ordered), default=None)
    silent = entry is None and last_word is not None and now > last_word + SILENT_AFTER
    return LiveView(
        execution=execution,
        states=_states(ordered, entry),
        shards=ordered,
        entry=entry,
        silent=silent,
    )


def _states(
    shards: Sequence[ShardProgress], entry: IndexEntry | None
) -> tuple[tuple[str, Step], ...]:
    begun = Step.DONE if shards else Step.DUE
    waves = max((each.waves for each in shards), default=1)
    steps = [_wave(number, shards, ended=entry is not None) for number in range(1, waves + 1)]
    if entry is not None:
        judge = Step.DONE if entry.outcome in PASSING else Step.REFUSED
    else:
        judge = Step.RUNNING if all(step is Step.DONE for step in steps) else Step.DUE
    return (
        ("Prepare", Step.DONE if entry is not None else begun),
        ("AskBefore", begun),
        *((f"Wave {number}", step) for number, step in enumerate(steps, 1)),
        ("Judge", judge),
    )


def _wave(number: int, shards: Sequence[ShardProgress], *, ended: bool) -> Step:
    """A wave is done when every shard that is due has ended; its failures are Judge's to weigh."""
    mine = [each for each in shards if each.wave == number]
    later = any(each.wave > number for each in shards)
    if not mine:
        return Step.DONE if later else Step.DUE
    if later or ended or (all(each.ended for each in mine) and len(mine) >= mine[0].due):
        return Step.DONE
    return Step.RUNNING


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
