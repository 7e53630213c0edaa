"""ECS's own messages: each text has its explanation, and a text of no known form has none.

The documented texts are those of AWS's troubleshooting page for blue/green deployments, the seen
ones of real accounts' records; the rest is assumed, as the local ECS writes it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.local.ecs import reasons
from testgate.local.ecs.model import HookTarget, Stage
from testgate.report.ecs_messages import EcsDeployment, explain
from testgate.report.ecs_texts import MESSAGES, Source

HOOK = "arn:aws:lambda:us-west-2:123456789012:function:myHook"
ROLE = "arn:aws:iam::123456789012:role/Admin"
FAILED = "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
GATED = "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "
NETWORK = "Service deployment rolled back because of invalid networking configuration"
RULE = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/my-alb/abc/def/ghi"

TEXTS = [
    (
        FAILED + f"ECS was unable to assume role {ROLE}",
        "role_not_assumed",
        Source.DOCUMENTED,
        f"ECS could not assume the hook's role {ROLE}, so it never called the hook at "
        "TEST_TRAFFIC_SHIFT",
    ),
    (
        FAILED + f"ECS was unable to invoke hook target {HOOK} due to User: "
        "arn:aws:sts::123456789012:assumed-role/myLambdaRole/ECS-Lambda-Execution is not "
        f"authorized to perform: lambda:InvokeFunction on resource: {HOOK} because no "
        "identity-based policy allows the lambda:InvokeFunction action",
        "not_allowed_to_invoke",
        Source.DOCUMENTED,
        f"ECS was not allowed to invoke {HOOK}, so the hook never ran at TEST_TRAFFIC_SHIFT",
    ),
    (
        FAILED + f"ECS was unable to parse the response from {HOOK} due to HookStatus must not be "
        "null",
        "answer_not_understood",
        Source.DOCUMENTED,
        f"the hook {HOOK} ran at TEST_TRAFFIC_SHIFT, and ECS could not read its answer",
    ),
    (
        "deployment failed: Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) "
        f"failed. ECS was unable to parse the response from {HOOK} due to: HookStatus must not be "
        "null.",
        "answer_not_understood",
        Source.DOCUMENTED,
        f"the hook {HOOK} ran at PRE_SCALE_UP, and ECS could not read its answer",
    ),
    (
        FAILED + f"Lifecycle hook target {HOOK} returned FAILED status.",
        "hook_failed",
        Source.DOCUMENTED,
        f"the hook {HOOK} refused the deployment at TEST_TRAFFIC_SHIFT",
    ),
    (
        "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook timed out.",
        "pause_timed_out",
        Source.DOCUMENTED,
        "nobody continued the deployment at its pause at POST_TEST_TRAFFIC_SHIFT before the time "
        "was over",
    ),
    (
        FAILED + "User: arn:aws:sts::123456789012:assumed-role/myELBRole/ECSNetworkingWithELB is "
        "not authorized to perform: elasticloadbalancing:ModifyListener on resource: "
        "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/my-alb/abc123/def456 "
        "because no identity-based policy allows the elasticloadbalancing:ModifyListener action",
        "load_balancer_rights",
        Source.DOCUMENTED,
        "ECS could not change the load balancer, so green never got test traffic",
    ),
    (
        f"{NETWORK}. ECS was unable to manage the ELB resources due to missing permissions on ECS "
        f"Infrastructure Role '{ROLE}'.",
        "load_balancer_rights",
        Source.DOCUMENTED,
        "ECS could not change the load balancer, so green never got test traffic",
    ),
    (
        f"{NETWORK}. productionListenerRule {RULE} should have exactly one target group serving "
        "traffic but found 2 target groups which are serving traffic",
        "network_configuration",
        Source.DOCUMENTED,
        "ECS refused the deployment's listener rules or target groups",
    ),
    (
        "Service deployment rolled back because the circuit breaker threshold was exceeded.",
        "circuit_breaker",
        Source.SEEN,
        "green's tasks did not start, so it never came to the hook",
    ),
    (
        "No rollback candidate was found to run the rollback.",
        "no_rollback_candidate",
        Source.SEEN,
        "the deployment failed, and there was no earlier revision to return to",
    ),
    (
        GATED + f"ECS was unable to invoke hook target {HOOK} due to Function not found: {HOOK}",
        "function_not_found",
        Source.ASSUMED,
        f"ECS found no function {HOOK}, so no hook ran at POST_TEST_TRAFFIC_SHIFT",
    ),
    (
        GATED + f"ECS was unable to invoke hook target {HOOK} due to Rate Exceeded.",
        "not_invoked",
        Source.DOCUMENTED,
        f"ECS could not invoke {HOOK}, so the hook never ran at POST_TEST_TRAFFIC_SHIFT",
    ),
    (
        GATED + f"Lifecycle hook target {HOOK} timed out.",
        "hook_timed_out",
        Source.ASSUMED,
        f"the hook {HOOK} did not come to an end at POST_TEST_TRAFFIC_SHIFT before its time was "
        "over",
    ),
    (
        "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT pause hook was continued "
        "with action ROLLBACK.",
        "pause_rolled_back",
        Source.ASSUMED,
        "somebody ended the pause at POST_TEST_TRAFFIC_SHIFT with ROLLBACK",
    ),
    (
        "Service deployment rolled back because CloudWatch alarm web-5xx is in ALARM state.",
        "alarm",
        Source.ASSUMED,
        "a CloudWatch alarm of the deployment went off, and ECS rolled it back",
    ),
    (
        "Service deployment rolled back because of a StopServiceDeployment request.",
        "stopped_by_hand",
        Source.ASSUMED,
        "somebody stopped the deployment (StopServiceDeployment)",
    ),
    (
        "Service deployment stopped because a new service deployment was started.",
        "superseded",
        Source.ASSUMED,
        "a newer deployment of the service took this one's place",
    ),
    (
        "Service deployment stopped because the service was deleted.",
        "service_deleted",
        Source.ASSUMED,
        "the service was deleted during the deployment",
    ),
]


@pytest.mark.parametrize(("text", "kind", "source", "happened"), TEXTS, ids=lambda v: str(v)[:40])
def test_a_text_of_ecs_is_explained(text, kind, source, happened):
    (told,) = explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason=text))
    assert (told.kind, told.source, told.happened) == (kind, source, happened)
    assert told.usually
    assert told.to_do
    assert "{" not in told.happened + told.usually + told.to_do


def test_every_text_that_is_known_stands_in_the_table():
    kinds = {kind for _, kind, _, _ in TEXTS}
    assert {message.kind for message in MESSAGES} <= kinds


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (reasons.returned_failed(HOOK), "hook_failed"),
        (reasons.unreadable(HOOK), "answer_not_understood"),
        (reasons.role_not_assumed(ROLE), "role_not_assumed"),
        (reasons.not_invoked(HOOK, f"Function not found: {HOOK}"), "function_not_found"),
        (reasons.hook_timed_out(HOOK), "hook_timed_out"),
        (reasons.rolled_back_by_network(": x"), "network_configuration"),
        (reasons.rolled_back_by_tasks("x"), "circuit_breaker"),
        (reasons.STOP_REQUESTED, "stopped_by_hand"),
        (reasons.SUPERSEDED, "superseded"),
        (reasons.SERVICE_DELETED, "service_deleted"),
        (reasons.NO_ROLLBACK_CANDIDATE, "no_rollback_candidate"),
    ],
)
def test_what_the_local_ecs_says_is_explained_too(reason, kind):
    for text in (
        reason,
        reasons.rolled_back_by_hook(Stage.POST_TEST_TRAFFIC_SHIFT, reason, HookTarget.AWS_LAMBDA),
    ):
        told = explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason=text))
        assert [each.kind for each in told] == [kind]


def test_what_to_do_names_the_functions_log_group():
    reason = FAILED + f"Lifecycle hook target {HOOK} returned FAILED status."
    (told,) = explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason=reason))
    assert "/aws/lambda/myHook " in told.to_do


def test_what_refused_a_first_deployment_comes_before_that_nothing_is_left():
    reason = FAILED + f"ECS was unable to assume role {ROLE} No rollback candidate was found to run"
    told = explain(EcsDeployment(status="ROLLBACK_FAILED", reason=reason))
    assert [each.kind for each in told] == ["role_not_assumed", "no_rollback_candidate"]


def test_a_hook_that_timed_out_is_told_whatever_ecs_says_of_it():
    deployment = EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason="?", timed_out=(HOOK,))
    (told,) = explain(deployment)
    assert (told.kind, told.source) == ("hook_timed_out", Source.DOCUMENTED)
    assert HOOK in told.happened
    (paused,) = explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", timed_out=("",)))
    assert paused.kind == "pause_timed_out"


@pytest.mark.parametrize(
    ("deployment", "kind", "says"),
    [
        (EcsDeployment(status="SUCCESSFUL"), "never_asked", "no lifecycle hook is configured"),
        (EcsDeployment(status="SUCCESSFUL", hooks=(HOOK,)), "never_asked", f"its hooks are {HOOK}"),
        (EcsDeployment(status="PENDING"), "still_running", "not come to the hook's stage yet"),
        (
            EcsDeployment(status="IN_PROGRESS", stage="BAKE_TIME"),
            "still_running",
            "not come to the hook's stage yet",
        ),
        (EcsDeployment(status="STOPPED"), "stopped_by_hand", "StopServiceDeployment"),
        (EcsDeployment(status="ROLLBACK_REQUESTED"), "stopped_by_hand", "StopServiceDeployment"),
    ],
)
def test_a_status_without_a_reason_is_explained(deployment, kind, says):
    (told,) = explain(deployment)
    assert told.kind == kind
    assert says in told.usually


@pytest.mark.parametrize("reason", ["", "Something that AWS has never said."])
def test_a_text_of_no_known_form_is_not_guessed_at(reason):
    assert explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason=reason)) == ()


@given(st.text(), st.sampled_from([text for text, *_ in TEXTS]))
def test_no_text_breaks_the_explanation(noise, text):
    for reason in (noise, noise + text, text + noise, text.replace("a", noise)):
        for told in explain(EcsDeployment(status="ROLLBACK_SUCCESSFUL", reason=reason)):
            assert told.spell()["happened"]
