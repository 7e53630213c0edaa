"""What crosses the wire to and from ECS, against recorded events and the contract's keys."""

import json
from pathlib import Path

import pytest

from testgate.core.answers import Failed, InProgress, Succeeded, spell_answer
from testgate.core.config import parse_details
from testgate.core.errors import ConfigError, HookEventError
from testgate.core.events import parse_hook_event

EVENTS = {
    p.stem: json.loads(p.read_text())
    for p in Path(__file__, "../../events").resolve().glob("*.json")
}
UNREADABLE = {"seen_elided", "inner_details_only"}
CONTRACT_KEYS = {"hookStatus", "callBackDelay", "hookDetails"}


def test_every_recorded_event_names_its_source():
    assert len(EVENTS) >= 15
    assert all(event["source"] and event["confidence"] for event in EVENTS.values())


@pytest.mark.parametrize("name", sorted(set(EVENTS) - UNREADABLE))
def test_recorded_events_parse_to_what_they_say(name):
    raw = EVENTS[name]["event"]
    event = parse_hook_event(raw)
    assert str(event.deployment) == raw["resourceArn"]
    assert event.stage == raw["lifecycleStage"]
    assert event.target_revision == raw["executionDetails"]["targetServiceRevisionArn"]
    assert event.test_weights == raw["executionDetails"]["testTrafficWeights"]
    assert event.production_weights == raw["executionDetails"]["productionTrafficWeights"]
    assert event.raw_details == raw.get("hookDetails")


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_events_of_another_shape_are_refused_with_the_path(name):
    with pytest.raises(HookEventError, match="resourceArn"):
        parse_hook_event(EVENTS[name]["event"])


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("test_traffic_shift", 100),
        ("production_traffic_shift", 100),
        ("test_traffic_shift_rollback", 0),
        ("production_traffic_shift_rollback", 0),
        ("post_test_traffic_shift", None),
    ],
)
def test_target_weight_tells_a_rollback_from_a_shift(name, weight):
    assert parse_hook_event(EVENTS[name]["event"]).target_weight == weight


def test_all_problems_of_an_event_are_named_at_once():
    with pytest.raises(HookEventError) as caught:
        parse_hook_event({"executionDetails": {"testTrafficWeights": [1]}})
    told = str(caught.value)
    for path in (
        "lifecycleStage",
        "executionId",
        "executionDetails.targetServiceRevisionArn",
        "resourceArn",
        "executionDetails.testTrafficWeights",
    ):
        assert path in told


def test_a_revision_of_another_service_is_refused():
    raw = json.loads(json.dumps(EVENTS["post_test_traffic_shift"]["event"]))
    raw["executionDetails"]["targetServiceRevisionArn"] = raw["executionDetails"][
        "targetServiceRevisionArn"
    ].replace("my-service", "other-service")
    with pytest.raises(HookEventError, match="no revision of service my-cluster/my-service"):
        parse_hook_event(raw)


@pytest.mark.parametrize(
    "answer", [Succeeded(), Failed(), InProgress(delay_s=7, details={"GATE": "shop"})]
)
def test_answers_use_only_keys_of_the_contract(answer):
    spelled = spell_answer(answer)
    assert set(spelled) <= CONTRACT_KEYS
    assert spelled["hookStatus"] in {"SUCCEEDED", "FAILED", "IN_PROGRESS"}
    json.dumps(spelled, allow_nan=False)


def test_a_wait_spells_its_delay_in_whole_seconds_under_the_key_that_ecs_reads():
    spelled = spell_answer(InProgress(delay_s=7, details={"GATE": "shop"}))
    assert spelled == {
        "hookStatus": "IN_PROGRESS",
        "callBackDelay": 7,
        "hookDetails": {"GATE": "shop"},
    }


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (None, {}),
        ({"GATE": "shop"}, {"GATE": "shop"}),
        ('{"GATE": "shop"}', {"GATE": "shop"}),
    ],
)
def test_hook_details_are_read_in_each_form(raw, details):
    assert parse_details(raw) == details


@pytest.mark.parametrize("raw", ["not json", "[" * 99_999, '"Test string"', [1], 7, True, "[1]"])
def test_hook_details_of_another_form_are_refused(raw):
    with pytest.raises(ConfigError, match="hookDetails"):
        parse_details(raw)
