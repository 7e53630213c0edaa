"""Approval on whole deployments: what nobody approved in time never serves production."""

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.ecs import Behaviour, HookDetailsMode, TransitionKind
from tests.deployments.policy import (
    established,
    logged,
    revision_id,
    target_of,
    upload,
    when_called,
)


def test_a_deployment_waits_for_its_approval_and_tells_who_gave_it(lab):
    established(lab)
    by = {"approved-by": "ann"}
    when_called(lab, lambda revision: upload(lab, f"{revision}.txt", **by))
    deployment = lab.update("2", lab.stack.approval())
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    assert len(lab.hook_calls()) >= 2
    run = lab.run(deployment)
    assert run.answer
    url = f"s3://{lab.stack.approval_bucket}/{revision_id(deployment)}.txt"
    assert f"was approved by {url}, uploaded at" in run.sentence
    assert "approved-by=ann" in run.sentence
    assert run.answer["evidence"]["approval"]["owner"]


def test_a_withheld_approval_ends_in_a_rollback_that_says_what_was_missing(lab):
    established(lab)
    deployment = lab.update("2", lab.stack.approval({"TIMEOUT_SECONDS": 10}))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    run = lab.run(deployment)
    assert run.outcome is Outcome.TIMED_OUT
    assert run.sentence.startswith(f"no approval of revision {revision_id(deployment)} came")
    assert logged(lab, "approval", f"aws s3 cp - s3://{lab.stack.approval_bucket}/")


def test_a_rejection_refuses_with_its_reason(lab):
    established(lab)
    when_called(lab, lambda revision: upload(lab, f"{revision}.rejected", body=b"cart is broken"))
    deployment = lab.update("2", lab.stack.approval())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"
    assert lab.run(deployment).sentence.endswith(": cart is broken")


@pytest.mark.parametrize(
    "mode", [HookDetailsMode.MERGE, HookDetailsMode.DROP, HookDetailsMode.TEXT]
)
def test_an_early_approval_does_not_count_and_a_new_one_does(lab, mode):
    established(lab)
    lab.local.ecs.behaviour = Behaviour(details_mode=mode)
    when_called(lab, lambda revision: upload(lab, f"{revision}.txt", age_s=3600))
    waited = []

    def approve(transition):
        waited.append(transition)
        if len(waited) == 2:
            upload(lab, f"{target_of(lab, transition)}.txt")
        else:
            lab.once(TransitionKind.HOOK_ANSWERED, approve)

    lab.once(TransitionKind.HOOK_ANSWERED, approve)
    deployment = lab.update("2", lab.stack.approval())
    assert deployment["status"] == "SUCCESSFUL"
    assert len(lab.hook_calls()) >= 3
    assert lab.run(deployment).outcome is Outcome.PASSED


def test_a_create_is_skipped_if_that_was_chosen_and_an_update_is_not(lab):
    skipping = lab.stack.approval({"ON_CREATE": "skip", "TIMEOUT_SECONDS": 10})
    first = lab.create("1", skipping)
    assert first["status"] == "SUCCESSFUL"
    assert lab.run(first).sentence == (
        "skipped: the service's first deployment, and ON_CREATE is skip"
    )
    second = lab.update("2")
    assert second["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.run(second).outcome is Outcome.TIMED_OUT


def test_a_deployment_that_is_stopped_while_it_waits_is_not_waited_for(lab):
    established(lab)

    def stop(transition):
        lab.local.client("ecs").stop_service_deployment(
            serviceDeploymentArn=transition.deployment_arn, stopType="ROLLBACK"
        )

    lab.once(TransitionKind.HOOK_ANSWERED, stop)
    deployment = lab.update("2", lab.stack.approval())
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "1"
