"""What every hook does around its own decision: read the event, refuse wrong stages, let a rollback
pass, turn a decision (or AWS's failure to help with it) into an answer.

Imported by the shells of the hooks; the guard builds its `Call`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.aws.events import EventBus
from testgate.aws.s3 import Bucket
from testgate.core.answers import HookAnswer
from testgate.core.config import parse_details, wants_observe
from testgate.core.decision import (
    Allow,
    Refuse,
    Wait,
    decide_shift,
    decide_stage,
    decide_trouble,
)
from testgate.core.errors import ConfigError, GateError, HookEventError, UnavailableError
from testgate.core.events import SHIFT_STAGES, HookEvent, parse_hook_event
from testgate.core.kinds import HookKind
from testgate.core.outcomes import Outcome
from testgate.hook.answering import Answering, Asked

Decided = Allow | Refuse | Wait


class Hook(Protocol):
    """What a handler's guard calls: an event as it came, to an answer; it may raise."""

    def answer(self, raw: object) -> HookAnswer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One invocation of the function. `decided` is told a final answer before it is recorded;
    `abandoned` says that the watchdog has answered already."""

    function_arn: str
    request_id: str
    abandoned: Callable[[], bool]
    decided: Callable[[HookAnswer], None]


def utc_now() -> datetime:
    """The clock of a function."""
    return datetime.now(UTC)


def answering_from_environment(environment: Mapping[str, str], call: Call) -> Answering:
    """Where a deployed hook tells its answers: RECORD_BUCKET, and the default event bus."""
    return Answering(
        bucket=Bucket(client("s3"), environment["RECORD_BUCKET"]),
        bus=EventBus(client("events")),
        request_id=call.request_id,
        now=utc_now,
        abandoned=call.abandoned,
        decided=call.decided,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One call of a hook of some kind, up to its own question and from its decision on."""

    kind: HookKind
    ecs: Ecs
    answering: Answering

    def answer(
        self, raw: object, ask: Callable[[HookEvent, Mapping[str, object]], HookAnswer]
    ) -> HookAnswer:
        """`ask` answers an event at one of the hook's stages, with hookDetails as an object."""
        try:
            event = parse_hook_event(raw)
        except HookEventError as exc:
            sentence = f"the hook's event is unreadable: {exc}"
            return self.answering.finish(Asked(kind=self.kind), infra(sentence))
        try:
            details = parse_details(event.raw_details)
        except ConfigError as exc:
            asked = Asked(kind=self.kind, event=event)
            return self.answering.finish(asked, infra(str(exc)))
        asked = self.asked(event, details)
        wrong = decide_stage(event, self.kind)
        if wrong is not None:
            return self.answering.finish(asked, wrong)
        if event.stage in SHIFT_STAGES:
            return self.settle(asked, lambda: self._decide_shift(event))
        return ask(event, details)

    def asked(self, event: HookEvent, details: Mapping[str, object]) -> Asked:
        """What is known of a question before its configuration has been read."""
        return Asked(kind=self.kind, event=event, observe=wants_observe(details), details=details)

    def settle(self, asked: Asked, decide: Callable[[], Decided]) -> HookAnswer:
        """The answer to a decision; to AWS's failure: later, or no after too many in a row."""
        troubles = 0
        decision: Decided
        try:
            decision = decide()
        except UnavailableError as exc:
            troubles = asked.troubles + 1
            decision = decide_trouble(troubles, str(exc))
        except GateError as exc:
            decision = infra(str(exc))
        if isinstance(decision, Wait):
            return self.answering.wait(asked, decision, troubles)
        return self.answering.finish(asked, decision)

    def _decide_shift(self, event: HookEvent) -> Decided:
        deployment = self.ecs.deployment(str(event.deployment))
        decision = decide_shift(event, deployment, self.kind)
        if decision is None:
            raise UnavailableError(
                f"the hook's weights are those of a rollback, and ECS still says that the "
                f"deployment is {deployment.status}"
            )
        return decision


def infra(sentence: str) -> Refuse:
    """A refusal because nothing could be told."""
    return Refuse(outcome=Outcome.INFRA_ERROR, sentence=sentence)
