"""Carries one service deployment through its stages, in a thread of its own.

What comes next is decided by `decisions`, the way back is in `way_back`. Imported by
`testgate.local.ecs` alone.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from testgate.local.ecs import reasons
from testgate.local.ecs.decisions import plan_stages
from testgate.local.ecs.hook_calls import HookCalls
from testgate.local.ecs.interrupt import Interrupt, Interruption, RollbackCause
from testgate.local.ecs.model import AlarmMonitor, DeploymentStatus, Stage, Strategy, TimeoutAction
from testgate.local.ecs.records import DeploymentRecords, RunParts
from testgate.local.ecs.traffic import NetworkError
from testgate.local.ecs.transitions import TransitionKind
from testgate.local.ecs.way_back import WayBack

_log = logging.getLogger(__name__)
_S_PER_MIN = 60


class _StageFailed(Exception):
    """The deployment has to go back; the message is its status reason."""


class _Interrupted(Exception):
    """Somebody asked the deployment to stop."""


class DeploymentRun:
    """A deployment on its way.

    Traffic is shifted before the hooks of a shift stage are called, and back before they are
    called again (assumed: AWS does not say). If another deployment starts meanwhile, this one
    takes traffic back without calling hooks, stops its tasks and ends STOPPED (assumed).
    """

    def __init__(
        self, deployment_arn: str, parts: RunParts, predecessor: "DeploymentRun | None"
    ) -> None:
        self.interrupt = Interrupt()
        self.ended = threading.Event()
        self._parts = parts
        self._predecessor = predecessor
        self._records = DeploymentRecords(deployment_arn, parts)
        self._hooks = HookCalls(self._records, self.interrupt)
        self._way_back = WayBack(self._records, self._hooks, self.interrupt)
        name = f"deployment-{deployment_arn.rpartition('/')[2]}"
        self._thread = threading.Thread(target=self._run_guarded, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def check_alarms(self) -> None:
        """Roll back if an alarm of this deployment is in ALARM; call with the alarms' lock."""
        names = self._records.deployment.configuration.alarm_names
        if self._records.deployment.alarm_monitor is not AlarmMonitor.MONITORING:
            return
        triggered = self._parts.alarms.in_alarm(names)
        if not triggered:
            return
        cause = RollbackCause(reasons.rolled_back_by_alarms(triggered), reasons.ALARM_DETECTED)
        with self._parts.store.lock:
            # Together, so that the deployment cannot end before it says so.
            if self.interrupt.demand(Interruption.ROLLBACK, cause):
                self._records.change(
                    alarm_monitor=AlarmMonitor.TRIGGERED, triggered_alarms=triggered
                )

    def request_rollback(self) -> bool:
        """Ask to roll back; False if the deployment is past the point of return, or has ended."""
        with self._parts.store.lock:
            status = self._records.deployment.status
            if status.rolling_back:
                return True
            cause = RollbackCause(reasons.STOP_REQUESTED)
            if status.ended or not self.interrupt.demand(Interruption.ROLLBACK, cause):
                return False
            self._records.change(status=DeploymentStatus.ROLLBACK_REQUESTED)
        self._records.tell(TransitionKind.STATUS_CHANGED)
        return True

    def decide_pause(self, hook_id: str, action: TimeoutAction) -> bool:
        """Continue or roll back a PAUSE hook; False if it does not await an action."""
        return self._hooks.decide_pause(hook_id, action)

    def _run_guarded(self) -> None:
        try:
            self._run()
        except Exception as exc:  # noqa: BLE001 - a thread of its own; nobody else could tell
            self._fail_inside(exc)
        finally:
            self._predecessor = None
            self.ended.set()

    def _run(self) -> None:
        self._begin()
        strategy = self._records.deployment.configuration.strategy
        try:
            for stage in plan_stages(strategy, reconcile=self._predecessor is not None):
                self._pass_through(stage)
        except _StageFailed as exc:
            self._way_back.roll_back(RollbackCause(str(exc)))
        except _Interrupted:
            self._way_back.give_way()
        else:
            self._succeed()

    def _begin(self) -> None:
        changes: dict[str, Any] = {"started_at": self._parts.clock.now()}
        with self._parts.store.lock:
            if self._records.deployment.status is DeploymentStatus.PENDING:
                changes["status"] = DeploymentStatus.IN_PROGRESS
            self._records.change(**changes)
        self._monitor_alarms()
        self._records.tell(TransitionKind.STATUS_CHANGED)

    def _monitor_alarms(self) -> None:
        """An alarm that is in ALARM at the start switches monitoring off (documented)."""
        names, alarms = self._records.deployment.configuration.alarm_names, self._parts.alarms
        with alarms.lock:
            if names and not alarms.in_alarm(names):
                self._records.change(alarm_monitor=AlarmMonitor.MONITORING)

    def _pass_through(self, stage: Stage) -> None:
        self._check_interrupt()
        self._records.enter(stage)
        effects: dict[Stage, Callable[[], None]] = {
            Stage.RECONCILE_SERVICE: self._await_predecessor,
            Stage.PRE_SCALE_UP: self._resolve,
            Stage.SCALE_UP: self._scale_up,
            Stage.TEST_TRAFFIC_SHIFT: lambda: self._shift(stage),
            Stage.PRODUCTION_TRAFFIC_SHIFT: lambda: self._shift(stage),
            Stage.BAKE_TIME: self._bake,
            Stage.CLEAN_UP: self._clean_up,
        }
        if stage in effects:
            effects[stage]()
            self._check_interrupt()
        refusal = self._hooks.of_stage(stage)
        self._check_interrupt()
        if refusal is not None:
            raise _StageFailed(refusal)

    def _await_predecessor(self) -> None:
        if self._predecessor is not None:
            self._predecessor.ended.wait()

    def _resolve(self) -> None:
        target, deployment = self._records.target, self._records.deployment
        try:
            resolved = self._parts.traffic.resolve(
                target.load_balancers, deployment.configuration.strategy
            )
        except NetworkError as exc:
            raise _StageFailed(str(exc)) from exc
        self._parts.store.change_revision(target.arn, resolved=resolved)

    def _scale_up(self) -> None:
        count = self._records.service.desired_count
        self._records.change(desired_count=count)
        target, fleet = self._records.target, self._parts.fleet
        fleet.start(target, count)
        problem = fleet.await_ready(target, count, self.interrupt.event)
        if problem is not None:
            raise _StageFailed(reasons.rolled_back_by_tasks(problem))

    def _shift(self, stage: Stage) -> None:
        try:
            self._records.shift(stage, to_target=True)
        except NetworkError as exc:
            raise _StageFailed(str(exc)) from exc

    def _bake(self) -> None:
        minutes = self._records.deployment.configuration.bake_time_min
        self._parts.clock.wait(self.interrupt.event, minutes * _S_PER_MIN)

    def _clean_up(self) -> None:
        """The point of no return: the target is the service's revision from here on."""
        deployment, store = self._records.deployment, self._parts.store
        with store.lock:
            if not self.interrupt.close():
                raise _Interrupted
            store.change_service(deployment.service_arn, active_arn=deployment.target_arn)
            if deployment.configuration.strategy is Strategy.ROLLING:
                self._records.change(production_shifted=True)
        source = self._records.source
        if source is not None:
            self._parts.fleet.stop(source)

    def _succeed(self) -> None:
        service, target = self._records.service, self._records.target
        completed = reasons.deployment_completed(service.name, target.ecs_deployment_id)
        self._parts.store.add_event(service.arn, completed)
        self._parts.store.add_event(service.arn, reasons.steady_state(service.name))
        self._records.end(DeploymentStatus.SUCCESSFUL)

    def _fail_inside(self, exc: Exception) -> None:
        if self.interrupt.kind is Interruption.SHUTDOWN:
            return
        _log.exception("a deployment failed inside the local ECS")
        reason = f"The local ECS failed to carry out the deployment: {exc!r}"
        # A reset may have taken the records away meanwhile.
        with contextlib.suppress(LookupError):
            self._records.end(DeploymentStatus.ROLLBACK_FAILED, reason)
            self._parts.fleet.stop(self._records.target)

    def _check_interrupt(self) -> None:
        if self.interrupt.kind is not None:
            raise _Interrupted
