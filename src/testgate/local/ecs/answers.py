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
from testgate.local.ecs.invoker import (
    HookAnswered,
    HookCall,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
)
from testgate.local.ecs.model import HookDetails, Stage

DEFAULT_CALL_BACK_DELAY_S = 30.0


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
    """IN_PROGRESS: ask again after `delay_s`; `details` None if none came back."""

    delay_s: float
    details: HookDetails | None


HookReading = HookVerdict | HookWaits


def read_result(call: HookCall, result: HookResult) -> HookReading:
    """What ECS understands of an invocation.

    A function error is read as any other answer: it has no hookStatus (seen). Nothing is retried.
    """
    match result:
        case HookAnswered(body) | HookFunctionError(body):
            return _read_answer(call.function_arn, body)
        case HookRoleNotAssumed():
            return HookVerdict(refusal=reasons.role_not_assumed(call.role_arn))
        case HookNotInvoked(reason):
            return HookVerdict(refusal=reasons.not_invoked(call.function_arn, reason))


def _read_answer(function_arn: str, body: bytes) -> HookReading:
    document = _object(body)
    match document.get("hookStatus"):
        case "SUCCEEDED":
            return HookVerdict(refusal=None)
        case "FAILED":
            return HookVerdict(refusal=reasons.returned_failed(function_arn))
        case "IN_PROGRESS":
            details = document.get("hookDetails")
            return HookWaits(
                delay_s=_delay_s(document.get("callBackDelay")),
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


def _delay_s(value: object) -> float:
    """Seconds; what is no positive number counts as absent (assumed: no range is documented)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_CALL_BACK_DELAY_S
    return float(value) if math.isfinite(value) and value > 0 else DEFAULT_CALL_BACK_DELAY_S
