"""What cannot be is refused at once, with the exceptions and words of ECS."""

import json

import pytest
import requests
from botocore.exceptions import ClientError

from tests.local.ecs.conftest import Place, World, configuration, hook

_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


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
        ({"deploymentConfiguration": {"strategy": "LINEAR"}}, "does not carry out"),
        (
            {
                "deploymentConfiguration": {
                    "strategy": "ROLLING",
                    "lifecycleHooks": [hook(_FUNCTION, "PRE_SCALE_UP", "POST_SCALE_UP")],
                }
            },
            "POST_SCALE_UP are not available with deployment strategy ROLLING",
        ),
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


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (hook(_FUNCTION), "AWS_LAMBDA"),
        ({"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}, "PAUSE"),
    ],
)
def test_more_than_ten_hooks_of_a_kind_are_refused(place: Place, one, kind):
    with pytest.raises(ClientError, match=f"At most 10 {kind} lifecycle hooks are allowed"):
        place.create("blue", deploymentConfiguration=configuration(*[one] * 11))


def test_a_request_without_required_members_is_refused(world: World):
    headers = {
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServiceRevisions",
        "Content-Type": "application/x-amz-json-1.1",
    }
    response = requests.post(world.server.url, data=b"{}", headers=headers, timeout=60)
    assert response.status_code == 400
    assert response.json()["__type"] == "InvalidParameterException"
    assert "serviceRevisionArns" in response.json()["message"]
    response = requests.post(world.server.url, data=b"[", headers=headers, timeout=60)
    assert json.loads(response.text)["__type"] == "ClientException"


def test_a_name_in_use_is_refused(place: Place):
    place.create("blue", desiredCount=0)
    with pytest.raises(ClientError, match="Creation of service was not idempotent"):
        place.create("green")


def test_unknown_arns_are_failures(place: Place):
    arn = f"arn:aws:ecs:us-east-1:123456789012:service-deployment/{place.site.cluster}/x/y"
    answer = place.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    answer = place.ecs.describe_service_revisions(serviceRevisionArns=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    answer = place.ecs.describe_services(cluster=place.site.cluster, services=["none"])
    assert answer["failures"][0]["reason"] == "MISSING"
