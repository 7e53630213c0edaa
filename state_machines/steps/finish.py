"""Nobody is forgotten: the record of an execution that ended past every Catch.

Runs in the control bundle, on Step Functions' status-change events. The event only names the
execution; it may come late, twice or never: no verdict depends on it.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from state_machines.steps.recording import (
    conclude,
    is_listed,
    load_result,
    run_facts,
    write_record,
)
from testgate.aws.clients import client
from testgate.aws.plans import load_plan
from testgate.aws.s3 import Bucket
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.aws_events import execution_of
from testgate.core.binding import GateOutput, Question, parse_question
from testgate.core.ending import ended_verdict
from testgate.core.errors import InputError, PlanError, UnavailableError
from testgate.core.facts import ExecutionFacts
from testgate.core.handoff import ExecutionRef, parse_json_object
from testgate.core.history import Traces, read_history
from testgate.core.identity_answers import Asked, read_asked
from testgate.core.layout import place_of
from testgate.core.plan import Plan
from testgate.core.record import build_record, suite_times

_log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object] | None:
    """The Lambda function: an EventBridge event in; the record's output, or None if none is due."""
    step = Finish(
        executions=StepFunctions(client("stepfunctions")),
        bucket=Bucket(client("s3"), os.environ["RECORD_BUCKET"]),
        now=lambda: datetime.now(UTC),
    )
    try:
        output = step.finish(execution_of(event))
    except InputError as exc:
        _log.warning("no gate run to finish: %s", exc)
        return None
    return None if output is None else output.spell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The step with its ports."""

    executions: StepFunctions
    bucket: Bucket
    now: Callable[[], datetime]

    def finish(self, arn: str) -> GateOutput | None:
        """Record how it ended, unless that is recorded. Raises what is worth another try, and
        InputError for an execution that is no gate run."""
        execution = self.executions.describe(arn)
        if execution is None or execution.status == "RUNNING":
            raise UnavailableError(f"{arn} is not seen to have ended yet")
        question = parse_question(parse_json_object(execution.input))
        name = arn.rpartition(":")[2]
        if name != question.execution_name:
            raise InputError("the execution's name is not that of its input: it has no record")
        place = place_of(question.deployment, name)
        if self.bucket.exists(place.record):
            if is_listed(self.bucket, place):
                return None
            # Whoever wrote it died before it was in the index, where people look.
            return conclude(self.bucket, place, self.bucket.get_json(place.record))
        return self._record(question, arn, execution)

    def _record(self, question: Question, arn: str, execution: ExecutionFacts) -> GateOutput:
        name = arn.rpartition(":")[2]
        place = place_of(question.deployment, name)
        traces = read_history(self.executions.history(arn))
        plan = self._plan(traces)
        results = [load_result(self.bucket, place, result) for result in traces.results]
        facts = run_facts(
            ExecutionRef(arn=arn, name=name, started_at=execution.started_at),
            execution.stopped_at or self.now(),
            traces.prepared,
            None,
            suite_times(results),
            self._asked(traces),
        )
        verdict = ended_verdict(question, execution, plan, results)
        return write_record(self.bucket, place, build_record(question, verdict, facts))

    def _asked(self, traces: Traces) -> Asked:
        """What green was to be asked; answers are left to a Judge."""
        try:
            return read_asked(traces.prepared, {})
        except InputError:
            return Asked()

    def _plan(self, traces: Traces) -> Plan | None:
        """The plan that Prepare fixed; None if it fixed none, or none that can be read."""
        digest = traces.prepared.get("plan_digest")
        if not isinstance(digest, str):
            return None
        try:
            return load_plan(self.bucket, digest)
        except PlanError as exc:
            _log.warning("no plan to show the suites of: %s", exc)
            return None
