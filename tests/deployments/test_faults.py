"""What goes wrong around a gate: repeats, losses and crashes, each on a whole deployment."""

import json

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.ecs import (
    Behaviour,
    CallBackDelays,
    ExecutionIds,
    HookDetailsMode,
    Stopping,
    Throttling,
    TransitionKind,
)
from testgate.local.lambdas import Crash, Hang, Moment, Throttle
from tests.deployments.conftest import CHECKOUT_SUITE

CRASH_BEFORE = Crash(when=Moment.BEFORE_HANDLER)
CRASH_AFTER = Crash(when=Moment.AFTER_HANDLER)


def test_a_hook_called_twice_at_once_starts_one_execution(lab):
    lab.established()
    twice = lab.site.client("ecs")
    hook = lab.hook().spell()
    task = lab.task("2")
    twice.update_service(
        cluster=lab.name,
        service=lab.name,
        taskDefinition=task,
        deploymentConfiguration={
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 0,
            "lifecycleHooks": [hook, hook],
        },
    )
    deployment = lab.ended(lab.site.newest_deployment())
    assert deployment["status"] == "SUCCESSFUL"
    assert len(lab.executions(deployment)) == 1


def test_a_lost_first_answer_recovers(lab):
    """ECS promises nowhere to call once: here it calls, never sees the answer, and calls again."""
    lab.established()
    lost = []

    def call_and_lose(transition):
        function = lab.stack.function("test-gate")
        lost.append(lab.local.lambdas.invoke(function, transition.payload).payload)

    lab.once(TransitionKind.HOOK_CALLED, call_and_lose)
    deployment = lab.update("2")
    assert json.loads(lost[0])["hookStatus"] == "IN_PROGRESS"
    assert deployment["status"] == "SUCCESSFUL"
    assert len(lab.executions(deployment)) == 1


# Every value of every open question about ECS but those that tests/hook/test_open_questions.py
# runs in virtual time, on whole deployments, with what hookDetails then come back.
MIXTURES = {
    "merged": (Behaviour(), ("dict", True)),
    "replaced": (
        Behaviour(
            details_mode=HookDetailsMode.REPLACE,
            execution_ids=ExecutionIds.EACH_CALL,
            call_back_delays=CallBackDelays.LATE,
            throttling=Throttling.IS_RETRIED,
            hook_events=False,
            failure_events=False,
        ),
        ("dict", True),
    ),
    "dropped": (
        Behaviour(
            details_mode=HookDetailsMode.DROP,
            execution_ids=ExecutionIds.HOOK_ID,
            call_back_delays=CallBackDelays.WHOLE_SECONDS,
            long_timeouts=True,
            stopping=Stopping.AFTER_ANSWER,
            source_keys=True,
        ),
        ("dict", False),
    ),
    "text": (
        Behaviour(
            details_mode=HookDetailsMode.TEXT,
            call_back_delays=CallBackDelays.LAST_CALL,
            stopping=Stopping.AFTER_HOOKS,
            shows_reason=True,
            qualified_targets=False,
        ),
        ("str", True),
    ),
}


@pytest.mark.parametrize(("behaviour", "handed_back"), MIXTURES.values(), ids=MIXTURES)
def test_the_gate_holds_whatever_ecs_does(lab, behaviour, handed_back):
    lab.publish({"smoke": CHECKOUT_SUITE})
    lab.create("1", lab.hook())
    lab.transitions.clear()
    lab.local.ecs.behaviour = behaviour
    if behaviour.throttling is Throttling.IS_RETRIED:
        lab.local.lambdas.inject(lab.stack.function("test-gate"), Throttle())
    good = lab.update("2")
    assert good["status"] == "SUCCESSFUL"
    assert lab.production == "2"
    bad = lab.update("3", SHOP_FAULT="checkout")
    assert bad["status"] == "ROLLBACK_SUCCESSFUL"
    assert lab.production == "2"
    for deployment in (good, bad):
        assert len(lab.executions(deployment)) == 1
        calls = [c for c in lab.hook_calls() if c["resourceArn"] == arn_of(deployment)]
        polls = [c for c in calls if c["hookDetails"] != calls[0]["hookDetails"]] or calls[1:]
        assert polls
        assert {
            (type(c["hookDetails"]).__name__, "SFN_EXECUTION_ARN" in c["hookDetails"])
            for c in polls
        } == {handed_back}


