"""Every kind of hook at one service: all must pass, and one refusal ends everything."""

import json

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.ecs import TransitionKind
from tests.deployments.conftest import SUITE
from tests.deployments.policy import (
    ERRORS,
    OWN,
    QUICK,
    established,
    measure,
    revision_id,
    target_of,
    upload,
    when_called,
)
from tests.deployments.test_promises import WAITING_SUITE, _wait_for


def every_hook(lab):
    """One of each kind, as one service may have them."""
    return (
        lab.stack.admission(OWN),
        lab.hook(),
        lab.stack.approval(),
        lab.stack.metrics({"METRICS": [ERRORS]} | QUICK),
    )


def test_every_hook_is_asked_and_one_service_passes_them_all(lab, testgate):
    established(lab)
    lab.publish({"smoke": SUITE})

    def on_answer(transition):
        if transition.stage.value == "POST_TEST_TRAFFIC_SHIFT":
            upload(lab, f"{target_of(lab, transition)}.txt")
            measure(lab, 0.0)
        else:
            lab.once(TransitionKind.HOOK_ANSWERED, on_answer)

    lab.once(TransitionKind.HOOK_ANSWERED, on_answer)
    deployment = lab.update("2", *every_hook(lab))
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    run = lab.run(deployment)
    assert run.hook == "test-gate"
    assert {each.hook for each in run.others} == {"admission", "approval", "metrics"}
    assert all(each.passed for each in (run, *run.others))
    told = testgate("logs", deployment["serviceDeploymentArn"], "--hook")
    answers = [line for line in told.stdout.splitlines() if '"testgate": "answer"' in line]
    kinds = ("admission", "test-gate", "approval", "metrics")
    functions = {f"{lab.stack.name}-{kind}" for kind in kinds}
    assert {line.split(" ", 2)[1] for line in answers} == functions


def test_one_refusal_rolls_back_everything_and_stops_the_rest(lab):
    established(lab)
    lab.publish({"smoke": WAITING_SUITE})
    flag = lab.directory / "go-on"
    hooks = [
        lab.stack.admission(OWN),
        lab.hook(PARAMETERS={"FLAG": str(flag)}),
        lab.stack.approval(),
    ]
    arn = lab.site.update(lab.task("2"), *hooks)
    _wait_for(flag.with_suffix(".started"))
    revision = revision_id(lab.site.deployment(arn))
    upload(lab, f"{revision}.rejected", body=b"not today")
    deployment = lab.ended(arn)
    flag.touch()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    assert lab.execution_ended(deployment)["error"] == "Testgate.Aborted"
    lab.recorded_of(deployment, "test-gate")
    run = lab.run(deployment)
    assert (run.hook, run.outcome) == ("approval", Outcome.FAILED)
    assert run.sentence.endswith(": not today")
    assert {(each.hook, each.outcome) for each in run.others} == {
        ("admission", Outcome.PASSED),
        ("test-gate", Outcome.ABORTED),
    }


@pytest.mark.parametrize("kind", ["admission", "approval", "metrics"])
def test_a_hook_that_is_configured_twice_answers_twice_alike(lab, kind):
    established(lab)
    hooks = {
        "admission": lab.stack.admission(OWN),
        "approval": lab.stack.approval(),
        "metrics": lab.stack.metrics({"METRICS": [ERRORS]} | QUICK),
    }
    if kind == "approval":
        when_called(lab, lambda revision: upload(lab, f"{revision}.txt"))
    measure(lab, 0.0)
    deployment = lab.update("2", hooks[kind], hooks[kind])
    assert deployment["status"] == "SUCCESSFUL"
    assert not lab.run(deployment).others


@pytest.mark.parametrize("function", ["admission", "approval", "metrics"])
def test_what_belongs_to_no_deployment_is_filed_under_errors(lab, function):
    name = lab.stack.function(function)
    answer = lab.local.lambdas.invoke(name, b'{"hello": "world"}')
    assert json.loads(answer.payload) == {"hookStatus": "FAILED"}
    told = [lab.bucket.get_json(key) for key in lab.bucket.keys("errors/")]
    assert function in [each.get("hook") for each in told]
