"""What happens next in a deployment: pure functions from values to values.

Everything that a table test can fix is decided here; threads, clocks and AWS calls are elsewhere.
Imported by `testgate.local.ecs` alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testgate.local.ecs import reasons
from testgate.local.ecs.answers import HookVerdict
from testgate.local.ecs.behaviour import CallBackDelays, HookDetailsMode
from testgate.local.ecs.model import (
    HookDetails,
    HookStatus,
    LifecycleHook,
    Stage,
    Strategy,
    TimeoutAction,
)

_ROLLING_STAGES = (Stage.PRE_SCALE_UP, Stage.SCALE_UP, Stage.BAKE_TIME, Stage.CLEAN_UP)


def plan_stages(strategy: Strategy, *, reconcile: bool) -> tuple[Stage, ...]:
    """The stages of a deployment in order.

    RECONCILE_SERVICE only when more than one revision is active at the start (documented). A
    rolling deployment has no stages of its own but PRE_SCALE_UP hooks run (documented); here it
    passes through SCALE_UP, BAKE_TIME and CLEAN_UP as well (assumed; ECS bakes after the old tasks
    have gone, which here go last).
    """
    stages = _ROLLING_STAGES if strategy is Strategy.ROLLING else tuple(Stage)[1:]
    return (Stage.RECONCILE_SERVICE, *stages) if reconcile else stages


def hooks_at(hooks: Sequence[LifecycleHook], stage: Stage) -> tuple[LifecycleHook, ...]:
    """The hooks of a stage in the order of their configuration."""
    return tuple(hook for hook in hooks if stage in hook.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The two weight maps of a hook event: revision ARN to percent."""

    test: Mapping[str, int]
    production: Mapping[str, int]


def weights_at(
    stage: Stage, *, target: str, source: str | None, rolling_back: bool = False
) -> Weights:
    """The weights in the event of a stage.

    Documented: test weights at TEST_TRAFFIC_SHIFT; production weights at
    PRE_PRODUCTION_TRAFFIC_SHIFT (as they still are) and PRODUCTION_TRAFFIC_SHIFT; inverse in a
    rollback; both, as they are to be, at RECONCILE_SERVICE (the guide's text of 2025); empty
    everywhere else. Without a source revision only the target is named (seen).
    """
    on_target = _split(target, source, target_percent=0 if rolling_back else 100)
    match stage:
        case Stage.TEST_TRAFFIC_SHIFT:
            return Weights(test=on_target, production={})
        case Stage.PRODUCTION_TRAFFIC_SHIFT:
            return Weights(test={}, production=on_target)
        case Stage.RECONCILE_SERVICE:
            return Weights(test=on_target, production=on_target)
        case Stage.PRE_PRODUCTION_TRAFFIC_SHIFT:
            return Weights(test={}, production=_split(target, source, target_percent=0))
        case _:
            return Weights(test={}, production={})


def _split(target: str, source: str | None, *, target_percent: int) -> dict[str, int]:
    weights = {target: target_percent}
    if source is not None:
        weights[source] = 100 - target_percent
    return weights


def carry_details(
    mode: HookDetailsMode,
    *,
    configured: HookDetails | None,
    current: HookDetails | None,
    returned: HookDetails | None,
) -> HookDetails | None:
    """The hookDetails that stand after an IN_PROGRESS answer.

    An answer without hookDetails changes nothing, but in FORGET; where one side is not an object
    there is nothing to merge and the returned value stands (both assumed).
    """
    if mode is HookDetailsMode.DROP:
        return configured
    if mode is HookDetailsMode.FORGET:
        return returned
    if returned is None:
        return current
    if mode is HookDetailsMode.REPLACE or current is None:
        return returned
    if isinstance(current.value, dict) and isinstance(returned.value, dict):
        if mode is HookDetailsMode.KEEP_CONFIGURED:
            return HookDetails({**returned.value, **current.value})
        return HookDetails({**current.value, **returned.value})
    return returned


DEFAULT_CALL_BACK_DELAY_S = 30.0  # documented
_LATENESS = 1.5
_LAST_CALL_BEFORE_END_S = 1.0


def next_call_s(rule: CallBackDelays, asked_s: float | None, left_s: float) -> float | None:
    """Seconds until a hook is called again; None if its time, `left_s`, ends before.

    `asked_s` is the answer's callBackDelay, None if that was absent or no number.
    """
    delay_s = _taken(rule, asked_s)
    if rule is CallBackDelays.LATE:
        delay_s *= _LATENESS
    if delay_s < left_s:
        return delay_s
    last_call = rule is CallBackDelays.LAST_CALL and left_s > _LAST_CALL_BEFORE_END_S
    return left_s - _LAST_CALL_BEFORE_END_S if last_call else None


def _taken(rule: CallBackDelays, asked_s: float | None) -> float:
    if asked_s is None or asked_s < 0:
        return DEFAULT_CALL_BACK_DELAY_S
    if asked_s == 0:
        return 0.0 if rule is CallBackDelays.ZERO_AT_ONCE else DEFAULT_CALL_BACK_DELAY_S
    if rule is CallBackDelays.WHOLE_SECONDS and not asked_s.is_integer():
        return DEFAULT_CALL_BACK_DELAY_S
    if rule is CallBackDelays.AT_LEAST_30:
        return max(asked_s, DEFAULT_CALL_BACK_DELAY_S)
    return asked_s


def handed_over(mode: HookDetailsMode, details: HookDetails | None) -> HookDetails | None:
    """The hookDetails as the event spells them: in TEXT mode as JSON text."""
    if mode is not HookDetailsMode.TEXT or details is None or isinstance(details.value, str):
        return details
    return HookDetails(json.dumps(details.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEnd:
    """How one hook of a stage ended; `refusal` is the deployment's status reason, if it refused."""

    status: HookStatus
    refusal: str | None = None


def end_of(verdict: HookVerdict, hook: LifecycleHook, stage: Stage) -> HookEnd:
    """The end that a final answer makes."""
    if verdict.refusal is None:
        return HookEnd(status=HookStatus.SUCCEEDED)
    reason = reasons.rolled_back_by_hook(stage, verdict.refusal, hook.target)
    return HookEnd(status=HookStatus.FAILED, refusal=reason)


def end_of_timeout(hook: LifecycleHook, stage: Stage) -> HookEnd:
    """A hook past its time: CONTINUE lets the deployment go on (documented)."""
    if hook.timeout_action is TimeoutAction.CONTINUE:
        return HookEnd(status=HookStatus.TIMED_OUT)
    refusal = reasons.hook_timed_out(hook.function_arn)
    reason = reasons.rolled_back_by_hook(stage, refusal, hook.target)
    return HookEnd(status=HookStatus.TIMED_OUT, refusal=reason)


def fold(ends: Sequence[HookEnd | None]) -> str | None:
    """The refusal of a stage: that of the first hook, in configured order, that refused."""
    return next((end.refusal for end in ends if end is not None and end.refusal), None)


def rollback_stages(*, test_shifted: bool, production_shifted: bool) -> tuple[Stage, ...]:
    """The stages whose traffic goes back, production first.

    Their hooks are called again with inverse weights (documented); a shift that has not happened
    is not undone.
    """
    shifted = {
        Stage.PRODUCTION_TRAFFIC_SHIFT: production_shifted,
        Stage.TEST_TRAFFIC_SHIFT: test_shifted,
    }
    return tuple(stage for stage, happened in shifted.items() if happened)
