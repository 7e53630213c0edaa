"""Evidence in, record out: what Judge and finish have in common.

Runs in the control bundle. The first record stands; report and index follow from the one that
stands, whoever wrote it, so any of this may be repeated.
"""

import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from testgate.aws.s3 import JSON_TYPE, Bucket
from testgate.core.binding import GateOutput, parse_counts
from testgate.core.canonical import digest_of
from testgate.core.durations import spell_durations, spell_pointer
from testgate.core.embedded_metrics import metric_lines
from testgate.core.errors import EvidenceError, GateError, NotFoundError
from testgate.core.evidence import Crash, Evidence, Result, parse_evidence
from testgate.core.handoff import ExecutionRef, Pointer, spell_time
from testgate.core.identity_answers import Asked
from testgate.core.layout import RunPlace, durations_key, index_prefix, latest_durations_key
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.plan import Plan
from testgate.core.record import RunFacts, RunTime, span_of
from testgate.core.run_verdict import is_failure
from testgate.core.storing import to_json_bytes
from testgate.core.suite_verdict import SuiteVerdict

State = Mapping[str, Any]
_log = logging.getLogger(__name__)
_MAX_REPORTED_TESTS = 100_000  # rendering more could take what time Judge has
_NEWEST = 50  # index entries that are looked through for this run's own
SuiteTimes = Mapping[str, tuple[RunTime, ...]]


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
    return _failed_unheard(bucket, place, evidence) or evidence


def _failed_unheard(bucket: Bucket, place: RunPlace, evidence: Evidence) -> Evidence | None:
    """What an earlier run of the same attempt left, if that did not simply pass.

    A run whose answer gets lost is run again. Its evidence lies there all the same, and tests are
    tried again only where the plan says so. Nobody vouches for it, so it can only refuse.
    """
    for retry in range(evidence.run.retry):
        run = replace(evidence.run, retry=retry)
        try:
            found = parse_evidence(bucket.find_json(place.evidence(run, "evidence.json")))
        except EvidenceError:
            continue
        own = (run, evidence.input_digest, evidence.plan_digest)
        if (found.run, found.input_digest, found.plan_digest) == own and not _passed(found):
            return replace(found, run=evidence.run)
    return None


def _passed(evidence: Evidence) -> bool:
    ended_well = evidence.exit_code == 0 and not evidence.timed_out
    failed = any(is_failure(test) for test in evidence.tests)
    return ended_well and evidence.report_problem is None and not failed


def run_facts(
    execution: ExecutionRef,
    ended_at: datetime,
    prepared: State,
    after: State | None,
    times: SuiteTimes,
    asked: Asked,
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
        plan_by=prepared.get("plan_by", ""),
        deployment_at=prepared.get("deployment_at", ""),
        image=before.get("image", ""),
        base_url=before.get("base_url", ""),
        identity={
            "says": asked.says,
            "before": prepared.get("before"),
            "after": after or None,
        }
        | asked.spell(),
        suite_times=times,
    )


def write_record(bucket: Bucket, place: RunPlace, record: State) -> GateOutput:
    """Store the record unless one stands already, and conclude with the one that stands."""
    if not bucket.put_json_once(place.record, record):
        record = bucket.get_json(place.record)
    else:
        _tell_metrics(record)
    return conclude(bucket, place, record)


def _tell_metrics(record: State) -> None:
    """CloudWatch takes them from the function's log. Once: by whoever has written the record."""
    try:
        lines = [json.dumps(line) for line in metric_lines(record)]
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        _log.warning("no metrics of this gate run: %r", exc)
        return
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def conclude(bucket: Bucket, place: RunPlace, record: State) -> GateOutput:
    """Index and reports of the record that stands; a repeat writes the same to the same keys."""
    ended_at = datetime.fromisoformat(record["ended_at"])
    key = place.index(Outcome(record["outcome"]), ended_at)
    if not _is_indexed(bucket, key):
        bucket.put_once(key, b"", "text/plain")
    _store_reports(bucket, place, record)
    return GateOutput(
        outcome=Outcome(record["outcome"]),
        sentence=record["sentence"],
        input_digest=record["input_digest"],
        plan_digest=record["plan_digest"],
        counts=parse_counts(record["counts"]),
        record_key=place.record,
    )


def keep_durations(
    bucket: Bucket, plan: Plan, suites: Iterable[SuiteVerdict], on: date, times: SuiteTimes
) -> None:
    """How long suites took, and of those in shards each test, for their next shards: of suites that
    passed, for a failing test ends early. What cannot be kept is logged: no verdict depends on
    it."""
    for verdict in suites:
        if verdict.outcome not in PASSING:
            continue
        in_shards = verdict.suite.shards > 1
        text = spell_durations(verdict.tests)
        digest = digest_of(text)
        took_s = None if in_shards else _took_s(times.get(verdict.suite.name, ()))
        pointer = to_json_bytes(spell_pointer(digest if in_shards else None, on, took_s))
        try:
            if in_shards:
                bucket.put(durations_key(digest), text.encode(), JSON_TYPE)
            bucket.put(latest_durations_key(plan.gate, verdict.suite.name), pointer, JSON_TYPE)
        except GateError as exc:
            _log.warning("durations of suite %s are not kept: %s", verdict.suite.name, exc)


def _took_s(runs: Sequence[RunTime]) -> float | None:
    if not runs:
        return None
    first, last = map(datetime.fromisoformat, span_of(runs))
    return (last - first).total_seconds()


def is_listed(bucket: Bucket, place: RunPlace) -> bool:
    """Whether the index names this run, with whatever outcome."""
    entry = f".{place.deployment_id}.{place.run_name}"
    keys = bucket.keys(index_prefix(place.cluster, place.service), _NEWEST)
    return any(key.endswith(entry) for key in keys)


def _store_reports(bucket: Bucket, place: RunPlace, record: State) -> None:
    """Each report by itself, after record and index. One that cannot be rendered or stored is
    missing and logged: the verdict does not depend on it, and `testgate open` renders it anew."""
    keys = {
        "markdown": place.report,
        "html": place.page,
        "junit": place.junit,
        "ctrf": place.ctrf,
    }
    for form, key in keys.items():
        try:
            _store_report(bucket, key, form, record)
        except Exception as exc:  # noqa: BLE001 - a report is for reading: no fault of it may refuse
            _log.warning("no %s: %s: %s", key, type(exc).__name__, exc)


def _store_report(bucket: Bucket, key: str, form: str, record: State) -> None:
    # Imported here, so that a renderer that cannot even be imported harms no verdict.
    from testgate.report.rendering import MAX_REPORT_BYTES, RENDERERS, Form, render

    tests = sum(len(suite["tests"]) for suite in record["suites"])
    if tests > _MAX_REPORTED_TESTS:
        raise EvidenceError(f"{tests} tests, at most {_MAX_REPORTED_TESTS} are reported")
    report = render(Form(form), record)
    if len(report) > MAX_REPORT_BYTES:
        raise EvidenceError(f"it has {len(report)} bytes, at most {MAX_REPORT_BYTES} are kept")
    bucket.put(key, report, RENDERERS[Form(form)].content_type)


def _is_indexed(bucket: Bucket, key: str) -> bool:
    """Whether the hook, which may have answered first, has listed this run with this outcome."""
    service, _, entry = key.rpartition("/")
    what = entry.partition(".")[2]
    return any(other.endswith(f".{what}") for other in bucket.keys(f"{service}/", _NEWEST))
