"""The last step: compares what came with what was due, and writes the record before it answers.

Runs in the control bundle, never beside suite code. Safe to repeat: the first record stands.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from state_machines.steps.changing import compared
from state_machines.steps.entering import tell_state
from state_machines.steps.recording import (
    conclude,
    keep_durations,
    load_result,
    run_facts,
    write_record,
)
from testgate.aws.clients import client
from testgate.aws.discovery import Discovery
from testgate.aws.ecs import Ecs
from testgate.aws.elbv2 import Elbv2
from testgate.aws.plans import load_plan
from testgate.aws.s3 import Bucket
from testgate.core.binding import GateOutput, Question, parse_question
from testgate.core.errors import GateError, InputError, UnavailableError
from testgate.core.handoff import (
    ExecutionRef,
    flat_results,
    parse_execution,
    parse_result,
    read_error,
)
from testgate.core.identity import (
    Finding,
    IdentityProblem,
    Snapshot,
    deployment_problem,
    drift_problem,
    identity_problem,
    parse_snapshot,
    passing_target_problem,
)
from testgate.core.identity_answers import Asked, asked_problem, read_asked
from testgate.core.layout import RunPlace, answers_key, place_of
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan
from testgate.core.quarantine import judging_day
from testgate.core.record import RunTime, build_record, refused_before_tests, suite_times
from testgate.core.states import Told, spell_judging
from testgate.core.verdict import Verdict, judge

State = Mapping[str, Any]
LOOKS = 4
BETWEEN_LOOKS_S = 4.0


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: `{execution, input, state}` in, the gate's output out."""
    ecs = Ecs(client("ecs"))
    step = Judge(
        ecs=ecs,
        discovery=Discovery(ecs=ecs, elbv2=Elbv2(client("elbv2"))),
        bucket=Bucket(client("s3"), os.environ["RECORD_BUCKET"]),
        now=lambda: datetime.now(UTC),
        sleep=time.sleep,
    )
    return step.judge(parse_execution(event["execution"]), event["input"], event["state"]).spell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The step with its ports."""

    ecs: Ecs
    discovery: Discovery
    bucket: Bucket
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def judge(self, execution: ExecutionRef, raw_input: object, state: State) -> GateOutput:
        """The verdict, recorded. Raises what is worth another try, and InputError for an input
        that is no question: such an execution has no place in the records."""
        question = parse_question(raw_input)
        tell_state(self.bucket, execution, Told.JUDGE, spell_judging(self.now()))
        place = place_of(question.deployment, execution.name)
        written = self.bucket.find_json(place.record)
        if execution.name != question.execution_name:
            raise InputError("the execution's name is not that of its input: it has no record")
        if written is not None:
            return conclude(self.bucket, place, written)
        prepared: State = (state.get("prepare") or {}).get("payload") or {}
        verdict, times, plan = self._verdict(question, execution, prepared, state)
        after: dict[str, object] = {}
        asked, answered = _answered(self.bucket, place, plan, prepared, state)
        if prepared.get("ready") is True:
            looks = LOOKS if verdict.outcome is Outcome.PASSED else 1
            problem, after = self._settled_identity(question, prepared, looks)
            verdict = _with_identity(_with_identity(verdict, answered), problem)
        facts = run_facts(execution, self.now(), prepared, after, times, asked)
        record = compared(self.bucket, place, build_record(question, verdict, facts))
        output = write_record(self.bucket, place, record)
        if plan is not None:
            day = judging_day(execution.started_at)
            keep_durations(self.bucket, plan, verdict.suites, day, times)
        return output

    def _verdict(
        self, question: Question, execution: ExecutionRef, prepared: State, state: State
    ) -> tuple[Verdict, dict[str, tuple[RunTime, ...]], Plan | None]:
        """The verdict over tests alone, when each suite ran, and the plan that was judged by."""
        early = _early_verdict(prepared, state)
        if early is not None:
            return early, {}, None
        place = place_of(question.deployment, execution.name)
        try:
            plan = load_plan(self.bucket, str(prepared["plan_digest"]))
            results = [
                load_result(self.bucket, place, parse_result(raw))
                for raw in flat_results(state["so_far"]["results"])
            ]
        except UnavailableError:
            raise
        except GateError as exc:
            return refused_before_tests(Outcome.INFRA_ERROR, str(exc)), {}, None
        on = judging_day(execution.started_at)
        judged = judge(plan, results, question.digest, on)
        if "waves_error" in state and judged.outcome is not Outcome.FAILED:
            sentence = _step_failed("run", state["waves_error"])
            judged = replace(judged, outcome=Outcome.INFRA_ERROR, sentence=sentence)
        return judged, suite_times(results), plan

    def _settled_identity(
        self, question: Question, prepared: State, looks: int
    ) -> tuple[IdentityProblem | None, dict[str, object]]:
        """A moment's unhealthy target or lagging count is looked at again; a change is not, nor
        a target that was there for a while."""
        unsettled: list[Snapshot] = []
        for _ in range(looks - 1):
            problem, after = self._identity_after(question, prepared)
            if problem is None or problem.finding is not Finding.UNSETTLED:
                break
            unsettled += [after] if after else []
            self.sleep(BETWEEN_LOOKS_S)
        else:
            problem, after = self._identity_after(question, prepared)
        if problem is None and after is not None:
            before = parse_snapshot(prepared["before"])
            problem = passing_target_problem(before, unsettled, after)
        return problem, after.spell() if after else {}

    def _identity_after(
        self, question: Question, prepared: State
    ) -> tuple[IdentityProblem | None, Snapshot | None]:
        try:
            deployment = self.ecs.deployment(str(question.deployment))
            gone = deployment_problem(
                question, deployment.status, deployment.stage, deployment.target_revision
            )
            if gone:
                return gone, None
            after = self.discovery.look(question, deployment).snapshot
        except UnavailableError:
            raise
        except GateError as exc:
            return IdentityProblem(finding=Finding.WRONG, sentence=str(exc)), None
        problem = drift_problem(parse_snapshot(prepared["before"]), after) or identity_problem(
            question, after
        )
        if problem is not None:  # a rollback changes rules too: then that is what has happened
            problem = self._gone(question) or problem
        return problem, after

    def _gone(self, question: Question) -> IdentityProblem | None:
        now = self.ecs.deployment(str(question.deployment))
        return deployment_problem(question, now.status, now.stage, now.target_revision)


def _answered(
    bucket: Bucket, place: RunPlace, plan: Plan | None, prepared: State, state: State
) -> tuple[Asked, IdentityProblem | None]:
    """What green was asked, and why its answers are not those of the revision under test."""
    failed = state.get("identity_error")
    failure = _step_failed("identity", failed) if failed is not None else ""
    try:
        asked = read_asked(prepared, state, failure)
    except InputError as exc:
        return Asked(), IdentityProblem(finding=Finding.WRONG, sentence=f"identity: {exc}")
    own = asked.inquiry.check if asked.inquiry else None
    problem = asked_problem(plan.identity if plan else own, asked)
    if problem is None and asked.inquiry is not None:
        problem = _unstored_answers(bucket, place, state)
    return asked, problem


def _unstored_answers(bucket: Bucket, place: RunPlace, state: State) -> IdentityProblem | None:
    """Right answers count if the runner has stored them: suite code could answer in the runner's
    name (docs/suites.md), and has no right to store."""
    for when in ("before", "after"):
        payload = state[f"identity_{when}"]["payload"]
        stored = bucket.find_json(answers_key(place.prefix, when, payload.get("retry")))
        if stored != payload["answers"]:
            sentence = f"identity: the answers {when} the tests are not what the runner stored"
            return IdentityProblem(finding=Finding.WRONG, sentence=sentence)
    return None


def _early_verdict(prepared: State, state: State) -> Verdict | None:
    """The verdict of a gate run whose tests never ran; None if some may have."""
    if "prepare_error" in state:
        sentence = _step_failed("prepare", state["prepare_error"])
        return refused_before_tests(Outcome.INFRA_ERROR, sentence)
    if prepared.get("ready") is True and "so_far" in state:
        return None
    sentence = prepared.get("sentence") or "the prepare step left nothing to run"
    said_outcome = prepared.get("outcome")
    aborted = said_outcome == Outcome.ABORTED.value
    return refused_before_tests(Outcome.ABORTED if aborted else Outcome.INFRA_ERROR, sentence)


def _step_failed(step: str, raw: object) -> str:
    """What a Catch put into the state, in one sentence."""
    error, cause = read_error(raw)
    said = cause if error == "SettlingError" else f"the {step} step failed: {error}: {cause}"
    return said.rstrip(": ")


def _with_identity(verdict: Verdict, problem: IdentityProblem | None) -> Verdict:
    """Results of an uncertain revision are no results; unsettled targets only undo a pass."""
    if problem is None:
        return verdict
    if problem.finding is Finding.UNSETTLED and verdict.outcome is not Outcome.PASSED:
        return verdict
    outcome = Outcome.ABORTED if problem.finding is Finding.MOVED_ON else Outcome.INFRA_ERROR
    return replace(verdict, outcome=outcome, sentence=problem.sentence)
