"""Finds a gate run from what a person has in hand, and reads what is stored of it.

Imported by the commands that show gate runs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import GateError, InputError
from testgate.core.layout import (
    NO_EXECUTION,
    RunPlace,
    deployment_prefix,
    index_prefix,
    parse_index_key,
)
from testgate.core.outcomes import Outcome

_SERVICE = re.compile(r"([0-9A-Za-z_-]+)/([0-9A-Za-z_-]+)")
_MAX_KEYS = 20_000


class RunNotFoundError(GateError):
    """Nothing is recorded of what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A gate run as stored: Judge's record, the hook's answer, or (at least one of) both."""

    place: RunPlace
    bucket: str
    record: Mapping[str, Any] | None
    answer: Mapping[str, Any] | None

    @property
    def outcome(self) -> Outcome:
        """The hook's last word if it has spoken, else the record's."""
        return Outcome((self.answer or self.record or {})["outcome"])

    @property
    def sentence(self) -> str:
        """The sentence of that word."""
        return str((self.answer or self.record or {})["sentence"])

    @property
    def service(self) -> str:
        """`<cluster>/<service>`"""
        return f"{self.place.cluster}/{self.place.service}"


def find_run(bucket: Bucket, target: str) -> StoredRun:
    """The gate run of a deployment's ARN, or the newest of `cluster/service`.

    Raises RunNotFoundError, InputError for another kind of target.
    """
    if target.startswith("arn:"):
        places = _places_of_deployment(bucket, target)
    else:
        places = _newest_place(bucket, target)
    runs = [run for run in (_read(bucket, place) for place in places) if run is not None]
    if runs:
        # Several gates may have run for one deployment: the one that refused it is the answer.
        return max(runs, key=lambda run: run.outcome.severity)
    raise RunNotFoundError(f"no ended gate run of {target} is recorded in bucket {bucket.name}")


def _read(bucket: Bucket, place: RunPlace) -> StoredRun | None:
    record = bucket.find_json(place.record)
    answers = [bucket.find_json(key) for key in bucket.keys(place.answers)]
    refused = [answer for answer in answers if answer and answer["hook_status"] == "FAILED"]
    answer = next(iter([*refused, *answers]), None)
    if record is None and answer is None:
        return None
    return StoredRun(place=place, bucket=bucket.name, record=record, answer=answer)


def _places_of_deployment(bucket: Bucket, arn: str) -> list[RunPlace]:
    deployment = parse_service_deployment_arn(arn)
    return _places(bucket, deployment.cluster, deployment.service, deployment.deployment_id)


def _newest_place(bucket: Bucket, target: str) -> list[RunPlace]:
    match = _SERVICE.fullmatch(target)
    if match is None:
        raise InputError(
            f"{target!r} is neither the ARN of a service deployment nor cluster/service"
        )
    cluster, service = match.groups()
    newest = next(iter(bucket.keys(index_prefix(cluster, service), 1)), "")
    entry = parse_index_key(newest)
    return _places(bucket, cluster, service, entry.place.deployment_id) if entry else []


def _places(bucket: Bucket, cluster: str, service: str, deployment_id: str) -> list[RunPlace]:
    """The places of every gate run of a deployment, that without an execution last."""
    prefix = deployment_prefix(cluster, service, deployment_id)
    names = {key.removeprefix(prefix).split("/")[0] for key in bucket.keys(prefix, _MAX_KEYS)}
    return [
        RunPlace(cluster=cluster, service=service, deployment_id=deployment_id, run_name=name)
        for name in sorted(names, key=lambda name: (name == NO_EXECUTION, name))
    ]
