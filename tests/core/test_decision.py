"""The hook's table: each thing it can see, and the one answer to it."""

import dataclasses
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.binding import Counts, GateOutput
from testgate.core.config import Mode
from testgate.core.decision import (
    MAX_TROUBLES,
    Allow,
    Refuse,
    Start,
    Stop,
    Wait,
    Watch,
    decide_execution,
    decide_setting,
    decide_shift,
    decide_stage,
    decide_trouble,
)
from testgate.core.events import HookEvent
from testgate.core.facts import ExecutionFacts, HookFacts
from testgate.core.outcomes import Outcome
from tests.core.samples import FUNCTION, GREEN, START, deployment, question


def event(stage, **weights):
    return HookEvent(
        execution_id="x",
        stage=stage,
        deployment=question().deployment,
        target_revision=GREEN,
        test_weights=weights.get("test", {}),
        production_weights=weights.get("production", {}),
        raw_details=None,
    )


def execution(status="RUNNING", **changes):
    return ExecutionFacts(
        **({"status": status, "started_at": START, "input": question().input_json} | changes)
    )


def earned(**changes):
    output = GateOutput(
        outcome=Outcome.PASSED,
        sentence="2 of 2 tests passed (smoke)",
        input_digest=question().digest,
        plan_digest="sha256:" + "c" * 64,
        counts=Counts(total=2, passed=2),
        record_key="k",
    )
    return json.dumps(dataclasses.replace(output, **changes).spell())


def decide(facts, *, after_s=30.0, expires_in_s=None):
    expires_at = None if expires_in_s is None else START + timedelta(seconds=expires_in_s)
    return decide_execution(question(), facts, expires_at, START + timedelta(seconds=after_s))


@pytest.mark.parametrize("stage", ["PRE_SCALE_UP", "POST_SCALE_UP", "RECONCILE_SERVICE", "BAKE"])
def test_a_gate_at_a_wrong_stage_refuses_and_names_the_right_ones(stage):
    decision = decide_stage(event(stage))
    assert isinstance(decision, Refuse)
    assert "POST_TEST_TRAFFIC_SHIFT or POST_PRODUCTION_TRAFFIC_SHIFT" in decision.sentence


@pytest.mark.parametrize("stage", ["POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"])
def test_a_gate_at_its_stage_goes_on(stage):
    assert decide_stage(event(stage)) is None


@pytest.mark.parametrize(
    ("stage", "weights", "status", "allowed"),
    [
        ("TEST_TRAFFIC_SHIFT", {"test": {GREEN: 0}}, "ROLLBACK_IN_PROGRESS", True),
        ("PRODUCTION_TRAFFIC_SHIFT", {"production": {GREEN: 0}}, "ROLLBACK_REQUESTED", True),
        ("TEST_TRAFFIC_SHIFT", {"test": {GREEN: 100}}, "ROLLBACK_IN_PROGRESS", False),
        ("PRODUCTION_TRAFFIC_SHIFT", {"production": {GREEN: 100}}, "IN_PROGRESS", False),
        ("PRODUCTION_TRAFFIC_SHIFT", {}, "ROLLBACK_IN_PROGRESS", False),
    ],
)
def test_only_a_rollback_passes_at_a_shift_stage(stage, weights, status, allowed):
    decision = decide_shift(event(stage, **weights), deployment(status=status))
    assert isinstance(decision, Allow if allowed else Refuse)


def test_weights_of_a_rollback_are_believed_once_the_status_shows_it():
    assert (
        decide_shift(event("TEST_TRAFFIC_SHIFT", test={GREEN: 0}), deployment(status="IN_PROGRESS"))
        is None
    )


def hook(action="ROLLBACK", status="IN_PROGRESS"):
    return HookFacts(target_arn=FUNCTION, status=status, expires_at=None, timeout_action=action)


def test_a_hook_that_continues_on_timeout_is_refused():
    facts = deployment(hooks=(hook("CONTINUE"),))
    decision = decide_setting(question(), Mode.ENFORCE, facts, FUNCTION + ":live")
    assert isinstance(decision, Refuse)
    assert "set it to ROLLBACK" in decision.sentence
    assert decide_setting(question(), Mode.OBSERVE, facts, FUNCTION) is None
    assert decide_setting(question(), Mode.ENFORCE, facts, FUNCTION + "-other") is None


@pytest.mark.parametrize("status", ["STOP_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOPPED"])
def test_a_deployment_that_leaves_is_aborted(status):
    decision = decide_setting(question(), Mode.ENFORCE, deployment(status=status), FUNCTION)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.ABORTED


@pytest.mark.parametrize(
    ("on_create", "has_source", "skipped"),
    [("skip", False, True), ("skip", True, False), ("run", False, False)],
)
def test_only_a_create_is_skipped_and_only_if_asked(on_create, has_source, skipped):
    decision = decide_setting(
        question(ON_CREATE=on_create), Mode.ENFORCE, deployment(has_source=has_source), FUNCTION
    )
    assert isinstance(decision, Allow) == skipped


def test_no_execution_yet_is_started():
    assert isinstance(decide(None), Start)


