"""The wrong revision is never tested or approved: drift, stickiness, draining, default rules."""

from testgate.core.outcomes import Outcome
from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import CHECKOUT_SUITE, SUITE

POST_PRODUCTION = "POST_PRODUCTION_TRAFFIC_SHIFT"


def forward(lab, rule, weights, **config):
    groups = [
        {"TargetGroupArn": group, "Weight": weight}
        for group, weight in zip(lab.site.groups, weights, strict=True)
    ]
    lab.local.client("elbv2").modify_rule(
        RuleArn=rule,
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups, **config}}],
    )


def green_weights(lab):
    """The test rule's weights in the order of the site's groups."""
    rule = lab.local.client("elbv2").describe_rules(RuleArns=[lab.site.test_rule])["Rules"][0]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    weights = {group["TargetGroupArn"]: group["Weight"] for group in groups}
    return tuple(weights[group] for group in lab.site.groups)


def test_a_reset_that_points_the_test_rule_at_blue_refuses(lab):
    """As seen in a real account: an apply had reset the weights, and the old revision passed."""
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    lab.once(
        TransitionKind.HOOK_CALLED,
        lambda _: forward(lab, lab.site.test_rule, green_weights(lab)[::-1]),
    )
    lab.transitions.clear()
    deployment = lab.update("2", SHOP_FAULT="checkout")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert "where revision" in run.sentence


def test_a_sticky_rule_refuses(lab):
    lab.established()
    sticky = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}
    lab.once(
        TransitionKind.HOOK_CALLED,
        lambda _: forward(lab, lab.site.test_rule, green_weights(lab), **sticky),
    )
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "is sticky" in lab.run(deployment).sentence


def test_production_that_already_leads_to_green_refuses(lab):
    lab.established()
    lab.once(
        TransitionKind.HOOK_CALLED,
        lambda _: forward(lab, lab.site.production_rule, (50, 50)),
    )
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "already serves production" in lab.run(deployment).sentence


def test_a_target_that_drains_for_a_while_is_waited_for(lab):
    """A task that failed and was replaced while green scaled up is shown for minutes."""
    lab.established()
    elbv2 = lab.local.client("elbv2")

    def replace_a_task(_):
        (green,) = [
            group
            for group, weight in zip(lab.site.groups, green_weights(lab), strict=True)
            if weight
        ]
        elbv2.modify_target_group_attributes(
            TargetGroupArn=green,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "4"}],
        )
        target = [{"Id": "127.0.0.1", "Port": 9}]
        elbv2.register_targets(TargetGroupArn=green, Targets=target)
        elbv2.deregister_targets(TargetGroupArn=green, Targets=target)

    lab.once(TransitionKind.HOOK_CALLED, replace_a_task)
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    client = lab.local.client("stepfunctions")
    history = client.get_execution_history(executionArn=lab.executions(deployment)[0])["events"]
    failures = [event for event in history if event["type"] == "TaskFailed"]
    assert failures
    assert failures[0]["taskFailedEventDetails"]["error"] == "SettlingError"
    assert "is draining" in failures[0]["taskFailedEventDetails"]["cause"]


def test_after_production_shift_the_production_listener_is_tested(lab):
    lab.publish({"smoke": SUITE})
    hook = lab.hook()
    late = type(hook)(
        function_arn=hook.function_arn,
        role_arn=hook.role_arn,
        details=hook.details,
        stages=(POST_PRODUCTION,),
    )
    assert lab.create("1", late)["status"] == "SUCCESSFUL"
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    run = lab.run(deployment)
    assert run.record
    assert run.record["stage"] == POST_PRODUCTION
    assert run.record["base_url"] == lab.site.production_url


def test_after_production_shift_a_failure_brings_production_back(lab):
    lab.publish({"smoke": CHECKOUT_SUITE})
    hook = lab.hook()
    late = type(hook)(
        function_arn=hook.function_arn,
        role_arn=hook.role_arn,
        details=hook.details,
        stages=(POST_PRODUCTION,),
    )
    lab.create("1", late)
    deployment = lab.update("2", SHOP_FAULT="checkout")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"
    assert lab.run(deployment).outcome is Outcome.FAILED


def test_one_hook_at_both_stages_asks_twice(lab):
    lab.publish({"smoke": SUITE})
    hook = lab.hook()
    both = type(hook)(
        function_arn=hook.function_arn,
        role_arn=hook.role_arn,
        details=hook.details,
        stages=("POST_TEST_TRAFFIC_SHIFT", POST_PRODUCTION),
    )
    deployment = lab.create("1", both)
    assert deployment["status"] == "SUCCESSFUL"
    assert len(lab.executions(deployment)) == 2
