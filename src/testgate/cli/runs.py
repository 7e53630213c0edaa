"""Finds a gate run from what a person has in hand, and reads what is stored of it.

Imported by the commands that show gate runs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.cli.documents import read_answer_document, read_record_document
from testgate.core.answers import ANSWER_SCHEMA
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import GateError, InputError, NotFoundError
from testgate.core.kinds import TEST_GATE
from testgate.core.layout import (
    NO_EXECUTION,
    IndexEntry,
    RunPlace,
    deployment_prefix,
    index_prefix,
    parse_index_key,
)
from testgate.core.outcomes import PASSING, Outcome
from testgate.core.record import RECORD_SCHEMA

_SERVICE = re.compile(r"([0-9A-Za-z_-]+)/([0-9A-Za-z_-]+)")
_MAX_KEYS = 20_000
_REFUSED = 3


class RunNotFoundError(GateError):
    """Nothing is recorded of what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A gate run as stored: Judge's record, the hook's answer, or (at least one of) both; and what
    `others` the same deployment had, of this hook or another kind. `problems` say what could not be
    read; of a run that is only `indexed` the index is all there is."""

    place: RunPlace
    bucket: str
    record: Mapping[str, Any] | None
    answer: Mapping[str, Any] | None
    others: tuple["StoredRun", ...] = ()
    problems: tuple[str, ...] = ()
    indexed: IndexEntry | None = None

    @property
    def outcome(self) -> Outcome:
        """The hook's last word if it has spoken, else the record's, else the index's."""
        return Outcome((self.answer or self.told)["outcome"])

    @property
    def sentence(self) -> str:
        """The sentence of that word."""
        return str((self.answer or self.told)["sentence"])

    @property
    def told(self) -> Mapping[str, Any]:
        """The record; where there is neither that nor an answer, what the index says."""
        if self.record is not None or self.indexed is None:
            return self.record or {}
        ended_at = self.indexed.ended_at.isoformat()
        when = f"{self.indexed.ended_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        outcome = self.indexed.outcome.value
        return {
            "outcome": outcome,
            "sentence": f"it ended as {outcome} at {when}; its index entry is all that can be "
            f"read of it in bucket {self.bucket}",
            "suites": [],
            "stage": "",
            "gate": "",
            "identity": {"says": ""},
            "started_at": "",
            "ended_at": ended_at,
            "deadline": "",
            "execution_arn": "",
        }

    @property
    def hook(self) -> str:
        """The kind of the hook: `test-gate`, `admission`, `approval` or `metrics`."""
        return str((self.answer or {}).get("hook") or TEST_GATE.name)

    @property
    def answered_at(self) -> str:
        """When the hook answered ECS, "" if it has not."""
        return str((self.answer or {}).get("answered_at") or "")

    @property
    def passed(self) -> bool:
        """Whether there is nothing to explain."""
        return self.outcome in PASSING

    @property
    def refused(self) -> bool:
        """Whether it is this run that sent the deployment back."""
        return self.blame == _REFUSED

    @property
    def blame(self) -> int:
        """How much this run has to do with a deployment that went back: 3 refused it, 2 would
        have, 1 only found it going, 0 passed."""
        if self.passed:
            return 0
        if self.outcome is Outcome.ABORTED:
            return 1
        return _REFUSED if (self.answer or {}).get("hook_status") == "FAILED" else 2

    @property
    def service(self) -> str:
        """`<cluster>/<service>`"""
        return f"{self.place.cluster}/{self.place.service}"


