"""`testgate why` when no gate run tells: ECS's own word on whole deployments, explained."""

import dataclasses
import json

import pytest

from testgate.cli.ecs_word import ask_ecs
from testgate.local.ecs import TransitionKind
from testgate.local.lambdas import Crash, Moment
from tests.deployments.conftest import SUITE

CRASH = Crash(when=Moment.BEFORE_HANDLER)


@pytest.fixture
def asked(lab):
    """ECS's word on a deployment, as the commands ask for it."""

    def ask(deployment):
        word = ask_ecs(lab.site.client("ecs"), deployment["serviceDeploymentArn"])
        assert word is not None
        return word

    return ask


def kinds(word):
    return [each.kind for each in word.explanations]


def with_hook(lab, **changes):
    """A second deployment, whose hook is not as it should be."""
    lab.established()
    return lab.update("2", dataclasses.replace(lab.hook(), **changes))


def update(lab, **configuration):
    """A second deployment with hooks that are not the gate's."""
    lab.site.client("ecs").update_service(
        cluster=lab.name,
        service=lab.name,
        taskDefinition=lab.task("2"),
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0} | configuration,
    )
    return lab.ended(lab.site.newest_deployment())


def test_a_role_that_cannot_be_assumed(lab, asked):
    role = "arn:aws:iam::123456789012:role/nobody"
    word = asked(with_hook(lab, role_arn=role))
    assert kinds(word) == ["role_not_assumed"]
    assert role in word.explanations[0].happened
    assert "POST_TEST_TRAFFIC_SHIFT" in word.explanations[0].happened


@pytest.mark.denied("lambda:InvokeFunction")
def test_a_role_that_may_not_invoke(lab, asked):
    word = asked(with_hook(lab, role_arn=lab.site.role_arn))
    assert kinds(word) == ["not_allowed_to_invoke"]


def test_a_function_that_is_not_there(lab, asked):
    lab.established()
    hook = lab.hook()
    gone = hook.function_arn.rpartition(":")[0] + ":gone"
    iam = lab.local.client("iam")
    role, arn = f"{lab.name}-invoker", f"arn:aws:iam::123456789012:role/{lab.name}-invoker"
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}}
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
        ),
    )
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": gone}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="invoke",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [invoke]}),
    )
    word = asked(lab.update("2", dataclasses.replace(hook, function_arn=gone, role_arn=arn)))
    assert kinds(word) == ["function_not_found"]
    assert gone in word.explanations[0].happened
    assert "AWS documents no such message" in dict(word.lines)["how sure"]


def test_an_answer_that_cannot_be_read(lab, asked):
    lab.established()
    lab.local.lambdas.inject(lab.stack.function("test-gate"), CRASH)
    word = asked(lab.update("2"))
    assert kinds(word) == ["answer_not_understood"]
    assert "/aws/lambda/" in word.explanations[0].to_do


def test_a_refused_first_deployment_has_its_cause_and_nothing_to_return_to(lab, asked):
    lab.publish({"smoke": SUITE})
    hook = dataclasses.replace(lab.hook(), role_arn="arn:aws:iam::123456789012:role/nobody")
    word = asked(lab.create("1", hook))
    assert kinds(word) == ["role_not_assumed", "no_rollback_candidate"]


def test_a_cause_that_only_the_services_events_tell_is_found_there(lab):
    """As seen on AWS, where the deployment itself says no more than that nothing is left."""
    lab.publish({"smoke": SUITE})
    hook = dataclasses.replace(lab.hook(), role_arn="arn:aws:iam::123456789012:role/nobody")
    deployment = lab.create("1", hook)
    real = lab.site.client("ecs")

    class Silent:
        describe_services = staticmethod(real.describe_services)

        @staticmethod
        def describe_service_deployments(**asked):
            answer = real.describe_service_deployments(**asked)
            answer["serviceDeployments"][0].pop("rollback")
            return answer

    word = ask_ecs(Silent, deployment["serviceDeploymentArn"])
    assert word is not None
    assert kinds(word) == ["role_not_assumed", "no_rollback_candidate"]


def test_a_deployment_that_was_stopped(lab, asked):
    lab.established()
    lab.once(
        TransitionKind.HOOK_CALLED,
        lambda transition: lab.site.client("ecs").stop_service_deployment(
            serviceDeploymentArn=transition.deployment_arn, stopType="ROLLBACK"
        ),
    )
    assert kinds(asked(lab.update("2"))) == ["stopped_by_hand"]


def test_a_pause_that_somebody_ended(lab, asked):
    lab.established()
    pause = {"lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"], "targetType": "PAUSE"}
    lab.once(
        TransitionKind.HOOK_CHANGED,
        lambda transition: lab.site.client("ecs").continue_service_deployment(
            serviceDeploymentArn=transition.deployment_arn,
            hookId=transition.hook.hook_id,
            action="ROLLBACK",
        ),
    )
    assert kinds(asked(update(lab, lifecycleHooks=[pause]))) == ["pause_rolled_back"]


def test_a_deployment_that_no_hook_asked_about(lab, asked):
    lab.established()
    word = asked(update(lab, lifecycleHooks=[]))
    assert kinds(word) == ["never_asked"]
    assert "no lifecycle hook is configured" in word.explanations[0].usually


def test_nobody_knows_a_deployment_that_is_not_there(lab):
    lab.established()
    arn = lab.site.newest_deployment() + "x"
    assert ask_ecs(lab.site.client("ecs"), arn) is None
    assert ask_ecs(lab.site.client("ecs"), "nobody/knows") is None
