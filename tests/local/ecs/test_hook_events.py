"""What a hook is told, when it is called again, and what it is handed back."""

from datetime import timedelta

import pytest

from testgate.local.ecs import Behaviour, HookDetailsMode
from tests.local.ecs.conftest import Hooks, Place, World, answer, fail, hook, succeed


def test_event_is_exactly_that_of_ecs(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    arn = hooks.function(succeed)
    deployment_arn = place.update("green", hook(arn))
    deployment = place.ended(deployment_arn)
    (event,) = hooks.events_of(arn)
    execution_id = event.pop("executionId")
    assert len(execution_id) == 36
    assert event == {
        "executionDetails": {
            "testTrafficWeights": {},
            "productionTrafficWeights": {},
            "serviceArn": place.service()["serviceArn"],
            "targetServiceRevisionArn": deployment["targetServiceRevision"]["arn"],
        },
        "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
        "resourceArn": deployment_arn,
    }


def test_weights_are_told_at_the_documented_stages_only(place: Place, hooks: Hooks):
    blue = place.created(desiredCount=0)
    stages = [
        "PRE_SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
    ]
    arn = hooks.function(succeed)
    deployment = place.ended(place.update("green", hook(arn, *stages)))
    green = deployment["targetServiceRevision"]["arn"]
    told = {
        event["lifecycleStage"]: (
            event["executionDetails"]["testTrafficWeights"],
            event["executionDetails"]["productionTrafficWeights"],
        )
        for event in hooks.events_of(arn)
    }
    assert list(told) == stages
    assert told == {stage: ({}, {}) for stage in stages} | {
        "TEST_TRAFFIC_SHIFT": ({green: 100, blue: 0}, {}),
        "PRE_PRODUCTION_TRAFFIC_SHIFT": ({}, {green: 0, blue: 100}),
        "PRODUCTION_TRAFFIC_SHIFT": ({}, {green: 100, blue: 0}),
    }


def test_rollback_calls_the_shift_hooks_again_with_inverse_weights(place: Place, hooks: Hooks):
    blue = place.created("blue")
    arn = hooks.function(succeed)
    shifts = hook(arn, "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT")
    last = hook(hooks.function(fail), "POST_PRODUCTION_TRAFFIC_SHIFT")
    deployment = place.ended(place.update("green", shifts, last))
    green = deployment["targetServiceRevision"]["arn"]
    calls = [
        (
            event["lifecycleStage"],
            event["executionDetails"]["testTrafficWeights"],
            event["executionDetails"]["productionTrafficWeights"],
        )
        for event in hooks.events_of(arn)
    ]
    assert calls[3:] == [
        ("PRODUCTION_TRAFFIC_SHIFT", {}, {green: 0, blue: 100}),
        ("TEST_TRAFFIC_SHIFT", {green: 0, blue: 100}, {}),
    ]
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert (place.production(), place.test()) == ("blue", "blue")


def test_rollback_before_production_calls_no_production_hook(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    arn = hooks.function(succeed)
    shifts = hook(arn, "TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
    place.ended(place.update("green", shifts, hook(hooks.function(fail))))
    stages = [event["lifecycleStage"] for event in hooks.events_of(arn)]
    assert stages == ["TEST_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT"]


_WAIT = {"hookStatus": "IN_PROGRESS", "callBackDelay": 7}
_CONFIGURED = {"GATE": "smoke", "TRY": 0}


@pytest.mark.parametrize(
    ("mode", "second", "third"),
    [
        ("MERGE", {"GATE": "smoke", "TRY": 1}, {"GATE": "smoke", "TRY": 1, "MORE": True}),
        ("KEEP_CONFIGURED", _CONFIGURED, {**_CONFIGURED, "MORE": True}),
        ("REPLACE", {"TRY": 1}, {"MORE": True}),
        ("FORGET", {"TRY": 1}, {"MORE": True}),
        ("DROP", _CONFIGURED, _CONFIGURED),
        ("TEXT", '{"GATE": "smoke", "TRY": 1}', '{"GATE": "smoke", "TRY": 1, "MORE": true}'),
    ],
)
def test_hook_details_come_back_by_mode(
    world: World, place: Place, hooks: Hooks, mode, second, third
):
    place.created(desiredCount=0)
    world.ecs.behaviour = Behaviour(details_mode=HookDetailsMode(mode))
    arn = hooks.answers(
        {**_WAIT, "hookDetails": {"TRY": 1}},
        {**_WAIT, "hookDetails": {"MORE": True}},
        {"hookStatus": "SUCCEEDED"},
    )
    place.ended(place.update("green", hook(arn, hookDetails=_CONFIGURED)))
    handed = [event["hookDetails"] for event in hooks.events_of(arn)]
    first = '{"GATE": "smoke", "TRY": 0}' if mode == "TEXT" else _CONFIGURED
    assert handed == [first, second, third]


def test_hook_details_may_be_any_json(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    arn = hooks.function(succeed)
    place.ended(place.update("green", hook(arn, hookDetails="a text")))
    assert hooks.events_of(arn)[0]["hookDetails"] == "a text"


@pytest.mark.parametrize(
    ("members", "delay_s"),
    [
        ({"callBackDelay": 7}, 7),
        ({}, 30),
        ({"callBackDelaySeconds": 7}, 30),
        ({"callBackDelay": "7"}, 30),
    ],
)
def test_call_back_delay_is_honoured(world: World, place: Place, hooks: Hooks, members, delay_s):
    place.created(desiredCount=0)
    arn = hooks.answers({"hookStatus": "IN_PROGRESS", **members}, {"hookStatus": "SUCCEEDED"})
    waits_before = len(world.clock.waits_s)
    place.ended(place.update("green", hook(arn)))
    assert [wait for wait in world.clock.waits_s[waits_before:] if wait] == [delay_s]


@pytest.mark.parametrize(
    ("action", "status"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")]
)
def test_a_hook_past_its_time_does_as_configured(place: Place, hooks: Hooks, action, status):
    place.created(desiredCount=0)
    arn = hooks.function(lambda _: answer({"hookStatus": "IN_PROGRESS", "callBackDelay": 50}))
    timeout = {"timeoutInMinutes": 2, "action": action}
    deployment = place.ended(place.update("green", hook(arn, timeoutConfiguration=timeout)))
    assert deployment["status"] == status
    assert deployment["lifecycleHookDetails"][0]["status"] == "TIMED_OUT"
    assert len(hooks.events_of(arn)) == 3


def test_running_hook_tells_its_deadline(world: World, place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    seen = []

    def look(event):
        seen.append(place.site.deployment(event["resourceArn"]))
        return succeed(event)

    arn = hooks.function(look)
    started = world.clock.now()
    timeout = {"timeoutInMinutes": 10}
    place.ended(place.update("green", hook(arn, timeoutConfiguration=timeout)))
    (detail,) = seen[0]["lifecycleHookDetails"]
    assert (seen[0]["status"], seen[0]["lifecycleStage"]) == (
        "IN_PROGRESS",
        "POST_TEST_TRAFFIC_SHIFT",
    )
    assert detail["hookId"].startswith("ecs-lambda-")
    assert detail["targetType"] == "AWS_LAMBDA"
    assert (detail["targetArn"], detail["status"]) == (arn, "IN_PROGRESS")
    assert detail["timeoutAction"] == "ROLLBACK"
    assert abs(detail["expiresAt"] - started - timedelta(minutes=10)) < timedelta(seconds=10)
