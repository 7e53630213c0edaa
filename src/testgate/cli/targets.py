"""Whatever a person has in hand, read as what it names: pure, so that a table can test it.

Imported by `resolving`, which asks AWS for what the name alone does not tell.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from testgate.core.arns import ServiceDeploymentArn, parse_service_deployment_arn
from testgate.core.aws_events import ServiceName
from testgate.core.errors import InputError

_PART = r"[0-9A-Za-z_-]+"
_SERVICE = re.compile(rf"({_PART})/({_PART})")
_SERVICE_ARN = re.compile(rf"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{{12}}:service/({_PART})/({_PART})")
_EXECUTION = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[^:/]+:([^:/]+)")
_STACK_ARN = re.compile(r"arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack/([^/]+)/[^/]+")
_NAME = re.compile(_PART)
_EXPECTED = (
    "expected cluster/service, the name of a service or of a stack, or the ARN of a service, a "
    "service deployment, an execution or a stack"
)
_MAX_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A gate run by its execution."""

    arn: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOf:
    """The stack that holds the service."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BareName:
    """A service's name without its cluster, or a stack's."""

    name: str


Target = ServiceDeploymentArn | ServiceName | Execution | StackOf | BareName


def read_target(text: str) -> Target:
    """What a text names. Raises InputError."""
    if ":service-deployment/" in text:
        return parse_service_deployment_arn(text)
    if found := _SERVICE_ARN.fullmatch(text) or _SERVICE.fullmatch(text):
        return ServiceName(cluster=found[1], service=found[2])
    if found := _EXECUTION.fullmatch(text):
        return Execution(arn=text, name=found[1])
    if found := _STACK_ARN.fullmatch(text):
        return StackOf(name=found[1])
    if _NAME.fullmatch(text):
        return BareName(name=text)
    raise InputError(f"{text[:200]!r} names no gate run: {_EXPECTED}")


def services_among(physical_ids: Iterable[str]) -> list[ServiceName]:
    """The ECS services among the ARNs of a stack's resources."""
    found = (_SERVICE_ARN.fullmatch(each) for each in physical_ids)
    return [ServiceName(cluster=match[1], service=match[2]) for match in found if match]


def services_called(name: str, known: Iterable[ServiceName]) -> list[ServiceName]:
    """The services of that name, in whatever cluster."""
    return [each for each in known if each.service == name]


def the_one_service(name: str, found: Iterable[ServiceName]) -> ServiceName:
    """The only one of what a name may mean. Raises InputError for none and for several."""
    spelled = sorted({f"{each.cluster}/{each.service}" for each in found})
    if not spelled:
        raise InputError(
            f"{name!r} is neither a service with a recorded gate run nor a stack with an ECS "
            "service: say cluster/service"
        )
    if len(spelled) > 1:
        more = ", …" if len(spelled) > _MAX_SHOWN else ""
        shown = ", ".join(spelled[:_MAX_SHOWN])
        raise InputError(f"{name!r} may mean {shown}{more}: say which as cluster/service")
    cluster, service = spelled[0].split("/")
    return ServiceName(cluster=cluster, service=service)
