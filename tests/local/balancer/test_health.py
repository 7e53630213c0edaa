"""DescribeTargetHealth tells what the health checks found."""

from tests.local.balancer.conftest import Place, eventually, forward, free_port


def test_health_is_told_as_it_is(place: Place):
    group = place.group()
    place.listener(forward(group))
    port = free_port("127.0.0.1")
    registration = {"TargetGroupArn": group, "Targets": [{"Id": "127.0.0.1", "Port": port}]}
    place.elbv2.register_targets(**registration)
    assert place.states(group) == {port: "initial"}
    target = place.target(group)
    assert place.states(group) == {port: "initial", target.server_port: "healthy"}
    target.health = 500
    eventually(lambda: place.states(group)[target.server_port] == "unhealthy")
    found = place.elbv2.describe_target_health(
        TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.server_port}]
    )["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [500]",
    }
    place.elbv2.deregister_targets(**registration)
    assert place.states(group) == {target.server_port: "unhealthy"}
    found = place.elbv2.describe_target_health(**registration)["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_matcher_of_the_group_decides_what_is_healthy(place: Place):
    group = place.group(Matcher={"HttpCode": "200-299,503"})
    target = place.target(group, healthy=False)
    target.health = 503
    eventually(lambda: place.states(group)[target.server_port] == "healthy")


def test_draining_lasts_as_long_as_the_attribute_says(place: Place):
    group = place.group()
    target = place.target(group)
    place.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}],
    )
    place.elbv2.deregister_targets(
        TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": target.server_port}]
    )
    assert place.states(group) == {target.server_port: "draining"}
