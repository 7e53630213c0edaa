"""Listener rules that do not allow a deployment: AWS's texts, and rules as they were."""

import pytest

from testgate.local.ecs.model import LoadBalancerEntry
from testgate.local.ecs.traffic import NetworkError, group_in_use, read_weights, with_weights
from tests.local.ecs.conftest import Place, World

_ENTRY = LoadBalancerEntry(
    target_group_arn="tg/one",
    container_name="app",
    container_port=80,
    alternate_target_group_arn="tg/two",
    production_rule_arn="rule/production",
    test_rule_arn="rule/test",
)


@pytest.mark.parametrize(
    ("production", "test", "in_use"),
    [
        ({"tg/one": 100, "tg/two": 0}, {}, "tg/one"),
        ({"tg/one": 0, "tg/two": 1}, {}, "tg/two"),
        ({"tg/one": 1}, {"tg/two": 1}, "tg/one"),
    ],
)
def test_production_uses_the_group_that_has_weight(production, test, in_use):
    assert group_in_use(_ENTRY, production, test) == in_use


@pytest.mark.parametrize(
    ("production", "test", "problem"),
    [
        (
            {"tg/one": 1},
            {},
            "configuration: Target group tg/two is not associated with either "
            "productionListenerRule or testListenerRule.",
        ),
        (
            {"tg/one": 50, "tg/two": 50},
            {},
            "configuration. productionListenerRule rule/production should have exactly one target "
            "group serving traffic but found 2 target groups which are serving traffic",
        ),
        (
            {"tg/one": 0, "tg/two": 0, "tg/x": 1},
            {},
            "configuration. Production listener rule is forwarding traffic to unexpected target "
            "group tg/x. Expected traffic to be forwarded to either targetGroupArn: tg/one or "
            "alternateTargetGroupArn: tg/two",
        ),
    ],
)
def test_rules_that_do_not_fit_are_refused_in_the_words_of_aws(production, test, problem):
    with pytest.raises(NetworkError) as caught:
        group_in_use(_ENTRY, production, test)
    assert str(caught.value).endswith(problem)
    assert str(caught.value).startswith("Service deployment rolled back because of invalid network")


def test_weights_are_read_from_either_form_of_a_forward():
    assert read_weights([{"Type": "forward", "TargetGroupArn": "tg/one"}]) == {"tg/one": 1}
    assert read_weights([{"Type": "fixed-response"}]) == {}


def test_new_weights_keep_the_stickiness_of_the_rule():
    stickiness = {"Enabled": True, "DurationSeconds": 60}
    before = [{"Type": "forward", "ForwardConfig": {"TargetGroupStickinessConfig": stickiness}}]
    (action,) = with_weights(before, {"tg/one": 100, "tg/two": 0})
    assert action["ForwardConfig"]["TargetGroupStickinessConfig"] == stickiness
    assert read_weights([action]) == {"tg/one": 100, "tg/two": 0}


def test_split_production_is_refused_before_anything_starts(world: World, place: Place):
    place.created("blue")
    groups = [{"TargetGroupArn": group, "Weight": 50} for group in place.site.groups]
    world.client("elbv2").modify_rule(
        RuleArn=place.site.production_rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    )
    deployment = place.ended(place.update("green"))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "should have exactly one target group" in deployment["statusReason"]
    assert set(place.weights(place.site.production_rule).values()) == {50}


def test_each_deployment_goes_to_the_group_that_production_does_not_use(place: Place):
    one, two = place.site.groups
    used: list[str] = []
    for version in ("a", "b", "c"):
        deploy = place.update if used else place.create
        deployment = place.ended(deploy(version))
        revision = deployment["targetServiceRevision"]["arn"]
        described = place.ecs.describe_service_revisions(serviceRevisionArns=[revision])
        resolved = described["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"]
        used.append(resolved[0]["targetGroupArn"])
        assert place.weights(place.site.production_rule) == {
            used[-1]: 100,
            (one if used[-1] == two else two): 0,
        }
    assert used == [two, one, two]


def test_rules_reset_by_another_tool_put_both_revisions_in_one_group(world: World, place: Place):
    """Seen on AWS: ECS believes the rules, and production then reaches both revisions."""
    place.created("blue")
    weights = [
        {"TargetGroupArn": group, "Weight": weight}
        for group, weight in zip(place.site.groups, (100, 0), strict=True)
    ]
    world.client("elbv2").modify_rule(
        RuleArn=place.site.production_rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
    )
    seen = []
    place.at(
        "STAGE_ENTERED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda _: seen.append({place.test() for _ in range(2)}),
    )
    place.ended(place.update("green"))
    assert seen == [{"blue", "green"}]


def test_a_default_rule_may_be_the_production_rule(world: World, place: Place):
    elbv2 = world.client("elbv2")
    listener = place.site.production_rule.replace("listener-rule/", "listener/").rpartition("/")[0]
    rules = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    groups = [
        {"TargetGroupArn": group, "Weight": weight}
        for group, weight in zip(place.site.groups, (1, 0), strict=True)
    ]
    elbv2.modify_listener(
        ListenerArn=listener,
        DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
    )
    elbv2.delete_rule(RuleArn=place.site.production_rule)
    (default,) = [rule["RuleArn"] for rule in rules if rule["IsDefault"]]
    (balancer,) = place.balancers()
    balancer["advancedConfiguration"]["productionListenerRule"] = default
    deployment = place.ended(place.create("blue", loadBalancers=[balancer]))
    assert deployment["status"] == "SUCCESSFUL"
    assert place.production() == "blue"
    assert place.weights(default) == {place.site.groups[1]: 100, place.site.groups[0]: 0}
