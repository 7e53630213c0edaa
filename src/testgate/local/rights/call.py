"""A call as its rights see it. Imported by this package and its tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from testgate.local.rights.errors import UnknownCallError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One right that a request needs; `context` has its keys in lower case."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call arrives."""

    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def unknown(service: str, operation: str) -> UnknownCallError:
    """For an operation whose right is not known here: it is refused."""
    return UnknownCallError(
        f"the local AWS does not know which right {service} {operation or '(no operation)'} needs"
    )
