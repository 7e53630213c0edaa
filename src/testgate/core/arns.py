"""The ARNs that pass between ECS, Step Functions and Testgate, taken apart in one place.

Shapes: AWS's service authorization reference for ECS and Step Functions. Standard library only.
"""

import re
from dataclasses import dataclass

from testgate.core.errors import InputError

_PART = r"[0-9A-Za-z_-]+"
_DEPLOYMENT = re.compile(
    rf"arn:(?P<partition>aws[a-z-]*):ecs:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):"
    rf"service-deployment/(?P<cluster>{_PART})/(?P<service>{_PART})/(?P<deployment_id>{_PART})"
)
_REVISION = re.compile(
    rf"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{{12}}:service-revision/({_PART})/({_PART})/(\d+)"
)
_STATE_MACHINE = re.compile(r"(arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}):stateMachine:([^:/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeploymentArn:
    """`arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<deployment id>`."""

    partition: str
    region: str
    account: str
    cluster: str
    service: str
    deployment_id: str

    @property
    def service_arn(self) -> str:
        """The ARN of the service that is deployed."""
        return (
            f"arn:{self.partition}:ecs:{self.region}:{self.account}:"
            f"service/{self.cluster}/{self.service}"
        )

    def __str__(self) -> str:
        return (
            f"arn:{self.partition}:ecs:{self.region}:{self.account}:"
            f"service-deployment/{self.cluster}/{self.service}/{self.deployment_id}"
        )


def parse_service_deployment_arn(text: object) -> ServiceDeploymentArn:
    """The parts of a service deployment's ARN. Raises InputError."""
    match = _DEPLOYMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            f"not the ARN of a service deployment: {repr(text)[:200]}; expected "
            "arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>"
        )
    return ServiceDeploymentArn(**match.groupdict())


def revision_belongs_to(revision_arn: str, deployment: ServiceDeploymentArn) -> bool:
    """Whether a service revision is one of the deployment's own service."""
    match = _REVISION.fullmatch(revision_arn)
    return match is not None and match.group(1, 2) == (deployment.cluster, deployment.service)


def execution_arn(state_machine_arn: str, name: str) -> str:
    """The ARN that an execution of that name has. Raises InputError for another kind of ARN."""
    match = _STATE_MACHINE.fullmatch(state_machine_arn)
    if match is None:
        raise InputError(f"not the ARN of a state machine: {state_machine_arn!r}")
    return f"{match.group(1)}:execution:{match.group(2)}:{name}"
