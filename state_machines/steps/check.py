"""Between waves: does anybody still wait, and can this gate run still pass? If not, the rest of it
is not run.

Runs in the control bundle. It decides about time and money alone: Judge asks again before it
answers, and what did not run refuses.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from state_machines.steps.recording import load_result
from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.aws.plans import load_plan
from testgate.aws.s3 import Bucket
from testgate.core.aws_events import dead_sentence
from testgate.core.binding import Question, parse_question
from testgate.core.handoff import ExecutionRef, flat_results, parse_execution, parse_result
from testgate.core.layout import place_of
from testgate.core.quarantine import judging_day
from testgate.core.verdict import refused_so_far

State = Mapping[str, Any]


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: `{execution, input, plan_digest, so_far}` in, `{go_on}` and, if it is
    false, `sentence` out."""
    step = Check(ecs=Ecs(client("ecs")), bucket=Bucket(client("s3"), os.environ["RECORD_BUCKET"]))
    return step.check(
        parse_execution(event["execution"]), event["input"], event["plan_digest"], event["so_far"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The step with its ports."""

    ecs: Ecs
    bucket: Bucket

    def check(
        self, execution: ExecutionRef, raw_input: object, plan_digest: str, so_far: State
    ) -> dict[str, object]:
        """Whether the wave of number `so_far.number` is worth running. Raises what is worth another
        try, InputError."""
        question = parse_question(raw_input)
        sentence = dead_sentence(question, self.ecs.deployment(str(question.deployment)))
        if sentence is None:
            sentence = self._refused(question, execution, plan_digest, so_far)
        return {"go_on": sentence is None} | ({} if sentence is None else {"sentence": sentence})

    def _refused(
        self, question: Question, execution: ExecutionRef, plan_digest: str, so_far: State
    ) -> str | None:
        place = place_of(question.deployment, execution.name)
        plan = load_plan(self.bucket, plan_digest)
        results = [
            load_result(self.bucket, place, parse_result(raw))
            for raw in flat_results(so_far["results"])
        ]
        return refused_so_far(plan, so_far["number"], results, judging_day(execution.started_at))
