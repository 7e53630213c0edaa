"""Calls the hooks of a deployment's stages, so that an interruption ends the wait.

Imported by `testgate.local.ecs` alone.
"""

from testgate.local.ecs.behaviour import Stopping
from testgate.local.ecs.decisions import hooks_at, weights_at
from testgate.local.ecs.hook_ports import HookPorts, StageContext
from testgate.local.ecs.hook_stage import HookStage
from testgate.local.ecs.interrupt import Interrupt, Interruption
from testgate.local.ecs.invoker import HookResult
from testgate.local.ecs.model import HookRecord, Stage, TimeoutAction
from testgate.local.ecs.records import DeploymentRecords
from testgate.local.ecs.transitions import TransitionKind


class HookCalls:
    """The hooks of one deployment."""

    def __init__(self, records: DeploymentRecords, interrupt: Interrupt) -> None:
        self._records = records
        self._interrupt = interrupt
        self._stage: HookStage | None = None

    def of_stage(self, stage: Stage, *, rolling_back: bool = False) -> str | None:
        """Call the hooks of a stage and wait for them, or for an interruption.

        Returns: the deployment's status reason if one refused.
        """
        deployment = self._records.deployment
        hooks = hooks_at(deployment.configuration.hooks, stage)
        if not hooks:
            return None
        weights = weights_at(
            stage,
            target=deployment.target_arn,
            source=deployment.source_arn,
            rolling_back=rolling_back,
        )
        context = StageContext(
            stage=stage,
            deployment_arn=deployment.arn,
            service_arn=deployment.service_arn,
            target_revision_arn=deployment.target_arn,
            weights=weights,
        )
        self._stage = stage_hooks = HookStage(context, hooks, self._ports())
        with self._interrupt.waking(lambda kind: stage_hooks.halt(self._how(kind))):
            refusal = stage_hooks.run()
        self._stage = None
        return refusal

    def decide_pause(self, hook_id: str, action: TimeoutAction) -> bool:
        """Continue or roll back a PAUSE hook; False if it does not await an action."""
        stage = self._stage
        return stage is not None and stage.decide(hook_id, action)

    def _how(self, kind: Interruption) -> Stopping:
        """Only a rollback that is asked for may wait for hooks; what ends a deployment does not."""
        if kind is Interruption.ROLLBACK:
            return self._records.parts.behaviour().stopping
        return Stopping.AT_ONCE

    def _ports(self) -> HookPorts:
        parts, records = self._records.parts, self._records

        def tell(
            kind: TransitionKind,
            *,
            hook: HookRecord,
            payload: bytes | None = None,
            answer: HookResult | None = None,
        ) -> None:
            records.tell(kind, hook=hook, payload=payload, answer=answer)

        return HookPorts(
            invoke=parts.invoke_hook,
            clock=parts.clock,
            behaviour=parts.behaviour,
            keep=lambda record: parts.store.put_hook(records.arn, record),
            tell=tell,
        )
