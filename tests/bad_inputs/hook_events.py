"""Events that ECS does not send, or that say what cannot be."""

import json

from testgate.core.events import parse_hook_event
from tests.bad_inputs.catalogue import BadInput
from tests.core.samples import ARN, GREEN

GOOD = {
    "executionId": "a6b0a4d2",
    "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
    "resourceArn": ARN,
    "executionDetails": {"targetServiceRevisionArn": GREEN},
}


def event(raw: object, says: str, given: str = "") -> BadInput:
    """A whole event."""
    return BadInput(
        kind="hook event",
        given=given or json.dumps(raw),
        act=lambda: parse_hook_event(raw),
        says=says,
    )


def key(name: str, value: object, says: str) -> BadInput:
    """A good event with another value of one key."""
    return event(GOOD | {name: value}, says, f"{name}: {json.dumps(value)}")


def detail(name: str, value: object, says: str) -> BadInput:
    """A good event with another value of one of its executionDetails."""
    details = GOOD["executionDetails"]
    assert isinstance(details, dict)
    raw = GOOD | {"executionDetails": details | {name: value}}
    return event(raw, says, f"executionDetails.{name}: {json.dumps(value)}")


ROWS = (
    event(None, "the event is null, expected the JSON object that ECS sends to a hook"),
    event(["x"], "the event is an array, expected the JSON object that ECS sends to a hook"),
    event(
        {},
        "executionDetails is null, expected an object; lifecycleStage is null, expected text; executionId is null, expected text; resourceArn: not the ARN of a service deployment: None; expected arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>",
    ),
    key("executionId", "", "executionId is empty, expected text"),
    key("lifecycleStage", 7, "lifecycleStage is a number, expected text"),
    key(
        "resourceArn",
        "arn:aws:ecs:us-east-1:123456789012:service/shop/web",
        "resourceArn: not the ARN of a service deployment: 'arn:aws:ecs:us-east-1:123456789012:service/shop/web'; expected arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>",
    ),
    key("executionDetails", "x", "executionDetails is text, expected an object"),
    key("executionDetails", {}, "executionDetails.targetServiceRevisionArn is null, expected text"),
    detail(
        "targetServiceRevisionArn",
        GREEN.replace("/web/", "/other/"),
        "executionDetails.targetServiceRevisionArn 'arn:aws:ecs:us-east-1:123456789012:service-revision/shop/other/9313423515462893900' is no revision of service shop/web",
    ),
    detail(
        "testTrafficWeights",
        {GREEN: "100"},
        "executionDetails.testTrafficWeights is not an object of ARNs and numbers",
    ),
    detail(
        "productionTrafficWeights",
        [100],
        "executionDetails.productionTrafficWeights is not an object of ARNs and numbers",
    ),
)
