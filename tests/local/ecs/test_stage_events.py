"""The event of every stage, against the samples of AWS's guide in tests/events."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from testgate.local.ecs import HookResult
from tests.local.ecs.conftest import Hooks, Place, fail, hook, succeed

EVENTS = Path(__file__).resolve().parents[2] / "events"
STAGES = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
]


def sample(name: str) -> dict[str, Any]:
    document = json.loads((EVENTS / f"{name.lower()}.json").read_text())
    return dict(document["event"])


def normalised(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its ARNs by their part in it: green is the target, blue the other."""
    details = event["executionDetails"]
    green = details["targetServiceRevisionArn"]

    def by_colour(weights: dict[str, int]) -> dict[str, int]:
        return {"green" if arn == green else "blue": w for arn, w in weights.items()}

    assert len(event["executionId"]) == 36
    assert event["resourceArn"].split(":")[5].startswith("service-deployment/")
    assert green.split(":")[5].startswith("service-revision/")
    return {
        **event,
        "executionId": "id",
        "resourceArn": "deployment",
        "executionDetails": {
            **details,
            "serviceArn": details["serviceArn"].split(":")[5].partition("/")[0],
            "targetServiceRevisionArn": "green",
            "testTrafficWeights": by_colour(details["testTrafficWeights"]),
            "productionTrafficWeights": by_colour(details["productionTrafficWeights"]),
        },
    }


def test_every_stage_sends_the_event_that_the_guide_shows(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    asked = threading.Event()

    def succeed_and_tell(event: dict[str, Any]) -> HookResult:
        if event["lifecycleStage"] == "POST_PRODUCTION_TRAFFIC_SHIFT":
            asked.set()
        return succeed(event)

    def fail_then(event: dict[str, Any]) -> HookResult:
        assert asked.wait(30)  # hooks of a stage are called side by side: a refusal ends the others
        return fail(event)

    arn = hooks.function(succeed_and_tell)
    last = hook(hooks.function(fail_then), "POST_PRODUCTION_TRAFFIC_SHIFT")
    second: list[str] = []
    place.at(
        "STAGE_ENTERED",
        "POST_SCALE_UP",  # a revision more is active then, so that the next one reconciles
        lambda _: second.append(place.update("greener", hook(arn, *STAGES), last)),
    )
    place.ended(place.update("green"))
    assert place.ended(second[0])["status"] == "ROLLBACK_SUCCESSFUL"
    told = [normalised(event) for event in hooks.events_of(arn)]
    rollback = ["PRODUCTION_TRAFFIC_SHIFT_ROLLBACK", "TEST_TRAFFIC_SHIFT_ROLLBACK"]
    assert told == [normalised(sample(name)) for name in [*STAGES, *rollback]]


def test_a_second_call_is_told_as_the_guide_shows(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    details = sample("POST_TEST_TRAFFIC_SHIFT_AGAIN")["hookDetails"]
    configured = {"S3_BUCKET_NAME": details["S3_BUCKET_NAME"]}
    returned = {"hookStatus": "IN_PROGRESS", "hookDetails": {"approvalChecked": True}}
    arn = hooks.answers(returned, {"hookStatus": "SUCCEEDED"})
    place.ended(place.update("green", hook(arn, hookDetails=configured)))
    again = hooks.events_of(arn)[1]
    assert normalised(again) == normalised(sample("POST_TEST_TRAFFIC_SHIFT_AGAIN"))


@pytest.mark.parametrize("stage", ["SCALE_UP", "BAKE_TIME", "CLEAN_UP"])
def test_stages_without_hooks_are_refused(place: Place, hooks: Hooks, stage):
    place.created(desiredCount=0)
    with pytest.raises(place.ecs.exceptions.InvalidParameterException, match="lifecycleStages"):
        place.update("green", hook(hooks.function(succeed), stage))
