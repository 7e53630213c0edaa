"""Names and ARNs that the parts of the simulation share."""

from datetime import UTC, datetime

from tests.core.samples import FUNCTION as HOOK_FUNCTION
from tests.core.samples import STATE_MACHINE

EXECUTIONS = STATE_MACHINE.replace(":stateMachine:", ":execution:")
CLUSTER, SERVICE = "shop", "web"
_ECS = "arn:aws:ecs:us-east-1:123456789012"
SERVICE_ARN = f"{_ECS}:service/{CLUSTER}/{SERVICE}"
BUCKET = "records"

__all__ = [
    "BUCKET",
    "CLUSTER",
    "EXECUTIONS",
    "HOOK_FUNCTION",
    "SERVICE",
    "SERVICE_ARN",
    "STATE_MACHINE",
    "deployment_arn",
    "revision_arn",
    "spell_moment",
]


def deployment_arn(number: int) -> str:
    """The service's nth deployment."""
    return f"{_ECS}:service-deployment/{CLUSTER}/{SERVICE}/deployment-{number}"


def revision_arn(number: int) -> str:
    """The revision that the nth deployment brings; the 0th is what ran before."""
    return f"{_ECS}:service-revision/{CLUSTER}/{SERVICE}/{number + 1:019d}"


def spell_moment(moment: datetime) -> str:
    """As Step Functions spells moments."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
