"""The test gate, one call of it: from ECS's event to the answer.

All that is decided here was decided in `testgate.core.decision`. Imported by hooks/test_gate.py.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.answers import STARTED_SCHEMA, HookAnswer
from testgate.core.arns import execution_arn
from testgate.core.binding import Question
from testgate.core.config import EXECUTION_KEY, STATE_KEY, Mode, parse_config
from testgate.core.decision import (
    FIRST_DELAY_S,
    Allow,
    Decision,
    Refuse,
    Start,
    Stop,
    Wait,
    Watch,
    decide_execution,
    decide_setting,
)
from testgate.core.errors import ConfigError, UnavailableError
from testgate.core.events import GATED_STAGES, HookEvent
from testgate.core.kinds import TEST_GATE
from testgate.core.layout import place_of
from testgate.hook.answering import Answering
from testgate.hook.flow import Call, Flow, answering_from_environment, infra, utc_now

if TYPE_CHECKING:
    from testgate.hook.watching import Watching


def gate_from_environment(environment: Mapping[str, str], call: Call) -> "GateHook":
    """The gate as its function is deployed: RECORD_BUCKET and STATE_MACHINE_ARN name its parts."""
    return GateHook(
        ecs=Ecs(client("ecs")),
        executions=StepFunctions(client("stepfunctions")),
        answering=answering_from_environment(environment, call),
        state_machine_arn=environment["STATE_MACHINE_ARN"],
        function_arn=call.function_arn,
        now=utc_now,
        sleep=time.sleep,
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
    sleep: Callable[[float], None]

    def answer(self, raw: object) -> HookAnswer:
        """The answer to one event; a final one has been recorded, logged and emitted."""
        return self._flow.answer(raw, self._ask)

    @property
    def _flow(self) -> Flow:
        return Flow(kind=TEST_GATE, ecs=self.ecs, answering=self.answering)

    def _ask(self, event: HookEvent, details: Mapping[str, object]) -> HookAnswer:
        asked = self._flow.asked(event, details)
        try:
            config = parse_config(details)
        except ConfigError as exc:
            return self.answering.finish(asked, infra(str(exc)))
        question = Question(
            deployment=event.deployment,
            revision=event.target_revision,
            stage=event.stage,
            config=config,
        )
        arn = self._arn(question)
        asked = replace(asked, run_name=question.execution_name, execution_arn=arn)
        claimed = details.get(EXECUTION_KEY, arn)
        if claimed not in (arn, *self._arns_of_other_stages(question)):
            sentence = f"hookDetails names another execution than this gate run's: {claimed}"
            return self.answering.finish(asked, infra(sentence))
        state = details.get(STATE_KEY)
        return self._flow.settle(asked, lambda: self._decide(question, config.mode, state))

    def _watching(self, question: Question, state: object) -> "Watching":
        # The first call, a cold start for sure, has nothing to watch.
        from testgate.core.pacing import held_before
        from testgate.hook.watching import Watching

        return Watching(
            bucket=self.answering.bucket,
            place=place_of(question.deployment, question.execution_name),
            runs=lambda: self._runs(self._arn(question)),
            held_s=held_before(state),
            now=self.now,
            sleep=self.sleep,
            abandoned=self.answering.abandoned,
        )

    def _runs(self, arn: str) -> bool:
        execution = self.executions.describe(arn)
        return execution is None or execution.status == "RUNNING"

    def _decide(self, question: Question, mode: Mode, state: object) -> Allow | Refuse | Wait:
        """See what there is to see, act once if that is decided, and say what follows. `state` is
        what an earlier call left for this one."""
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
        decision = self._seen(question, expires_at)
        if unavailable is not None and isinstance(decision, Start):
            raise unavailable  # what has been started goes on without ECS; nothing is started blind
        if isinstance(decision, Watch):
            watching = self._watching(question, state)
            paced = watching.pace(decision)
            if not watching.held_until_the_end(paced):
                return watching.wait(paced)
            decision = self._seen(question, expires_at)
        if self.answering.abandoned():
            raise UnavailableError("this call has been answered by the watchdog")
        return self._act(question, mode, decision, expires_at)

    def _seen(self, question: Question, expires_at: datetime | None) -> Decision:
        execution = self.executions.describe(self._arn(question))
        return decide_execution(question, execution, expires_at, self.now())

    def _act(
        self, question: Question, mode: Mode, decision: Decision, expires_at: datetime | None
    ) -> Allow | Refuse | Wait:
        """Start or stop the execution if that is decided; what is left to answer."""
        if isinstance(decision, Start):
            name, text = question.execution_name, question.input_json
            if self.executions.start(self.state_machine_arn, name, text):
                self._tell_start(question, mode)
                return Wait(delay_s=FIRST_DELAY_S)
            # The name belongs to an execution that has ended: DescribeExecution lags behind.
            decision = self._seen(question, expires_at)
        match decision:
            case Start():
                raise UnavailableError("the gate's execution exists and is not visible yet")
            case Watch():
                return Wait(delay_s=FIRST_DELAY_S)
            case Stop(outcome=outcome, sentence=sentence):
                self.executions.stop(self._arn(question), outcome.error_name, sentence)
                return Refuse(outcome=outcome, sentence=sentence)
            case _:
                return decision

    def _tell_start(self, question: Question, mode: Mode) -> None:
        deployment, config = question.deployment, question.config
        told = {
            "schema": STARTED_SCHEMA,
            "hook": TEST_GATE.name,
            "deployment": str(deployment),
            "cluster": deployment.cluster,
            "service": deployment.service,
            "revision": question.revision,
            "stage": question.stage,
            "mode": mode.value,
            "gate": config.gate or ",".join(config.test_suites),
            "execution_arn": self._arn(question),
            "started_at": self.now().isoformat(),
        }
        self.answering.begin(told, str(deployment))

    def _arn(self, question: Question) -> str:
        return execution_arn(self.state_machine_arn, question.execution_name)

    def _arns_of_other_stages(self, question: Question) -> set[str]:
        """ECS may hand a hook of two stages at the second what it returned at the first."""
        return {self._arn(replace(question, stage=stage)) for stage in GATED_STAGES}
