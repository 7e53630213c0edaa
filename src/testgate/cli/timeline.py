"""When what happened in a gate run: states, suites and shards, from its execution's history, its
record and its evidence, each as far as it is still there.

Pure but for `gather`, which reads. Imported by `show`.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from testgate.aws.s3 import Bucket
from testgate.cli.runs import StoredRun
from testgate.core.errors import GateError
from testgate.report.reading import read_record

_MAX_EVENTS = 5_000
_MAX_KEYS = 20_000
_PER_SHARD = frozenset({"RunSuite"})  # told by shards' evidence, with their names
_WAVE = "RunWave"  # entered once for each wave: the probe, the smoke suites, the rest
# What only decides or passes on takes no time of its own; several are entered for each shard.
_PASSING = frozenset({"ChoiceStateEntered", "PassStateEntered"})
_KINDS = ("state", "wave", "suite", "shard")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took time. Times are RFC 3339 in UTC, `ended_at` "" if it never ended."""

    kind: str  # state, wave, suite or shard
    name: str
    started_at: str
    ended_at: str = ""
    outcome: str = ""

    def spell(self) -> dict[str, str]:
        """For programs."""
        return {
            "kind": self.kind,
            "name": self.name,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "outcome": self.outcome,
        }


def states_of(events: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Each state that does something, from when it was entered until it was left; of one that is
    entered again, each time. The state that runs a wave is that wave, by its number."""
    spans: list[Span] = []
    waves = itertools.count(1)
    open_at: dict[str, list[int]] = {}
    for event in events:
        if entered := event.get("stateEnteredEventDetails"):
            name = entered["name"]
            if name not in _PER_SHARD and event.get("type") not in _PASSING:
                open_at.setdefault(name, []).append(len(spans))
                at = _spell(event["timestamp"])
                kind, shown = ("wave", str(next(waves))) if name == _WAVE else ("state", name)
                spans.append(Span(kind=kind, name=shown, started_at=at))
        elif (left := event.get("stateExitedEventDetails")) and open_at.get(left["name"]):
            index = open_at[left["name"]].pop(0)
            span = spans[index]
            spans[index] = Span(
                kind=span.kind,
                name=span.name,
                started_at=span.started_at,
                ended_at=_spell(event["timestamp"]),
            )
    return spans


def suites_of(record: Mapping[str, Any]) -> list[Span]:
    """Each suite that ran, as recorded."""
    return [
        Span(
            kind="suite",
            name=suite.name,
            started_at=suite.started_at,
            ended_at=suite.ended_at,
            outcome=suite.outcome.value,
        )
        for suite in read_record(record).suites
        if suite.started_at
    ]


def shard_of(evidence: object, path: str) -> Span | None:
    """A run of a shard by its evidence; None for what is no evidence."""
    if not isinstance(evidence, Mapping) or not isinstance(evidence.get("started_at"), str):
        return None
    ended_at = evidence.get("ended_at")
    return Span(
        kind="shard",
        name=path,
        started_at=evidence["started_at"],
        ended_at=ended_at if isinstance(ended_at, str) else "",
    )


def in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    """By their beginning, the longer first; times are equally long, so text sorts as time."""
    return tuple(sorted(spans, key=lambda span: (span.started_at, _KINDS.index(span.kind))))


def with_suites(spans: Iterable[Span]) -> list[Span]:
    """The spans, each wave named by the suites that began in it."""
    spans = list(spans)
    return [
        replace(span, name=f"{span.name}: {', '.join(began)}")
        if span.kind == "wave" and (began := _began_in(span, spans))
        else span
        for span in spans
    ]


def _began_in(wave: Span, spans: Iterable[Span]) -> list[str]:
    end = wave.ended_at or "~"
    return [
        span.name
        for span in spans
        if span.kind == "suite" and wave.started_at <= span.started_at <= end
    ]


def gather(client: Callable[[str], Any], bucket: Bucket, run: StoredRun) -> tuple[Span, ...]:
    """The spans of a gate run; what is gone, or may not be read, is left out."""
    record = run.record or {}
    spans = [*_history(client, record), *suites_of(record), *_shards(bucket, run)]
    return in_order(with_suites(spans))


def _history(client: Callable[[str], Any], record: Mapping[str, Any]) -> list[Span]:
    arn = record.get("execution_arn")
    if not isinstance(arn, str) or not arn:
        return []
    try:
        pages = client("stepfunctions").get_paginator("get_execution_history")
        listed = pages.paginate(
            executionArn=arn,
            includeExecutionData=False,
            PaginationConfig={"MaxItems": _MAX_EVENTS},
        )
        return states_of(event for page in listed for event in page["events"])
    except (ClientError, BotoCoreError):
        return []


def _shards(bucket: Bucket, run: StoredRun) -> list[Span]:
    prefix, end = f"{run.place.prefix}evidence/", "/evidence.json"
    spans = []
    try:
        for key in bucket.keys(prefix, _MAX_KEYS):
            if key.endswith(end):
                path = key.removeprefix(prefix).removesuffix(end)
                spans.append(shard_of(bucket.find_json(key), path))
    except GateError:
        pass  # the rest of the timeline is worth showing
    return [span for span in spans if span is not None]


def _spell(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
