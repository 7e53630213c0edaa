"""The first step: what is asked, by which plan, of which endpoint, until when, and is it green?

Runs in the control bundle. A gate run that cannot begin is data with its sentence; only what may
hold in a moment is raised (SettlingError), for the state machine to try again.
"""

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from state_machines.steps.entering import tell_state
from testgate.aws.clients import client
from testgate.aws.discovery import Discovery, Sight
from testgate.aws.ecs import Ecs
from testgate.aws.elbv2 import Elbv2
from testgate.aws.plans import Resolved, resolve_plan
from testgate.aws.s3 import Bucket
from testgate.core.binding import Question, parse_question
from testgate.core.deadlines import ASK_S, deadlines
from testgate.core.durations import read_pointer, read_took
from testgate.core.errors import GateError, InputError, UnavailableError
from testgate.core.facts import DeploymentFacts
from testgate.core.handoff import (
    ExecutionRef,
    RunContext,
    parse_execution,
    spell_due,
    spell_time,
)
from testgate.core.identity import (
    Finding,
    IdentityProblem,
    Snapshot,
    deployment_problem,
    identity_problem,
)
from testgate.core.identity_answers import Inquiry
from testgate.core.identity_check import Subject, expected_value, image_digest_of
from testgate.core.layout import latest_durations_key, place_of
from testgate.core.outcomes import Outcome
from testgate.core.plan import Plan, shards_of
from testgate.core.plan_problems import service_problem, timeout_problem
from testgate.core.quarantine import judging_day
from testgate.core.states import Told, begun, ready


