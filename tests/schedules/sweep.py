"""Every single disturbance there is, one schedule each, on the same small gate.

Each API call of each function failing in each way, each invocation, each call of the hook, each act
at each moment: what random schedules would only mostly meet. Imported by the soak and the tests.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.schedules.schedule import (
    Act,
    ActKind,
    ApiFault,
    ApiFaultKind,
    Behaviour,
    Disturbance,
    EventQuirk,
    EventQuirkKind,
    Function,
    HandBack,
    HandBackKind,
    HookQuirk,
    HookQuirkKind,
    InvokeFault,
    InvokeFaultKind,
    Lag,
    Outage,
    Schedule,
    Service,
    SuiteSpec,
)
from tests.schedules.simulate import simulate

BASE = Schedule(
    suites=(
        SuiteSpec(name="smoke"),
        SuiteSpec(name="checkout", wave=1),
        SuiteSpec(name="extra", wave=1, blocking=False),
    )
)
_INVOKED = (Function.PREPARE, Function.CHECK, Function.RUN_SUITE, Function.JUDGE)
_LONG_ENOUGH_S = 26  # the whole gate


def sweep() -> Iterator[Schedule]:
    """All of them."""
    yield BASE
    for disturbance in (*api_faults(), *others(), *_acts()):
        yield replace(BASE, disturbances=(disturbance,))
    yield from behaviours()


def api_faults() -> Iterator[ApiFault]:
    """Each API call that the undisturbed gate makes, failing in each way."""
    for function, nth in _calls():
        for kind in ApiFaultKind:
            yield ApiFault(function=function, nth=nth, kind=kind)


def behaviours() -> Iterator[Schedule]:
    """Each behaviour of a suite, alone, last, and beside a blocking one."""
    for behaviour in Behaviour:
        own = SuiteSpec(name="checkout", behaviours=(behaviour,))
        smoke = SuiteSpec(name="smoke")
        for suites in (
            (own,),
            (smoke, replace(own, wave=1)),
            (smoke, replace(own, blocking=False)),
        ):
            yield replace(BASE, suites=suites)


def _calls() -> list[tuple[Function, int]]:
    calls = simulate(BASE).journal.calls
    return sorted({(Function(call.function), call.nth) for call in calls})


def others() -> Iterator[Disturbance]:
    """Everything else that AWS may do once."""
    for function in _INVOKED:
        for nth in range(3):
            yield from (InvokeFault(function=function, nth=nth, kind=k) for k in InvokeFaultKind)
    for nth in range(7):
        yield from (HookQuirk(nth=nth, kind=kind) for kind in HookQuirkKind)
        yield from (HandBack(nth=nth, kind=kind) for kind in HandBackKind)
        yield from (EventQuirk(nth=nth, kind=kind) for kind in EventQuirkKind)
    for service in Service:
        yield from (Outage(service=service, at=at, seconds=20) for at in range(0, 24, 2))
    for seconds in (1, 5, 20, 30):
        yield Lag(service=Service.ECS, seconds=seconds)
        yield Lag(service=Service.STATES, seconds=seconds)


def _acts() -> Iterator[Act]:
    for kind in ActKind:
        for at in range(_LONG_ENOUGH_S):
            yield Act(kind=kind, at=at)
            yield Act(kind=kind, at=at, lasts=2)
        for function, nth in _calls():
            yield Act(kind=kind, at=nth, function=function)
            yield Act(kind=kind, at=nth, function=function, lasts=1)
