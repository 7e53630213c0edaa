"""The gate's hook as the local ECS calls it, in virtual time: real on both sides of the wire.

Hook and lifecycle-hook machinery are the real ones; the execution, S3 and the clock are fakes, so
that one deployment's stage takes milliseconds.
"""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from testgate.core.answers import spell_answer
from testgate.core.facts import HookFacts
from testgate.local.ecs import Behaviour, HookAnswered, HookCall, HookResult, Stage
from testgate.local.ecs.decisions import Weights
from testgate.local.ecs.hook_ports import HookPorts, StageContext
from testgate.local.ecs.hook_stage import HookStage
from testgate.local.ecs.model import HookDetails, HookRecord, HookTarget, LifecycleHook
from tests.core.samples import ARN, FUNCTION, GREEN, START, deployment
from tests.hook.test_gate_hook import Scene, earned

Deliver = Callable[["GateUnderEcs", HookCall], HookResult]


class Clock:
    """Waits pass at once, and time with them."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def wait(self, interrupted: threading.Event, delay_s: float) -> bool:
        self.time += timedelta(seconds=delay_s)
        return interrupted.is_set()


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How the gate's execution goes: its end comes `after_s` seconds; None, never."""

    after_s: float | None = 95.0
    status: str = "SUCCEEDED"
    facts: Mapping[str, Any] = field(default_factory=lambda: {"output": earned()})


PASSES = Execution()
REFUSES = Execution(
    status="FAILED", facts={"error": "Testgate.Failed", "cause": "1 of 2 tests failed"}
)
NEVER_ENDS = Execution(after_s=None)


@dataclass(kw_only=True)
class GateUnderEcs:
    """One hook at POST_TEST_TRAFFIC_SHIFT; `run` says why ECS would roll back, None to go on."""

    behaviour: Behaviour
    execution: Execution = PASSES
    timeout_min: int = 60
    deliver: Deliver | None = None
    scene: Scene = field(default_factory=Scene)
    clock: Clock = field(default_factory=Clock)
    calls: int = 0
    record: HookRecord | None = None

    @property
    def elapsed_s(self) -> float:
        return (self.clock.now() - START).total_seconds()

    def run(self) -> str | None:
        hook = LifecycleHook(
            target=HookTarget.AWS_LAMBDA,
            stages=frozenset({Stage.POST_TEST_TRAFFIC_SHIFT}),
            function_arn=FUNCTION,
            role_arn="arn:aws:iam::123456789012:role/caller",
            details=HookDetails({"GATE": "shop"}),
            timeout_min=self.timeout_min,
        )
        context = StageContext(
            stage=Stage.POST_TEST_TRAFFIC_SHIFT,
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

    def call_gate(self, call: HookCall) -> HookResult:
        """Let the hook's own code answer the event."""
        self.scene.time = self.clock.now()
        self._end_execution_if_due()
        answer = self.scene.gate.answer(json.loads(call.payload))
        return HookAnswered(json.dumps(spell_answer(answer)).encode())

    def _invoke(self, call: HookCall) -> HookResult:
        self.calls += 1
        return (self.deliver or GateUnderEcs.call_gate)(self, call)

    def _keep(self, record: HookRecord) -> None:
        """As DescribeServiceDeployments shows the hook from now on."""
        self.record = record
        facts = HookFacts(
            target_arn=FUNCTION,
            status=record.status.value,
            expires_at=record.expires_at,
            timeout_action=record.timeout_action.value,
        )
        self.scene.ecs.facts = deployment(hooks=(facts,))

    def _end_execution_if_due(self) -> None:
        running = [f for f in self.scene.executions.by_arn.values() if f.status == "RUNNING"]
        after_s = self.execution.after_s
        if running and after_s is not None and self.elapsed_s >= after_s:
            self.scene.end(self.execution.status, **self.execution.facts)


def values_of(switch: str) -> list[Any]:
    """Every value that a switch of `Behaviour` has."""
    default: object = getattr(Behaviour(), switch)
    return list(type(default)) if isinstance(default, StrEnum) else [False, True]


def each_switch() -> Iterator[Behaviour]:
    """The defaults, and each other value of each switch with all else at its default."""
    yield Behaviour()
    for switch in dataclasses.fields(Behaviour):
        for value in values_of(switch.name):
            changed = dataclasses.replace(Behaviour(), **{switch.name: value})
            if changed != Behaviour():
                yield changed


def told(behaviour: Behaviour) -> str:
    """What differs from the defaults, for a test's name."""
    values = {each.name: getattr(behaviour, each.name) for each in dataclasses.fields(Behaviour)}
    defaults = dataclasses.asdict(Behaviour())
    changed = [f"{name}={value}" for name, value in values.items() if value != defaults[name]]
    return "-".join(changed) or "defaults"
