"""Events of AWS that wake `finish` and `cancel`: whom they are about, and what that means.

An event is a hint only: it may come late, twice or never, and what it says is asked again. Shapes:
AWS's developer guides of Step Functions and ECS. Pure; standard library only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testgate.core.binding import MAX_NAME, Question
from testgate.core.errors import InputError
from testgate.core.facts import DeploymentFacts
from testgate.core.identity import Finding, deployment_problem

_SERVICE = re.compile(
    r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:service/([0-9A-Za-z_-]+)/([0-9A-Za-z_-]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceName:
    """A service within its cluster."""

    cluster: str
    service: str


def execution_of(event: Mapping[str, Any]) -> str:
    """The execution that a "Step Functions Execution Status Change" is of. Raises InputError."""
    arn = (event.get("detail") or {}).get("executionArn")
    if not isinstance(arn, str):
        raise InputError("the event names no execution")
    return arn


def service_of(event: Mapping[str, Any]) -> ServiceName:
    """The service that an ECS deployment's or hook's event is of. Raises InputError.

    A deployment's event names it among its resources, a hook's in `detail.serviceArn`.
    """
    named = [(event.get("detail") or {}).get("serviceArn"), *(event.get("resources") or ())]
    for arn in named:
        match = _SERVICE.fullmatch(arn) if isinstance(arn, str) else None
        if match is not None:
            return ServiceName(cluster=match.group(1), service=match.group(2))
    raise InputError("the event names no service")


def may_ask_for(execution_name: str, service: ServiceName) -> bool:
    """Whether an execution's name can be one of that service: its prefix, within 80 characters."""
    prefix, _, digest = execution_name.rpartition("-")
    plain = re.sub(r"[^0-9A-Za-z-]", "-", service.service)
    return prefix == plain[: MAX_NAME - len(digest) - 1]


def dead_sentence(question: Question, deployment: DeploymentFacts) -> str | None:
    """Why nobody waits for the answer any more; None while somebody may."""
    problem = deployment_problem(
        question, deployment.status, deployment.stage, deployment.target_revision
    )
    return problem.sentence if problem and problem.finding is Finding.MOVED_ON else None
