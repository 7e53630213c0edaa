"""Finds a gate run from what a person has in hand, and reads what is stored of it.

Imported by `why` and `show`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import GateError, InputError
from testgate.core.layout import (
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
    for place in places:
        record, answer = bucket.find_json(place.record), bucket.find_json(place.answer)
        if record or answer:
            return StoredRun(place=place, bucket=bucket.name, record=record, answer=answer)
    raise RunNotFoundError(
        f"no ended gate run of {target} is recorded in bucket {bucket.name}; if the deployment "
        "has ended, its hook never ran: see the service's events in ECS"
    )


def _places_of_deployment(bucket: Bucket, arn: str) -> list[RunPlace]:
    deployment = parse_service_deployment_arn(arn)
    prefix = deployment_prefix(deployment)
    names = {key.removeprefix(prefix).split("/")[0] for key in bucket.keys(prefix, _MAX_KEYS)}
    return [
        RunPlace(
            cluster=deployment.cluster,
            service=deployment.service,
            deployment_id=deployment.deployment_id,
            run_name=name,
        )
        for name in sorted(names, key=lambda name: name == "no-execution")
    ]


def _newest_place(bucket: Bucket, target: str) -> list[RunPlace]:
    match = _SERVICE.fullmatch(target)
    if match is None:
        raise InputError(
            f"{target!r} is neither the ARN of a service deployment nor cluster/service"
        )
    entries = (parse_index_key(key) for key in bucket.keys(index_prefix(*match.groups()), 5))
    return [entry.place for entry in entries if entry is not None]
