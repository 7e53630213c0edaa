"""The ECS API as boto3 sees it: shapes, errors, filters, waiters."""

import json
from datetime import timedelta

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from tests.local.ecs.conftest import ROLE, Hooks, Place, World, answer, configuration, fail, hook

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


def test_unknown_arns_are_failures(place: Place):
    arn = f"arn:aws:ecs:us-east-1:123456789012:service-deployment/{place.site.cluster}/x/y"
    answer = place.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    answer = place.ecs.describe_service_revisions(serviceRevisionArns=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    answer = place.ecs.describe_services(cluster=place.site.cluster, services=["none"])
    assert answer["failures"][0]["reason"] == "MISSING"


@pytest.mark.parametrize(
    ("operation", "members", "error"),
    [
        ("list_service_deployments", {"service": "none"}, "ServiceNotFoundException"),
        ("update_service", {"service": "none"}, "ServiceNotFoundException"),
        ("delete_service", {"service": "none"}, "ServiceNotFoundException"),
        ("list_services", {"cluster": "none"}, "ClusterNotFoundException"),
        ("describe_services", {"cluster": "x", "services": []}, "ClusterNotFoundException"),
        (
            "stop_service_deployment",
            {"cluster": None, "serviceDeploymentArn": "arn:none"},
            "ServiceDeploymentNotFoundException",
        ),
    ],
)
def test_what_does_not_exist_raises_its_own_exception(place: Place, operation, members, error):
    given = {"cluster": place.site.cluster, **members}
    with pytest.raises(ClientError) as caught:
        getattr(place.ecs, operation)(**{k: v for k, v in given.items() if v is not None})
    assert type(caught.value).__name__ == error


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"deploymentConfiguration": {"strategy": "PURPLE"}},
            "Invalid strategy. Valid values are: ROLLING, BLUE_GREEN",
        ),
        (
            {"deploymentConfiguration": configuration(hook(_FUNCTION, "NO_STAGE"))},
            "Invalid lifecycleStages. Valid values are: RECONCILE_SERVICE",
        ),
        (
            {
                "deploymentConfiguration": configuration(
                    {"targetType": "EMAIL", "lifecycleStages": ["PRE_SCALE_UP"]}
                )
            },
            "Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE",
        ),
        (
            {"deploymentConfiguration": configuration({"lifecycleStages": ["PRE_SCALE_UP"]})},
            "hookTargetArn is required",
        ),
        (
            {
                "deploymentConfiguration": configuration(
                    {"targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}
                )
            },
            "Invalid lifecycle stage provided for Pause Hook",
        ),
        ({"loadBalancers": [{"containerName": "app"}]}, "advancedConfiguration field is required"),
        ({"taskDefinition": "none:1"}, "TaskDefinition not found"),
        ({"deploymentConfiguration": {"strategy": "CANARY"}}, "does not carry out"),
    ],
)
def test_what_cannot_be_is_refused_at_once(place: Place, changes, text):
    with pytest.raises(ClientError, match=text):
        place.create("blue", **changes)
    assert place.ecs.list_services(cluster=place.site.cluster)["serviceArns"] == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"containerName": "web"}, "The container web does not exist in the task definition."),
        ({"containerPort": 81}, "did not have a container port 81 defined."),
        (
            {"production": "arn:aws:elasticloadbalancing:r:1:listener/app/a/b/c"},
            "productionListenerRule has an invalid ARN format. Must be RuleArn for ALB",
        ),
        ({"same_rule": True}, "cannot be used as both production and test listener rules"),
        ({"same_group": True}, "Duplicate targetGroupArn found"),
    ],
)
def test_load_balancers_are_checked_in_the_words_of_aws(place: Place, changes, text):
    (balancer,) = place.balancers()
    advanced = balancer["advancedConfiguration"]
    balancer |= {k: v for k, v in changes.items() if k.startswith("container")}
    if "production" in changes:
        advanced["productionListenerRule"] = changes["production"]
    if "same_rule" in changes:
        advanced["testListenerRule"] = advanced["productionListenerRule"]
    if "same_group" in changes:
        advanced["alternateTargetGroupArn"] = balancer["targetGroupArn"]
    with pytest.raises(ClientError, match=text):
        place.create("blue", loadBalancers=[balancer])


def test_a_request_without_required_members_is_refused(world: World):
    headers = {
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServiceRevisions",
        "Content-Type": "application/x-amz-json-1.1",
    }
    response = requests.post(world.server.url, data=b"{}", headers=headers, timeout=5)
    assert response.status_code == 400
    assert response.json()["__type"] == "InvalidParameterException"
    assert "serviceRevisionArns" in response.json()["message"]
    response = requests.post(world.server.url, data=b"[", headers=headers, timeout=5)
    assert json.loads(response.text)["__type"] == "ClientException"


def test_a_name_in_use_is_refused(place: Place):
    place.create("blue", desiredCount=0)
    with pytest.raises(ClientError, match="Creation of service was not idempotent"):
        place.create("green")


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


def test_several_load_balancer_entries_all_shift(world: World, place: Place):
    from testgate.local.site import build_site

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


def test_reset_of_moto_forgets_services_and_ends_tasks(world: World, place: Place):
    place.created("blue")
    production, service_arn = place.site.production_url, place.service()["serviceArn"]
    requests.post(f"{world.server.url}/moto-api/reset", timeout=10)
    with pytest.raises(requests.ConnectionError):
        requests.get(production, timeout=5)
    place.ecs.create_cluster(clusterName=place.site.cluster)
    answer = place.ecs.describe_services(cluster=place.site.cluster, services=[service_arn])
    assert answer["services"] == []
    commands = [" ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)]
    assert not any("app.py" in command for command in commands)
