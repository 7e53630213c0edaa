"""What the hook does next: a pure function of what it has seen.

The table is the design's section 5. Nothing here calls AWS, reads a clock or trusts
`TESTGATE_STATE` with anything but delays. Standard library only; imported by the hooks' shells.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from testgate.core.binding import Question, binding_problem, parse_output
from testgate.core.config import MIN_TIMEOUT_S, Mode, OnCreate
from testgate.core.deadlines import EXPIRY_RESERVE_S, deadlines
from testgate.core.errors import EvidenceError
from testgate.core.events import SHIFT_STAGES, HookEvent
from testgate.core.facts import DeploymentFacts, ExecutionFacts
from testgate.core.kinds import TEST_GATE, HookKind
from testgate.core.outcomes import Outcome

FIRST_DELAY_S = 2
SHORT_DELAY_S = 5
MAX_TROUBLES = 20  # calls in a row that AWS failed, before the gate gives up

_LEAVING = ("STOP", "ROLLBACK", "SUCCESSFUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start the execution (idempotent by name and input), then wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Answer IN_PROGRESS. `trouble` says what went wrong, if the wait is due to that; `says` what
    is waited for, and `state` travels with our hints in hookDetails: neither decides anything."""

    delay_s: int
    trouble: str | None = None
    says: str | None = None
    state: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The execution runs, and so it may: how long it has, and has left, to pace the calls by."""

    elapsed_s: float
    left_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Stop the execution, and refuse."""

    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Answer FAILED, and say why. `evidence` is what was seen, for those who want to check it."""

    outcome: Outcome
    sentence: str
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Answer SUCCEEDED. `sentence` says what earned it, `evidence` what was seen."""

    sentence: str
    evidence: Mapping[str, Any] | None = None


Verdict = Allow | Refuse
Decision = Start | Watch | Stop | Allow | Refuse


def decide_stage(event: HookEvent, kind: HookKind = TEST_GATE) -> Refuse | None:
    """Refuse a hook at a stage that it cannot serve; None to go on."""
    if event.stage in kind.stages or event.stage in SHIFT_STAGES:
        return None
    return _wrong_stage(event, kind)


def decide_shift(
    event: HookEvent, deployment: DeploymentFacts, kind: HookKind = TEST_GATE
) -> Verdict | None:
    """At a shift stage: a rollback must not be hindered, anything else is a wrong stage. None
    where the weights say rollback and the status does not yet, which lags behind.

    Source: ECS invokes hooks of both shift stages again while it rolls back, with weight 0 for
    the target revision (AWS's developer guide).
    """
    if event.target_weight != 0:
        return _wrong_stage(event, kind)
    if deployment.status.startswith("ROLLBACK_"):
        return Allow(sentence=f"the deployment is {deployment.status}: traffic may go back")
    return None


def decide_setting(
    question: Question, mode: Mode, deployment: DeploymentFacts, function_arn: str
) -> Verdict | None:
    """What the deployment itself rules out or makes needless; None to go on."""
    refusal = decide_deployment(mode, deployment, function_arn)
    if refusal is not None:
        return refusal
    if question.config.on_create is OnCreate.SKIP and not deployment.has_source:
        return Allow(
            sentence="skipped: the service's first deployment, and ON_CREATE is skip; "
            "no test was run"
        )
    return None


def decide_deployment(mode: Mode, deployment: DeploymentFacts, function_arn: str) -> Refuse | None:
    """What the deployment rules out for every hook; None to go on."""
    actions = {hook.timeout_action for hook in deployment.waiting_hooks(function_arn)}
    if "CONTINUE" in actions and mode is Mode.ENFORCE:
        return Refuse(
            outcome=Outcome.INFRA_ERROR,
            sentence="the hook's timeoutConfiguration has action CONTINUE: a gate that expires "
            "would pass; set it to ROLLBACK",
        )
    if deployment.status.startswith(_LEAVING):
        return Refuse(
            outcome=Outcome.ABORTED,
            sentence=f"the deployment is {deployment.status}: nobody waits for this verdict",
        )
    return None


def decide_execution(
    question: Question,
    execution: ExecutionFacts | None,
    expires_at: datetime | None,
    now: datetime,
) -> Decision:
    """What the execution says; `expires_at` is the hook's own expiry, if ECS told one."""
    if execution is None:
        return _decide_start(question, expires_at, now)
    if execution.input is not None and execution.input != question.input_json:
        return _infra("the execution of this gate's name was started with another input")
    if execution.redrives:
        return _infra("the execution was redriven: its results are not those of one gate run")
    if execution.status == "RUNNING":
        return _decide_running(question, execution, expires_at, now)
    return decide_ended(question, execution)