@pytest.mark.parametrize(("expires_in_s", "starts"), [(159, False), (160, True), (60, False)])
def test_a_hook_that_expires_too_soon_is_refused_before_anything_starts(expires_in_s, starts):
    decision = decide(None, after_s=30, expires_in_s=expires_in_s)
    assert isinstance(decision, Start if starts else Refuse)


def test_of_two_hooks_of_one_function_the_stricter_counts():
    late, soon = (START + timedelta(seconds=s) for s in (900, 300))
    hooks = [
        HookFacts(target_arn=FUNCTION, status="IN_PROGRESS", expires_at=at, timeout_action=action)
        for at, action in ((late, "ROLLBACK"), (soon, "CONTINUE"))
    ]
    for order in (hooks, hooks[::-1]):
        facts = deployment(hooks=tuple(order))
        assert facts.expiry(FUNCTION) == soon
        assert isinstance(decide_setting(question(), Mode.ENFORCE, facts, FUNCTION), Refuse)


def test_a_running_execution_is_waited_for():
    assert decide(execution()) == Watch(elapsed_s=30, left_s=1770)


@pytest.mark.parametrize(("after_s", "expires_in_s"), [(1800, None), (480, 600)])
def test_a_run_past_its_deadline_is_stopped(after_s, expires_in_s):
    decision = decide(execution(), after_s=after_s, expires_in_s=expires_in_s)
    assert isinstance(decision, Stop)
    assert decision.outcome is Outcome.TIMED_OUT
    assert ("own timeout" in decision.sentence) == (expires_in_s is not None)
    assert f"timed out after {after_s} s" in decision.sentence


def test_an_earned_and_bound_success_passes():
    decision = decide(execution("SUCCEEDED", output=earned()))
    assert decision == Allow(sentence="2 of 2 tests passed (smoke)")


@pytest.mark.parametrize(
    "facts",
    [
        execution("SUCCEEDED"),
        execution("SUCCEEDED", output="{}"),
        execution("SUCCEEDED", output="not json"),
        execution("SUCCEEDED", output=earned(input_digest="sha256:" + "0" * 64)),
        execution("SUCCEEDED", output=earned(outcome=Outcome.FAILED)),
        execution("SUCCEEDED", output=earned(counts=Counts())),
        execution("SUCCEEDED", output=earned(plan_digest=None)),
        execution("SUCCEEDED", output=earned(), redrives=1),
        execution("SUCCEEDED", output=earned(), input="{}"),
        execution("PENDING_REDRIVE"),
        execution("RUNNING", redrives=1),
        execution("SOMETHING_NEW"),
        execution("FAILED", error="Testgate.Passed", cause="sneaky"),
        execution("FAILED", error="States.Runtime"),
        execution("FAILED"),
    ],
)
def test_whatever_is_not_an_earned_pass_refuses(facts):
    decision = decide(facts)
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.INFRA_ERROR
    assert decision.sentence


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.PASSED])
def test_a_refusal_of_judge_keeps_its_outcome_and_sentence(outcome):
    facts = execution("FAILED", error=outcome.error_name, cause="2 of 41 tests failed")
    assert decide(facts) == Refuse(outcome=outcome, sentence="2 of 41 tests failed")


def test_a_stopped_execution_is_aborted_with_its_cause():
    decision = decide(execution("ABORTED", cause="by an operator"))
    assert decision == Refuse(
        outcome=Outcome.ABORTED, sentence="the execution was stopped: by an operator"
    )


def test_the_machines_own_timeout_is_timed_out():
    decision = decide(execution("TIMED_OUT"))
    assert isinstance(decision, Refuse)
    assert decision.outcome is Outcome.TIMED_OUT


def test_trouble_waits_up_to_a_budget():
    assert isinstance(decide_trouble(1, "throttled"), Wait)
    assert isinstance(decide_trouble(MAX_TROUBLES, "throttled"), Wait)
    refusal = decide_trouble(MAX_TROUBLES + 1, "throttled")
    assert isinstance(refusal, Refuse)
    assert "throttled" in refusal.sentence


outputs = (
    st.none()
    | st.just(earned())
    | st.text(max_size=20)
    | st.builds(
        lambda outcome, digest: earned(outcome=outcome, input_digest=digest),
        st.sampled_from(Outcome),
        st.sampled_from([question().digest, "sha256:" + "0" * 64]),
    )
)
facts = st.builds(
    ExecutionFacts,
    status=st.sampled_from(
        ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE", "NEW"]
    ),
    started_at=st.just(START),
    input=st.sampled_from([question().input_json, "{}"]),
    output=outputs,
    error=st.sampled_from(["", "Testgate.Passed", "Testgate.Failed", "States.Runtime"]),
    cause=st.text(max_size=10),
    redrives=st.integers(0, 1),
)


@given(facts, st.floats(0, 4000))
def test_nothing_but_the_one_earned_execution_is_allowed(seen, after_s):
    decision = decide(seen, after_s=after_s)
    allowed = (
        seen.status == "SUCCEEDED"
        and seen.output == earned()
        and seen.input == question().input_json
        and not seen.redrives
    )
    assert isinstance(decision, Allow) == allowed
