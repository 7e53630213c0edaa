"""Evidence in, record out: what Judge and finish have in common.

Runs in the control bundle. The first record stands; report and index follow from the one that
stands, whoever wrote it, so any of this may be repeated.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.binding import GateOutput, parse_counts
from testgate.core.canonical import digest_of
from testgate.core.errors import EvidenceError, NotFoundError
from testgate.core.evidence import Crash, Evidence, parse_evidence
from testgate.core.handoff import ExecutionRef, Pointer, spell_time
from testgate.core.layout import RunPlace, index_prefix
from testgate.core.outcomes import Outcome
from testgate.core.record import RunFacts
from testgate.core.verdict import Result
from testgate.report.markdown import render_markdown

State = Mapping[str, Any]
_NEWEST = 50  # index entries that are looked through for this run's own
SuiteTimes = Mapping[str, tuple[str, str]]


def load_result(bucket: Bucket, place: RunPlace, result: Pointer | Crash) -> Result:
    """The evidence under the key that its run spells: what the runner said it stored there, and of
    that run; a Crash that says what is wrong with any other. Raises PortError."""
    if isinstance(result, Crash):
        return result
    run = result.run
    try:
        stored = bucket.get(place.evidence(run, "evidence.json"))
    except NotFoundError:
        return Crash(run=run, error="no evidence", cause="the runner stored none")
    if digest_of(stored) != result.digest:
        return Crash(run=run, error="foreign evidence", cause="the runner stored another")
    try:
        evidence = parse_evidence(json.loads(stored))
    except (EvidenceError, ValueError) as exc:
        return Crash(run=run, error="unreadable evidence", cause=str(exc))
    if evidence.run != run:
        return Crash(run=run, error="foreign evidence", cause=f"it is of {evidence.run.path}")
    return evidence


def suite_times(results: Iterable[Result]) -> dict[str, tuple[str, str]]:
    """When each suite ran."""
    return {
        result.run.suite: (result.started_at, result.ended_at)
        for result in results
        if isinstance(result, Evidence)
    }


def run_facts(
    execution: ExecutionRef,
    ended_at: datetime,
    prepared: State,
    after: State | None,
    times: SuiteTimes,
) -> RunFacts:
    """What a record says besides the verdict; `prepared` is Prepare's answer, or empty."""
    before = prepared.get("before") or {}
    return RunFacts(
        execution_arn=execution.arn,
        started_at=spell_time(execution.started_at),
        ended_at=spell_time(ended_at),
        deadline=prepared.get("deadline", ""),
        gate=prepared.get("gate", ""),
        plan_digest=prepared.get("plan_digest"),
        image=before.get("image", ""),
        base_url=before.get("base_url", ""),
        identity={
            "says": "routing only",
            "before": prepared.get("before"),
            "after": after or None,
        },
        suite_times=times,
    )


def write_record(bucket: Bucket, place: RunPlace, record: State) -> GateOutput:
    """Store the record unless one stands already, and conclude with the one that stands."""
    if not bucket.put_json_once(place.record, record):
        record = bucket.get_json(place.record)
    return conclude(bucket, place, record)


def conclude(bucket: Bucket, place: RunPlace, record: State) -> GateOutput:
    """Report and index of the record that stands; a repeat writes the same to the same keys."""
    report = render_markdown(record).encode()
    bucket.put(place.report, report, "text/markdown; charset=utf-8")
    ended_at = datetime.fromisoformat(record["ended_at"])
    key = place.index(Outcome(record["outcome"]), ended_at)
    if not _is_indexed(bucket, key):
        bucket.put_once(key, b"", "text/plain")
    return GateOutput(
        outcome=Outcome(record["outcome"]),
        sentence=record["sentence"],
        input_digest=record["input_digest"],
        plan_digest=record["plan_digest"],
        counts=parse_counts(record["counts"]),
        record_key=place.record,
    )


def is_listed(bucket: Bucket, place: RunPlace) -> bool:
    """Whether the index names this run, with whatever outcome."""
    entry = f".{place.deployment_id}.{place.run_name}"
    keys = bucket.keys(index_prefix(place.cluster, place.service), _NEWEST)
    return any(key.endswith(entry) for key in keys)


def _is_indexed(bucket: Bucket, key: str) -> bool:
    """Whether the hook, which may have answered first, has listed this run with this outcome."""
    service, _, entry = key.rpartition("/")
    what = entry.partition(".")[2]
    return any(other.endswith(f".{what}") for other in bucket.keys(f"{service}/", _NEWEST))
