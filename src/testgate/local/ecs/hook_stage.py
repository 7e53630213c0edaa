"""Runs the lifecycle hooks of one stage in parallel, until all succeeded or one refused.

A thread for each hook, because an invocation blocks; what an answer means is decided elsewhere.
Imported by `testgate.local.ecs` alone.
"""

import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from testgate.local.clock import Clock
from testgate.local.ecs import reasons
from testgate.local.ecs.answers import HookEvent, HookVerdict, HookWaits, read_result, to_payload
from testgate.local.ecs.decisions import (
    HookEnd,
    Weights,
    carry_details,
    end_of,
    end_of_timeout,
    fold,
    handed_over,
)
from testgate.local.ecs.invoker import HookCall, HookInvoker, HookNotInvoked, HookResult
from testgate.local.ecs.model import (
    HookDetails,
    HookDetailsMode,
    HookRecord,
    HookStatus,
    HookTarget,
    LifecycleHook,
    Stage,
    TimeoutAction,
)
from testgate.local.ecs.transitions import TransitionKind

# A clock that shortens waits never quite reaches a deadline by waiting for what is left of it.
_LEAST_WAIT_S = 1.0


@dataclass(slots=True, kw_only=True)
class HookBehaviour:
    """Where AWS's behaviour is not known, what this ECS does; may be changed at any time."""

    details_mode: HookDetailsMode = HookDetailsMode.MERGE
    new_execution_id_each_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageContext:
    """What every hook event of a stage has in common."""

    stage: Stage
    deployment_arn: str
    service_arn: str
    target_revision_arn: str
    weights: Weights