def decide_ended(question: Question, execution: ExecutionFacts) -> Verdict:
    """What an execution that runs no more has earned."""
    match execution.status:
        case "SUCCEEDED":
            return _decide_succeeded(question, execution)
        case "FAILED":
            return _decide_failed(execution)
        case "TIMED_OUT":
            return Refuse(
                outcome=Outcome.TIMED_OUT, sentence="the state machine's own timeout ended it"
            )
        case "ABORTED":
            return _decide_stopped(execution)
        case status:
            return _infra(f"the execution has status {status}, which earns no pass")


def decide_trouble(troubles: int, what: str) -> Wait | Refuse:
    """AWS failed the hook `troubles` times in a row: wait a little, up to a budget."""
    if troubles <= MAX_TROUBLES:
        return Wait(delay_s=SHORT_DELAY_S, trouble=what)
    return _infra(f"AWS could not be reached in {troubles} calls in a row; last: {what}")


def _decide_start(question: Question, expires_at: datetime | None, now: datetime) -> Start | Refuse:
    end = deadlines(now, question.config.timeout_s, expires_at).gate
    left_s = (end - now).total_seconds()
    if left_s >= MIN_TIMEOUT_S:
        return Start()
    return _infra(
        f"the hook's own timeout, less {EXPIRY_RESERVE_S} s in reserve, leaves the gate "
        f"{max(0.0, left_s):.0f} s of at least {MIN_TIMEOUT_S}; give it more timeoutInMinutes"
    )


def _decide_running(
    question: Question, execution: ExecutionFacts, expires_at: datetime | None, now: datetime
) -> Decision:
    timeout_s = question.config.timeout_s
    end = deadlines(execution.started_at, timeout_s, expires_at).gate
    elapsed_s = (now - execution.started_at).total_seconds()
    left_s = (end - now).total_seconds()
    if left_s <= 0:
        return Stop(
            outcome=Outcome.TIMED_OUT,
            sentence=f"the gate timed out after {elapsed_s:.0f} s "
            + (
                f"(TIMEOUT_SECONDS is {timeout_s})"
                if elapsed_s >= timeout_s
                else f"(the hook's own timeout, less {EXPIRY_RESERVE_S} s, came first)"
            ),
        )
    return Watch(elapsed_s=elapsed_s, left_s=left_s)


def _decide_succeeded(question: Question, execution: ExecutionFacts) -> Verdict:
    try:
        output = parse_output(json.loads(execution.output or "null"))
    except (EvidenceError, ValueError) as exc:
        return _infra(f"the execution succeeded without a verdict: {exc}")
    problem = binding_problem(output, question)
    if problem:
        return _infra(f"the execution succeeded, but {problem}")
    return Allow(sentence=output.sentence)


def _decide_failed(execution: ExecutionFacts) -> Refuse:
    for outcome in Outcome:
        if execution.error == outcome.error_name and outcome is not Outcome.PASSED:
            return Refuse(outcome=outcome, sentence=execution.cause or outcome.value)
    cause = f": {execution.cause}" if execution.cause else ""
    return _infra(f"the gate's execution failed with {execution.error or 'no error name'}{cause}")


def _decide_stopped(execution: ExecutionFacts) -> Refuse:
    """Stopped by the hook past the deadline, whose word stands; by `cancel`, or by hand."""
    if execution.error == Outcome.TIMED_OUT.error_name and execution.cause:
        return Refuse(outcome=Outcome.TIMED_OUT, sentence=execution.cause)
    cause = f": {execution.cause}" if execution.cause else " by hand"
    return Refuse(outcome=Outcome.ABORTED, sentence=f"the execution was stopped{cause}")


def _wrong_stage(event: HookEvent, kind: HookKind) -> Refuse:
    return Refuse(
        outcome=Outcome.INFRA_ERROR,
        sentence=f"{kind.title} cannot answer at {event.stage}: "
        f"hook it at {' or '.join(kind.stages)}",
    )


def _infra(sentence: str) -> Refuse:
    return Refuse(outcome=Outcome.INFRA_ERROR, sentence=sentence)
