"""Which schedules a gate must let pass all the same: refusing them would be a mistake too.

What the design says is survived: single faults of AWS, repeats and losses around the hook, events
that fail to come, lag, and what dies and is tried again. Imported by the invariants.
"""

from collections import Counter
from collections.abc import Mapping

from testgate.core.events import GATED_STAGES
from tests.schedules.schedule import (
    Act,
    ActKind,
    ApiFault,
    ApiFaultKind,
    Behaviour,
    Disturbance,
    Function,
    HandBack,
    HandBackKind,
    InvokeFault,
    InvokeFaultKind,
    Lag,
    Outage,
    Schedule,
    Setup,
    SuiteSpec,
)

_AMPLE_S = 900
_MOST_RETRIES = 5  # of the seven that the definition has
_MOST_ASKED_AGAIN = 3  # as often as the last question to green is put again
_MOST_DEATHS = 2
_LONGEST_LAG_S = 30
_LONGEST_OUTAGE_S = 60  # in all
_SICK_FOR_S = 8

_HONEST = frozenset({Behaviour.PASSES, Behaviour.FLAKY, Behaviour.FLOODS})
# What an advisory suite may do without taking the verdict's ground away.
_CONTAINED = frozenset(Behaviour) - {
    Behaviour.FREEZES,
    Behaviour.ANSWERS_NOTHING,
    Behaviour.ANSWERS_TEXT,
    Behaviour.ANSWERS_TOO_MUCH,
    Behaviour.ANSWERS_PASSED,
    Behaviour.POINTS_TO_OTHER_SUITE,
    Behaviour.FORGES_OTHERS,
    Behaviour.EVIDENCE_OF_OTHER_PLAN,
    Behaviour.EVIDENCE_OF_OTHER_QUESTION,
}
_ASIDE = frozenset({Function.FINISH, Function.CANCEL, Function.CHECK})  # no verdict needs them
_REVIVED = frozenset({Function.PREPARE, Function.JUDGE})
_DEATHS = frozenset({ApiFaultKind.DIES_BEFORE, ApiFaultKind.DIES_AFTER})
_WAITING = frozenset({Function.HOOK, Function.RUN_SUITE})  # outlive what stalls
_INVOKE_DEATHS = frozenset(
    {InvokeFaultKind.EXITED, InvokeFaultKind.OUT_OF_MEMORY, InvokeFaultKind.FROZEN}
)


def must_pass(schedule: Schedule) -> bool:
    """Whether nothing in the schedule is a reason to refuse."""
    disturbances = schedule.disturbances
    return (
        _is_gateable(schedule.setup)
        and any(suite.blocking for suite in schedule.suites)
        and all(map(_is_sound, schedule.suites))
        and all(map(_is_survived, disturbances))
        and sum(d.seconds for d in disturbances if isinstance(d, Outage)) <= _LONGEST_OUTAGE_S
        and all(n <= _MOST_DEATHS for n in _deaths(disturbances).values())
        and all(n <= _most_retries(schedule) for n in _retries(disturbances).values())
    )


def _most_retries(schedule: Schedule) -> int:
    return _MOST_ASKED_AGAIN if schedule.setup.asks_identity else _MOST_RETRIES


def _is_gateable(setup: Setup) -> bool:
    return (
        not setup.continues
        and set(setup.stages) <= set(GATED_STAGES)
        and setup.timeout_s >= _AMPLE_S
        and setup.hook_timeout_min * 60 >= _AMPLE_S + 120
    )


def _is_sound(suite: SuiteSpec) -> bool:
    honest = set(suite.behaviours) <= (_HONEST if suite.blocking else _CONTAINED)
    return honest and suite.seconds < suite.timeout_s


def _is_survived(disturbance: Disturbance) -> bool:
    match disturbance:
        case ApiFault(function=function, kind=kind):
            if function in _ASIDE:
                return True
            if _kills(function, kind):
                return function in _REVIVED
            return kind is not ApiFaultKind.DENIED
        case InvokeFault(function=Function.CHECK):
            return True
        case InvokeFault(function=function, kind=kind):
            return kind not in _INVOKE_DEATHS or function in _REVIVED
        case HandBack(kind=kind):
            return kind not in (HandBackKind.FOREIGN, HandBackKind.GARBAGE)
        case Lag(seconds=seconds):
            return seconds <= _LONGEST_LAG_S
        case Act(kind=kind, lasts=lasts):
            sick = kind is ActKind.SICK_TARGET and lasts is not None and lasts <= _SICK_FOR_S
            return sick or kind is ActKind.REPUBLISH
        case _:
            return True


def _kills(function: Function, kind: ApiFaultKind) -> bool:
    """Whether a function that matters dies of it, or of its own timeout."""
    stalls = kind is ApiFaultKind.STALLED and function not in _WAITING
    return function not in _ASIDE and (kind in _DEATHS or stalls)


def _deaths(disturbances: tuple[Disturbance, ...]) -> Mapping[Function, int]:
    """How often each function dies, and is tried again for that."""
    deaths: Counter[Function] = Counter()
    for each in disturbances:
        if isinstance(each, ApiFault) and _kills(each.function, each.kind):
            deaths[each.function] += 1
        if isinstance(each, InvokeFault) and each.kind in _INVOKE_DEATHS:
            deaths[each.function] += each.times * (each.function not in _ASIDE)
    return deaths


def _retries(disturbances: tuple[Disturbance, ...]) -> Mapping[Function, int]:
    """How often each function that matters has to be tried again for another reason."""
    retries: Counter[Function] = Counter()
    for each in disturbances:
        if isinstance(each, ApiFault) and not _kills(each.function, each.kind):
            retries[each.function] += each.function not in (Function.HOOK, *_ASIDE)
        if isinstance(each, InvokeFault) and each.kind not in _INVOKE_DEATHS:
            retries[each.function] += each.times * (each.function not in _ASIDE)
    return retries