class Telling(Protocol):
    """Tells subscribers about a hook."""

    def __call__(
        self,
        kind: TransitionKind,
        *,
        hook: HookRecord,
        payload: bytes | None = None,
        answer: HookResult | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPorts:
    """The outside of a stage's hooks: functions, time, records, subscribers."""

    invoke: HookInvoker
    clock: Clock
    behaviour: HookBehaviour
    keep: Callable[[HookRecord], None]
    tell: Telling


class HookStage:
    """The hooks of one stage, once."""

    def __init__(
        self, context: StageContext, hooks: Sequence[LifecycleHook], ports: HookPorts
    ) -> None:
        self._context = context
        self._ports = ports
        self._hooks = tuple(hooks)
        self._lock = threading.Lock()
        self._ends: list[HookEnd | None] = [None] * len(self._hooks)
        self._over = threading.Event()
        self._halted = threading.Event()
        self._decided = {index: threading.Event() for index in range(len(self._hooks))}
        self._decisions: dict[int, TimeoutAction] = {}
        self._records = [self._new_record(hook) for hook in self._hooks]

    def run(self) -> str | None:
        """Call the hooks and wait for them, or for `halt`.

        Returns: the deployment's status reason if a hook refused. A hook that still runs then is
        left behind, its answer is not heard, and its record says FAILED (assumed).
        """
        for index in range(len(self._hooks)):
            self._keep(index, self._records[index].status)
        for index, hook in enumerate(self._hooks):
            run = self._pause if hook.target is HookTarget.PAUSE else self._invoke_until_end
            threading.Thread(
                target=self._guard, args=(index, run), name="lifecycle-hook", daemon=True
            ).start()
        self._over.wait()
        with self._lock:
            self._halt_locked()
            ends = list(self._ends)
        for index, end in enumerate(ends):
            if end is None:
                self._keep(index, HookStatus.FAILED)
        return fold(ends)

    def halt(self) -> None:
        """Stop waiting at once (assumed for StopServiceDeployment); any thread may call."""
        with self._lock:
            self._halt_locked()

    def decide(self, hook_id: str, action: TimeoutAction) -> bool:
        """Continue or roll back a PAUSE hook; False if it does not await an action."""
        with self._lock:
            for index, record in enumerate(self._records):
                awaiting = record.status is HookStatus.AWAITING_ACTION
                if record.hook_id == hook_id and awaiting and index not in self._decisions:
                    self._decisions[index] = action
                    self._decided[index].set()
                    return True
        return False

    def _halt_locked(self) -> None:
        self._halted.set()
        self._over.set()
        for event in self._decided.values():
            event.set()

    def _guard(self, index: int, run: Callable[[int], HookEnd | None]) -> None:
        try:
            end = run(index)
        except Exception as exc:  # noqa: BLE001 - a hook that cannot be judged must refuse
            verdict = HookVerdict(refusal=f"The local ECS failed to run the hook: {exc!r}")
            end = end_of(verdict, self._hooks[index], self._context.stage)
        if end is not None:
            self._finish(index, end)

    def _finish(self, index: int, end: HookEnd) -> None:
        with self._lock:
            if self._halted.is_set():
                return
        self._keep(index, end.status)
        with self._lock:
            self._ends[index] = end
            if end.refusal is not None or all(e is not None for e in self._ends):
                self._over.set()

    def _invoke_until_end(self, index: int) -> HookEnd | None:
        hook, stage = self._hooks[index], self._context.stage
        details, execution_id = hook.details, str(uuid.uuid4())
        while not self._halted.is_set():
            reading = self._invoke_once(index, execution_id, details)
            if self._halted.is_set():
                return None
            if self._remaining_s(index) <= 0:
                return end_of_timeout(hook, stage)
            if isinstance(reading, HookVerdict):
                return end_of(reading, hook, stage)
            behaviour = self._ports.behaviour
            details = carry_details(
                behaviour.details_mode,
                configured=hook.details,
                current=details,
                returned=reading.details,
            )
            if not self._wait_for_call_back(index, reading.delay_s):
                return None if self._halted.is_set() else end_of_timeout(hook, stage)
            if behaviour.new_execution_id_each_time:
                execution_id = str(uuid.uuid4())
        return None

    def _invoke_once(
        self, index: int, execution_id: str, details: HookDetails | None
    ) -> HookVerdict | HookWaits:
        hook, context = self._hooks[index], self._context
        payload = to_payload(
            HookEvent(
                execution_id=execution_id,
                stage=context.stage,
                deployment_arn=context.deployment_arn,
                service_arn=context.service_arn,
                target_revision_arn=context.target_revision_arn,
                test_weights=context.weights.test,
                production_weights=context.weights.production,
                details=handed_over(self._ports.behaviour.details_mode, details),
            )
        )
        call = HookCall(
            function_arn=hook.function_arn or "", role_arn=hook.role_arn or "", payload=payload
        )
        record = self._records[index]
        self._ports.tell(TransitionKind.HOOK_CALLED, hook=record, payload=payload)
        result = self._result_of(call)
        if not self._halted.is_set():
            self._ports.tell(
                TransitionKind.HOOK_ANSWERED, hook=record, payload=payload, answer=result
            )
        return read_result(call, result)

    def _result_of(self, call: HookCall) -> HookResult:
        try:
            return self._ports.invoke(call)
        except Exception as exc:  # noqa: BLE001 - as HookInvoker promises its implementers
            return HookNotInvoked(f"{type(exc).__name__}: {exc}")

    def _wait_for_call_back(self, index: int, delay_s: float) -> bool:
        """Wait until the next call; False if the hook's time is up, or it was halted, before."""
        if delay_s < self._remaining_s(index):
            return not self._ports.clock.wait(self._halted, delay_s)
        while (remaining_s := self._remaining_s(index)) > 0:
            if self._ports.clock.wait(self._halted, max(remaining_s, _LEAST_WAIT_S)):
                break
        return False

    def _pause(self, index: int) -> HookEnd | None:
        hook, stage = self._hooks[index], self._context.stage
        while (remaining_s := self._remaining_s(index)) > 0:
            if self._ports.clock.wait(self._decided[index], max(remaining_s, _LEAST_WAIT_S)):
                break
        with self._lock:
            decision = self._decisions.get(index)
            # From here on ContinueServiceDeployment comes too late.
            self._decisions.setdefault(index, TimeoutAction.ROLLBACK)
        if decision is None:
            return None if self._halted.is_set() else end_of_timeout(hook, stage)
        rolled_back = decision is TimeoutAction.ROLLBACK
        refusal = reasons.PAUSE_ROLLED_BACK if rolled_back else None
        return end_of(HookVerdict(refusal=refusal), hook, stage)

    def _remaining_s(self, index: int) -> float:
        return (self._records[index].expires_at - self._ports.clock.now()).total_seconds()

    def _new_record(self, hook: LifecycleHook) -> HookRecord:
        pause = hook.target is HookTarget.PAUSE
        return HookRecord(
            # Documented: ecs-{hookType}-{id}; the spelling for Lambda is assumed.
            hook_id=f"ecs-{'pause' if pause else 'lambda'}-{secrets.token_urlsafe(32)}",
            target=hook.target,
            function_arn=hook.function_arn,
            stage=self._context.stage,
            status=HookStatus.AWAITING_ACTION if pause else HookStatus.IN_PROGRESS,
            expires_at=self._ports.clock.now() + timedelta(minutes=hook.timeout_min),
            timeout_action=hook.timeout_action,
        )

    def _keep(self, index: int, status: HookStatus) -> None:
        with self._lock:
            record = replace(self._records[index], status=status)
            self._records[index] = record
        self._ports.keep(record)
        self._ports.tell(TransitionKind.HOOK_CHANGED, hook=record)
