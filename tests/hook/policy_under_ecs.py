"""A hook without an execution as the local ECS calls it, in virtual time: as `under_ecs` for gates.

Imported by the tests of what is not known of ECS.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from testgate.core.answers import spell_answer
from testgate.core.facts import HookFacts
from testgate.local.ecs import Behaviour, HookAnswered, HookCall, HookResult, Stage
from testgate.local.ecs.decisions import Weights
from testgate.local.ecs.hook_ports import HookPorts, StageContext
from testgate.local.ecs.hook_stage import HookStage
from testgate.local.ecs.model import HookDetails, HookRecord, HookTarget, LifecycleHook
from tests.core.samples import ARN, FUNCTION, GREEN, START
from tests.hook.policy_scene import PolicyScene
from tests.hook.under_ecs import Clock

Happens = Callable[["PolicyUnderEcs"], None]


@dataclass(kw_only=True)
class PolicyUnderEcs:
    """One hook at its stage; `run` says why ECS would roll back, None to go on.

    `happens` is what the world does before a call; `twice` is each call delivered once more.
    """

    behaviour: Behaviour
    scene: PolicyScene
    details: Mapping[str, Any]
    happens: Happens = field(default=lambda _: None)
    twice: bool = False
    timeout_min: int = 60
    clock: Clock = field(default_factory=Clock)
    record: HookRecord | None = None

    @property
    def elapsed_s(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def run(self) -> str | None:
        stage = Stage(self.scene.stage)
        hook = LifecycleHook(
            target=HookTarget.AWS_LAMBDA,
            stages=frozenset({stage}),
            function_arn=FUNCTION,
            role_arn="arn:aws:iam::123456789012:role/caller",
            details=HookDetails(dict(self.details)),
            timeout_min=self.timeout_min,
        )
        context = StageContext(
            stage=stage,
            deployment_arn=ARN,
            service_arn="arn:aws:ecs:us-east-1:123456789012:service/shop/web",
            target_revision_arn=GREEN,
            weights=Weights(test={}, production={}),
        )
        ports = HookPorts(
            invoke=self._invoke,
            clock=self.clock,
            behaviour=lambda: self.behaviour,
            keep=self._keep,
            tell=lambda *_, **__: None,
        )
        return HookStage(context, [hook], ports).run()

    def _invoke(self, call: HookCall) -> HookResult:
        self.scene.time = self.clock.now()
        self.happens(self)
        answer = self.scene.hook.answer(json.loads(call.payload))
        if self.twice:
            answer = self.scene.hook.answer(json.loads(call.payload))
        return HookAnswered(json.dumps(spell_answer(answer)).encode())

    def _keep(self, record: HookRecord) -> None:
        """As DescribeServiceDeployments shows the hook from now on."""
        self.record = record
        hook = HookFacts(
            target_arn=FUNCTION,
            status=record.status.value,
            expires_at=record.expires_at,
            timeout_action=record.timeout_action.value,
        )
        self.scene.ecs.facts = dataclasses.replace(self.scene.ecs.facts, hooks=(hook,))
