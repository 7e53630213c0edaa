"""Finds a gate run from what a person has in hand, and reads what is stored of it.

Imported by the commands that show gate runs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.core.arns import parse_service_deployment_arn
from testgate.core.errors import GateError, InputError
from testgate.core.kinds import TEST_GATE
from testgate.core.layout import (
    NO_EXECUTION,
    RunPlace,
    deployment_prefix,
    index_prefix,
    parse_index_key,
)
from testgate.core.outcomes import PASSING, Outcome

_SERVICE = re.compile(r"([0-9A-Za-z_-]+)/([0-9A-Za-z_-]+)")
_MAX_KEYS = 20_000
_REFUSED = 3


class RunNotFoundError(GateError):
    """Nothing is recorded of what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A gate run as stored: Judge's record, the hook's answer, or (at least one of) both; and what
    `others` the same deployment had, of this hook or another kind."""

    place: RunPlace
    bucket: str
    record: Mapping[str, Any] | None
    answer: Mapping[str, Any] | None
    others: tuple["StoredRun", ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The hook's last word if it has spoken, else the record's."""
        return Outcome((self.answer or self.record or {})["outcome"])

    @property
    def sentence(self) -> str:
        """The sentence of that word."""
        return str((self.answer or self.record or {})["sentence"])

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
    places = _places(bucket, cluster, service, deployment_id) if deployment_id else []
    runs = [run for run in (_read(bucket, place) for place in places) if run is not None]
    if runs:
        first, *others = sorted(runs, key=lambda run: (run.place.run_name != run_name, _order(run)))
        return replace(first, others=tuple(others))
    raise RunNotFoundError(f"no ended gate run of {target} is recorded in bucket {bucket.name}")


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


def _read(bucket: Bucket, place: RunPlace) -> StoredRun | None:
    record = bucket.find_json(place.record)
    answers = [bucket.find_json(key) for key in bucket.keys(place.answers)]
    refused = [answer for answer in answers if answer and answer["hook_status"] == "FAILED"]
    answer = next(iter([*refused, *answers]), None)
    if record is None and answer is None:
        return None
    return StoredRun(place=place, bucket=bucket.name, record=record, answer=answer)


def _places(bucket: Bucket, cluster: str, service: str, deployment_id: str) -> list[RunPlace]:
    """The places of every gate run of a deployment, that without an execution last."""
    prefix = deployment_prefix(cluster, service, deployment_id)
    names = {key.removeprefix(prefix).split("/")[0] for key in bucket.keys(prefix, _MAX_KEYS)}
    return [
        RunPlace(cluster=cluster, service=service, deployment_id=deployment_id, run_name=name)
        for name in sorted(names, key=lambda name: (name == NO_EXECUTION, name))
    ]