def arn_of(deployment):
    return deployment["serviceDeploymentArn"]


@pytest.mark.parametrize("fault", [CRASH_BEFORE, CRASH_AFTER], ids=["before", "after"])
@pytest.mark.parametrize("step", ["prepare", "judge"])
def test_one_crash_of_prepare_or_judge_is_recovered(lab, step, fault):
    lab.established()
    lab.local.lambdas.inject(lab.stack.function(step), fault)
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL"
    assert lab.run(deployment).sentence == "1 of 1 tests passed (smoke)"


@pytest.mark.parametrize("fault", [CRASH_BEFORE, CRASH_AFTER], ids=["before", "after"])
@pytest.mark.parametrize("step", ["prepare", "run-suite", "judge"])
def test_a_step_that_keeps_crashing_refuses_and_says_so(lab, step, fault):
    lab.established()
    function = lab.stack.function(step)
    lab.local.lambdas.inject(function, fault, times=1 if step == "run-suite" else 3)
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    assert lab.production == "1"
    run = lab.run(deployment)
    assert run.outcome is Outcome.INFRA_ERROR
    assert {
        "prepare": "the prepare step failed: Runtime.ExitError",
        "run-suite": "suite smoke could not run: Runtime.ExitError",
        "judge": "the judge step crashed: Runtime.ExitError",
    }[step] in run.sentence


@pytest.mark.parametrize("fault", [CRASH_BEFORE, CRASH_AFTER], ids=["before", "after"])
def test_a_hook_that_crashes_never_promotes(lab, fault):
    lab.established()
    lab.local.lambdas.inject(lab.stack.function("test-gate"), fault)
    deployment = lab.update("2")
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "unable to parse the response" in deployment["statusReason"]
    assert not lab.production_shifts()
    assert lab.production == "1"
    if fault is CRASH_AFTER:  # the execution had been started, and finds itself alone
        assert lab.execution_ended(deployment)["error"] == "Testgate.Aborted"
        run = lab.recorded(deployment)
        assert run.outcome is Outcome.ABORTED
        assert run.record
        assert "nobody waits for this verdict any more" in run.record["sentence"]


def test_a_gate_run_past_its_deadline_is_stopped_by_the_hook(lab):
    """Nothing inside the machine ends in time: its judge hangs."""
    lab.established()
    lab.local.lambdas.inject(lab.stack.function("judge"), Hang())
    deployment = lab.update("2", lab.hook(TIMEOUT_SECONDS=10))
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert not lab.production_shifts()
    run = lab.run(deployment)
    assert run.outcome is Outcome.TIMED_OUT
    assert run.sentence.startswith("the gate timed out after 10 s")
    execution = lab.execution_ended(deployment)
    assert (execution["status"], execution["error"]) == ("ABORTED", "Testgate.TimedOut")


def test_an_event_that_is_none_of_ecs_is_refused_and_kept(lab):
    called = lab.local.lambdas.invoke(lab.stack.function("test-gate"), b'{"hello": "there"}')
    assert json.loads(called.payload) == {"hookStatus": "FAILED"}
    stored = [lab.bucket.get_json(key) for key in lab.bucket.keys("errors/")]
    own = [each for each in stored if each["request_id"] == called.request_id]
    assert [each["outcome"] for each in own] == ["infra_error"]
    assert own[0]["sentence"].startswith("the hook's event is unreadable: ")