class SettlingError(Exception):
    """Green's targets are not settled; the state machine retries this by its name."""


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: `{execution, input}` in, `{ready, …}` out."""
    ecs = Ecs(client("ecs"))
    step = Prepare(
        ecs=ecs,
        discovery=Discovery(ecs=ecs, elbv2=Elbv2(client("elbv2"))),
        bucket=Bucket(client("s3"), os.environ["RECORD_BUCKET"]),
        hook_function_arn=os.environ["HOOK_FUNCTION_ARN"],
        now=lambda: datetime.now(UTC),
    )
    return step.prepare(parse_execution(event["execution"]), event["input"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """The step with its ports."""

    ecs: Ecs
    discovery: Discovery
    bucket: Bucket
    hook_function_arn: str
    now: Callable[[], datetime]

    def prepare(self, execution: ExecutionRef, raw_input: object) -> dict[str, object]:
        """`ready: true` with waves and run context, or `ready: false` with outcome and sentence.

        Raises SettlingError and UnavailableError, both worth another try.
        """
        self._tell(execution, raw_input)
        try:
            return self._prepared(execution, raw_input)
        except SettlingError as exc:
            self._tell(execution, raw_input, str(exc))
            raise

    def _prepared(self, execution: ExecutionRef, raw_input: object) -> dict[str, object]:
        try:
            question = parse_question(raw_input)
            if execution.name != question.execution_name:
                raise InputError("the execution's name is not that of its input")
            deployment = self.ecs.deployment(str(question.deployment))
            gone = deployment_problem(
                question, deployment.status, deployment.stage, deployment.target_revision
            )
            if gone:
                return _identity_refusal(gone)
            sight = self.discovery.look(question, deployment)
            subject = _subject(question, sight)
            found = resolve_plan(self.bucket, question.config, image_digest_of(subject))
            plan = found.plan
            unfit = service_problem(
                plan, question.deployment.cluster, question.deployment.service
            ) or timeout_problem(plan, question.config.timeout_s)
            if unfit:
                return _not_ready(Outcome.INFRA_ERROR, unfit)
            inquiry = _inquiry(plan, subject)
        except UnavailableError:
            raise
        except GateError as exc:
            return _not_ready(Outcome.INFRA_ERROR, str(exc))
        problem = identity_problem(question, sight.snapshot)
        if problem:  # a rollback changes rules too: then that is what has happened
            now = self.ecs.deployment(str(question.deployment))
            gone = deployment_problem(question, now.status, now.stage, now.target_revision)
            return _identity_refusal(gone or problem)
        return self._ready(execution, question, deployment, found, sight, inquiry)

    def _ready(
        self,
        execution: ExecutionRef,
        question: Question,
        deployment: DeploymentFacts,
        found: Resolved,
        sight: Sight,
        inquiry: Inquiry | None,
    ) -> dict[str, object]:
        plan = found.plan
        limits = deadlines(
            execution.started_at,
            question.config.timeout_s,
            deployment.expiry(self.hook_function_arn),
            after_tests_s=ASK_S if inquiry else 0,
        )
        told = ready(plan, limits.gate, asks_identity=inquiry is not None)
        tell_state(self.bucket, execution, Told.READY, told.spell())
        durations, expected_s = self._durations(plan, judging_day(execution.started_at))
        context = RunContext(
            input_digest=question.digest,
            plan_digest=plan.digest,
            prefix=place_of(question.deployment, execution.name).prefix,
            base_url=sight.reach.base_url,
            deadline=limits.suites,
            judged_on=judging_day(execution.started_at),
            variables=_variables(question, execution.name, sight.snapshot, limits.suites),
            host=sight.reach.host,
            durations=durations,
            expected_s=expected_s,
            headers=sight.reach.headers,
            fence=sight.reach.fence,
        )
        return {
            "ready": True,
            "gate": plan.gate,
            "plan_digest": plan.digest,
            "plan_by": found.by.value,
            "deployment_at": spell_time(deployment.created_at) if deployment.created_at else "",
            "deadline": spell_time(limits.gate),
            "run": context.spell(),
            "wave_count": len(plan.waves),
            "parallel": plan.parallel,
            "waves": [
                [spell_due(suite, due.shard) for suite in wave for due in shards_of(suite)]
                for wave in plan.waves
            ],
            "before": sight.snapshot.spell(),
            "asks_identity": inquiry is not None,
            **({"inquiry": inquiry.spell(), "ask_by": spell_time(limits.judge)} if inquiry else {}),
        }

    def _tell(self, execution: ExecutionRef, raw_input: object, waits_for: str = "") -> None:
        """Whose gate run this is, for those who watch; an input that is no question has nobody."""
        with contextlib.suppress(InputError):
            question = parse_question(raw_input)
            told = begun(question, execution.name, self.now(), waits_for)
            tell_state(self.bucket, execution, Told.PREPARE, told.spell())

    def _durations(self, plan: Plan, on: date) -> tuple[dict[str, str], dict[str, float]]:
        """By suite: the latest durations of those in shards, and the seconds that others took. They
        only decide who runs which test and when the hook looks, so what cannot be read is left
        out."""
        digests: dict[str, str] = {}
        took_s: dict[str, float] = {}
        for suite in plan.suites:
            with contextlib.suppress(GateError):
                pointer = self.bucket.find_json(latest_durations_key(plan.gate, suite.name))
                digest, seconds = read_pointer(pointer, on), read_took(pointer, on)
                digests |= {suite.name: digest} if digest and suite.shards > 1 else {}
                took_s |= {suite.name: seconds} if seconds else {}
        return digests, took_s


def _subject(question: Question, sight: Sight) -> Subject:
    revision = sight.revision
    return Subject(
        container=sight.container,
        images=revision.images,
        image_digests=revision.image_digests,
        revision=question.revision,
        task_definition=revision.task_definition,
        parameters=question.config.parameters,
    )


def _inquiry(plan: Plan, subject: Subject) -> Inquiry | None:
    """What green must say if it is this revision; None if the gate does not ask. Raises InputError
    if the revision lacks a fact that the gate asks for."""
    if plan.identity is None:
        return None
    return Inquiry(check=plan.identity, expected=expected_value(plan.identity, subject))


def _identity_refusal(problem: IdentityProblem) -> dict[str, object]:
    match problem.finding:
        case Finding.MOVED_ON:
            return _not_ready(Outcome.ABORTED, problem.sentence)
        case Finding.WRONG:
            return _not_ready(Outcome.INFRA_ERROR, problem.sentence)
        case Finding.UNSETTLED:
            raise SettlingError(problem.sentence)


def _not_ready(outcome: Outcome, sentence: str) -> dict[str, object]:
    return {"ready": False, "outcome": outcome.value, "sentence": sentence}


def _variables(
    question: Question, run_id: str, snapshot: Snapshot, deadline: datetime
) -> dict[str, str]:
    """What a suite is told about the deployment it tests."""
    deployment = question.deployment
    told = {
        "TESTGATE_CLUSTER": deployment.cluster,
        "TESTGATE_SERVICE": deployment.service,
        "TESTGATE_DEPLOYMENT_ID": deployment.deployment_id,
        "TESTGATE_REVISION": question.revision,
        "TESTGATE_IMAGE": snapshot.image,
        "TESTGATE_STAGE": question.stage,
        "TESTGATE_RUN_ID": run_id,
        "TESTGATE_DEADLINE": spell_time(deadline),
    }
    if snapshot.host:
        told["TESTGATE_TEST_HOST"] = snapshot.host
    parameters = question.config.parameters
    return told | {f"TESTGATE_PARAMETER_{name}": text for name, text in parameters.items()}
