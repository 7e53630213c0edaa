"""A gate run as values, as every report shows it. Pure; imported by the renderers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testgate.core.outcomes import PASSING, Outcome

Record = Mapping[str, Any]

GATE_RUN = "gate run"
COUNTED = ("passed", "failed", "flaky", "skipped", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineView:
    """A quarantine entry and what became of its test; `outcome` may say "not reported"."""

    test: str
    owner: str
    reason: str
    expires: str
    counted: bool
    outcome: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestView:
    """One test. `detailed` if its failure stands in full; `quarantine` if an entry forgives it.
    `message` of a flaky one is that of the try that failed."""

    __test__ = False  # its name makes pytest look at it

    name: str
    outcome: Outcome
    duration_s: float = 0.0
    message: str = ""
    trace: str = ""
    output: str = ""
    file: str = ""
    line: int | None = None
    detailed: bool = False
    quarantine: QuarantineView | None = None

    @property
    def failed(self) -> bool:
        """Whether it counts as a failure: neither passed, skipped nor forgiven."""
        good = self.outcome in PASSING or self.outcome is Outcome.SKIPPED
        return not good and self.quarantine is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdView:
    """A threshold, and what was measured ("" for nothing)."""

    says: str
    value: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimeView:
    """When one attempt at one shard ran."""

    shard: int
    attempt: int
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactView:
    """A file that a suite left for people: its path below the gate run's `evidence/`, and why it
    was not kept ("" if it was)."""

    path: str
    size_bytes: int
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A test that the gate run before knew otherwise, or alike `since` a time ("" for none)."""

    suite: str
    test: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesView:
    """What changed since the service's gate run before; `counts` are of all, the lists are not."""

    outcome: str
    ended_at: str
    deployment: str
    counts: Mapping[str, int]
    newly_failing: tuple[ChangeView, ...]
    still_failing: tuple[ChangeView, ...]
    fixed: tuple[ChangeView, ...]
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteView:
    """One suite. Times are RFC 3339, "" for none; `requests` None if they were not counted.

    A record that would be too large leaves things out and counts them: `tests_left_out` of all
    tests, passed ones first, `failures_left_out` of the failures, and so on.
    """

    name: str
    outcome: Outcome
    blocking: bool
    sentence: str
    counts: Mapping[str, int]
    total: int
    min_tests: int
    timeout_s: int
    attempts: int
    attempts_allowed: int
    shards: int
    started_at: str
    ended_at: str
    requests: int | None
    thresholds: tuple[ThresholdView, ...]
    quarantine: tuple[QuarantineView, ...]
    tests: tuple[TestView, ...]
    runs: tuple[RunTimeView, ...] = ()
    artifacts: tuple[ArtifactView, ...] = ()
    tests_left_out: int = 0
    failures_left_out: int = 0
    flaky_left_out: int = 0
    quarantine_left_out: int = 0

    @property
    def failures(self) -> tuple[TestView, ...]:
        """The tests that count as failures, those in full first."""
        failed = [test for test in self.tests if test.failed]
        return tuple(sorted(failed, key=lambda test: not test.detailed))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One gate run. What a record does not say is "" or empty."""

    outcome: Outcome
    sentence: str
    cluster: str
    service: str
    deployment: str
    revision: str
    stage: str
    gate: str
    plan_digest: str
    plan_by: str
    image: str
    base_url: str
    identity: str
    execution_arn: str
    started_at: str
    ended_at: str
    deadline: str
    next: str
    counts: Mapping[str, int]
    suites: tuple[SuiteView, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    image_digest: str = ""
    spans: Mapping[str, float] = field(default_factory=dict)  # seconds by part
    target_port: int | None = None  # where green's tasks listened
    host: str = ""  # what requests to green named as their host, "" for the URL's own
    header_names: tuple[str, ...] = ()  # and the headers that they carried
    changes: ChangesView | None = None

    @property
    def service_name(self) -> str:
        """`cluster/service`; "" for a run against a URL, which knows none."""
        return f"{self.cluster}/{self.service}" if self.service else ""

    @property
    def subject(self) -> str:
        """What was tested, by the name that people know it by."""
        return self.service_name or self.base_url

    @property
    def passed(self) -> bool:
        """Whether the gate let pass."""
        return self.outcome in PASSING

    @property
    def revision_id(self) -> str:
        """The last part of the revision's ARN."""
        return self.revision.rsplit("/", 1)[-1]

    @property
    def run_name(self) -> str:
        """The execution's name."""
        return self.execution_arn.rpartition(":")[2]

    @property
    def failures(self) -> Iterator[tuple[SuiteView, TestView]]:
        """Every failure, those of blocking suites first."""
        for suite in sorted(self.suites, key=lambda suite: not suite.blocking):
            for test in suite.failures:
                yield suite, test


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a gate run did not pass that no failing test shows; `where` is a suite, or the gate."""

    where: str
    outcome: Outcome
    sentence: str


def problems(run: RunView) -> tuple[Problem, ...]:
    """What else than failing tests refused: a report without them would look like a pass."""
    found = [
        Problem(where=f"suite {suite.name}", outcome=suite.outcome, sentence=suite.sentence)
        for suite in run.suites
        if suite.outcome not in PASSING and not _shown_by_tests(suite)
    ]
    refusing = [suite for suite in run.suites if _refuses(suite)]
    told = [suite.sentence for suite in refusing if suite.sentence]
    if not run.passed and not any(run.sentence.startswith(sentence) for sentence in told):
        outcome = Outcome.INFRA_ERROR if run.outcome is Outcome.SKIPPED else run.outcome
        found.insert(0, Problem(where=GATE_RUN, outcome=outcome, sentence=run.sentence))
    return tuple(found)


def seconds_between(start: str, end: str) -> float | None:
    """Seconds, None if either time is missing or no time."""
    first, last = parse_time(start), parse_time(end)
    return (last - first).total_seconds() if first and last else None


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time with its zone, None for anything else."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _shown_by_tests(suite: SuiteView) -> bool:
    return suite.outcome is Outcome.FAILED and bool(suite.failures)


def _refuses(suite: SuiteView) -> bool:
    """One that was skipped refuses too, and is never the reason."""
    return suite.blocking and suite.outcome not in PASSING | {Outcome.SKIPPED}
