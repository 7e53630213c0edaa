"""What the hooks without an execution share: their question, its first asking, its deadline.

Imported by the shells of admission, approval and metrics.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.core.answers import HookAnswer
from testgate.core.config import Mode, OnCreate
from testgate.core.decision import Allow, Refuse
from testgate.core.errors import ConfigError, EvidenceError, PortError, UnavailableError
from testgate.core.events import HookEvent
from testgate.core.facts import DeploymentFacts
from testgate.core.inquiry import (
    Inquiry,
    Waiting,
    deadline_of,
    decide_asked,
    decide_create,
    parse_asked_at,
    skip_is_possible,
)
from testgate.core.kinds import HookKind
from testgate.core.layout import RunPlace, place_of
from testgate.core.outcomes import Outcome
from testgate.hook.answering import Answering
from testgate.hook.flow import Call, Decided, Flow, answering_from_environment, infra, utc_now


class PolicyConfig(Protocol):
    """What all of these hooks' configurations tell."""

    @property
    def mode(self) -> Mode: ...

    @property
    def patience_s(self) -> int:
        """Seconds from the first asking within which the hook answers."""

    def spell(self) -> dict[str, object]: ...


Config = TypeVar("Config", bound=PolicyConfig)


def inquiring_from_environment(
    kind: HookKind, environment: Mapping[str, str], call: Call
) -> "Inquiring":
    """As a function is deployed."""
    return Inquiring(
        kind=kind,
        ecs=Ecs(client("ecs")),
        answering=answering_from_environment(environment, call),
        function_arn=call.function_arn,
        now=utc_now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiring:
    """One call of such a hook, with everything that all of them need from outside."""

    kind: HookKind
    ecs: Ecs
    answering: Answering
    function_arn: str
    now: Callable[[], datetime]

    def answer(
        self,
        raw: object,
        parse: Callable[[Mapping[str, object]], Config],
        decide: Callable[[Inquiry, Config, DeploymentFacts], Decided],
    ) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted. `decide` is
        asked once the deployment has been seen to wait for it."""
        flow = Flow(kind=self.kind, ecs=self.ecs, answering=self.answering)

        def ask(event: HookEvent, details: Mapping[str, object]) -> HookAnswer:
            asked = flow.asked(event, details)
            try:
                config = parse(details)
            except ConfigError as exc:
                return self.answering.finish(asked, infra(str(exc)))
            inquiry = self._inquiry(event, config)
            return flow.settle(
                replace(asked, run_name=inquiry.run_name),
                lambda: self._decide(inquiry, config, decide),
            )

        return flow.answer(raw, ask)

    def first_asked(self, inquiry: Inquiry, note: Callable[[datetime], Waiting]) -> datetime:
        """When this question was first asked: as the first call noted, which is now if this is it.

        Raises PortError, EvidenceError. The note is what `why` reads while the hook waits.
        """
        place, bucket = self.place(inquiry), self.answering.bucket
        noted = bucket.find_json(place.waiting)
        if noted is None:
            self.refuse_if_abandoned()
            waiting = note(self.now())
            if bucket.put_json_once(place.waiting, waiting.spell()):
                return waiting.asked_at
            noted = bucket.get_json(place.waiting)
        return parse_asked_at(noted, inquiry)

    def deadline(
        self, asked_at: datetime, config: PolicyConfig, deployment: DeploymentFacts
    ) -> datetime:
        """By when the hook must answer."""
        expires_at = deployment.expiry(self.function_arn)
        return deadline_of(asked_at, config.patience_s, expires_at)

    def skip(
        self, inquiry: Inquiry, on_create: OnCreate, deployment: DeploymentFacts
    ) -> Allow | None:
        """Whether this is a first deployment that was chosen to pass. Raises PortError."""
        if not skip_is_possible(on_create, deployment):
            return None
        return decide_create(
            on_create,
            has_source=deployment.has_source,
            succeeded_before=self.ecs.has_succeeded(inquiry.deployment),
        )

    def place(self, inquiry: Inquiry) -> RunPlace:
        """Where everything of this question lies."""
        return place_of(inquiry.deployment, inquiry.run_name)

    def refuse_if_abandoned(self) -> None:
        """Nothing is written by a call that the watchdog has answered. Raises UnavailableError."""
        if self.answering.abandoned():
            raise UnavailableError("this call has been answered by the watchdog")

    def _inquiry(self, event: HookEvent, config: PolicyConfig) -> Inquiry:
        return Inquiry(
            kind=self.kind,
            deployment=event.deployment,
            revision=event.target_revision,
            stage=event.stage,
            config=config.spell(),
            weights=event.production_weights,
        )

    def _decide(
        self,
        inquiry: Inquiry,
        config: Config,
        decide: Callable[[Inquiry, Config, DeploymentFacts], Decided],
    ) -> Decided:
        try:
            deployment = self.ecs.deployment(str(inquiry.deployment))
            refusal = decide_asked(inquiry, config.mode, deployment, self.function_arn)
            return refusal or decide(inquiry, config, deployment)
        except UnavailableError as exc:
            # The count of troubles travels in hookDetails, which ECS may lose: this does not.
            if not self._is_too_late(inquiry, config):
                raise
            return Refuse(
                outcome=Outcome.TIMED_OUT,
                sentence=f"AWS could not be asked within {config.patience_s} s; last: {exc}",
            )

    def _is_too_late(self, inquiry: Inquiry, config: PolicyConfig) -> bool:
        with contextlib.suppress(PortError, EvidenceError):
            noted = self.answering.bucket.find_json(self.place(inquiry).waiting)
            if noted is not None:
                end = parse_asked_at(noted, inquiry) + timedelta(seconds=config.patience_s)
                return self.now() >= end
        return False
