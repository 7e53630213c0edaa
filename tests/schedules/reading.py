"""Facts of one simulation as invariants read them: who said what, who was alive, what is excused.

Imported by the invariants.
"""

import json

from testgate.core.deadlines import EXPIRY_RESERVE_S
from testgate.core.events import SHIFT_STAGES
from tests.schedules.aws.deployments import Deployment
from tests.schedules.aws.executions import Execution
from tests.schedules.journal import HookCallFact
from tests.schedules.schedule import (
    ApiFault,
    ApiFaultKind,
    Function,
    HandBack,
    HandBackKind,
    HookQuirk,
    Lag,
    Outage,
    Service,
)
from tests.schedules.simulate import Happened

# What each disturbance may cost in time: a lost call is tried again after half a minute, a call of
# AWS that does not come back after ten seconds, and a late one comes as late as the schedule says.
A_DISTURBANCE_S = 75
A_BUDGET_S = 60  # of trouble that the hook outlasts for sure
_FINAL = frozenset({ApiFaultKind.DENIED, ApiFaultKind.DIES_BEFORE, ApiFaultKind.DIES_AFTER})


def said(call: HookCallFact) -> str:
    """The answer's hookStatus; "" if there was none."""
    return str((call.answer or {}).get("hookStatus", ""))


def is_way_back(happened: Happened, call: HookCallFact) -> bool:
    """Whether the call was one of a rollback."""
    if call.stage not in SHIFT_STAGES:
        return False
    deployment = happened.world.deployments.by_arn[call.deployment]
    left_s = [at_s for at_s, told in deployment.told if told["status"].startswith("ROLLBACK")]
    return bool(left_s) and call.began_s >= left_s[0]


def is_skipped(happened: Happened, deployment: Deployment) -> bool:
    """Whether the team wants this deployment passed without tests."""
    return happened.schedule.setup.skips_first and deployment.source is None


def is_alive(deployment: Deployment, stage: str, at_s: float) -> bool:
    """Whether it really waited at that stage then."""
    told = [told for since_s, told in deployment.told if since_s <= at_s][-1]
    return told["status"] == "IN_PROGRESS" and told.get("lifecycleStage") == stage


def deadline_s(happened: Happened, execution: Execution, deployment: Deployment) -> float:
    """The gate's deadline, from the schedule's own numbers."""
    setup = happened.schedule.setup
    own_s = execution.started_s + setup.timeout_s
    if not setup.expiry_told:
        return own_s
    expiries = [hook.expires_s for hook in deployment.hooks]
    return min([own_s, *(expiry_s - EXPIRY_RESERVE_S for expiry_s in expiries)])


def excused_s(happened: Happened) -> float:
    """How much longer the disturbances of a schedule may make it wait."""
    excused = 0.0
    for each in happened.schedule.disturbances:
        if isinstance(each, Outage | Lag | HookQuirk):
            excused += each.seconds + A_DISTURBANCE_S
        elif isinstance(each, ApiFault) and each.function is Function.HOOK:
            excused += A_DISTURBANCE_S
    return excused


def service_failed(happened: Happened, function: Function, operations: tuple[str, ...]) -> bool:
    """Whether one of those operations went wrong for that function, or may have."""
    services = {operation.rstrip(":") for operation in operations}
    if any(isinstance(d, Outage) and d.service in services for d in happened.schedule.disturbances):
        return True
    return any(
        call.fault and call.function == function and call.operation.startswith(operations)
        for call in happened.journal.calls
    )


def was_cut_off(happened: Happened) -> bool:
    """Whether the hook could not ask ECS, not even later, or not read what it was asked."""
    for each in happened.schedule.disturbances:
        match each:
            case Outage(service=Service.ECS, seconds=seconds) if seconds > A_BUDGET_S:
                return True
            case ApiFault(function=Function.HOOK, kind=kind) if kind in _FINAL:
                return True
            case HandBack(kind=HandBackKind.GARBAGE):
                return True
    return False


def last_sentence(happened: Happened) -> str:
    """What the hook said last."""
    told = [line for line in happened.journal.logged if '"answer"' in line]
    return str(json.loads(told[-1])["sentence"]) if told else "no answer"
