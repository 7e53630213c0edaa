"""The ECS API as boto3 sees it: shapes, filters, events, waiters."""

from datetime import timedelta

from tests.local.ecs.conftest import ROLE, Hooks, Place, World, configuration, fail, hook

_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_ids_have_the_form_of_real_ones(place: Place):
    deployment_arn = place.create("blue", desiredCount=0)
    revision = place.ended(deployment_arn)["targetServiceRevision"]["arn"]
    prefix = "arn:aws:ecs:us-east-1:123456789012"
    path = f"{place.site.cluster}/{place.site.name}"
    assert deployment_arn.startswith(f"{prefix}:service-deployment/{path}/")
    assert len(deployment_arn.rpartition("/")[2]) == 21
    assert revision.startswith(f"{prefix}:service-revision/{path}/")
    assert len(revision.rpartition("/")[2]) == 19
    assert revision.rpartition("/")[2].isdigit()


def test_revision_tells_where_the_test_endpoint_is(place: Place):
    revision = place.created("blue")
    (described,) = place.ecs.describe_service_revisions(serviceRevisionArns=[revision])[
        "serviceRevisions"
    ]
    assert described["loadBalancers"] == place.balancers()
    assert described["resolvedConfiguration"]["loadBalancers"] == [
        {
            "targetGroupArn": place.site.groups[1],
            "productionListenerRule": place.site.production_rule,
        }
    ]
    assert described["containerImages"] == [{"containerName": "app", "image": "shop:1"}]
    assert described["taskDefinition"] == place.service()["taskDefinition"]


def test_summaries_tell_counts_and_weights_truthfully(place: Place, hooks: Hooks):
    place.created("blue")
    seen = []
    place.at(
        "HOOK_CALLED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda t: seen.append((place.site.deployment(t.deployment_arn), place.service())),
    )
    ended = place.ended(place.update("green", hook(hooks.answers({"hookStatus": "SUCCEEDED"}))))
    deployment, service = seen[0]
    target, (source,) = deployment["targetServiceRevision"], deployment["sourceServiceRevisions"]
    members = ("runningTaskCount", "requestedTestTrafficWeight", "requestedProductionTrafficWeight")
    assert [target[m] for m in members] == [1, 100.0, 0.0]
    assert [source[m] for m in members] == [1, 0.0, 100.0]
    assert [d["status"] for d in service["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert [d["rolloutState"] for d in service["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
    assert (service["runningCount"], service["desiredCount"]) == (2, 1)
    assert [ended["targetServiceRevision"][m] for m in members] == [1, 100.0, 100.0]
    assert [ended["sourceServiceRevisions"][0][m] for m in members] == [0, 0.0, 0.0]


def test_hooks_show_their_defaults(place: Place):
    place.created("blue", deploymentConfiguration=configuration(hook(_FUNCTION, hookDetails=[1])))
    (shown,) = place.service()["deploymentConfiguration"]["lifecycleHooks"]
    assert shown == {
        "targetType": "AWS_LAMBDA",
        "hookTargetArn": _FUNCTION,
        "roleArn": ROLE,
        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "hookDetails": [1],
        "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
    }


def test_bake_time_passes_by_the_clock(world: World, place: Place):
    place.ended(
        place.create("blue", desiredCount=0, deploymentConfiguration=configuration(bake_minutes=3))
    )
    assert world.clock.waits_s[-1] == 180


def test_services_stable_waiter_waits_for_the_end_of_an_update(place: Place):
    place.created("blue")
    place.update("green")
    place.ecs.get_waiter("services_stable").wait(
        cluster=place.site.cluster,
        services=[place.site.name],
        WaiterConfig={"Delay": 0.05, "MaxAttempts": 200},
    )
    assert place.production() == "green"


def test_events_are_worded_as_by_ecs(place: Place):
    place.created("blue")
    newest, completed, *_, oldest = [e["message"] for e in place.service()["events"]]
    name = place.site.name
    assert newest == f"(service {name}) has reached a steady state."
    assert completed.startswith(f"(service {name}) (deployment ecs-svc/")
    assert completed.endswith(" deployment completed.")
    assert oldest.startswith(f"(service {name}) has started 1 tasks: (task ")


def test_deployments_are_listed_newest_first_and_filtered(world: World, place: Place, hooks: Hooks):
    first = place.create("a", desiredCount=0)
    place.ended(first)
    second = place.update("b", hook(hooks.function(fail)))
    place.ended(second)

    def listed(**filters: object) -> list[str]:
        found = place.ecs.list_service_deployments(
            service=place.site.name, cluster=place.site.cluster, **filters
        )["serviceDeployments"]
        return [deployment["serviceDeploymentArn"] for deployment in found]

    now = world.clock.now()
    assert listed() == [second, first]
    assert listed(status=["SUCCESSFUL"]) == [first]
    assert listed(status=["ROLLBACK_SUCCESSFUL", "PENDING"]) == [second]
    assert listed(createdAt={"after": now + timedelta(minutes=1)}) == []
    assert listed(createdAt={"before": now + timedelta(minutes=1)}) == [second, first]
    page = place.ecs.list_service_deployments(
        service=place.service()["serviceArn"], cluster=place.site.cluster, maxResults=1
    )
    assert listed(nextToken=page["nextToken"]) == [first]
