"""Runs the lifecycle hooks of one stage in parallel, until all succeeded or one refused.

A thread for each hook, because an invocation blocks. Imported by `testgate.local.ecs` alone.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from testgate.local.ecs import reasons
from testgate.local.ecs.answers import HookVerdict
from testgate.local.ecs.behaviour import Stopping
from testgate.local.ecs.decisions import HookEnd, end_of, end_of_timeout, fold
from testgate.local.ecs.hook_ports import LEAST_WAIT_S, Halt, HookPorts, StageContext
from testgate.local.ecs.lambda_hook import LambdaHook
from testgate.local.ecs.model import (
    HookRecord,
    HookStatus,
    HookTarget,
    LifecycleHook,
    TimeoutAction,
)
from testgate.local.ecs.transitions import TransitionKind


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
        self._unfinished = len(self._hooks)
        self._over = threading.Event()
        self._halt = Halt()
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
        for index in range(len(self._hooks)):
            threading.Thread(
                target=self._guard, args=(index,), name="lifecycle-hook", daemon=True
            ).start()
        self._over.wait()
        with self._lock:
            self._end_locked()
            ends = list(self._ends)
        for index, end in enumerate(ends):
            if end is None:
                self._keep(index, HookStatus.FAILED)
        return fold(ends)

    def halt(self, how: Stopping) -> None:
        """Let `run` return as `how` says, PAUSE hooks at once; any thread may call, repeatedly."""
        with self._lock:
            for event in self._decided.values():
                event.set()
            if how is Stopping.AT_ONCE:
                self._end_locked()
            elif how is Stopping.AFTER_ANSWER:
                self._halt.stopped.set()

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

    def _end_locked(self) -> None:
        self._halt.stopped.set()
        self._halt.deaf.set()
        self._over.set()
        for event in self._decided.values():
            event.set()

    def _guard(self, index: int) -> None:
        hook = self._hooks[index]
        try:
            if hook.target is HookTarget.PAUSE:
                end = self._pause(index)
            else:
                record = self._records[index]
                end = LambdaHook(hook, record, self._context, self._ports, self._halt).run()
        except Exception as exc:  # noqa: BLE001 - a hook that cannot be judged must refuse
            verdict = HookVerdict(refusal=f"The local ECS failed to run the hook: {exc!r}")
            end = end_of(verdict, hook, self._context.stage)
        self._finish(index, end)

    def _finish(self, index: int, end: HookEnd | None) -> None:
        if self._halt.deaf.is_set():
            return
        if end is not None:
            self._keep(index, end.status)
        with self._lock:
            self._ends[index] = end
            self._unfinished -= 1
            if self._unfinished == 0 or (end is not None and end.refusal is not None):
                self._over.set()

    def _pause(self, index: int) -> HookEnd | None:
        hook, stage, decided = self._hooks[index], self._context.stage, self._decided[index]
        clock, expires_at = self._ports.clock, self._records[index].expires_at
        while (left_s := (expires_at - clock.now()).total_seconds()) > 0:
            if clock.wait(decided, max(left_s, LEAST_WAIT_S)):
                break
        with self._lock:
            decision = self._decisions.get(index)
            # From here on ContinueServiceDeployment comes too late.
            self._decisions.setdefault(index, TimeoutAction.ROLLBACK)
        if decision is None:
            return None if decided.is_set() else end_of_timeout(hook, stage)
        rolled_back = decision is TimeoutAction.ROLLBACK
        refusal = reasons.PAUSE_ROLLED_BACK if rolled_back else None
        return end_of(HookVerdict(refusal=refusal), hook, stage)

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
