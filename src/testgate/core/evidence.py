"""What running one shard of a suite leaves behind: facts, not a verdict.

Written once by `run_suite`, read by Judge, bound to execution input, plan, suite, shard, attempt
and the state's retry count. Standard library only.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from testgate.core.errors import EvidenceError
from testgate.core.outcomes import Outcome

T = TypeVar("T")
EVIDENCE_SCHEMA = "testgate.evidence/1"
MAX_OUTPUT_CHARS = 4_000  # of what a test printed: its end
MAX_DURATION_S = 1e9  # longer than anybody has watched a test; sums and products stay finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Which run of which shard: what an evidence key spells."""

    suite: str
    shard: int
    attempt: int = 1
    retry: int = 0

    @property
    def path(self) -> str:
        """`<suite>/<shard>/<attempt>-<retry>`"""
        return f"{self.suite}/{self.shard}/{self.attempt}-{self.retry}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test. `message` is its first line to a reader, `trace` the rest, `output` the end of
    what it printed if it failed; all are capped."""

    __test__ = False  # its name makes pytest look at it

    name: str
    outcome: Outcome
    duration_s: float = 0.0
    message: str = ""
    trace: str = ""
    output: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCounts:
    """What passed the relay between a suite and green: requests that green answered, by status,
    the last reason why one came to nothing ("" if none did), and how many did because no connection
    with green came about (`unreached`) or because green left them without an answer
    (`unanswered`)."""

    requests: int
    statuses: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    unreached: int = 0
    unanswered: int = 0

    def spell(self) -> dict[str, object]:
        """As it stands in evidence and record."""
        spelled: dict[str, object] = {"requests": self.requests, "statuses": dict(self.statuses)}
        seldom = {
            "problem": self.problem,
            "unreached": self.unreached,
            "unanswered": self.unanswered,
        }
        return spelled | {key: value for key, value in seldom.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one shard of a suite collected: the digest of all test ids, their number, and how many
    of them are this shard's own."""

    digest: str
    total: int
    selected: int

    def spell(self) -> dict[str, object]:
        """As it stands in evidence."""
        return {"digest": self.digest, "total": self.total, "selected": self.selected}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that the suite left for people, stored beside the evidence; or why it was not."""

    path: str
    size_bytes: int = 0
    left_out: str = ""

    def spell(self) -> dict[str, object]:
        """As it stands in evidence."""
        spelled: dict[str, object] = {"path": self.path, "size_bytes": self.size_bytes}
        return spelled | ({"left_out": self.left_out} if self.left_out else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One shard's run. Times are RFC 3339 in UTC.

    `exit_code` is the suite process's own (negative: the signal that ended it), None if it had to
    be killed past its deadline. `report_problem` says why no report could be read; None if one was.
    `allowed_s` is the time it was given: its own, or what the gate's deadline left of it.
    `relay` is None in evidence of a runner that did not count.
    `metrics` are numbers that thresholds may ask for, `collected` is None if nothing told.
    `artifacts` decide nothing.
    """

    run: Run
    input_digest: str
    plan_digest: str
    exit_code: int | None
    timed_out: bool
    report_problem: str | None
    tests: tuple[TestResult, ...]
    started_at: str
    ended_at: str
    allowed_s: float
    output_tail: str = ""
    relay: RelayCounts | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    collected: Collected | None = None
    artifacts: tuple[Kept, ...] = ()

    def spell(self) -> dict[str, object]:
        """The JSON that is stored."""
        return {
            "schema": EVIDENCE_SCHEMA,
            "suite": self.run.suite,
            "shard": self.run.shard,
            "attempt": self.run.attempt,
            "retry": self.run.retry,
            "input_digest": self.input_digest,
            "plan_digest": self.plan_digest,
            "exit_code": self.exit_code,
            "timed_out": self.timed_out,
            "report_problem": self.report_problem,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "allowed_s": self.allowed_s,
            "output_tail": self.output_tail,
            "tests": [_spell_test(test) for test in self.tests],
            "relay": self.relay.spell() if self.relay else None,
            "metrics": dict(self.metrics),
            "collected": self.collected.spell() if self.collected else None,
            "artifacts": [kept.spell() for kept in self.artifacts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A shard whose function ended without evidence: the error name and cause that were caught."""

    run: Run
    error: str
    cause: str


Result = Evidence | Crash


def parse_evidence(raw: object) -> Evidence:
    """Stored evidence. Raises EvidenceError for any other shape."""
    if not isinstance(raw, dict) or raw.get("schema") != EVIDENCE_SCHEMA:
        raise EvidenceError(f"not evidence of schema {EVIDENCE_SCHEMA}")
    try:
        return Evidence(
            run=Run(
                suite=_typed(raw, "suite", str),
                shard=_typed(raw, "shard", int),
                attempt=_typed(raw, "attempt", int),
                retry=_typed(raw, "retry", int),
            ),
            input_digest=_typed(raw, "input_digest", str),
            plan_digest=_typed(raw, "plan_digest", str),
            exit_code=None if raw["exit_code"] is None else _typed(raw, "exit_code", int),
            timed_out=_typed(raw, "timed_out", bool),
            report_problem=(
                None if raw["report_problem"] is None else _typed(raw, "report_problem", str)
            ),
            tests=tuple(_parse_test(test) for test in _typed(raw, "tests", list)),
            started_at=_typed(raw, "started_at", str),
            ended_at=_typed(raw, "ended_at", str),
            allowed_s=float(_typed(raw, "allowed_s", float)),
            output_tail=_typed(raw, "output_tail", str),
            relay=_parse_relay(raw["relay"]),
            metrics=_parse_metrics(raw["metrics"]),
            collected=_parse_collected(raw["collected"]),
            artifacts=tuple(_parse_kept(kept) for kept in _typed(raw, "artifacts", list)),
        )
    except KeyError as exc:
        raise EvidenceError(f"evidence lacks {exc.args[0]!r}") from None


def _parse_kept(raw: object) -> Kept:
    if not isinstance(raw, dict):
        raise EvidenceError("evidence has an artifact that is no object")
    return Kept(
        path=_typed(raw, "path", str),
        size_bytes=_typed(raw, "size_bytes", int),
        left_out=_typed({"left_out": raw.get("left_out", "")}, "left_out", str),
    )


def _parse_relay(raw: object) -> RelayCounts | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise EvidenceError("the relay's counts are not an object")
    statuses = _typed(raw, "statuses", dict)
    counts = [_typed(raw, "requests", int), *statuses.values()]
    lost = {key: raw.get(key, 0) for key in ("unreached", "unanswered")}
    if any(type(count) is not int or count < 0 for count in (*counts, *lost.values())):
        raise EvidenceError("the relay's counts hold something that is no count")
    if sum(counts[1:]) != counts[0]:
        raise EvidenceError("the relay's counts do not add up to its requests")
    return RelayCounts(
        requests=counts[0],
        statuses=statuses,
        problem=str(raw.get("problem", "")),
        **lost,
    )


def _parse_metrics(raw: object) -> dict[str, float]:
    if not isinstance(raw, dict) or any(
        type(value) not in (int, float) or not math.isfinite(value) for value in raw.values()
    ):
        raise EvidenceError("metrics are not an object of numbers")
    return {name: float(value) for name, value in raw.items()}


def _parse_collected(raw: object) -> Collected | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise EvidenceError("what was collected is not an object")
    total, selected = _typed(raw, "total", int), _typed(raw, "selected", int)
    if not 0 <= selected <= total:
        raise EvidenceError(f"{selected} of {total} collected tests are this shard's own")
    return Collected(digest=_typed(raw, "digest", str), total=total, selected=selected)


def plausible_s(value: object) -> float:
    """A duration that somebody told, in seconds; 0 for what is none, or none that can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value <= MAX_DURATION_S else 0.0


def _typed(raw: Mapping[str, object], key: str, kind: type[T]) -> T:
    value = raw[key]
    if type(value) is not kind:
        raise EvidenceError(f"evidence has {key} {str(value)[:80]!r}, expected {kind.__name__}")
    return value


def _spell_test(test: TestResult) -> dict[str, object]:
    spelled: dict[str, object] = {
        "name": test.name,
        "outcome": test.outcome.value,
        "duration_s": test.duration_s,
    }
    optional = {
        "message": test.message,
        "trace": test.trace,
        "output": test.output,
        "file": test.file,
        "line": test.line,
    }
    return spelled | {key: value for key, value in optional.items() if value not in ("", None)}


def _parse_test(raw: object) -> TestResult:
    if not isinstance(raw, dict):
        raise EvidenceError("a test in the evidence is not an object")
    if raw.get("outcome") not in [outcome.value for outcome in Outcome]:
        raise EvidenceError(f"a test in the evidence has outcome {raw.get('outcome')!r}")
    return TestResult(
        name=_typed(raw, "name", str),
        outcome=Outcome(raw["outcome"]),
        duration_s=plausible_s(raw.get("duration_s")),
        message=str(raw.get("message", "")),
        trace=str(raw.get("trace", "")),
        output=str(raw.get("output", "")),
        file=str(raw.get("file", "")),
        line=raw["line"] if type(raw.get("line")) is int else None,
    )
