"""How a deployment ends that does not succeed: rolled back, or withdrawn for another.

Imported by `testgate.local.ecs` alone.
"""

import logging

from testgate.local.ecs import reasons
from testgate.local.ecs.decisions import rollback_stages
from testgate.local.ecs.hook_calls import HookCalls
from testgate.local.ecs.interrupt import Interrupt, Interruption, RollbackCause
from testgate.local.ecs.model import Deployment, DeploymentStatus, Revision, RollbackRecord, Stage
from testgate.local.ecs.records import DeploymentRecords
from testgate.local.ecs.traffic import NetworkError
from testgate.local.ecs.transitions import TransitionKind

_log = logging.getLogger(__name__)


class WayBack:
    """Takes traffic and tasks of one deployment back."""

    def __init__(self, records: DeploymentRecords, hooks: HookCalls, interrupt: Interrupt) -> None:
        self._records = records
        self._hooks = hooks
        self._interrupt = interrupt

    def give_way(self) -> None:
        """End as the interruption asks; at a shutdown, leave everything as it stands."""
        match self._interrupt.kind:
            case Interruption.ROLLBACK:
                self.roll_back(self._interrupt.cause or RollbackCause(reasons.STOP_REQUESTED))
            case Interruption.SUPERSEDED:
                self._withdraw(reasons.SUPERSEDED)
            case Interruption.DELETED:
                self._withdraw(reasons.SERVICE_DELETED)
            case _:
                return

    def roll_back(self, cause: RollbackCause) -> None:
        """Traffic back, hooks of shift stages again, green stopped.

        Without a source revision there is nothing to return to: ROLLBACK_FAILED, with listener
        rules as they are and the tasks stopped (assumed).
        """
        self._begin(cause)
        records, source = self._records, self._records.source
        if source is None:
            records.parts.fleet.stop(records.target)
            records.end(DeploymentStatus.ROLLBACK_FAILED, reasons.NO_ROLLBACK_CANDIDATE)
            return
        problem = self._undo_shifts()
        if self._interrupt.kind is not None:
            self.give_way()
            return
        records.parts.fleet.stop(records.target)
        self._return_service_to(source)
        if problem is not None:
            records.end(DeploymentStatus.ROLLBACK_FAILED, problem)
            return
        steady = reasons.steady_state(records.service.name)
        records.parts.store.add_event(source.service_arn, steady)
        records.end(DeploymentStatus.ROLLBACK_SUCCESSFUL, cause.reason)

    def _begin(self, cause: RollbackCause) -> None:
        records, store = self._records, self._records.parts.store
        service, ecs_id = records.service, records.target.ecs_deployment_id
        told = cause.told or cause.reason
        store.add_event(service.arn, reasons.deployment_failed(service.name, ecs_id, told))
        if records.source is not None:
            back_to = reasons.rolling_back(service.name, records.source.ecs_deployment_id)
            store.add_event(service.arn, back_to)
        with store.lock:
            # Together, so that a request to stop comes either before or without effect.
            self._interrupt.answered()
            records.change(
                status=DeploymentStatus.ROLLBACK_IN_PROGRESS,
                status_reason=cause.reason,
                rollback=RollbackRecord(
                    reason=cause.reason,
                    started_at=records.parts.clock.now(),
                    revision_arn=records.deployment.source_arn,
                ),
            )
        records.tell(TransitionKind.STATUS_CHANGED)

    def _undo_shifts(self) -> str | None:
        """Returns: what failed, if anything; the rest is taken back all the same (assumed)."""
        problems = []
        for stage in _shifted(self._records.deployment):
            self._records.enter(stage)
            try:
                self._records.shift(stage, to_target=False)
            except NetworkError as exc:
                problems.append(str(exc))
            refusal = self._hooks.of_stage(stage, rolling_back=True)
            if refusal is not None:
                problems.append(refusal)
        return problems[0] if problems else None

    def _withdraw(self, reason: str) -> None:
        records = self._records
        if records.source is not None:
            for stage in _shifted(records.deployment):
                try:
                    records.shift(stage, to_target=False)
                except NetworkError as exc:
                    _log.warning("could not take traffic back: %s", exc)
        records.parts.fleet.stop(records.target)
        records.end(DeploymentStatus.STOPPED, reason)

    def _return_service_to(self, source: Revision) -> None:
        store = self._records.parts.store
        with store.lock:
            # A deployment that came after this one has set what the service is to run.
            if self._records.service.deployment_arn == self._records.arn:
                store.change_service(
                    source.service_arn, task_definition_arn=source.task_definition_arn
                )


def _shifted(deployment: Deployment) -> tuple[Stage, ...]:
    return rollback_stages(
        test_shifted=deployment.test_shifted, production_shifted=deployment.production_shifted
    )
