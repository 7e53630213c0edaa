"""Every promise holds on any schedule of faults, repeats, losses and races that is tried."""

from dataclasses import replace

import pytest

from tests.schedules.expectations import must_pass
from tests.schedules.invariants import broken
from tests.schedules.oracle import earned
from tests.schedules.plugin import PROPERTY
from tests.schedules.reading import said
from tests.schedules.schedule import (
    Act,
    ActKind,
    ApiFault,
    ApiFaultKind,
    Behaviour,
    EventQuirk,
    EventQuirkKind,
    Function,
    HandBack,
    HandBackKind,
    HookQuirk,
    HookQuirkKind,
    Schedule,
    Setup,
    SuiteSpec,
)
from tests.schedules.search import examine, search
from tests.schedules.simulate import simulate
from tests.schedules.sweep import BASE, api_faults, behaviours, others

COUNT = 200


def held(schedule):
    """What happened, after every promise was held on it."""
    happened, found = examine(schedule)
    assert found is None, str(found)
    return happened


def first_of(happened):
    return next(iter(happened.world.deployments.by_arn.values()))


def test_two_hundred_schedules_keep_every_promise(record_property):
    searched = search(COUNT, from_seed=1)
    assert searched.found is None, str(searched.found)
    tally = searched.tally
    record_property(PROPERTY, tally.summary)
    assert tally.schedules == COUNT
    # Neither a gate that refuses everything nor one that lets everything pass would do.
    assert tally.had_to_pass > COUNT / 10
    assert tally.verdicts["passed"] > COUNT / 10
    assert tally.verdicts["infra_error"] > COUNT / 10


@pytest.mark.parametrize("function", list(Function))
def test_any_api_call_of_a_function_may_fail_once_in_any_way(function):
    faults = [fault for fault in api_faults() if fault.function is function]
    assert {fault.kind for fault in faults} == set(ApiFaultKind)
    for fault in faults:
        held(replace(BASE, disturbances=(fault,)))


def test_any_single_oddity_of_aws_keeps_every_promise():
    for disturbance in others():
        held(replace(BASE, disturbances=(disturbance,)))


def test_a_suite_may_end_in_any_way():
    for schedule in behaviours():
        happened = held(schedule)
        passes = first_of(happened).status == "SUCCESSFUL"
        assert passes >= must_pass(schedule)


@pytest.mark.parametrize(
    "disturbance",
    [
        ApiFault(function=Function.HOOK, nth=0, kind=ApiFaultKind.THROTTLED),
        ApiFault(function=Function.JUDGE, nth=3, kind=ApiFaultKind.DIES_AFTER),
        HookQuirk(nth=0, kind=HookQuirkKind.LOST),
        HookQuirk(nth=0, kind=HookQuirkKind.DOUBLED),
        HandBack(nth=0, kind=HandBackKind.DROPPED),
        HandBack(nth=0, kind=HandBackKind.TEXT),
        EventQuirk(nth=1, kind=EventQuirkKind.LOST),
        Act(kind=ActKind.SICK_TARGET, at=1, lasts=8),
    ],
)
def test_what_a_gate_must_survive_it_survives(disturbance):
    schedule = replace(BASE, disturbances=(disturbance,))
    assert must_pass(schedule)
    assert first_of(held(schedule)).status == "SUCCESSFUL"


@pytest.mark.parametrize(
    "act",
    [
        Act(kind=ActKind.DRIFT_TEST, at=1),
        Act(kind=ActKind.MIX_TEST, at=4),
        Act(kind=ActKind.RULE_ABOVE, at=4),
        Act(kind=ActKind.STICK, at=4),
        Act(kind=ActKind.DRIFT_PRODUCTION, at=4),
        Act(kind=ActKind.OLD_TARGET, at=9, lasts=5),
        Act(kind=ActKind.SPOIL_PLAN, at=4),
        Act(kind=ActKind.FORGE_EXECUTION, function=Function.HOOK, at=1),
        Act(kind=ActKind.STOP_EXECUTION, at=4),
        Act(kind=ActKind.STOP_DEPLOYMENT, at=4),
    ],
)
def test_what_takes_a_passs_ground_away_refuses(act):
    happened = held(replace(BASE, disturbances=(act,)))
    assert first_of(happened).status == "ROLLBACK_SUCCESSFUL"


def test_a_redriven_execution_earns_nothing():
    judge = Function.JUDGE
    happened = held(
        Schedule(
            disturbances=(
                Act(kind=ActKind.STOP_EXECUTION, function=judge),
                Act(kind=ActKind.REDRIVE, function=judge, at=1),
            )
        )
    )
    (execution,) = happened.world.executions.by_arn.values()
    assert (execution.status, execution.redrives) == ("SUCCEEDED", 1)
    assert first_of(happened).status == "ROLLBACK_SUCCESSFUL"


def test_a_deployment_that_supersedes_is_judged_by_its_own_tests():
    fails_then_passes = (Behaviour.PASSES, Behaviour.FAILS)
    happened = held(
        Schedule(
            suites=(SuiteSpec(name="smoke", behaviours=fails_then_passes),),
            disturbances=(Act(kind=ActKind.SUPERSEDE, function=Function.JUDGE, at=2),),
        )
    )
    statuses = [deployment.status for deployment in happened.world.deployments.by_arn.values()]
    assert statuses == ["STOPPED", "ROLLBACK_SUCCESSFUL"]
    assert [fact.honest_pass for fact in happened.journal.suites] == [True, False]


def test_an_observing_gate_lets_pass_and_says_what_it_would_have_done():
    happened = held(
        Schedule(
            setup=Setup(observes=True),
            suites=(SuiteSpec(name="smoke", behaviours=(Behaviour.FAILS,)),),
        )
    )
    assert first_of(happened).status == "SUCCESSFUL"
    assert "would have refused: 1 of 3 tests in suite smoke failed" in happened.journal.logged[-1]


def test_a_drift_that_comes_and_goes_between_the_looks_is_not_seen():
    """The limit of looking twice, which docs/schedules.md names."""
    drift = Act(kind=ActKind.DRIFT_TEST, at=2, lasts=2)
    happened = held(Schedule(disturbances=(drift,)))
    (call,) = [call for call in happened.journal.hook_calls if said(call) == "SUCCEEDED"]
    assert earned(happened, first_of(happened), call.stage, call.ended_s).unseen


def test_one_schedule_has_one_course():
    schedule = replace(
        BASE,
        setup=Setup(pace=3, second_hook="observe"),
        disturbances=(Act(kind=ActKind.SUPERSEDE, at=3),),
    )
    courses = {simulate(schedule).journal.spell_trace() for _ in range(3)}
    assert len(courses) == 1


def test_a_schedule_prints_as_the_code_that_makes_it():
    schedule = replace(BASE, disturbances=(HookQuirk(nth=1, kind=HookQuirkKind.LATE),))
    words = {name: value for name, value in globals().items() if name[0].isupper()}
    assert eval(repr(schedule), words) == schedule
    assert not broken(simulate(schedule))
