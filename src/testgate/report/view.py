"""A stored record as values: what every report shows, whichever version of Testgate wrote it.

Lenient where the gate is strict: a key that is missing or of another kind is shown as nothing, and
an outcome that is not known is never shown as a pass. Imported by the renderers.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from testgate.core.outcomes import PASSING, Outcome
from testgate.report.wording import what_happens_next

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
class SuiteView:
    """One suite. Times are RFC 3339, "" for none; `requests` None if they were not counted."""

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


def read_record(record: Record) -> RunView:
    """What is known of a gate run; never raises for what a record lacks."""
    identity = _mapping(record, "identity")
    return RunView(
        outcome=_outcome(record.get("outcome")),
        sentence=_text(record, "sentence"),
        cluster=_text(record, "cluster"),
        service=_text(record, "service"),
        deployment=_text(record, "deployment"),
        revision=_text(record, "revision"),
        stage=_text(record, "stage"),
        gate=_text(record, "gate"),
        plan_digest=_text(record, "plan_digest"),
        image=_text(record, "image"),
        base_url=_text(record, "base_url"),
        identity=_text(identity, "says"),
        execution_arn=_text(record, "execution_arn"),
        started_at=_text(record, "started_at"),
        ended_at=_text(record, "ended_at"),
        deadline=_text(record, "deadline"),
        next=what_happens_next(record),
        counts=_counts(record),
        suites=tuple(_suite(raw) for raw in _mappings(record, "suites")),
        config=_mapping(record, "config"),
    )


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


def _suite(raw: Record) -> SuiteView:
    quarantine = tuple(_quarantine(entry) for entry in _mappings(raw, "quarantine"))
    counts = _mapping(raw, "counts")
    relay = _mapping(raw, "relay")
    return SuiteView(
        name=_text(raw, "name"),
        outcome=_outcome(raw.get("outcome")),
        blocking=raw.get("blocking") is not False,
        sentence=_text(raw, "sentence"),
        counts=_counts(raw),
        total=_whole(counts.get("total")),
        min_tests=_whole(raw.get("min_tests"), 1),
        timeout_s=_whole(raw.get("timeout_s")),
        attempts=_whole(raw.get("attempts"), 1),
        attempts_allowed=_whole(raw.get("attempts_allowed"), 1),
        shards=_whole(raw.get("shards"), 1),
        started_at=_text(raw, "started_at"),
        ended_at=_text(raw, "ended_at"),
        requests=_whole(relay.get("requests")) if relay else None,
        thresholds=tuple(_threshold(entry) for entry in _mappings(raw, "thresholds")),
        quarantine=quarantine,
        tests=tuple(_tests(raw, quarantine)),
    )


def _tests(raw: Record, quarantine: Iterable[QuarantineView]) -> Iterator[TestView]:
    """Every test, with what stands of its failure beside it. Failures are in the order of tests,
    and a report of old may name a test twice."""
    details: dict[str, deque[TestView]] = defaultdict(deque)
    for failure in _mappings(raw, "failures"):
        details[_text(failure, "name")].append(_test(failure, Outcome.FAILED))
    tries = {_text(entry, "name"): _text(entry, "message") for entry in _mappings(raw, "flaky")}
    forgiving = {entry.test: entry for entry in quarantine if entry.counted}
    for listed in _mappings(raw, "tests"):
        test = _test(listed, Outcome.INFRA_ERROR)
        entry = forgiving.get(test.name)
        if entry is not None:
            yield replace(test, quarantine=entry, message=entry.message)
        elif test.failed and details[test.name]:
            full = details[test.name].popleft()
            yield replace(full, outcome=test.outcome, duration_s=test.duration_s)
        else:
            yield replace(test, message=tries.get(test.name, test.message))
    for unlisted in details.values():
        yield from unlisted


def _test(raw: Record, default: Outcome) -> TestView:
    line = raw.get("line")
    return TestView(
        name=_text(raw, "name"),
        outcome=_outcome(raw["outcome"]) if "outcome" in raw else default,
        duration_s=_number(raw.get("duration_s")),
        message=_text(raw, "message"),
        trace=_text(raw, "trace"),
        file=_text(raw, "file"),
        line=line if type(line) is int else None,
        detailed="message" in raw,
    )


def _quarantine(raw: Record) -> QuarantineView:
    return QuarantineView(
        test=_text(raw, "test"),
        owner=_text(raw, "owner"),
        reason=_text(raw, "reason"),
        expires=_text(raw, "expires"),
        counted=raw.get("counted") is True,
        outcome=_text(raw, "outcome"),
        message=_text(raw, "message"),
    )


def _threshold(raw: Record) -> ThresholdView:
    value = raw.get("value")
    return ThresholdView(
        says=_text(raw, "says"),
        value="" if value is None else str(value),
        holds=raw.get("holds") is True,
    )


def _outcome(raw: object) -> Outcome:
    known = raw in [outcome.value for outcome in Outcome]
    return Outcome(str(raw)) if known else Outcome.INFRA_ERROR


def _counts(raw: Record) -> dict[str, int]:
    counts = _mapping(raw, "counts")
    return {name: _whole(counts.get(name)) for name in COUNTED}


def _text(raw: Record, key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _mapping(raw: Record, key: str) -> Record:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _mappings(raw: Record, key: str) -> list[Record]:
    value = raw.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _whole(value: object, default: int = 0) -> int:
    return value if type(value) is int else default


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value < float("inf") else 0.0
