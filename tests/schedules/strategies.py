"""Hypothesis strategies for schedules: any setup, some suites, up to six disturbances.

What is rare in life is common here. Shrinking takes disturbances away and moves everything to its
default, so that what is left is what matters.
"""

from typing import TypeVar

from hypothesis import strategies as st

from testgate.core.events import POST_PRODUCTION, POST_TEST, PRODUCTION_SHIFT, TEST_SHIFT
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
    GateName,
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
    Setup,
    SuiteSpec,
)

T = TypeVar("T")
MOST_DRAWN = 5
_DRIFTS = (ActKind.OLD_TARGET, ActKind.DRIFT_TEST, ActKind.MIX_TEST, ActKind.RULE_ABOVE)
_NAMES = ("smoke", "checkout", "search", "extra")
_MOST_CALLS = {  # about as many as a clean run of three suites makes, and a few of a repeat
    Function.HOOK: 30,
    Function.PREPARE: 14,
    Function.CHECK: 3,
    Function.RUN_SUITE: 14,
    Function.JUDGE: 22,
    Function.FINISH: 10,
    Function.CANCEL: 6,
}
_INVOKED = (Function.PREPARE, Function.CHECK, Function.RUN_SUITE, Function.JUDGE)
_SECONDS = st.integers(0, 45)
_STAGES = st.sampled_from(
    [(POST_TEST,)] * 8
    + [(POST_PRODUCTION,)] * 2
    + [(POST_TEST, POST_PRODUCTION)] * 3
    + [("PRE_SCALE_UP",), (TEST_SHIFT,), (PRODUCTION_SHIFT,), (POST_TEST, PRODUCTION_SHIFT)]
)


def _mostly(usual: T, *others: T) -> st.SearchStrategy[T]:
    return st.sampled_from([usual] * (4 * len(others)) + list(others))


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """How a service may be configured. A hook that lets pass by expiring is told to the gate."""
    continues = draw(_mostly(False, True))
    return Setup(
        timeout_s=draw(st.sampled_from([1800] * 7 + [900, 300, 60, 20, 10])),
        hook_timeout_min=draw(st.sampled_from([60] * 5 + [1440, 10, 3, 2])),
        expiry_told=continues or draw(_mostly(True, False)),
        continues=continues,
        stages=draw(_STAGES),
        observes=draw(_mostly(False, True)),
        first_deployment=draw(_mostly(False, True)),
        skips_first=draw(_mostly(False, True)),
        gate=draw(st.sampled_from([GateName.BY_NAME, *GateName])),
        asks_identity=draw(_mostly(False, True)),
        second_hook=draw(_mostly("", "enforce", "observe")),
        configured_as_text=draw(_mostly(False, True)),
        pace=draw(st.integers(0, 3)),
    )


_behaviours = st.one_of(
    st.just((Behaviour.PASSES,)),
    st.just((Behaviour.PASSES,)),
    st.just((Behaviour.PASSES,)),
    st.lists(st.sampled_from(list(Behaviour)), min_size=1, max_size=3).map(tuple),
)


@st.composite
def suites(draw: st.DrawFn) -> tuple[SuiteSpec, ...]:
    """One to four suites in up to three waves, at least one of them blocking."""
    count = draw(st.sampled_from([1, 1, 2, 3, 4]))
    found = [
        SuiteSpec(
            name=name,
            wave=draw(st.integers(0, 2)),
            blocking=draw(_mostly(True, False)) is True or name == _NAMES[0],
            seconds=draw(st.sampled_from([5, 5, 1, 20, 50, 250])),
            timeout_s=draw(st.sampled_from([300, 300, 300, 60, 10])),
            shards=draw(_mostly(1, 3)),
            attempts=draw(_mostly(1, 2)),
            behaviours=draw(_behaviours),
        )
        for name in _NAMES[:count]
    ]
    return tuple(found)


