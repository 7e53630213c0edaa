"""Stops executions whose deployment is dead, to save money; no verdict depends on it.

Runs in the control bundle, on ECS's deployment and hook events. The event only names the service:
what to stop is asked of Step Functions and ECS.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.aws.clients import client
from testgate.aws.ecs import Ecs
from testgate.aws.stepfunctions import StepFunctions
from testgate.core.aws_events import ServiceName, dead_sentence, may_ask_for, service_of
from testgate.core.binding import Question, parse_question
from testgate.core.errors import InputError, NotFoundError
from testgate.core.handoff import parse_json_object
from testgate.core.outcomes import Outcome

_log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, object]:
    """The Lambda function: an EventBridge event in, `{stopped: [execution ARN, …]}` out."""
    step = Cancel(
        ecs=Ecs(client("ecs")),
        executions=StepFunctions(client("stepfunctions")),
        state_machine_arn=os.environ["STATE_MACHINE_ARN"],
    )
    try:
        service = service_of(event)
    except InputError as exc:
        _log.warning("nothing to cancel: %s", exc)
        return {"stopped": []}
    return {"stopped": step.cancel(service)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The step with its ports."""

    ecs: Ecs
    executions: StepFunctions
    state_machine_arn: str

    def cancel(self, service: ServiceName) -> list[str]:
        """Stop that service's executions of dead deployments; their ARNs. Raises PortError."""
        stopped = []
        for arn, name in self.executions.running(self.state_machine_arn):
            if not may_ask_for(name, service):
                continue
            sentence = self._dead(arn, service)
            if sentence is None:
                continue
            self.executions.stop(arn, Outcome.ABORTED.error_name, sentence)
            _log.warning("stopped %s: %s", arn, sentence)
            stopped.append(arn)
        return stopped

    def _dead(self, arn: str, service: ServiceName) -> str | None:
        """Why nobody waits for this execution; None if somebody may, or it is no gate run."""
        question = self._question(arn)
        if question is None:
            return None
        asked = question.deployment
        if (asked.cluster, asked.service) != (service.cluster, service.service):
            return None
        try:
            return dead_sentence(question, self.ecs.deployment(str(asked)))
        except NotFoundError:
            return None  # not seen is not dead

    def _question(self, arn: str) -> Question | None:
        execution = self.executions.describe(arn)
        if execution is None or execution.status != "RUNNING":
            return None
        try:
            return parse_question(parse_json_object(execution.input))
        except InputError:
            return None