def find_run(bucket: Bucket, target: str, run_name: str = "") -> StoredRun:
    """The gate run of a deployment's ARN, or the newest of `cluster/service`; with a `run_name`,
    that one of the deployment's.

    Raises RunNotFoundError, InputError for another kind of target.
    """
    cluster, service, deployment_id = service_and_deployment(target)
    if not deployment_id:
        newest = next(iter(bucket.keys(index_prefix(cluster, service), 1)), "")
        entry = parse_index_key(newest)
        deployment_id = entry.place.deployment_id if entry else ""
    if deployment_id:
        places = _places(bucket, cluster, service, deployment_id)
        runs = [run for run in (read_run(bucket, place) for place in places) if run is not None]
        runs = runs or _indexed(bucket, cluster, service, deployment_id)
        if runs:
            first, *others = sorted(
                runs, key=lambda run: (run.place.run_name != run_name, _order(run))
            )
            return replace(first, others=tuple(others))
    raise RunNotFoundError(f"no ended gate run of {target} is recorded in bucket {bucket.name}")


def _indexed(bucket: Bucket, cluster: str, service: str, deployment_id: str) -> list[StoredRun]:
    """Gate runs of which nothing but their index entries can be read."""
    entries = map(parse_index_key, bucket.keys(index_prefix(cluster, service), _MAX_KEYS))
    return [
        StoredRun(
            place=entry.place,
            bucket=bucket.name,
            record=None,
            answer=None,
            problems=_problems(bucket, entry.place),
            indexed=entry,
        )
        for entry in entries
        if entry is not None and entry.place.deployment_id == deployment_id
    ]


def _problems(bucket: Bucket, place: RunPlace) -> tuple[str, ...]:
    _, problems = _documents(bucket, place)
    return problems


def _order(run: StoredRun) -> tuple[int, bool, str]:
    """Several hooks may have been asked by one deployment: first the one that refused it, and of
    those the earliest; where all passed, one that has a record."""
    return (-run.blame, run.passed and run.record is None, run.answered_at or "~")


def service_and_deployment(target: str) -> tuple[str, str, str]:
    """Cluster, service and deployment id ("" for any) of a target. Raises InputError."""
    if target.startswith("arn:"):
        deployment = parse_service_deployment_arn(target)
        return deployment.cluster, deployment.service, deployment.deployment_id
    match = _SERVICE.fullmatch(target)
    if match is None:
        raise InputError(
            f"{target!r} is neither the ARN of a service deployment nor cluster/service"
        )
    return match[1], match[2], ""


def read_run(bucket: Bucket, place: RunPlace) -> StoredRun | None:
    """What is stored of one run; None if nothing that can be read is."""
    (record, answers), problems = _documents(bucket, place)
    refused = [answer for answer in answers if answer["hook_status"] == "FAILED"]
    answer = next(iter([*refused, *answers]), None)
    if record is None and answer is None:
        return None
    return StoredRun(
        place=place, bucket=bucket.name, record=record, answer=answer, problems=problems
    )


_Read = tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]


def _documents(bucket: Bucket, place: RunPlace) -> tuple[_Read, tuple[str, ...]]:
    """A run's record and answers as far as they can be read, and what is wrong with them."""
    records = [
        read_record_document(key, body, RECORD_SCHEMA)
        for key, body in _bodies(bucket, [place.record])
    ]
    answers = [
        read_answer_document(key, body, ANSWER_SCHEMA)
        for key, body in _bodies(bucket, bucket.keys(place.answers))
    ]
    problems = tuple(each.problem for each in (*records, *answers) if each.problem)
    record = records[0].value if records else None
    return (record, [each.value for each in answers if each.value is not None]), problems


def _bodies(bucket: Bucket, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """What lies under each key, if anything does."""
    for key in keys:
        try:
            yield key, bucket.get(key)
        except NotFoundError:
            continue


def _places(bucket: Bucket, cluster: str, service: str, deployment_id: str) -> list[RunPlace]:
    """The places of every gate run of a deployment, that without an execution last."""
    prefix = deployment_prefix(cluster, service, deployment_id)
    names = {key.removeprefix(prefix).split("/")[0] for key in bucket.keys(prefix, _MAX_KEYS)}
    return [
        RunPlace(cluster=cluster, service=service, deployment_id=deployment_id, run_name=name)
        for name in sorted(names, key=lambda name: (name == NO_EXECUTION, name))
    ]
