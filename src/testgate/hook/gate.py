"""The test gate, one call of it: from ECS's event to the answer.

All that is decided here was decided in `testgate.core.decision`. Imported by hooks/test_gate.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.aws.events import EventBus
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.answers import HookAnswer
from testgate.core.arns import execution_arn
from testgate.core.binding import Question
from testgate.core.config import EXECUTION_KEY, Mode, parse_config, parse_details, wants_observe
from testgate.core.decision import (
    FIRST_DELAY_S,
    Allow,
    Refuse,
    Start,
    Stop,
    Wait,
    decide_execution,
    decide_setting,
    decide_shift,
    decide_stage,
    decide_trouble,
)
from testgate.core.errors import ConfigError, GateError, HookEventError, UnavailableError
from testgate.core.events import GATED_STAGES, SHIFT_STAGES, HookEvent, parse_hook_event
from testgate.core.outcomes import Outcome
from testgate.hook.answering import Answering, Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One invocation of the function. `decided` is told a final answer before it is recorded;
    `abandoned` says that the watchdog has answered already."""

    function_arn: str
    request_id: str
    abandoned: Callable[[], bool]
    decided: Callable[[HookAnswer], None]


def gate_from_environment(environment: Mapping[str, str], call: Call) -> "GateHook":
    """The gate as its function is deployed: RECORD_BUCKET and STATE_MACHINE_ARN name its parts."""

    def now() -> datetime:
        return datetime.now(UTC)

    return GateHook(
        ecs=Ecs(client("ecs")),
        executions=StepFunctions(client("stepfunctions")),
        answering=Answering(
            bucket=Bucket(client("s3"), environment["RECORD_BUCKET"]),
            bus=EventBus(client("events")),
            request_id=call.request_id,
            now=now,
            abandoned=call.abandoned,
            decided=call.decided,
        ),
        state_machine_arn=environment["STATE_MACHINE_ARN"],
        function_arn=call.function_arn,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GateHook:
    """One call of the hook, with everything it needs from outside."""

    ecs: Ecs
    executions: StepFunctions
    answering: Answering
    state_machine_arn: str
    function_arn: str
    now: Callable[[], datetime]

    def answer(self, raw: object) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted."""
        try:
            event = parse_hook_event(raw)
        except HookEventError as exc:
            return self.answering.finish(Asked(), _infra(f"the hook's event is unreadable: {exc}"))
        try:
            details = parse_details(event.raw_details)
        except ConfigError as exc:
            return self.answering.finish(Asked(event=event), _infra(str(exc)))
        wrong = decide_stage(event)
        if wrong is not None:
            asked = Asked(event=event, observe=wants_observe(details), details=details)
            return self.answering.finish(asked, wrong)
        if event.stage in SHIFT_STAGES:
            return self._answer_shift(event, details)
        return self._answer_gate(event, details)

    def _answer_shift(self, event: HookEvent, details: Mapping[str, object]) -> HookAnswer:
        asked = Asked(event=event, observe=wants_observe(details), details=details)
        return self._settle(
            asked, lambda: decide_shift(event, self.ecs.deployment(str(event.deployment)))
        )

    def _answer_gate(self, event: HookEvent, details: Mapping[str, object]) -> HookAnswer:
        observe = wants_observe(details)
        try:
            config = parse_config(details)
        except ConfigError as exc:
            asked = Asked(event=event, observe=observe, details=details)
            return self.answering.finish(asked, _infra(str(exc)))
        question = Question(
            deployment=event.deployment,
            revision=event.target_revision,
            stage=event.stage,
            config=config,
        )
        arn = self._arn(question)
        asked = Asked(
            event=event, observe=observe, question=question, execution_arn=arn, details=details
        )
        claimed = details.get(EXECUTION_KEY, arn)
        if claimed not in (arn, *self._arns_of_other_stages(question)):
            sentence = f"hookDetails names another execution than this gate run's: {claimed}"
            return self.answering.finish(asked, _infra(sentence))
        return self._settle(asked, lambda: self._decide(question, arn, config.mode))

    def _decide(self, question: Question, arn: str, mode: Mode) -> Allow | Refuse | Wait:
        """See what there is to see, act once if that is decided, and say what follows."""
        expires_at = None
        unavailable: UnavailableError | None = None
        try:
            deployment = self.ecs.deployment(str(question.deployment))
        except UnavailableError as exc:
            unavailable = exc
        else:
            settled = decide_setting(question, mode, deployment, self.function_arn)
            if settled is not None:
                return settled
            expires_at = deployment.expiry(self.function_arn)
        decision = decide_execution(question, self.executions.describe(arn), expires_at, self.now())
        if unavailable is not None and isinstance(decision, Start):
            raise unavailable  # what has been started goes on without ECS; nothing is started blind
        if self.answering.abandoned():
            raise UnavailableError("this call has been answered by the watchdog")
        if isinstance(decision, Start):
            name, text = question.execution_name, question.input_json
            if self.executions.start(self.state_machine_arn, name, text):
                return Wait(delay_s=FIRST_DELAY_S)
            # The name belongs to an execution that has ended: DescribeExecution lags behind.
            execution = self.executions.describe(arn)
            decision = decide_execution(question, execution, expires_at, self.now())
            if isinstance(decision, Start):
                raise UnavailableError("the gate's execution exists and is not visible yet")
        if isinstance(decision, Stop):
            self.executions.stop(arn, decision.outcome.error_name, decision.sentence)
            return Refuse(outcome=decision.outcome, sentence=decision.sentence)
        return decision

    def _arn(self, question: Question) -> str:
        return execution_arn(self.state_machine_arn, question.execution_name)

    def _arns_of_other_stages(self, question: Question) -> set[str]:
        """ECS may hand a hook of two stages at the second what it returned at the first."""
        return {self._arn(replace(question, stage=stage)) for stage in GATED_STAGES}

    def _settle(self, asked: Asked, decide: Callable[[], Allow | Refuse | Wait]) -> HookAnswer:
        """Turn a decision, or AWS's failure to help with it, into an answer."""
        troubles = 0
        decision: Allow | Refuse | Wait
        try:
            decision = decide()
        except UnavailableError as exc:
            troubles = asked.troubles + 1
            decision = decide_trouble(troubles, str(exc))
        except GateError as exc:
            decision = _infra(str(exc))
        if isinstance(decision, Wait):
            return self.answering.wait(asked, decision, troubles)
        return self.answering.finish(asked, decision)


def _infra(sentence: str) -> Refuse:
    return Refuse(outcome=Outcome.INFRA_ERROR, sentence=sentence)
