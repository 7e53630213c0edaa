"""Listeners are real ports that come and go with their API calls."""

import json
import socket

import pytest
import requests
from botocore.exceptions import ClientError

from testgate.local.balancer import Balancer
from tests.local.balancer.conftest import Place, World, fixed, forward, free_port


def test_load_balancer_has_an_address_of_its_own(world: World, place: Place):
    assert place.address.startswith("127.")
    other = Place(world)
    assert other.address != place.address
    other.elbv2.delete_load_balancer(LoadBalancerArn=other.arn)


def test_a_port_in_use_is_refused_and_leaves_no_listener(place: Place):
    with socket.socket() as taken:
        taken.bind((place.address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ClientError, match=f"cannot listen on {place.address}:{port}: Address"):
            place.listener(fixed("x"), port)
    assert place.elbv2.describe_listeners(LoadBalancerArn=place.arn)["Listeners"] == []
    _, url = place.listener(fixed("now"), port)
    assert requests.get(url, timeout=60).text == "now"


def test_two_load_balancers_may_use_one_port_but_a_listener_not_twice(world: World, place: Place):
    other = Place(world)
    _, url = place.listener(fixed("one"))
    port = int(url.rpartition(":")[2])
    _, other_url = other.listener(fixed("two"), port)
    assert requests.get(url, timeout=60).text == "one"
    assert requests.get(other_url, timeout=60).text == "two"
    with pytest.raises(ClientError, match="DuplicateListener"):
        place.listener(fixed("again"), port)
    other.elbv2.delete_load_balancer(LoadBalancerArn=other.arn)


def test_listener_moves_and_goes_with_its_api_calls(place: Place):
    arn, url = place.listener(fixed("here"))
    port = free_port(place.address)
    place.elbv2.modify_listener(ListenerArn=arn, Port=port)
    assert requests.get(f"http://{place.address}:{port}", timeout=60).text == "here"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=60)
    place.elbv2.delete_listener(ListenerArn=arn)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{place.address}:{port}", timeout=60)


@pytest.mark.parametrize(
    ("protocol", "code"), [("HTTPS", "ValidationError"), ("TCP", "ValidationError")]
)
def test_https_without_a_certificate_and_other_protocols_are_refused(place: Place, protocol, code):
    with pytest.raises(ClientError) as caught:
        place.elbv2.create_listener(
            LoadBalancerArn=place.arn,
            Protocol=protocol,
            Port=free_port(place.address),
            DefaultActions=[fixed("x")],
        )
    assert caught.value.response["Error"]["Code"] == code


def test_a_default_rule_cannot_be_modified_as_a_rule(place: Place):
    arn, _ = place.listener(fixed("x"))
    (rule,) = place.elbv2.describe_rules(ListenerArn=arn)["Rules"]
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        place.elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[fixed("y")])


def test_a_group_lists_its_load_balancer_once(place: Place):
    group = place.group()
    arn, _ = place.listener(forward(group))
    place.elbv2.create_rule(
        ListenerArn=arn,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[forward(group)],
    )
    found = place.elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert found["LoadBalancerArns"] == [place.arn]


def test_cloudformation_makes_the_same_listeners(world: World):
    address_of = {"Fn::GetAtt": ["Balancer", "DNSName"]}
    ec2 = world.server.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    port = free_port("127.0.0.1")
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"VpcId": subnets[0]["VpcId"], "Port": 80, "Protocol": "HTTP"},
    }
    template = {
        "Resources": {
            "Balancer": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {"Name": "cfn", "Subnets": [s["SubnetId"] for s in subnets]},
            },
            "One": group,
            "Two": group,
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Balancer"},
                    "Port": port,
                    "Protocol": "HTTP",
                    "DefaultActions": [
                        forward({"Ref": "One"}, {"Ref": "Two"}, weights=(100, 0))  # type: ignore[arg-type]
                    ],
                },
            },
        },
        "Outputs": {"Address": {"Value": address_of}},
    }
    cloudformation = world.server.client("cloudformation")
    cloudformation.create_stack(StackName="lb", TemplateBody=json.dumps(template))
    (stack,) = cloudformation.describe_stacks(StackName="lb")["Stacks"]
    address = stack["Outputs"][0]["OutputValue"]
    assert requests.get(f"http://{address}:{port}", timeout=60).status_code == 503
    cloudformation.delete_stack(StackName="lb")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}:{port}", timeout=60)


def test_a_closed_balancer_leaves_nothing_listening():
    from moto.elbv2.models import ELBv2Backend, elbv2_backends

    before = elbv2_backends.backend
    balancer = Balancer(region="us-east-1")
    balancer.install()
    balancer.install()
    assert elbv2_backends.backend is not before
    balancer.close()
    assert elbv2_backends.backend is ELBv2Backend
    elbv2_backends.backend = before
