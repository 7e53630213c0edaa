"""The gate's faults under every answer to every open question about ECS, and each pair of 2 and 3.

Question 2 is what hookDetails come back, 3 which callBackDelay counts. Whole deployments under
mixtures of all of them: tests/deployments/test_faults.py.
"""

import dataclasses

import pytest

from testgate.core.errors import UnavailableError
from testgate.local.ecs import (
    Behaviour,
    CallBackDelays,
    HookCall,
    HookDetailsMode,
    HookFunctionError,
    HookResult,
    HookStatus,
    HookThrottled,
    Throttling,
)
from tests.hook.under_ecs import (
    NEVER_ENDS,
    PASSES,
    REFUSES,
    Execution,
    GateUnderEcs,
    each_switch,
    told,
    values_of,
)

PAIRS = [
    Behaviour(details_mode=details, call_back_delays=delays)
    for details in HookDetailsMode
    for delays in CallBackDelays
]
BEHAVIOURS = list(dict.fromkeys([*each_switch(), *PAIRS]))
LATEST_CALL_S = 45  # the longest delay the gate asks for, half as late again

under_each = pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=told)


def refused_by_gate(ecs: GateUnderEcs, refusal: str | None) -> bool:
    return refusal is not None and refusal.endswith("returned FAILED status.")


def test_every_value_of_every_switch_is_here():
    for switch in dataclasses.fields(Behaviour):
        found = {getattr(behaviour, switch.name) for behaviour in BEHAVIOURS}
        assert found == set(values_of(switch.name))
    assert set(PAIRS) <= set(BEHAVIOURS)


@under_each
def test_an_earned_pass_is_promoted_once(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour, execution=PASSES)
    assert ecs.run() is None
    assert len(ecs.scene.executions.starts) == 1
    assert 95 <= ecs.elapsed_s <= 95 + LATEST_CALL_S


@under_each
def test_a_refusal_is_a_refusal(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour, execution=REFUSES)
    assert refused_by_gate(ecs, ecs.run())
    assert ecs.scene.told()["sentence"] == "1 of 2 tests failed"


@under_each
@pytest.mark.parametrize(
    "execution",
    [
        Execution(status="SUCCEEDED", facts={"output": "{}"}),
        Execution(status="SUCCEEDED", facts={"output": None}),
        Execution(status="ABORTED", facts={"cause": "an operator"}),
        Execution(status="TIMED_OUT", facts={}),
        Execution(status="PENDING_REDRIVE", facts={}),
    ],
    ids=["foreign output", "no output", "aborted", "timed out", "pending redrive"],
)
def test_what_earned_no_pass_is_never_promoted(behaviour, execution):
    ecs = GateUnderEcs(behaviour=behaviour, execution=execution)
    assert refused_by_gate(ecs, ecs.run())


@under_each
def test_a_run_that_never_ends_is_stopped_at_its_deadline(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour, execution=NEVER_ENDS)
    assert refused_by_gate(ecs, ecs.run())
    assert len(ecs.scene.executions.stops) == 1
    assert 1800 <= ecs.elapsed_s <= 1800 + LATEST_CALL_S


@under_each
def test_the_gate_answers_before_a_short_hook_expires(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour, execution=NEVER_ENDS, timeout_min=10)
    assert refused_by_gate(ecs, ecs.run())
    assert ecs.record is not None
    assert ecs.record.status is HookStatus.FAILED  # not TIMED_OUT: the gate spoke in time
    assert "hook's own timeout" in ecs.scene.told()["sentence"]


@under_each
def test_calls_that_come_twice_start_one_execution(behaviour):
    def twice(ecs: GateUnderEcs, call: HookCall) -> HookResult:
        ecs.call_gate(call)
        return ecs.call_gate(call)

    ecs = GateUnderEcs(behaviour=behaviour, deliver=twice)
    assert ecs.run() is None
    assert len(ecs.scene.executions.by_arn) == 1


@under_each
def test_aws_that_fails_for_a_while_only_delays(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour)
    throttled = UnavailableError("Throttling: Rate exceeded")
    ecs.scene.executions.failures.add("start", throttled)
    ecs.scene.executions.failures.add("describe", throttled, throttled)
    ecs.scene.ecs.failures.add("deployment", throttled)
    assert ecs.run() is None
    assert len(ecs.scene.executions.starts) == 1


@under_each
def test_aws_that_never_comes_back_ends_in_a_rollback(behaviour):
    ecs = GateUnderEcs(behaviour=behaviour)
    throttled = UnavailableError("Throttling: Rate exceeded")
    ecs.scene.ecs.failures.add("deployment", *[throttled] * 10_000)
    assert ecs.run() is not None
    assert ecs.elapsed_s <= 60 * 60 + 1


@under_each
def test_a_hook_that_dies_never_promotes(behaviour):
    def dies_at_the_second(ecs: GateUnderEcs, call: HookCall) -> HookResult:
        result = ecs.call_gate(call)
        return HookFunctionError(b'{"errorType": "Runtime.ExitError"}') if ecs.calls > 1 else result

    ecs = GateUnderEcs(behaviour=behaviour, deliver=dies_at_the_second)
    refusal = ecs.run()
    assert refusal is not None
    assert "ECS was unable to parse the response" in refusal


@under_each
@pytest.mark.parametrize("throttled_call", [1, 3])
def test_a_throttled_call_promotes_only_what_earned_it(behaviour, throttled_call):
    def throttles(ecs: GateUnderEcs, call: HookCall) -> HookResult:
        return (
            HookThrottled("Rate exceeded") if ecs.calls == throttled_call else ecs.call_gate(call)
        )

    ecs = GateUnderEcs(behaviour=behaviour, deliver=throttles)
    retried = behaviour.throttling is Throttling.IS_RETRIED
    assert (ecs.run() is None) is retried
    refusing = GateUnderEcs(behaviour=behaviour, deliver=throttles, execution=REFUSES)
    assert refusing.run() is not None
