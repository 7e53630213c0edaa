"""A hook that refuses: the texts of ECS, traffic as before, green gone."""

import json
import threading
from typing import Any

import pytest

from testgate.local.ecs import (
    HookAnswered,
    HookFunctionError,
    HookNotInvoked,
    HookResult,
    HookRoleNotAssumed,
)
from tests.local.ecs.conftest import ROLE, Hooks, Place, answer, fail, hook

_FAILED = (
    "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
    "Lifecycle hook target {arn} returned FAILED status."
)
_UNREADABLE = (
    "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
    "ECS was unable to parse the response from {arn} due to HookStatus must not be null"
)
_NO_ROLE = (
    "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
    f"ECS was unable to assume role {ROLE}"
)
_DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/hooks/ECS-Lambda-Execution is not authorized "
    "to perform: lambda:InvokeFunction"
)
_NOT_INVOKED = (
    "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
    f"ECS was unable to invoke hook target {{arn}} due to {_DENIED}"
)


def _raises(event: object) -> HookResult:
    raise ConnectionError("no Lambda host")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param(fail, _FAILED, id="FAILED"),
        pytest.param(lambda _: answer({}), _UNREADABLE, id="no status"),
        pytest.param(lambda _: answer({"hookStatus": "PASSED"}), _UNREADABLE, id="nonsense"),
        pytest.param(lambda _: answer({"hookStatus": " SUCCEEDED"}), _UNREADABLE, id="blank"),
        pytest.param(lambda _: answer(["SUCCEEDED"]), _UNREADABLE, id="a list"),
        pytest.param(lambda _: HookAnswered(b"<html>"), _UNREADABLE, id="not JSON"),
        pytest.param(lambda _: HookAnswered(b"\xff"), _UNREADABLE, id="not text"),
        pytest.param(
            lambda _: HookFunctionError(json.dumps({"errorType": "KeyError"}).encode()),
            _UNREADABLE,
            id="exception",
        ),
        pytest.param(lambda _: HookRoleNotAssumed(), _NO_ROLE, id="role"),
        pytest.param(lambda _: HookNotInvoked(_DENIED), _NOT_INVOKED, id="not allowed"),
    ],
)
def test_status_reason_is_that_of_ecs(place: Place, hooks: Hooks, script, reason):
    blue = place.created(desiredCount=0)
    arn = hooks.function(script)
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["statusReason"] == reason.format(arn=arn)
    assert deployment["rollback"]["reason"] == deployment["statusReason"]
    assert deployment["rollback"]["serviceRevisionArn"] == blue
    assert deployment["lifecycleHookDetails"][0]["status"] == "FAILED"
    assert len(hooks.events_of(arn)) == 1


def test_an_invoker_that_raises_refuses(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    arn = hooks.function(_raises)
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["statusReason"].endswith("due to ConnectionError: no Lambda host")


def test_refused_update_leaves_blue_serving(place: Place, hooks: Hooks):
    place.created("blue")
    before = place.service()
    deployment = place.ended(place.update("green", hook(hooks.function(fail))))
    after = place.service()
    assert (place.production(), place.test()) == ("blue", "blue")
    assert after["runningCount"] == 1
    assert after["taskDefinition"] == before["taskDefinition"]
    assert [d["taskDefinition"] for d in after["deployments"]] == [before["taskDefinition"]]
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 0
    assert deployment["sourceServiceRevisions"][0]["runningTaskCount"] == 1
    messages = [event["message"] for event in after["events"]]
    assert any(f"deployment failed: {deployment['statusReason']}" in text for text in messages)


def test_refused_create_has_nothing_to_return_to(place: Place, hooks: Hooks):
    production_before = place.weights(place.site.production_rule)
    deployment = place.ended(place.create("blue", hook(hooks.function(fail))))
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert deployment["statusReason"] == "No rollback candidate was found to run the rollback."
    assert place.weights(place.site.production_rule) == production_before
    assert place.production() == "503"
    service = place.service()
    assert service["runningCount"] == 0
    assert service["deployments"][0]["rolloutState"] == "FAILED"


def test_update_after_a_refused_create_counts_as_a_create(place: Place, hooks: Hooks):
    place.ended(place.create("blue", hook(hooks.function(fail))))
    deployment = place.ended(place.update("green"))
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["sourceServiceRevisions"] == []
    assert place.production() == "green"


def test_one_refusal_of_two_hooks_rolls_back(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    good, bad = hooks.function(lambda _: answer({"hookStatus": "SUCCEEDED"})), hooks.function(fail)
    deployment = place.ended(place.update("green", hook(good), hook(bad)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert bad in deployment["statusReason"]


def test_a_hook_still_running_when_another_refuses_is_not_waited_for(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    entered, leave = threading.Event(), threading.Event()

    def slow(_: object) -> HookResult:
        entered.set()
        leave.wait(20)
        return answer({"hookStatus": "SUCCEEDED"})

    def fail_meanwhile(event: dict[str, Any]) -> HookResult:
        assert entered.wait(20)
        return fail(event)

    running, refusing = hooks.function(slow), hooks.function(fail_meanwhile)
    deployment = place.ended(place.update("green", hook(running), hook(refusing)))
    leave.set()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    statuses = {d["targetArn"]: d["status"] for d in deployment["lifecycleHookDetails"]}
    assert statuses == {running: "FAILED", refusing: "FAILED"}


def test_hooks_of_a_stage_run_in_parallel(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    meeting = threading.Barrier(2, timeout=120)

    def meet(_: object) -> HookResult:
        meeting.wait()
        return answer({"hookStatus": "SUCCEEDED"})

    both = [hook(hooks.function(meet)) for _ in range(2)]
    assert place.ended(place.update("green", *both))["status"] == "SUCCESSFUL"
