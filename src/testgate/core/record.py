"""The gate-run record: everything a person asks about a gate run, in one JSON document.

Written once by Judge. 200 failures stand in full, the rest by name; what is still too much for
5 MB is left out and counted. Pure; standard library only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testgate.core.binding import Counts, Question
from testgate.core.config import show_config
from testgate.core.evidence import MAX_OUTPUT_CHARS, Evidence, Result, TestResult
from testgate.core.outcomes import Outcome
from testgate.core.record_size import fitted
from testgate.core.spans import time_spans
from testgate.core.storing import cap_sentence, redacted
from testgate.core.suite_verdict import SuiteVerdict
from testgate.core.verdict import Verdict

RECORD_SCHEMA = "testgate.record/1"
MAX_FULL_FAILURES = 200
MAX_TRACE_CHARS = 8_000
MAX_RUNS_TIMED = 300  # of a suite: attempts at its shards
MAX_ARTIFACTS = 100  # of a suite; the others are found in the bucket

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTime:
    """When one attempt at one shard ran: RFC 3339 in UTC, equally long, so that text sorts as
    time."""

    shard: int
    attempt: int
    started_at: str
    ended_at: str

    def spell(self) -> dict[str, object]:
        """As it stands in the record."""
        return {
            "shard": self.shard,
            "attempt": self.attempt,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a record says besides the verdict. Times are RFC 3339 in UTC, "" for none."""

    execution_arn: str
    started_at: str
    ended_at: str
    deadline: str
    gate: str
    plan_digest: str | None
    plan_by: str = ""  # "digest", "image", "latest", "suites": how the plan was found
    image: str
    base_url: str
    identity: Mapping[str, object]
    suite_times: Mapping[str, tuple[RunTime, ...]]
    deployment_at: str = ""


def build_record(question: Question, verdict: Verdict, facts: RunFacts) -> dict[str, object]:
    """The record as stored in `record.json`."""
    asked: dict[str, object] = {
        "deployment": str(question.deployment),
        "cluster": question.deployment.cluster,
        "service": question.deployment.service,
        "revision": question.revision,
        "stage": question.stage,
        "config": redacted(show_config(question.config)),
        "input_digest": question.digest,
    }
    return _build(asked, verdict, facts)


def build_rehearsal(verdict: Verdict, facts: RunFacts, input_digest: str) -> dict[str, object]:
    """The record of a gate that was run against a URL: nobody asked, and nothing is deployed."""
    nobody: dict[str, object] = dict.fromkeys(
        ("deployment", "cluster", "service", "revision", "stage"), ""
    )
    return _build(nobody | {"config": {}, "input_digest": input_digest}, verdict, facts)


def _build(asked: Mapping[str, object], verdict: Verdict, facts: RunFacts) -> dict[str, object]:
    room = _Room(MAX_FULL_FAILURES)
    record = {
        "schema": RECORD_SCHEMA,
        "outcome": verdict.outcome.value,
        "sentence": cap_sentence(verdict.sentence),
        "counts": verdict.counts.spell(),
        **asked,
        "gate": facts.gate,
        "plan_digest": facts.plan_digest,
        "plan_by": facts.plan_by,
        "image": facts.image,
        "base_url": facts.base_url,
        "identity": dict(facts.identity),
        "execution_arn": facts.execution_arn,
        "started_at": facts.started_at,
        "ended_at": facts.ended_at,
        "deadline": facts.deadline,
        "spans": time_spans(
            facts.deployment_at,
            facts.started_at,
            facts.ended_at,
            map(span_of, facts.suite_times.values()),
        ),
        "suites": [_spell_suite(suite, facts, room) for suite in verdict.suites],
    }
    return fitted(record)


def with_changes(record: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, object]:
    """The record with what changed since the gate run before, still within its 5 MB."""
    return fitted({**record, "changes": changes})


def suite_times(results: Iterable[Result]) -> dict[str, tuple[RunTime, ...]]:
    """When each run of each suite's shards began and ended."""
    times: dict[str, tuple[RunTime, ...]] = {}
    for result in results:
        if isinstance(result, Evidence):
            time = RunTime(
                shard=result.run.shard,
                attempt=result.run.attempt,
                started_at=result.started_at,
                ended_at=result.ended_at,
            )
            times[result.run.suite] = (*times.get(result.run.suite, ()), time)
    return times


def refused_before_tests(outcome: Outcome, sentence: str) -> Verdict:
    """The verdict of a gate run that could not begin."""
    return Verdict(outcome=outcome, sentence=sentence, counts=Counts(), suites=())


class _Room:
    """How many more failures may stand in full."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _spell_suite(verdict: SuiteVerdict, facts: RunFacts, room: _Room) -> dict[str, object]:
    times = facts.suite_times.get(verdict.suite.name, ())
    started_at, ended_at = span_of(times)
    return {
        "name": verdict.suite.name,
        "outcome": verdict.outcome.value,
        "blocking": verdict.suite.blocking,
        "sentence": cap_sentence(verdict.sentence),
        "counts": verdict.counts.spell(),
        "min_tests": verdict.suite.min_tests,
        "timeout_s": verdict.suite.timeout_s,
        "shards": verdict.suite.shards,
        "attempts": verdict.attempts,
        "attempts_allowed": verdict.suite.attempts,
        "thresholds": [measured.spell() for measured in verdict.measured],
        "started_at": started_at,
        "ended_at": ended_at,
        "runs": [time.spell() for time in times[:MAX_RUNS_TIMED]],
        "relay": verdict.relay.spell() if verdict.relay else None,
        "failures": [_spell_failure(test, room) for test in verdict.failures],
        "flaky": [
            {"name": test.name, "message": test.message}
            for test in verdict.tests
            if test.outcome is Outcome.FLAKY
        ][:MAX_FULL_FAILURES],
        "quarantine": _spell_quarantine(verdict),
        "artifacts": [each.spell() for each in verdict.artifacts[:MAX_ARTIFACTS]],
        "tests": [
            {"name": t.name, "outcome": t.outcome.value, "duration_s": t.duration_s}
            for t in verdict.tests
        ],
    }


def span_of(times: Sequence[RunTime]) -> tuple[str, str]:
    """From the first run's start to the last one's end; "" where none is known."""
    return (
        min((time.started_at for time in times), default=""),
        max((time.ended_at for time in times), default=""),
    )


def _spell_quarantine(verdict: SuiteVerdict) -> list[dict[str, object]]:
    """Each entry, what became of its test, and whether the entry still counted."""
    tests = {test.name: test for test in verdict.tests}
    return [
        entry.spell()
        | {
            "counted": entry.counts_on(verdict.judged_on),
            "outcome": tests[entry.test].outcome.value if entry.test in tests else "not reported",
            "message": tests[entry.test].message if entry.test in tests else "",
        }
        for entry in verdict.suite.quarantine
    ]


def _spell_failure(test: TestResult, room: _Room) -> dict[str, object]:
    if not room.take():
        return {"name": test.name}
    return {
        "name": test.name,
        "outcome": test.outcome.value,
        "duration_s": test.duration_s,
        "message": test.message,
        "trace": test.trace[-MAX_TRACE_CHARS:],
        "file": test.file,
        "line": test.line,
        **({"output": test.output[-MAX_OUTPUT_CHARS:]} if test.output else {}),
    }
