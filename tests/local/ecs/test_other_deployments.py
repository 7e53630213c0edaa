"""PAUSE hooks, rolling deployments, several load balancers, scaling, reset."""

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from testgate.local.ecs import DeploymentTransition
from testgate.local.site import build_site
from tests.local.ecs.conftest import Hooks, Place, World, answer, configuration, hook

_PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}


def test_a_pause_hook_waits_for_continue(place: Place):
    place.created(desiredCount=0)
    pause = {
        "targetType": "PAUSE",
        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "timeoutConfiguration": {"timeoutInMinutes": 10},
    }
    details = []

    def go_on(transition):
        (detail,) = place.site.deployment(transition.deployment_arn)["lifecycleHookDetails"]
        details.append(detail)
        place.ecs.continue_service_deployment(
            serviceDeploymentArn=transition.deployment_arn, hookId=detail["hookId"]
        )

    place.at("HOOK_CHANGED", "POST_TEST_TRAFFIC_SHIFT", go_on)
    deployment = place.ended(place.update("green", pause))
    assert (details[0]["status"], details[0]["targetType"]) == ("AWAITING_ACTION", "PAUSE")
    assert details[0]["hookId"].startswith("ecs-pause-")
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["lifecycleHookDetails"][0]["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="in terminal states"):
        place.ecs.continue_service_deployment(
            serviceDeploymentArn=deployment["serviceDeploymentArn"], hookId=details[0]["hookId"]
        )


def test_a_pause_hook_past_its_time_rolls_back(place: Place):
    place.created(desiredCount=0)
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}
    deployment = place.ended(place.update("green", pause))
    assert deployment["statusReason"] == (
        "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out."
    )


def continue_pause(place: Place, action: str) -> None:
    """Do `action` with the PAUSE hook as soon as it waits."""

    def act(transition: DeploymentTransition) -> None:
        assert transition.hook is not None
        place.ecs.continue_service_deployment(
            serviceDeploymentArn=transition.deployment_arn,
            hookId=transition.hook.hook_id,
            action=action,
        )

    place.at("HOOK_CHANGED", "POST_TEST_TRAFFIC_SHIFT", act)


def test_a_pause_hook_may_be_continued_with_a_rollback(place: Place):
    place.created(desiredCount=0)
    continue_pause(place, "ROLLBACK")
    deployment = place.ended(place.update("green", _PAUSE))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["lifecycleHookDetails"][0]["status"] == "FAILED"


@pytest.mark.parametrize(
    ("continued", "answered", "status"),
    [
        (True, "SUCCEEDED", "SUCCESSFUL"),
        (True, "FAILED", "ROLLBACK_SUCCESSFUL"),
        (False, "SUCCEEDED", "ROLLBACK_SUCCESSFUL"),
    ],
)
def test_a_pause_hook_and_a_function_at_one_stage_must_both_complete(
    place: Place, hooks: Hooks, continued, answered, status
):
    """A PAUSE hook that nobody continues is past its time at once, by this clock."""
    place.created(desiredCount=0)
    if continued:
        continue_pause(place, "CONTINUE")
    gate = hook(hooks.answers({"hookStatus": answered}))
    assert place.ended(place.update("green", _PAUSE, gate))["status"] == status


def test_a_service_without_load_balancer_may_be_blue_green(place: Place, hooks: Hooks):
    arn = hooks.answers(*[{"hookStatus": "SUCCEEDED"}] * 2)
    gated = configuration(hook(arn, "POST_SCALE_UP"))
    for deploy in (place.create, place.update):
        deployment = place.ended(deploy("one", deploymentConfiguration=gated, loadBalancers=[]))
        assert deployment["status"] == "SUCCESSFUL"
    assert len(hooks.events_of(arn)) == 2
    assert place.service()["runningCount"] == 1


def test_a_rolling_deployment_replaces_tasks(place: Place, hooks: Hooks):
    arn = hooks.function(lambda _: answer({"hookStatus": "SUCCEEDED"}))
    rolling = {"strategy": "ROLLING", "lifecycleHooks": [hook(arn, "PRE_SCALE_UP")]}
    balancer = {
        "targetGroupArn": place.site.groups[0],
        "containerName": "app",
        "containerPort": 8080,
    }
    for deploy, version in ((place.create, "one"), (place.update, "two")):
        deployment = place.ended(
            deploy(version, deploymentConfiguration=rolling, loadBalancers=[balancer])
        )
        assert deployment["status"] == "SUCCESSFUL"
        assert place.production() == version
    assert len(hooks.events_of(arn)) == 2
    assert place.service()["runningCount"] == 1


def test_several_load_balancer_entries_all_shift(world: World, place: Place):
    second = build_site(world.client, f"{place.site.name}b")
    (one,) = place.balancers()
    other = {
        **one,
        "targetGroupArn": second.groups[0],
        "advancedConfiguration": {
            "alternateTargetGroupArn": second.groups[1],
            "productionListenerRule": second.production_rule,
            "testListenerRule": second.test_rule,
            "roleArn": second.role_arn,
        },
    }
    place.ended(place.create("blue", loadBalancers=[one, other]))
    assert place.weights(second.production_rule) == {second.groups[1]: 100, second.groups[0]: 0}
    assert place.production() == "blue"


def test_scaling_starts_no_deployment(place: Place):
    place.created("blue")
    place.ecs.update_service(cluster=place.site.cluster, service=place.site.name, desiredCount=2)
    place.ecs.get_waiter("services_stable").wait(
        cluster=place.site.cluster,
        services=[place.site.name],
        WaiterConfig={"Delay": 0.05, "MaxAttempts": 200},
    )
    found = place.ecs.list_service_deployments(service=place.site.name, cluster=place.site.cluster)[
        "serviceDeployments"
    ]
    assert len(found) == 1
    assert place.service()["runningCount"] == 2


def test_force_new_deployment_deploys_the_same_task_definition(place: Place):
    place.created("blue", desiredCount=0)
    before = place.service()["taskDefinition"]
    deployment = place.update("x", taskDefinition=before, forceNewDeployment=True)
    assert place.ended(deployment)["status"] == "SUCCESSFUL"
    assert place.service()["taskDefinition"] == before


def test_reset_of_moto_forgets_services_and_ends_tasks(world: World, place: Place):
    place.created("blue")
    production, service_arn = place.site.production_url, place.service()["serviceArn"]
    requests.post(f"{world.server.url}/moto-api/reset", timeout=300)
    with pytest.raises(requests.ConnectionError):
        requests.get(production, timeout=60)
    place.ecs.create_cluster(clusterName=place.site.cluster)
    answer = place.ecs.describe_services(cluster=place.site.cluster, services=[service_arn])
    assert answer["services"] == []
    commands = [" ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)]
    assert not any("app.py" in command for command in commands)
