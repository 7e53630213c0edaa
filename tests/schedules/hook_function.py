"""The hook's function as ECS invokes it: the real gate, with the handler's watchdog around it.

The handler's own watchdog waits in real time, so its logic stands here once more, over virtual
time and with the handler's own words. Imported by the simulation alone.
"""

import itertools
import json
from typing import Any

from testgate.aws.ecs import Ecs
from testgate.aws.events import EventBus
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.answers import HookAnswer, spell_answer
from testgate.hook.answering import Answering
from testgate.hook.gate import GateHook
from testgate.hook.guard import WATCHDOG_RESERVE_S, later
from tests.schedules.aws.deployments import EcsClient
from tests.schedules.aws.executions import StatesClient
from tests.schedules.aws.storage import EventsClient, S3Client
from tests.schedules.functions import TIMEOUTS_S
from tests.schedules.journal import HookCallFact
from tests.schedules.kernel import KilledError, Process
from tests.schedules.schedule import Function
from tests.schedules.wire import BUCKET, HOOK_FUNCTION, STATE_MACHINE
from tests.schedules.world import World


class HookFunction:
    """Invocations of the hook in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._requests = itertools.count(1)

    def invoke(self, event: Any, fact: HookCallFact) -> Process:
        """A process that fills the fact's answer in; None stays if the function died."""
        call = _Call(self._world, json.loads(json.dumps(event)), fact, next(self._requests))
        return self._world.kernel.spawn("hook", call.live, after_s=0.02)


class _Call:
    def __init__(self, world: World, event: Any, fact: HookCallFact, number: int) -> None:
        self._world = world
        self._event = event
        self._fact = fact
        self._number = number
        self._answers: list[dict[str, Any]] = []
        self._abandoned = False

    def live(self) -> None:
        """As the handler: the first answer there is, or the watchdog's."""
        kernel, fact = self._world.kernel, self._fact
        fact.began_s = kernel.now_s
        worker = kernel.spawn("gate", self._work)
        kernel.wait(worker, timeout_s=TIMEOUTS_S[Function.HOOK] - WATCHDOG_RESERVE_S)
        died = isinstance(worker.error, KilledError)
        answer = self._answers[0] if self._answers and not died else None
        if answer is None and not worker.ended:
            self._abandoned = True
            answer = later(self._event)
            self._world.note(f"hook call {fact.nth}: the watchdog answers")
        fact.ended_s = kernel.now_s
        fact.answer = json.loads(json.dumps(answer))
        told = fact.answer["hookStatus"] if fact.answer else "nothing: the function died"
        self._world.note(f"hook call {fact.nth} answers {told}")

    def _work(self) -> None:
        try:
            self._answers.append(spell_answer(self._gate().answer(self._event)))
        except KilledError:
            raise
        except BaseException as exc:  # noqa: BLE001 - the hook must not raise: an invariant tells
            self._fact.raised = f"{type(exc).__name__}: {exc}"
            self._answers.append({"hookStatus": "FAILED"})

    def _gate(self) -> GateHook:
        world, caller = self._world, self._world.caller(Function.HOOK)

        def decided(answer: HookAnswer) -> None:
            self._answers.append(spell_answer(answer))

        return GateHook(
            ecs=Ecs(EcsClient(caller, world.deployments)),
            executions=StepFunctions(StatesClient(caller, world.executions)),
            answering=Answering(
                bucket=Bucket(S3Client(caller, world.storage), BUCKET),
                bus=EventBus(EventsClient(caller)),
                request_id=f"request-{self._number}",
                now=world.kernel.now,
                abandoned=lambda: self._abandoned,
                decided=decided,
            ),
            state_machine_arn=STATE_MACHINE,
            function_arn=HOOK_FUNCTION,
            now=world.kernel.now,
            sleep=world.kernel.sleep,
        )
