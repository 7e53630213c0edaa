"""A deployment that is stopped, superseded or deleted on its way."""

import threading

import pytest
from botocore.exceptions import ClientError

from tests.local.ecs.conftest import Hooks, Place, answer, hook, succeed

_WAIT = {"hookStatus": "IN_PROGRESS", "callBackDelay": 30}


def test_stop_ends_a_waiting_hook_at_once(place: Place, hooks: Hooks):
    place.created("blue")
    arn = hooks.function(lambda _: answer(_WAIT))
    place.at(
        "HOOK_ANSWERED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda t: place.ecs.stop_service_deployment(serviceDeploymentArn=t.deployment_arn),
    )
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "StopServiceDeployment" in deployment["rollback"]["reason"]
    assert len(hooks.events_of(arn)) == 1
    assert (place.production(), place.test()) == ("blue", "blue")


def test_stop_does_not_wait_for_a_function_that_runs(place: Place, hooks: Hooks):
    place.created("blue")
    entered, leave = threading.Event(), threading.Event()

    def slow(event):
        entered.set()
        leave.wait(20)
        return succeed(event)

    deployment_arn = place.update("green", hook(hooks.function(slow)))
    assert entered.wait(20)
    place.ecs.stop_service_deployment(serviceDeploymentArn=deployment_arn, stopType="ROLLBACK")
    deployment = place.ended(deployment_arn)
    leave.set()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert place.production() == "blue"


def test_stop_is_shown_as_requested_then_in_progress(place: Place, hooks: Hooks):
    place.created(desiredCount=0)
    place.transitions.clear()
    place.at(
        "HOOK_CALLED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda t: place.ecs.stop_service_deployment(serviceDeploymentArn=t.deployment_arn),
    )
    place.ended(place.update("green", hook(hooks.function(succeed))))
    statuses = list(dict.fromkeys(t.status for t in place.transitions))
    assert statuses[-3:] == ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]


def test_stop_in_bake_time_brings_production_back(place: Place, hooks: Hooks):
    place.created("blue")
    place.at(
        "STAGE_ENTERED",
        "BAKE_TIME",
        lambda t: place.ecs.stop_service_deployment(serviceDeploymentArn=t.deployment_arn),
    )
    deployment = place.ended(place.update("green"))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert (place.production(), place.test()) == ("blue", "blue")


def test_stop_of_an_ended_deployment_is_a_conflict(place: Place):
    arn = place.create("blue")
    place.ended(arn)
    with pytest.raises(place.ecs.exceptions.ConflictException):
        place.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_a_new_deployment_takes_the_place_of_the_one_under_way(place: Place, hooks: Hooks):
    blue = place.created("blue")
    second: list[str] = []
    arn = hooks.function(lambda _: answer(_WAIT))
    place.at(
        "HOOK_ANSWERED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda _: second.append(place.update("greener")),
    )
    first = place.ended(place.update("green", hook(arn)))
    assert first["status"] == "STOPPED"
    deployment = place.ended(second[0])
    assert deployment["status"] == "SUCCESSFUL"
    assert [source["arn"] for source in deployment["sourceServiceRevisions"]] == [blue]
    assert (place.production(), place.test()) == ("greener", "greener")
    assert place.service()["runningCount"] == 1
    stages = [t.stage for t in place.transitions if t.deployment_arn == second[0]]
    assert "RECONCILE_SERVICE" in stages


def test_delete_ends_deployment_and_tasks(place: Place, hooks: Hooks):
    place.created("blue")
    arn = hooks.function(lambda _: answer(_WAIT))
    deleted = threading.Event()

    def delete() -> None:
        place.ecs.delete_service(cluster=place.site.cluster, service=place.site.name, force=True)
        deleted.set()

    place.at(
        "HOOK_ANSWERED",
        "POST_TEST_TRAFFIC_SHIFT",
        # Deleting waits for the deployment, whose thread this is.
        lambda _: threading.Thread(target=delete, daemon=True).start(),
    )
    deployment = place.ended(place.update("green", hook(arn)))
    assert deployment["status"] == "STOPPED"
    assert deleted.wait(20)
    service = place.service()
    assert (service["status"], service["runningCount"]) == ("INACTIVE", 0)
    assert place.production() == "503"


def test_delete_without_force_needs_scale_zero(place: Place):
    place.created()
    with pytest.raises(ClientError, match="cannot be stopped while it is scaled above 0"):
        place.ecs.delete_service(cluster=place.site.cluster, service=place.site.name)


def test_a_deleted_service_can_be_created_again(place: Place):
    place.created("blue")
    place.ecs.delete_service(cluster=place.site.cluster, service=place.site.name, force=True)
    deployment = place.ended(place.create("green"))
    assert deployment["sourceServiceRevisions"] == []
    assert place.production() == "green"
    listed = place.ecs.list_service_deployments(
        service=place.site.name, cluster=place.site.cluster
    )["serviceDeployments"]
    assert len(listed) == 1


def test_reconcile_hooks_run_once_the_old_deployment_has_gone(place: Place, hooks: Hooks):
    place.created("blue", desiredCount=0)
    reconcile = hooks.function(succeed)
    second: list[str] = []
    place.at(
        "STAGE_ENTERED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda _: second.append(place.update("c", hook(reconcile, "RECONCILE_SERVICE"))),
    )
    assert place.ended(place.update("b"))["status"] == "STOPPED"
    assert place.ended(second[0])["status"] == "SUCCESSFUL"
    (event,) = hooks.events_of(reconcile)
    assert event["lifecycleStage"] == "RECONCILE_SERVICE"
