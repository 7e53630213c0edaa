"""Each open question about ECS, under every answer to it: the switches of `Behaviour`.

hookDetails (question 2) are in test_hook_events.py, roles and events (5, 8) where those live.
"""

import threading

import pytest
from botocore.exceptions import ClientError

from testgate.local.ecs import (
    Behaviour,
    CallBackDelays,
    ExecutionIds,
    HookThrottled,
    Stopping,
    Throttling,
)
from tests.local.ecs.conftest import Hooks, Place, World, answer, hook, succeed

_WAIT = {"hookStatus": "IN_PROGRESS", "callBackDelay": 30}
_DONE = {"hookStatus": "SUCCEEDED"}


@pytest.mark.parametrize(("ids", "expected"), [("SAME", 1), ("EACH_CALL", 3), ("HOOK_ID", 1)])
def test_execution_ids_over_the_calls_of_a_hook(
    world: World, place: Place, hooks: Hooks, ids, expected
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(execution_ids=ExecutionIds(ids))
    arn = hooks.answers(_WAIT, _WAIT, _DONE)
    deployment = place.ended(place.update("green", hook(arn)))
    seen = {event["executionId"] for event in hooks.events_of(arn)}
    assert len(seen) == expected
    (detail,) = deployment["lifecycleHookDetails"]
    assert (detail["hookId"] in seen) is (ids == "HOOK_ID")


@pytest.mark.parametrize(
    ("rule", "asked", "waits"),
    [
        ("AS_GIVEN", 0.5, [0.5]),
        ("WHOLE_SECONDS", 0.5, [30.0]),
        ("AT_LEAST_30", 2, [30.0]),
        ("ZERO_AT_ONCE", 0, [0.0]),
        ("LATE", 20, [30.0]),
        ("LAST_CALL", 20, [20.0]),
    ],
)
def test_call_back_delays_by_rule(world: World, place: Place, hooks: Hooks, rule, asked, waits):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(call_back_delays=CallBackDelays(rule))
    arn = hooks.answers({**_WAIT, "callBackDelay": asked}, _DONE)
    before = len(world.clock.waits_s)
    place.ended(place.update("green", hook(arn)))
    waited = world.clock.waits_s[before:]
    assert waited[: len(waits)] == waits
    assert not any(waited[len(waits) :])  # bake time of 0 minutes


@pytest.mark.parametrize(("rule", "calls"), [("AS_GIVEN", 1), ("LAST_CALL", 2)])
def test_a_delay_beyond_the_hooks_time(world: World, place: Place, hooks: Hooks, rule, calls):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(call_back_delays=CallBackDelays(rule))
    arn = hooks.function(lambda _: answer({**_WAIT, "callBackDelay": 600}))
    timeout = {"timeoutInMinutes": 1}
    deployment = place.ended(place.update("green", hook(arn, timeoutConfiguration=timeout)))
    assert deployment["lifecycleHookDetails"][0]["status"] == "TIMED_OUT"
    assert len(hooks.events_of(arn)) == calls


@pytest.mark.parametrize(
    ("rule", "status", "calls"),
    [("ROLLS_BACK", "ROLLBACK_SUCCESSFUL", 2), ("IS_RETRIED", "SUCCESSFUL", 3)],
)
def test_a_throttled_invocation(world: World, place: Place, hooks: Hooks, rule, status, calls):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(throttling=Throttling(rule))
    results = [
        answer({**_WAIT, "hookDetails": {"TRY": 1}}),
        HookThrottled("Rate exceeded"),
        answer(_DONE),
    ]
    arn = hooks.function(lambda _: results.pop(0))
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == status
    events = hooks.events_of(arn)
    assert [event.get("hookDetails") for event in events[1:]] == [{"TRY": 1}] * (calls - 1)
    if status != "SUCCESSFUL":
        assert deployment["statusReason"].endswith(
            f"ECS was unable to invoke hook target {arn} due to Rate exceeded"
        )


def test_a_hook_throttled_for_ever_times_out(world: World, place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(throttling=Throttling.IS_RETRIED)
    arn = hooks.function(lambda _: HookThrottled("Rate exceeded"))
    timeout = {"timeoutInMinutes": 2}
    deployment = place.ended(place.update("green", hook(arn, timeoutConfiguration=timeout)))
    assert deployment["lifecycleHookDetails"][0]["status"] == "TIMED_OUT"
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_long_timeout_of_a_lambda_hook_is_refused_unless_switched(
    world: World, place: Place, hooks: Hooks
):
    place.created(desiredCount=0)
    long = hook(hooks.function(succeed), timeoutConfiguration={"timeoutInMinutes": 1441})
    with pytest.raises(ClientError, match="must be between 1 and 1440"):
        place.update("green", long)
    world.ecs.behaviour = Behaviour(long_timeouts=True)
    assert place.ended(place.update("green", long))["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("stopping", "hook_status"),
    [("AT_ONCE", "FAILED"), ("AFTER_ANSWER", "SUCCEEDED"), ("AFTER_HOOKS", "SUCCEEDED")],
)
def test_a_late_success_never_undoes_a_stop(
    world: World, place: Place, hooks: Hooks, stopping, hook_status
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(stopping=Stopping(stopping))
    entered, leave = threading.Event(), threading.Event()

    def slow(event):
        entered.set()
        assert leave.wait(20)
        return succeed(event)

    arn = place.update("green", hook(hooks.function(slow)))
    assert entered.wait(20)
    place.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    if stopping != "AT_ONCE":
        assert place.site.deployment(arn)["status"] == "ROLLBACK_REQUESTED"
        leave.set()
    deployment = place.ended(arn)
    leave.set()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "StopServiceDeployment" in deployment["statusReason"]
    assert deployment["lifecycleHookDetails"][0]["status"] == hook_status
    stages = [t.stage for t in place.transitions if t.deployment_arn == arn]
    assert "PRODUCTION_TRAFFIC_SHIFT" not in stages


@pytest.mark.parametrize(
    ("stopping", "calls"), [("AT_ONCE", 1), ("AFTER_ANSWER", 1), ("AFTER_HOOKS", 3)]
)
def test_a_stopped_hook_is_called_on_only_if_switched(
    world: World, place: Place, hooks: Hooks, stopping, calls
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(stopping=Stopping(stopping))
    arn = hooks.answers(_WAIT, _WAIT, _DONE)
    place.at(
        "HOOK_ANSWERED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda t: place.ecs.stop_service_deployment(serviceDeploymentArn=t.deployment_arn),
    )
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert len(hooks.events_of(arn)) == calls


@pytest.mark.parametrize("stopping", list(Stopping))
def test_a_stop_never_waits_for_a_pause_hook(world: World, place: Place, stopping):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(stopping=stopping)
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
    place.at(
        "HOOK_CHANGED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda t: place.ecs.stop_service_deployment(serviceDeploymentArn=t.deployment_arn),
    )
    waits_before = len(world.clock.waits_s)
    deployment = place.ended(place.update("green", pause))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not any(world.clock.waits_s[waits_before:])


@pytest.mark.parametrize(("shown", "ending"), [(False, ""), (True, " 2 of 41 tests failed")])
def test_the_answers_reason_is_shown_only_if_switched(
    world: World, place: Place, hooks: Hooks, shown, ending
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(shows_reason=shown)
    arn = hooks.answers({"hookStatus": "FAILED", "reason": "2 of 41 tests failed"})
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["statusReason"].endswith(
        f"Lifecycle hook target {arn} returned FAILED status.{ending}"
    )


def test_a_qualified_target_is_called_unless_switched_off(world: World, place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    qualified = hooks.function(succeed) + ":live"
    assert place.ended(place.update("green", hook(qualified)))["status"] == "SUCCESSFUL"
    assert len(hooks.events_of(qualified)) == 1
    world.ecs.behaviour = Behaviour(qualified_targets=False)
    with pytest.raises(ClientError, match="hookTargetArn must not be qualified"):
        place.update("greener", hook(qualified))


@pytest.mark.parametrize("sent", [False, True])
def test_source_keys_come_with_the_role_only_if_switched(
    world: World, place: Place, hooks: Hooks, sent
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(source_keys=sent)
    arn = hooks.function(succeed)
    place.ended(place.update("green", hook(arn)))
    service_arn = place.service()["serviceArn"]
    keys = {"aws:SourceAccount": "123456789012", "aws:SourceArn": service_arn}
    assert hooks.role_contexts[arn] == (keys if sent else {})
