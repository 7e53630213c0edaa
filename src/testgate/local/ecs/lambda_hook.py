"""Calls one Lambda hook of one stage, until it has answered for good or its time is up.

What an answer means is decided elsewhere. Imported by `testgate.local.ecs` alone.
"""

import uuid

from testgate.local.ecs.answers import (
    HookEvent,
    HookReading,
    HookVerdict,
    HookWaits,
    read_result,
    to_payload,
)
from testgate.local.ecs.behaviour import ExecutionIds
from testgate.local.ecs.decisions import (
    HookEnd,
    carry_details,
    end_of,
    end_of_timeout,
    handed_over,
    next_call_s,
)
from testgate.local.ecs.hook_ports import LEAST_WAIT_S, Halt, HookPorts, StageContext
from testgate.local.ecs.invoker import HookCall, HookNotInvoked, HookResult
from testgate.local.ecs.model import HookDetails, HookRecord, LifecycleHook
from testgate.local.ecs.transitions import TransitionKind


class LambdaHook:
    """One hook in one stage; `record` is as it was when the stage began."""

    def __init__(
        self,
        hook: LifecycleHook,
        record: HookRecord,
        context: StageContext,
        ports: HookPorts,
        halt: Halt,
    ) -> None:
        self._hook = hook
        self._record = record
        self._context = context
        self._ports = ports
        self._halt = halt
        self._details = hook.details

    def run(self) -> HookEnd | None:
        """How it ended; None if the stage was halted before."""
        execution_id = self._execution_id()
        while not self._halt.stopped.is_set():
            reading = self._invoke(execution_id)
            if self._halt.deaf.is_set():
                return None
            if self._left_s() <= 0:
                return end_of_timeout(self._hook, self._context.stage)
            if isinstance(reading, HookVerdict):
                return end_of(reading, self._hook, self._context.stage)
            if not self._wait(self._seconds_until_next_call(reading)):
                stopped = self._halt.stopped.is_set()
                return None if stopped else end_of_timeout(self._hook, self._context.stage)
            if self._ports.behaviour().execution_ids is ExecutionIds.EACH_CALL:
                execution_id = self._execution_id()
        return None

    def _seconds_until_next_call(self, reading: HookReading) -> float | None:
        """Takes over the hookDetails that came back; None if there is no next call."""
        behaviour, asked_s = self._ports.behaviour(), None
        if isinstance(reading, HookWaits):
            asked_s = reading.asked_delay_s
            self._details = carry_details(
                behaviour.details_mode,
                configured=self._hook.details,
                current=self._details,
                returned=reading.details,
            )
        return next_call_s(behaviour.call_back_delays, asked_s, self._left_s())

    def _invoke(self, execution_id: str) -> HookReading:
        payload = self._payload(execution_id, self._details)
        call = HookCall(
            function_arn=self._hook.function_arn or "",
            role_arn=self._hook.role_arn or "",
            payload=payload,
            role_context=self._role_context(),
        )
        self._ports.tell(TransitionKind.HOOK_CALLED, hook=self._record, payload=payload)
        result = self._result_of(call)
        if not self._halt.deaf.is_set():
            self._ports.tell(
                TransitionKind.HOOK_ANSWERED, hook=self._record, payload=payload, answer=result
            )
        return read_result(call, result, self._ports.behaviour())

    def _payload(self, execution_id: str, details: HookDetails | None) -> bytes:
        context = self._context
        return to_payload(
            HookEvent(
                execution_id=execution_id,
                stage=context.stage,
                deployment_arn=context.deployment_arn,
                service_arn=context.service_arn,
                target_revision_arn=context.target_revision_arn,
                test_weights=context.weights.test,
                production_weights=context.weights.production,
                details=handed_over(self._ports.behaviour().details_mode, details),
            )
        )

    def _role_context(self) -> dict[str, str]:
        """Which ARN would be the source is assumed: the service's."""
        if not self._ports.behaviour().source_keys:
            return {}
        service_arn = self._context.service_arn
        return {"aws:SourceAccount": service_arn.split(":")[4], "aws:SourceArn": service_arn}

    def _result_of(self, call: HookCall) -> HookResult:
        try:
            return self._ports.invoke(call)
        except Exception as exc:  # noqa: BLE001 - as HookInvoker promises its implementers
            return HookNotInvoked(f"{type(exc).__name__}: {exc}")

    def _wait(self, next_s: float | None) -> bool:
        """Wait for the next call; False if there is none: its time is up, or hooks are stopped."""
        if next_s is not None:
            return not self._ports.clock.wait(self._halt.stopped, next_s)
        while (left_s := self._left_s()) > 0:
            if self._ports.clock.wait(self._halt.stopped, max(left_s, LEAST_WAIT_S)):
                break
        return False

    def _execution_id(self) -> str:
        if self._ports.behaviour().execution_ids is ExecutionIds.HOOK_ID:
            return self._record.hook_id
        return str(uuid.uuid4())

    def _left_s(self) -> float:
        return (self._record.expires_at - self._ports.clock.now()).total_seconds()
