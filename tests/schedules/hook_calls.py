"""How ECS talks with one hook of one stage: call, wait, call again, until it is over.

With what the schedule makes odd: calls lost, doubled, repeated, late and early; hookDetails merged,
replaced, dropped, as text, or of somebody else. Imported by the simulation alone.
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from testgate.core.config import EXECUTION_KEY
from testgate.core.events import PRODUCTION_SHIFT, TEST_SHIFT
from tests.schedules.aws.deployments import Deployment, HookState
from tests.schedules.hook_function import HookFunction
from tests.schedules.journal import HookCallFact
from tests.schedules.kernel import Process
from tests.schedules.schedule import HandBackKind, HookQuirk, HookQuirkKind
from tests.schedules.wire import EXECUTIONS, SERVICE_ARN
from tests.schedules.world import World

DEFAULT_DELAY_S = 30
_AGAIN_S = 30
Details = Mapping[str, Any] | str
_TWICE = (HookQuirkKind.DOUBLED, HookQuirkKind.DOUBLED_LAST)


class HookConversation:
    """The calls of one hook; `hold` is its whole course."""

    def __init__(
        self,
        world: World,
        function: HookFunction,
        deployment: Deployment,
        hook: HookState,
        *,
        back: bool,
    ) -> None:
        self._world = world
        self._function = function
        self._deployment = deployment
        self._hook = hook
        self._back = back

    def hold(self) -> str:
        """SUCCEEDED, FAILED, TIMED_OUT, or CONTINUED for one that expired and lets pass."""
        details: Details = self._hook.configured
        while True:
            nth, quirk = self._world.disturbing.hook_call()
            answer = self._ask(nth, quirk, details)
            if answer is not None and answer.get("hookStatus") in ("SUCCEEDED", "FAILED"):
                return str(answer["hookStatus"])
            if self._world.kernel.now_s >= self._hook.expires_s:
                return self._expired()
            delay_s: float = _AGAIN_S
            if answer is not None:
                if answer.get("hookStatus") != "IN_PROGRESS":
                    return "FAILED"  # a function that dies has no hookStatus
                details = self._handed_back(nth, details, answer.get("hookDetails"))
                delay_s = _delay_s(answer.get("callBackDelay"), quirk)
            if not self._sleep(delay_s):
                return self._expired()

    def _ask(self, nth: int, quirk: HookQuirk | None, details: Details) -> dict[str, Any] | None:
        """What ECS hears; None if it heard nothing and will try again."""
        kind = quirk.kind if quirk else None
        if quirk:
            self._world.note(f"hook call {nth} is {kind}")
        if kind is HookQuirkKind.LOST:
            return None
        facts = [self._fact(nth) for _ in range(2 if kind in _TWICE else 1)]
        calls = [self._function.invoke(self._event(details), fact) for fact in facts]
        if quirk is not None and kind is HookQuirkKind.REPEATED:
            self._repeat(nth, details, quirk.seconds)
        if not self._answered(calls, wait_for_last=kind is HookQuirkKind.DOUBLED_LAST):
            return None
        if kind is HookQuirkKind.ANSWER_LOST:
            return None
        done = [(fact, call) for fact, call in zip(facts, calls, strict=True) if call.ended]
        heard = max(done, key=lambda pair: pair[0].ended_s)[0]
        heard.heard = True
        return dict(heard.answer or {})

    def _answered(self, calls: list[Process], *, wait_for_last: bool) -> bool:
        """Whether an answer came before the hook expired."""
        left_s = self._hook.expires_s - self._world.kernel.now_s
        if not self._world.kernel.wait(*calls, timeout_s=left_s):
            return False
        if wait_for_last:
            for call in calls:
                left_s = self._hook.expires_s - self._world.kernel.now_s
                if not self._world.kernel.wait(call, timeout_s=max(0.0, left_s)):
                    return False
        return True

    def _repeat(self, nth: int, details: Details, after_s: int) -> None:
        event = self._event(details)

        def again() -> None:
            self._function.invoke(event, self._fact(nth))

        self._world.kernel.spawn("repeated call", again, after_s=after_s)

    def _fact(self, nth: int) -> HookCallFact:
        fact = HookCallFact(
            deployment=self._deployment.arn,
            stage=self._hook.stage,
            mode=self._hook.mode,
            nth=nth,
            began_s=self._world.kernel.now_s,
        )
        self._world.journal.hook_calls.append(fact)
        return fact

    def _event(self, details: Details) -> dict[str, Any]:
        deployment, stage = self._deployment, self._hook.stage
        weights = {deployment.target: 0 if self._back else 100}
        if deployment.source:
            weights[deployment.source] = 100 if self._back else 0
        return {
            "executionId": self._hook.id,
            "lifecycleStage": stage,
            "resourceArn": deployment.arn,
            "executionDetails": {
                "serviceArn": SERVICE_ARN,
                "targetServiceRevisionArn": deployment.target,
                "testTrafficWeights": weights if stage == TEST_SHIFT else {},
                "productionTrafficWeights": weights if stage == PRODUCTION_SHIFT else {},
            },
            "hookDetails": details,
        }

    def _handed_back(self, nth: int, current: Details, returned: Any) -> Details:
        configured = self._hook.configured
        match self._world.disturbing.hand_back(nth):
            case HandBackKind.MERGED:
                return {**_object(current), **_object(returned)}
            case HandBackKind.REPLACED:
                return dict(returned)
            case HandBackKind.DROPPED:
                return configured
            case HandBackKind.TEXT:
                return json.dumps({**_object(current), **_object(returned)})
            case HandBackKind.TEXT_OF_CONFIGURED:
                return json.dumps(_object(configured))
            case HandBackKind.GARBAGE:
                return "{'GATE': 'shop'"
            case HandBackKind.FOREIGN:
                return {**_object(configured), EXECUTION_KEY: f"{EXECUTIONS}:web-of-another"}

    def _sleep(self, seconds: float) -> bool:
        """False if the hook expires meanwhile."""
        left_s = self._hook.expires_s - self._world.kernel.now_s
        self._world.kernel.sleep(max(0.0, min(seconds, left_s)))
        return seconds < left_s

    def _expired(self) -> str:
        self._world.note(f"hook {self._hook.id} has expired")
        return "CONTINUED" if self._world.schedule.setup.continues else "TIMED_OUT"


def _delay_s(told: object, quirk: HookQuirk | None) -> float:
    delay_s = float(told) if isinstance(told, int | float) and told > 0 else DEFAULT_DELAY_S
    if quirk is None:
        return delay_s
    if quirk.kind is HookQuirkKind.EARLY:
        return 0.0
    return delay_s + (quirk.seconds if quirk.kind is HookQuirkKind.LATE else 0)


def _object(details: Any) -> dict[str, Any]:
    """An object, out of whatever stands there."""
    value = details
    if isinstance(details, str):
        with contextlib.suppress(ValueError):
            value = json.loads(details)
    return dict(value) if isinstance(value, dict) else {}
