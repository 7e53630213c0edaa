"""The hook contract on the wire: the event that a hook gets and the answer that ECS reads.

The one place that spells `hookStatus`, `callBackDelay` and `hookDetails` for the local ECS.
Imported by `testgate.local.ecs` alone.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.local.ecs import reasons
from testgate.local.ecs.behaviour import Behaviour, Throttling
from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
    HookThrottled,
)
from testgate.local.ecs.model import HookDetails, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """What a hook is told (documented, and as logged by real hooks)."""

    execution_id: str
    stage: Stage
    deployment_arn: str
    service_arn: str
    target_revision_arn: str
    test_weights: Mapping[str, int]
    production_weights: Mapping[str, int]
    details: HookDetails | None


def to_payload(event: HookEvent) -> bytes:
    """The event as JSON; the key `hookDetails` is absent when there is nothing to tell."""
    document: dict[str, Any] = {
        "executionDetails": {
            "testTrafficWeights": dict(event.test_weights),
            "productionTrafficWeights": dict(event.production_weights),
            "serviceArn": event.service_arn,
            "targetServiceRevisionArn": event.target_revision_arn,
        },
        "executionId": event.execution_id,
        "lifecycleStage": event.stage.value,
        "resourceArn": event.deployment_arn,
    }
    if event.details is not None:
        document["hookDetails"] = event.details.value
    return json.dumps(document).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookVerdict:
    """A final answer; `refusal` is the sentence why not, None for SUCCEEDED."""

    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookWaits:
    """IN_PROGRESS: ask again; None for a callBackDelay or hookDetails that did not come back."""

    asked_delay_s: float | None
    details: HookDetails | None


@dataclass(frozen=True, slots=True)
class HookRetried:
    """The function never ran: call it again as it was called."""


HookReading = HookVerdict | HookWaits | HookRetried


def read_result(call: HookCall, result: HookResult, behaviour: Behaviour) -> HookReading:
    """What ECS understands of an invocation.

    A function error is read as any other answer: it has no hookStatus, and is not retried (seen).
    """
    match result:
        case HookAnswered(body) | HookFunctionError(body):
            return _read_answer(call.function_arn, body, behaviour)
        case HookRoleNotAssumed():
            return HookVerdict(refusal=reasons.role_not_assumed(call.role_arn))
        case HookNotInvoked(reason):
            return HookVerdict(refusal=reasons.not_invoked(call.function_arn, reason))
        case HookThrottled(reason):
            if behaviour.throttling is Throttling.IS_RETRIED:
                return HookRetried()
            return HookVerdict(refusal=reasons.not_invoked(call.function_arn, reason))


def _read_answer(function_arn: str, body: bytes, behaviour: Behaviour) -> HookReading:
    document = _object(body)
    match document.get("hookStatus"):
        case "SUCCEEDED":
            return HookVerdict(refusal=None)
        case "FAILED":
            reason = document.get("reason") if behaviour.shows_reason else None
            return HookVerdict(refusal=reasons.returned_failed(function_arn, reason))
        case "IN_PROGRESS":
            details = document.get("hookDetails")
            return HookWaits(
                asked_delay_s=_number(document.get("callBackDelay")),
                details=None if details is None else HookDetails(details),
            )
        case _:
            return HookVerdict(refusal=reasons.unreadable(function_arn))


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _number(value: object) -> float | None:
    """Text, and what is no finite number, counts as absent (assumed)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
