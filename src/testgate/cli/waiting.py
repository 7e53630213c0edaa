"""Hooks that still wait: for an approval, a scan, or the next check of a metric.

Imported by `why` and `show`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from testgate.aws.s3 import Bucket
from testgate.cli.ecs_word import ask_ecs
from testgate.cli.runs import service_and_deployment
from testgate.core.layout import RunPlace, parse_waiting_key, waiting_prefix

_MAX_NOTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingHook:
    """A hook that has been asked and has not answered, as it noted itself."""

    place: RunPlace
    hook: str
    stage: str
    deployment: str
    deadline: str
    sentence: str

    def spell(self) -> dict[str, str]:
        """For programs."""
        return {
            "hook": self.hook,
            "stage": self.stage,
            "deployment": self.deployment,
            "deadline": self.deadline,
            "sentence": self.sentence,
        }


def find_waiting(client: Callable[[str], Any], bucket: Bucket, target: str) -> list[WaitingHook]:
    """The hooks that a deployment's ARN, or any deployment of `cluster/service`, still waits for.

    A hook is never told that nobody waits any more, so ECS is asked. Raises InputError.
    """
    noted = list(_noted(bucket, target))
    live = {arn: _is_live(client, arn) for arn in {hook.deployment for hook in noted}}
    return [hook for hook in noted if _waits(hook, live[hook.deployment])]


def _noted(bucket: Bucket, target: str) -> Iterator[WaitingHook]:
    """Every noted hook that has not answered."""
    cluster, service, deployment_id = service_and_deployment(target)
    for key in bucket.keys(waiting_prefix(cluster, service, deployment_id), _MAX_NOTES):
        place = parse_waiting_key(key)
        if place is None or next(bucket.keys(place.answers, 1), None) is not None:
            continue
        note = bucket.find_json(key)
        if isinstance(note, Mapping):
            yield _read(place, note)


def _read(place: RunPlace, note: Mapping[str, Any]) -> WaitingHook:
    texts = {name: str(note.get(name) or "") for name in ("hook", "stage", "deployment")}
    return WaitingHook(
        place=place,
        deadline=str(note.get("deadline") or ""),
        sentence=str(note.get("sentence") or "waits"),
        **texts,
    )


def _is_live(client: Callable[[str], Any], arn: str) -> bool | None:
    """Whether the deployment goes on; None if ECS does not tell."""
    word = ask_ecs(client("ecs"), arn)
    return None if word is None else word.goes_on


def _waits(hook: WaitingHook, live: bool | None) -> bool:
    """By ECS's word, and where it has none by the hook's own deadline."""
    if live is not None:
        return live
    try:
        return datetime.now(UTC) < datetime.fromisoformat(hook.deadline)
    except (TypeError, ValueError):
        return False
