"""Reads a stored record, whichever version of Testgate wrote it.

Lenient where the gate is strict: a key that is missing or of another kind is shown as nothing, and
an outcome that is not known is never shown as a pass. Standard library only; imported by the
renderers.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from testgate.core.evidence import plausible_s
from testgate.core.outcomes import Outcome
from testgate.report.view import (
    COUNTED,
    ArtifactView,
    ChangesView,
    ChangeView,
    QuarantineView,
    Record,
    RunTimeView,
    RunView,
    SuiteView,
    TestView,
    ThresholdView,
)
from testgate.report.wording import what_happens_next

_OUTCOMES = frozenset(outcome.value for outcome in Outcome)

_PLAN_BY = {
    "digest": "named by its digest",
    "image": "published for this image",
    "latest": "the latest published",
    "suites": "made of the suites that TEST_SUITES names",
}


def read_record(record: Record) -> RunView:
    """What is known of a gate run; never raises for what a record lacks."""
    identity = _mapping(record, "identity")
    before = _mapping(identity, "before")
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
        plan_by=_PLAN_BY.get(_text(record, "plan_by"), ""),
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
        image_digest=_text(before, "image_digest"),
        spans={name: plausible_s(value) for name, value in _mapping(record, "spans").items()},
        host=_text(before, "host"),
        header_names=_texts(before, "header_names"),
        target_port=_port(_mapping(before, "target_states")),
        changes=_changes(_mapping(record, "changes")),
    )


def _suite(raw: Record) -> SuiteView:
    quarantine = tuple(_quarantine(entry) for entry in _mappings(raw, "quarantine"))
    counts = _mapping(raw, "counts")
    relay = _mapping(raw, "relay")
    tests, listed = tuple(_tests(raw, quarantine)), len(_mappings(raw, "tests"))
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
        tests=tests,
        runs=tuple(_run_time(entry) for entry in _mappings(raw, "runs")),
        artifacts=tuple(_artifact(entry) for entry in _mappings(raw, "artifacts")),
        tests_left_out=max(_whole(raw.get("tests_left_out")) - (len(tests) - listed), 0),
        failures_left_out=_whole(raw.get("failures_left_out")),
        flaky_left_out=_whole(raw.get("flaky_left_out")),
        quarantine_left_out=_whole(raw.get("quarantine_left_out")),
    )


def _tests(raw: Record, quarantine: Iterable[QuarantineView]) -> Iterator[TestView]:
    """Every test, with what stands of its failure beside it; at the end those that the list of
    tests leaves out and other lists name. A report of old may name a test twice."""
    details: dict[str, deque[TestView]] = defaultdict(deque)
    for failure in _mappings(raw, "failures"):
        details[_text(failure, "name")].append(_test(failure, Outcome.FAILED))
    tries = {_text(entry, "name"): _text(entry, "message") for entry in _mappings(raw, "flaky")}
    forgiving = {entry.test: entry for entry in quarantine if entry.counted}
    listed = [_test(test, Outcome.INFRA_ERROR) for test in _mappings(raw, "tests")]
    for test in listed:
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
    names = {test.name for test in listed}
    for name, message in tries.items():
        if name not in names and name not in forgiving:
            yield TestView(name=name, outcome=Outcome.FLAKY, message=message)
    for name, entry in forgiving.items():
        if name not in names and entry.outcome in _OUTCOMES:
            outcome = Outcome(entry.outcome)
            yield TestView(name=name, outcome=outcome, message=entry.message, quarantine=entry)


def _test(raw: Record, default: Outcome) -> TestView:
    line = raw.get("line")
    return TestView(
        name=_text(raw, "name"),
        outcome=_outcome(raw["outcome"]) if "outcome" in raw else default,
        duration_s=plausible_s(raw.get("duration_s")),
        message=_text(raw, "message"),
        trace=_text(raw, "trace"),
        output=_text(raw, "output"),
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


def _run_time(raw: Record) -> RunTimeView:
    return RunTimeView(
        shard=_whole(raw.get("shard"), 1),
        attempt=_whole(raw.get("attempt"), 1),
        started_at=_text(raw, "started_at"),
        ended_at=_text(raw, "ended_at"),
    )


def _artifact(raw: Record) -> ArtifactView:
    return ArtifactView(
        path=_text(raw, "path"),
        size_bytes=_whole(raw.get("size_bytes")),
        left_out=_text(raw, "left_out"),
    )


def _changes(raw: Record) -> ChangesView | None:
    if not raw:
        return None
    before, counts = _mapping(raw, "before"), _mapping(raw, "counts")
    named = {
        key: tuple(
            ChangeView(
                suite=_text(each, "suite"), test=_text(each, "test"), since=_text(each, "since")
            )
            for each in _mappings(raw, key)
        )
        for key in ("newly_failing", "still_failing", "fixed")
    }
    return ChangesView(
        outcome=_text(before, "outcome"),
        ended_at=_text(before, "ended_at"),
        deployment=_text(before, "deployment"),
        counts={key: max(_whole(counts.get(key)), len(names)) for key, names in named.items()},
        partial=raw.get("partial") is True,
        **named,
    )


def _port(targets: Record) -> int | None:
    """The one port that all of green's targets have; None if there is no such."""
    ports = {str(target).rpartition(":")[2] for target in targets}
    one = ports.pop() if len(ports) == 1 else ""
    return int(one) if one.isascii() and one.isdecimal() and len(one) <= len("65535") else None


def _outcome(raw: object) -> Outcome:
    return Outcome(raw) if isinstance(raw, str) and raw in _OUTCOMES else Outcome.INFRA_ERROR


def _counts(raw: Record) -> dict[str, int]:
    counts = _mapping(raw, "counts")
    return {name: _whole(counts.get(name)) for name in COUNTED}


def _text(raw: Record, key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _texts(raw: Record, key: str) -> tuple[str, ...]:
    value = raw.get(key)
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(each for each in listed if isinstance(each, str))


def _mapping(raw: Record, key: str) -> Record:
    value = raw.get(key)
    return value if isinstance(value, Mapping) else {}


def _mappings(raw: Record, key: str) -> list[Record]:
    value = raw.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _whole(value: object, default: int = 0) -> int:
    return value if type(value) is int else default