_api_faults = st.sampled_from(list(Function)).flatmap(
    lambda function: st.builds(
        ApiFault,
        function=st.just(function),
        nth=st.integers(0, _MOST_CALLS[function]),
        kind=st.sampled_from(list(ApiFaultKind)),
    )
)
_invoke_faults = st.builds(
    InvokeFault,
    function=st.sampled_from(_INVOKED),
    nth=st.integers(0, 3),
    kind=st.sampled_from(list(InvokeFaultKind)),
    times=st.sampled_from([1, 1, 2, 3, 9]),
)
_hook_quirks = st.builds(
    HookQuirk,
    nth=st.integers(0, 8),
    kind=st.sampled_from(list(HookQuirkKind)),
    seconds=st.sampled_from([5, 0, 1, 30, 90]),
)
_hand_backs = st.builds(HandBack, nth=st.integers(0, 4), kind=st.sampled_from(list(HandBackKind)))
_event_quirks = st.builds(
    EventQuirk,
    nth=st.integers(0, 6),
    kind=st.sampled_from(list(EventQuirkKind)),
    seconds=st.sampled_from([66, 1, 5, 600]),  # the first would come while the gate runs
)
_lags = st.builds(
    Lag,
    service=st.sampled_from([Service.ECS, Service.STATES]),
    seconds=st.sampled_from([1, 3, 10, 30]),
)
_outages = st.builds(
    Outage,
    service=st.sampled_from(list(Service)),
    at=_SECONDS,
    seconds=st.sampled_from([5, 20, 60, 200]),
)


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Somebody's act, at a time or right before a call of some function."""
    function = draw(st.sampled_from([None, None, Function.JUDGE, *Function]))
    at = draw(_SECONDS if function is None else st.integers(0, _MOST_CALLS[function]))
    lasts = draw(st.sampled_from([None, 1, 3, 8, 30]))
    return Act(kind=draw(st.sampled_from(list(ActKind))), at=at, function=function, lasts=lasts)


disturbances: st.SearchStrategy[Disturbance] = st.one_of(
    _api_faults,
    _api_faults,
    _invoke_faults,
    _hook_quirks,
    _hand_backs,
    _event_quirks,
    _lags,
    _outages,
    acts(),
    acts(),
)


@st.composite
def _stories(draw: st.DrawFn) -> tuple[Disturbance, ...]:
    """Disturbances that only mean something together."""
    at = draw(st.integers(0, 12))
    lasts = draw(st.sampled_from([None, 1, 3, 8]))
    judge = Function.JUDGE
    told: list[tuple[Disturbance, ...]] = [
        (
            Act(kind=ActKind.STOP_EXECUTION, function=judge, at=at),
            Act(kind=ActKind.REDRIVE, function=judge, at=at + 1),
        ),
        (Act(kind=ActKind.STOP_EXECUTION, at=at), Act(kind=ActKind.REDRIVE, at=at)),
        (Act(kind=ActKind.REPUBLISH, at=at), Act(kind=ActKind.SPOIL_PLAN, at=at)),
        (Act(kind=ActKind.SUPERSEDE, at=at), Act(kind=ActKind.SUPERSEDE, at=2 * at)),
        (Act(kind=ActKind.SUPERSEDE, at=at), EventQuirk(nth=1, kind=EventQuirkKind.LOST)),
        # Green is disturbed while the last suite runs, and perhaps until somebody looks.
        *((Act(kind=kind, at=at // 2, lasts=lasts),) for kind in _DRIFTS),
        *((Act(kind=kind, function=judge, at=at, lasts=lasts),) for kind in _DRIFTS),
        (
            Act(kind=ActKind.DRIFT_TEST, at=at // 2, lasts=lasts),
            ApiFault(function=judge, nth=at, kind=ApiFaultKind.THROTTLED),
        ),
    ]
    return draw(st.sampled_from(told))


_some: st.SearchStrategy[tuple[Disturbance, ...]] = st.one_of(
    disturbances.map(lambda one: (one,)),
    disturbances.map(lambda one: (one,)),
    _stories(),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule; a third of them on the plainest setup, where most should pass."""
    plain = draw(st.integers(0, 2)) == 0
    return Schedule(
        setup=Setup() if plain else draw(setups()),
        suites=draw(suites()),
        disturbances=sum(draw(st.lists(_some, max_size=MOST_DRAWN)), ()),
    )
