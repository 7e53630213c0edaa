"""CloudWatch alarms that roll a deployment back, at any of its stages, bake time included."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.ecs.conftest import Hooks, Place, World, answer, configuration, hook

_WAIT = {"hookStatus": "IN_PROGRESS", "callBackDelay": 30}
SetState = Callable[[str], None]


@pytest.fixture
def alarm(world: World) -> Iterator[tuple[str, SetState]]:
    """An alarm's name, and what sets its state."""
    cloudwatch, name = world.client("cloudwatch"), f"errors-{uuid.uuid4().hex[:8]}"
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )

    def set_state(state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    yield name, set_state
    cloudwatch.delete_alarms(AlarmNames=[name])


def watched(*names: str, hooks: tuple[dict[str, Any], ...] = (), **members: Any) -> dict[str, Any]:
    alarms = {"alarmNames": list(names), "enable": True, "rollback": True}
    return {**configuration(*hooks, bake_minutes=5), "alarms": alarms, **members}


def test_an_alarm_in_bake_time_brings_production_back(place: Place, alarm: tuple[str, SetState]):
    name, set_state = alarm
    place.created("blue")
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: set_state("ALARM"))
    deployment = place.ended(place.update("green", deploymentConfiguration=watched(name)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["statusReason"] == (
        f"Service deployment rolled back because of CloudWatch alarm(s): {name}."
    )
    assert deployment["alarms"] == {
        "status": "TRIGGERED",
        "alarmNames": [name],
        "triggeredAlarmNames": [name],
    }
    assert (place.production(), place.test()) == ("blue", "blue")
    messages = [event["message"] for event in place.service()["events"]]
    assert any(text.endswith("deployment failed: alarm detected.") for text in messages)


def test_an_alarm_ends_the_wait_for_a_hook(place: Place, hooks: Hooks, alarm: tuple[str, SetState]):
    name, set_state = alarm
    place.created(desiredCount=0)
    waiting = hooks.function(lambda _: answer(_WAIT))
    place.at("HOOK_ANSWERED", "POST_TEST_TRAFFIC_SHIFT", lambda _: set_state("ALARM"))
    gated = watched(name, hooks=(hook(waiting),))
    deployment = place.ended(place.update("green", deploymentConfiguration=gated))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["alarms"]["status"] == "TRIGGERED"
    assert len(hooks.events_of(waiting)) == 1


def test_an_alarm_that_was_there_before_switches_monitoring_off(
    place: Place, alarm: tuple[str, SetState]
):
    """AWS: so that the deployment which repairs it is not rolled back by it."""
    name, set_state = alarm
    place.created(desiredCount=0)
    set_state("ALARM")
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: set_state("ALARM"))
    deployment = place.ended(place.update("green", deploymentConfiguration=watched(name)))
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["alarms"] == {"status": "DISABLED"}


def test_quiet_alarms_and_alarms_of_others_let_it_pass(place: Place, alarm: tuple[str, SetState]):
    place.created(desiredCount=0)
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: alarm[1]("ALARM"))
    other = place.ended(place.update("green", deploymentConfiguration=watched("another")))
    assert (other["status"], other["alarms"]["status"]) == ("SUCCESSFUL", "MONITORING_COMPLETE")


def test_disabled_alarms_are_not_looked_at(place: Place, alarm: tuple[str, SetState]):
    name, set_state = alarm
    place.created(desiredCount=0)
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: set_state("ALARM"))
    off = {"alarmNames": [name], "enable": False, "rollback": False}
    deployment = place.ended(
        place.update("green", deploymentConfiguration={**configuration(), "alarms": off})
    )
    assert (deployment["status"], deployment["alarms"]["status"]) == ("SUCCESSFUL", "DISABLED")


def test_a_rolling_deployment_is_rolled_back_in_its_bake_time(
    place: Place, alarm: tuple[str, SetState]
):
    name, set_state = alarm
    balancer = {
        "targetGroupArn": place.site.groups[0],
        "containerName": "app",
        "containerPort": 8080,
    }
    rolling = watched(name, strategy="ROLLING")
    members = {"deploymentConfiguration": rolling, "loadBalancers": [balancer]}
    place.ended(place.create("one", **members))
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: set_state("ALARM"))
    deployment = place.ended(place.update("two", **members))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert place.production() == "one"
    assert place.service()["runningCount"] == 1


def test_an_alarm_on_a_create_has_nothing_to_return_to(place: Place, alarm: tuple[str, SetState]):
    name, set_state = alarm
    place.at("STAGE_ENTERED", "BAKE_TIME", lambda _: set_state("ALARM"))
    deployment = place.ended(
        place.create("blue", deploymentConfiguration=watched(name), desiredCount=0)
    )
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert name in deployment["rollback"]["reason"]


def test_alarms_without_rollback_are_refused_as_left_out(place: Place):
    alarms = {"alarmNames": ["a"], "enable": True, "rollback": False}
    with pytest.raises(ClientError, match="no deployment alarms without rollback"):
        place.create("blue", deploymentConfiguration={**configuration(), "alarms": alarms})
